# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What is done to the agent under test while something fails, and how it is undone."""
import dataclasses
import os
import signal
from typing import Callable

from world import SETTLE_S

LAGG0 = "lagg add lagg0 proto failover port eth0 port eth1 10.9.0.1/24"
LAGG9 = "lagg add lagg9 proto lacp lacp-rate fast port eth6 port eth7 10.9.9.1/24"


@dataclasses.dataclass
class Operation:
    """do() returns (exit status, complaint) of what it did; of an event (0, "")."""

    name: str
    do: Callable
    undo: Callable
    window_s: float = 0       # so long after do() calls may still fail
    traffic: bool = True      # the other lagg is to lose nothing
    event: bool = False       # nobody asks the agent: something happens to a device
    starts: bool = False      # do() starts the agent: it gets the orders, and arms allocations before
    ends: bool = False        # do() ends the agent, and undo() starts it again
    again: Callable = None    # the second try, where that is not do()
    may_put_back: bool = False  # an event: undoing it, with a line in the log, is an answer too
    unasked: str = "pread64"  # the calls that cannot fail (see inject.c)


def commands(name, do, undo, **more):
    """An operation of the CLI's commands."""
    def run(words):
        return lambda world: world.xlagg("a", words)[::2]
    return Operation(name, run(do), lambda world: world.must("a", undo), **more)


def files(name, words, do, undo, **more):
    """An operation that applies a configuration file."""
    def apply(world, lines):
        world.config.write_text("\n".join(lines) + "\n")
        return world.xlagg("a", words.format(file=world.config))

    def back(world):
        status, _, complaint = apply(world, undo)
        if status:
            raise RuntimeError(f"{words}: {complaint}")
    return Operation(name, lambda world: apply(world, do)[::2], back, **more)


def event(name, do, undo, window_s=0.7, **more):
    """An operation of ip on one of the hosts, in words "HOST WORDS; ..."."""
    def run(world, steps):
        for step in steps.split("; "):
            host, words = step.split(" ", 1)
            world.ip(host, words.format(**world.netns))
        return 0, ""
    return Operation(name, lambda world: run(world, do), lambda world: run(world, undo), window_s, event=True, **more)


# ---- the agent's own life ----

def ended(world, status, complaint_since):
    """What a run of xlaggd that is over says, as a command's (exit status, complaint)."""
    return int(status.split()[1]) if status.startswith("exit") else -1, world.log(since=complaint_since)


def begin(world, orders):
    """Starts the agent under test."""
    since = world.log_size()
    world.launch(orders=orders)
    return (0, "") if world.comes_up() else ended(world, world.agent.wait_end(SETTLE_S) or "killed: no answer", since)


def adopt(world, orders=("count",)):
    world.agent.close()
    return begin(world, orders)


def cold_start(world, orders=("count",)):
    clean(world)
    world.config.write_text(f"{LAGG0}\n{LAGG9}\n")
    return begin(world, orders)


def clean(world):
    """Ends the agent and flushes, without a fault."""
    world.agent.close()
    world.launch("--flush")
    if world.agent.wait_end(60) != "exit 0":
        raise RuntimeError(f"--flush: {world.agent.ended}: {world.log()}")


def flush_offline(world, orders=("count",)):
    if world.agent.ended is None:
        world.agent.close()
    since = world.log_size()
    world.launch("--flush", orders=orders)
    return ended(world, world.agent.wait_end(60) or "killed: it does not end", since)


def terminate(world):
    since = world.log_size()
    os.kill(world.agent.pid, signal.SIGTERM)
    return ended(world, world.agent.wait_end(SETTLE_S) or "killed: it does not end", since)


def reload_or_start(world):
    """What an administrator does next where the start failed or left something out."""
    return begin(world, ["count"]) if world.gone() else world.xlagg("a", "reload")[::2]


def restore_both(world):
    """Restores lagg0 and lagg9."""
    world.config.write_text(f"{LAGG0}\n{LAGG9}\n")
    world.must("a", f"restore {world.config}")


def start_with_both(world):
    """The agent with lagg0 and lagg9, whether they are pinned or only in its file."""
    world.config.write_text(f"{LAGG0}\n{LAGG9}\n")
    world.agent.close()
    world.start()


def nothing(_world):
    pass


