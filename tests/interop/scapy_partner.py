# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""A LACP partner made of scapy's codec alone: it understands what xlagg sends, and xlagg what it sends.

scapy_partner.py DEV SECONDS   answers each LACPDU on DEV, and prints as JSON what it heard last and what it said last
scapy_partner.py marker DEV    sends a Marker PDU, waits for the response and prints both as JSON
"""
import json
import sys
import threading
import time

from scapy.contrib.lacp import LACP, MarkerProtocol, SlowProtocol
from scapy.layers.l2 import Ether
from scapy.sendrecv import AsyncSniffer, sendp

GROUP = "01:80:c2:00:00:02"
MAC = "02:00:00:00:5c:a1"
OURS = dict(actor_system_priority=4096, actor_system=MAC, actor_key=77, actor_port_priority=300)
# Activity, Timeout (short), Aggregation, Synchronization, Collecting, Distributing
STATE = 0x3F


def end(pdu, side):
    """One end of a LACPDU as `xlagg -j -d lagg show` prints it, with the state as a number."""
    return {
        "system_prio": getattr(pdu, side + "_system_priority"),
        "system": getattr(pdu, side + "_system"),
        "key": getattr(pdu, side + "_key"),
        "port_prio": getattr(pdu, side + "_port_priority"),
        "port": getattr(pdu, side + "_port_number"),
        "state": getattr(pdu, side + "_state"),
    }


def lacpdu(number, state, view):
    """Our LACPDU, with what we know of the other end."""
    return Ether(dst=GROUP, src=MAC) / SlowProtocol() / LACP(
        **OURS, actor_port_number=number, actor_state=state,
        partner_system_priority=view["system_prio"], partner_system=view["system"], partner_key=view["key"],
        partner_port_priority=view["port_prio"], partner_port_number=view["port"], partner_state=view["state"])


def answer(device, seconds):
    number = int("".join(c for c in device if c.isdigit()))
    last = {"heard": None, "said": None, "count": 0, "same_octets": True}

    def on_frame(frame):
        if LACP not in frame or frame[Ether].src == MAC:
            return
        octets = bytes(frame)
        view = end(frame[LACP], "actor")
        # The fields that scapy read, written again, are the octets that came.
        fields = {k: v for k, v in frame[LACP].fields.items() if not k.endswith(("reserved", "type", "length"))}
        again = Ether(dst=GROUP, src=frame[Ether].src) / SlowProtocol() / LACP(**fields)
        last["same_octets"] &= bytes(again) == octets
        said = lacpdu(number, STATE, view)
        sendp(said, iface=device, verbose=False)
        last.update(heard={"actor": view, "partner": end(frame[LACP], "partner")},
                    said={"actor": end(said[LACP], "actor"), "partner": end(said[LACP], "partner")},
                    count=last["count"] + 1, length=len(octets))

    sniffer = AsyncSniffer(iface=device, prn=on_frame, store=False, filter="ether proto 0x8809")
    sniffer.start()
    time.sleep(seconds)
    sniffer.stop()
    print(json.dumps(last))


def marker(device):
    request = Ether(dst=GROUP, src=MAC) / SlowProtocol() / MarkerProtocol(
        requester_port=9, requester_system=MAC, requester_transaction_id=0x01020304)
    listening = threading.Event()
    sniffer = AsyncSniffer(iface=device, filter="ether proto 0x8809", timeout=5, started_callback=listening.set,
                           stop_filter=lambda f: MarkerProtocol in f and f[MarkerProtocol].marker_type == 2)
    sniffer.start()
    listening.wait(5)
    sendp(request, iface=device, verbose=False)
    sniffer.join()
    responses = [f[MarkerProtocol] for f in sniffer.results
                 if MarkerProtocol in f and f[MarkerProtocol].marker_type == 2]
    print(json.dumps([{"port": r.requester_port, "system": r.requester_system, "id": r.requester_transaction_id}
                      for r in responses]))


if sys.argv[1] == "marker":
    marker(sys.argv[2])
else:
    answer(sys.argv[1], float(sys.argv[2]))
