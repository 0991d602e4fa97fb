# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What is done to the agent under test while something fails, and how it is undone."""
import dataclasses
import os
import signal
from typing import Callable

from programs import run
from world import SETTLE_S, SETUP_S, until

LAGG0 = "lagg add lagg0 proto failover port eth0 port eth1 10.9.0.1/24"
LAGG1 = "lagg add lagg1 proto loadbalance mac {mac[a]}:91 port eth2 port eth3 10.9.1.1/24"
BOND1 = "lagg add lagg1 device bond proto loadbalance mac {mac[a]}:91 port eth2 10.9.1.1/24"
LAGG2 = "lagg add lagg2 proto lacp lacp-rate fast mac {mac[a]}:92 port eth4 port eth5 10.9.2.1/24"
LAGG9 = "lagg add lagg9 proto lacp lacp-rate fast port eth6 port eth7 10.9.9.1/24"
BOND1_TAKEN = "lagg take bond1 proto loadbalance hash l2 up-delay 0 down-delay 0 port eth2 port eth3"
LAGG0_ROUND = LAGG0.replace("failover", "roundrobin")
BALANCED = "lagg set lagg0 proto loadbalance balance adaptive"


@dataclasses.dataclass
class Operation:
    """do() returns (exit status, complaint) of what it did; of an event (0, "")."""

    name: str
    do: Callable
    undo: Callable
    scene: Callable = lambda world: None  # what somebody made on the host before there is anything of the agent's
    setup: str = ""           # a command before all that
    peer: str = "10.9.0.2"    # to whom traffic has to pass where it does without a fault
    first: Callable = lambda world: None  # before each do(), and before anything fails
    needs: Callable = lambda: ""  # says what the machine does not have, and the operation is skipped
    window_s: float = 0       # so long after do() calls may still fail
    traffic: bool = True      # the other lagg is to lose nothing
    event: bool = False       # nobody asks the agent: something happens to a device
    meddles: bool = False     # an event: somebody changes what the agent has set, so it may blame others
    starts: bool = False      # do() starts the agent: it gets the orders, and arms allocations before
    ends: bool = False        # do() ends the agent, and undo() starts it again
    again: Callable = None    # the second try, where that is not do()
    may_put_back: bool = False  # an event: undoing it, with a line in the log, is an answer too
    part: tuple = (0, 1)      # every so many-th of its points, from which on
    unasked: str = "pread64"  # the calls that cannot fail (see inject.c)


def commands(name, do, undo, **more):
    """An operation of the CLI's commands."""
    return Operation(name, lambda world: world.xlagg("a", do)[::2], lambda world: world.must("a", undo), **more)


def files(name, words, do, undo, **more):
    """An operation that applies a configuration file."""
    def apply(world, lines):
        world.configure(*lines)
        return world.xlagg("a", words)

    def back(world):
        status, _, complaint = apply(world, undo)
        if status:
            raise RuntimeError(f"{words}: {complaint}")
    return Operation(name, lambda world: apply(world, do)[::2], back, **more)


def refused(name, lines, sentence, scene, **more):
    """A restore that is refused with that sentence after it has begun: all is to be as before. That is what it does."""
    def do(world):
        world.configure(*lines)
        status, _, complaint = world.xlagg("a", f"restore {world.config}")
        if status == 0:
            raise RuntimeError(f"restored what is to be refused with '{sentence}'")
        return (0, "") if sentence in complaint else (status, complaint)
    return Operation(name, do, nothing, scene=scene, **more)


def event(name, do, undo, window_s=0.7, **more):
    """An operation of ip on one of the hosts, in words "HOST WORDS; ..."."""
    def happen(world, steps):
        for step in steps.split("; "):
            host, words = step.split(" ", 1)
            world.ip(host, words)
        return 0, ""
    return Operation(name, lambda world: happen(world, do), lambda world: happen(world, undo), window_s=window_s, event=True, **more)


def bonding():
    """Why there can be no bond on this machine, or nothing."""
    host = f"xf{os.getpid()}-bond"
    run("ip", "netns", "add", host)
    try:
        run("ip", "-n", host, "link", "add", "bond9", "type", "bond")
        return ""
    except RuntimeError as refusal:
        return f"no bonding: {refusal}"
    finally:
        run("ip", "netns", "del", host)