OPERATIONS = [
    commands("add", "lagg add lagg1 proto loadbalance mac 02:00:00:00:99:01 port eth2 port eth3 10.9.1.1/24", "lagg del lagg1"),
    commands("lacp-up", "lagg add lagg2 proto lacp lacp-rate fast mac 02:00:00:00:99:02 port eth4 port eth5 10.9.2.1/24",
             "lagg del lagg2", window_s=4),
    commands("del", "lagg del lagg0", LAGG0),
    commands("proto", "lagg set lagg0 proto roundrobin", "lagg set lagg0 proto failover"),
    commands("lacp", "lagg set lagg0 proto lacp", "lagg set lagg0 proto failover"),
    commands("hash", "lagg set lagg0 hash l3", "lagg set lagg0 hash l2,l3,l4"),
    commands("mtu", "lagg set lagg0 mtu 1400", "lagg set lagg0 mtu auto"),
    commands("mac", "lagg set lagg0 mac 02:00:00:00:77:01", "lagg set lagg0 mac auto"),
    commands("mac-active", "lagg set lagg0 mac active primary eth1", "lagg set lagg0 mac auto primary auto", window_s=0.3),
    commands("address", "address add lagg0 10.9.0.3/24", "address del lagg0 10.9.0.3/24"),
    commands("address-del", "address del lagg0 10.9.0.1/24", "address add lagg0 10.9.0.1/24"),
    commands("xdp", "lagg set lagg0 datapath xdp", "lagg set lagg0 datapath tc"),
    commands("direct", "lagg set lagg0 tx-path direct", "lagg set lagg0 tx-path auto"),
    commands("probe", "lagg set lagg0 probe 10.9.0.2", "lagg set lagg0 probe none"),
    commands("delays", "lagg set lagg0 up-delay 50 down-delay 50 min-links 2",
             "lagg set lagg0 up-delay 0 down-delay 0 min-links 1"),
    commands("port-add", "port add lagg0 eth2", "port del lagg0 eth2"),
    commands("port-del", "port del lagg0 eth1", "port add lagg0 eth1"),
    commands("port-set", "port set lagg0 eth1 prio 100", "port set lagg0 eth1 prio 32768"),
    commands("port-admin", "port set lagg0 eth0 admin down", "port set lagg0 eth0 admin up"),
    commands("activate", "port activate lagg0 eth1", "port activate lagg0 eth0"),
    files("restore", "restore {file}",
          ["lagg add lagg0 proto loadbalance hash l3 mtu 1450 port eth1 port eth2 10.9.0.1/24 10.9.0.3/24", LAGG9,
           "lagg add lagg3 proto roundrobin mac 02:00:00:00:99:03 port eth3"], [LAGG0, LAGG9]),
    files("reload", "reload", [LAGG9, "lagg add lagg3 proto broadcast mac 02:00:00:00:99:03 port eth0 port eth3"],
          [LAGG0, LAGG9]),
    Operation("flush", lambda world: world.xlagg("a", "flush")[::2], restore_both, traffic=False),
    event("carrier-lost", "b link set eth0 down", "b link set eth0 up", unasked="clock_nanosleep"),
    event("carrier-back", "b link set eth0 down; b link set eth0 up", "a link show eth0", unasked="clock_nanosleep"),
    event("down-by-ip", "a link set eth0 down", "a link set eth0 up"),
    event("lacp-port", "a link set eth6 txqueuelen 500", "a link set eth6 txqueuelen 1000"),  # its link is read again
    event("port-gone", "a link del eth1", "a link add eth1 address 02:aa:00:00:00:01 type veth peer name eth1 netns {b} "
          "address 02:bb:00:00:00:01; a link set eth1 up; b link set eth1 up"),
    event("rename-port", "a link set eth1 name x1", "a link set x1 name eth1"),
    event("rename-lagg", "a link set lagg0 name agg0", "a link set agg0 name lagg0", may_put_back=True),
    event("mtu-by-ip", "a link set lagg0 mtu 1400", "a link set lagg0 mtu 1500", may_put_back=True),
    event("mac-by-ip", "a link set lagg0 address 02:00:00:00:77:02", "a link set lagg0 address 02:aa:00:00:00:00",
          may_put_back=True),
    Operation("adopt", adopt, nothing, starts=True),
    Operation("cold-start", cold_start, nothing, starts=True, traffic=False, again=reload_or_start),
    Operation("sigterm", terminate, start_with_both, ends=True),
    Operation("flush-offline", flush_offline, start_with_both, starts=True, ends=True, traffic=False),
]