def on_bond(name, do, undo, setup=BOND1, **more):
    """An operation on a lagg with device bond."""
    return commands(name, do, undo, setup=setup, needs=bonding, **more)


def kernel_bond(number, *options):
    """Makes somebody's own bond over two ports, with an address."""
    def make(world):
        world.ip("a", f"link add bond{number} type bond miimon 100 {' '.join(options)}")
        for port in (f"eth{2 * number}", f"eth{2 * number + 1}"):
            world.ip("a", f"link set {port} down")
            world.ip("a", f"link set {port} master bond{number}")
        world.ip("a", f"link set bond{number} up")
        world.ip("a", f"addr add 10.9.{number}.1/24 dev bond{number}")
        if not until(SETUP_S, lambda: world.passes(f"10.9.{number}.2")):
            raise RuntimeError(f"no traffic over bond{number}")
    return make


def take(bond):
    """Takes a bond. What it says of the bond's options besides, it says whatever comes of it."""
    def do(world):
        status, _, complaint = world.xlagg("a", f"lagg take {bond}")
        return status, "\n".join(line for line in complaint.splitlines() if ": not needed: " not in line)
    return do


def taken(name, number, *options, **more):
    """The operations take and give of a bond that somebody else made."""
    bond = f"bond{number}"
    how = {"scene": kernel_bond(number, *options), "peer": f"10.9.{number}.2", "needs": bonding, **more}
    return [Operation(f"bond-take{name}", take(bond), lambda world: world.must("a", f"lagg give {bond}"), **how),
            commands(f"bond-give{name}", f"lagg give {bond}", f"lagg take {bond}", setup=f"lagg take {bond}", **how)]


def transaction(name, words, do, undo):
    """An operation that applies a file to several laggs, of which one is a bond that is taken, before it or by it."""
    return files(name, words, do, undo, scene=kernel_bond(1, "mode", "balance-xor"), peer="10.9.1.2", needs=bonding)


def capture(world):
    """Captures one frame of lagg0."""
    capture = world.begin_xlagg("a", f"capture lagg0 -c 1 -w {world.folder / 'captured'}")
    ended = until(SETTLE_S, lambda: capture.has_ended() or (world.passes("10.9.0.2") and False))
    if not ended:
        capture.kill()
    status, _, complaint = capture.end(SETTLE_S)
    return (status, complaint) if ended else (124, "no frame is captured")


# ---- the agent's own life ----

def ended(world, status, complaint_since):
    """What a run of xlaggd that is over says, as a command's (exit status, complaint)."""
    return int(status.split()[1]) if status.startswith("exit") else -1, world.log(since=complaint_since)


def begin(world, orders):
    """Starts the agent under test."""
    since = world.log_size()
    world.launch(orders=orders)
    return (0, "") if world.comes_up() else ended(world, world.agent.wait_end(SETTLE_S) or "killed: no answer", since)


def kill(world):
    """Ends the agent, so that the calls of the next one are counted and no others."""
    if world.agent.ended is None:
        world.agent.close()


def cold_start(world, orders):
    """Without LACP, for whose two seconds each point would have to wait, and which lacp-up has."""
    world.configure(LAGG0, LAGG1)
    return begin(world, orders)


def clean(world):
    """Ends the agent and flushes."""
    kill(world)
    world.launch("--flush")
    if world.agent.wait_end(60) != "exit 0":
        raise RuntimeError(f"--flush: {world.agent.ended}: {world.log()}")


def flush_offline(world, orders):
    since = world.log_size()
    world.launch("--flush", orders=orders)
    return ended(world, world.agent.wait_end(60) or "killed: it does not end", since)


def terminate(world):
    since = world.log_size()
    try:
        os.kill(world.agent.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it was killed at a call that it made for itself before
    return ended(world, world.agent.wait_end(SETTLE_S) or "killed: it does not end", since)


def reload_or_start(world):
    """What an administrator does next where the start failed or left something out."""
    return begin(world, ["count"]) if world.gone() else world.xlagg("a", "reload")[::2]


def restore(world, *laggs):
    """Restores these laggs."""
    world.configure(*laggs)
    world.must("a", f"restore {world.config}")


def start_with_both(world):
    """The agent with lagg0 and lagg9, whether they are pinned or only in its file."""
    world.configure(LAGG0, LAGG9)
    world.agent.close()
    world.start()


def nothing(_world):
    pass


OPERATIONS = [
    commands("add", LAGG1, "lagg del lagg1"),
    commands("lacp-up", LAGG2, "lagg del lagg2", window_s=4),
    commands("del", "lagg del lagg0", LAGG0),
    commands("proto", "lagg set lagg0 proto roundrobin", "lagg set lagg0 proto failover"),
    commands("lacp", "lagg set lagg0 proto lacp", "lagg set lagg0 proto failover"),
    commands("hash", "lagg set lagg0 hash l3", "lagg set lagg0 hash l2,l3,l4"),
    commands("mtu", "lagg set lagg0 mtu 1400", "lagg set lagg0 mtu auto"),
    commands("mac", "lagg set lagg0 mac {mac[a]}:71", "lagg set lagg0 mac auto"),
    commands("mac-active", "lagg set lagg0 mac active primary eth1", "lagg set lagg0 mac auto primary auto", window_s=0.3),
    commands("address", "address add lagg0 10.9.0.3/24", "address del lagg0 10.9.0.3/24"),
    commands("address-del", "address del lagg0 10.9.0.1/24", "address add lagg0 10.9.0.1/24"),
    commands("xdp", "lagg set lagg0 datapath xdp", "lagg set lagg0 datapath tc"),
    commands("direct", "lagg set lagg0 tx-path direct", "lagg set lagg0 tx-path auto"),
    commands("probe", "lagg set lagg0 probe 10.9.0.2", "lagg set lagg0 probe none"),
    commands("delays", "lagg set lagg0 up-delay 50 down-delay 50 min-links 2",
             "lagg set lagg0 up-delay 0 down-delay 0 min-links 1"),
    commands("policy", "lagg set lagg0 max-links 1 reselect failure damping on carrier-poll 20 peer-notify 0 mcast-rejoin 0",
             "lagg set lagg0 max-links 0 reselect always damping off carrier-poll 10 peer-notify 3 mcast-rejoin 1"),
    commands("programs", "lagg set lagg0 rx-all on port-ethertypes 88cc flowid on hash-seed 7",
             "lagg set lagg0 rx-all off port-ethertypes 88cc,888e flowid off hash-seed auto"),
    commands("mac-from", "lagg set lagg0 mac from eth1", "lagg set lagg0 mac auto"),
    commands("down", "lagg set lagg0 down", "lagg set lagg0 up"),
    commands("balance", BALANCED, "lagg set lagg0 proto failover balance static"),
    commands("balance-now", "lagg balance lagg0", "lagg balance lagg0", setup=BALANCED),
    commands("repath", "lagg set lagg0 repath on", "lagg set lagg0 repath off"),
    commands("lacp-options", "lagg set lagg2 lacp-rate slow lacp-strict off partner-guard on fallback-delay 5",
             "lagg set lagg2 lacp-rate fast lacp-strict on partner-guard off fallback-delay 3", setup=LAGG2),
    commands("lacp-identity", "lagg set lagg2 system-prio 100 system-mac 02:00:00:00:99:22 key 7",
             "lagg set lagg2 system-prio 32768 system-mac auto key auto", setup=LAGG2, window_s=4),
    commands("explain", "explain lagg0 dst 10.9.0.2", "explain lagg0 dst 10.9.0.2"),
    Operation("capture", capture, lambda world: None),
    commands("port-add", "port add lagg0 eth2", "port del lagg0 eth2"),
    commands("port-del", "port del lagg0 eth1", "port add lagg0 eth1"),
    commands("port-set", "port set lagg0 eth1 prio 100", "port set lagg0 eth1 prio 32768"),
    commands("port-weight", "port set lagg0 eth1 weight 3 absent ok", "port set lagg0 eth1 weight 1 absent no",
             setup="lagg set lagg0 proto loadbalance"),
    # Undone with a number, as number auto keeps the one that was set.
    commands("port-lacp", "port set lagg2 eth5 number 40 key 9", "port set lagg2 eth5 number 2 key auto", setup=LAGG2,
             window_s=4),
    commands("port-admin", "port set lagg0 eth0 admin down", "port set lagg0 eth0 admin up"),
    commands("activate", "port activate lagg0 eth1", "port activate lagg0 eth0"),
    files("restore", "restore {file}",  # what eth2 carries does not arrive: it is little enough for no flow to be in it
          ["lagg add lagg0 proto loadbalance hash l3 mtu 1450 port eth1 weight 255 port eth2 10.9.0.1/24 10.9.0.3/24", LAGG9,
           "lagg add lagg3 proto roundrobin mac {mac[a]}:93 port eth3"], [LAGG0, LAGG9]),
    files("reload", "reload", [LAGG9, "lagg add lagg3 proto broadcast mac {mac[a]}:93 port eth0 port eth3"],
          [LAGG0, LAGG9]),
    refused("restore-refused", [LAGG9, "lagg add lagg3 proto failover port eth0 port eth1"], "exists already",
            lambda world: world.ip("a", "link add lagg3-dp type veth peer name in-the-way")),  # lagg0 has gone by then
    Operation("flush", lambda world: world.xlagg("a", "flush")[::2], lambda world: restore(world, LAGG0, LAGG9), traffic=False),
    on_bond("bond-add", BOND1, "lagg del lagg1", setup=""),
    on_bond("bond-port-add", "port add lagg1 eth3", "port del lagg1 eth3"),
    on_bond("bond-port-del", "port del lagg1 eth2", "port add lagg1 eth2"),
    Operation("bond-flush", lambda world: world.xlagg("a", "flush")[::2], lambda world: restore(world, LAGG0, LAGG9, BOND1),
              setup=BOND1, needs=bonding, traffic=False),
    *taken("", 1, "mode", "balance-xor"),
    *taken("-active", 1, "mode", "active-backup", "primary", "eth2"),
    *taken("-lacp", 2, "mode", "802.3ad", "lacp_rate", "fast", window_s=1),
    transaction("bond-restore", "restore {file}", [LAGG9, "lagg add lagg3 proto roundrobin mac {mac[a]}:93 port eth1",
                                                   BOND1_TAKEN.replace("hash l2", "hash l3")], [LAGG0, LAGG9, BOND1_TAKEN]),
    transaction("bond-restore-move", "restore {file}", [LAGG0.replace(" port eth1", ""), LAGG9, f"{BOND1_TAKEN} port eth1"],
                [LAGG0, LAGG9, BOND1_TAKEN]),
    transaction("bond-reload-give", "reload", [LAGG0_ROUND, LAGG9], [LAGG0, LAGG9, BOND1_TAKEN]),
    transaction("bond-reload-take", "reload", [LAGG0_ROUND, LAGG9, BOND1_TAKEN], [LAGG0, LAGG9]),
    event("carrier-lost", "b link set eth0 down", "b link set eth0 up", unasked="clock_nanosleep"),
    event("carrier-back", "b link set eth0 down; b link set eth0 up", "a link show eth0", unasked="clock_nanosleep"),
    event("down-by-ip", "a link set eth0 down", "a link set eth0 up", meddles=True),
    event("lacp-port", "a link set eth6 txqueuelen 500", "a link set eth6 txqueuelen 1000"),  # its link is read again
    event("port-gone", "a link del eth1", "a link add eth1 address {mac[a]}:01 type veth peer name eth1 netns {b} "
          "address {mac[b]}:01; a link set eth1 up; b link set eth1 up"),
    event("rename-port", "a link set eth1 name x1", "a link set x1 name eth1"),
    event("rename-lagg", "a link set lagg0 name agg0", "a link set agg0 name lagg0", may_put_back=True),
    event("mtu-by-ip", "a link set lagg0 mtu 1400", "a link set lagg0 mtu 1500", may_put_back=True, meddles=True),
    event("mac-by-ip", "a link set lagg0 address {mac[a]}:72", "a link set lagg0 address {mac[a]}:00",
          may_put_back=True, meddles=True),
    Operation("adopt", begin, nothing, first=kill, starts=True),
    Operation("cold-start", cold_start, nothing, first=clean, starts=True, traffic=False, again=reload_or_start),
    Operation("sigterm", terminate, start_with_both, ends=True),
    Operation("flush-offline", flush_offline, start_with_both, first=kill, starts=True, ends=True, traffic=False),
]
