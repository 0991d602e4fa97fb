# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Random commands and events in a row, most of them with failing calls, and then none fails any more.

schedules.py COUNT SEED TAP   COUNT schedules, from the seed on; a schedule is repeated with COUNT 1 and its own seed

A command that is refused leaves the configuration as it was before. What is right in the end, the agent's own configuration
says: everything must be as it is where the same configuration is
restored on devices that were never touched, and once all is flushed the devices must be as they were in the beginning.
"""
import errno
import random
import re
import signal
import sys
import time

from choice import ERRNO_OF, NEVER_FAILS
from points import REMAINS
from world import SETTLE_S, UNANSWERED, Died, World, difference, until, without

BASE = ["lagg add lagg0 proto failover mac 02:00:00:00:88:00 port eth0 port eth1 10.9.0.1/24",
        "lagg add lagg9 proto loadbalance port eth6 port eth7 10.9.9.1/24"]
COMMANDS = [
    "lagg add lagg1 proto loadbalance mac 02:00:00:00:88:01 port eth2 10.9.1.1/24", "lagg add lagg3 mac 02:00:00:00:88:03",
    "lagg del lagg0", "lagg del lagg1", "lagg del lagg3", BASE[0],
    "lagg set lagg0 proto roundrobin", "lagg set lagg0 proto failover", "lagg set lagg0 proto broadcast",
    "lagg set lagg0 hash l3", "lagg set lagg0 hash l2,l3,l4", "lagg set lagg0 mtu 1400", "lagg set lagg0 mtu 1500",
    "lagg set lagg0 datapath xdp", "lagg set lagg0 datapath tc", "lagg set lagg0 tx-path direct", "lagg set lagg0 tx-path auto",
    "lagg set lagg0 mac 02:00:00:00:88:77", "lagg set lagg0 mac 02:00:00:00:88:00", "lagg set lagg0 min-links 2",
    "lagg set lagg0 min-links 1", "port add lagg0 eth1", "port del lagg0 eth1", "port add lagg0 eth3", "port del lagg0 eth3",
    "port add lagg1 eth3", "port del lagg1 eth3", "port set lagg0 eth1 prio 100", "port set lagg0 eth1 prio 32768",
    "port set lagg0 eth0 admin down", "port set lagg0 eth0 admin up", "restore {base}",
]
EVENTS = ["b link set eth0 down", "b link set eth0 up", "a link set eth1 down", "a link set eth1 up", "a link set lagg0 down",
          "a link set lagg0 up"]
MEND = ["b link set eth0 up", "a link set eth1 up", "a link set lagg0 up"]  # so that each schedule ends with all links up
CALLS = sorted((ERRNO_OF.keys() | {"ioctl", "read", "unlink"}) - NEVER_FAILS - {"epoll_wait", "poll", "ppoll"})


def fault(chance):
    """An order that makes some calls of a kind fail."""
    call = chance.choice(CALLS) if chance.random() < 0.4 else chance.choice(["bpf", "sendto", "recvmsg", "openat", "mmap"])
    nth = chance.randint(1, chance.choice([3, 12, 60, 200]))
    return f"fail {call} {nth} {ERRNO_OF.get(call, errno.EIO)} {chance.choice([1, 1, 2, 5])}"


CHECK_S = 6  # the agent's check of what nobody marked comes every 5 s


class Schedules:
    """Runs schedules, on one world as long as nothing is wrong with it."""

    def __init__(self):
        self.world, self.base = None, None
        self.patient = False  # waits for the agent's next check, too
        self.set_down = False  # somebody set eth1 down: where it joins after that, it is left down

    def prepare(self):
        self.remove()
        self.world = World(f"schedules-{time.monotonic_ns()}")
        self.world.make()
        self.base = self.world.folder / "base"
        self.base.write_text("\n".join(BASE) + "\n")

    def remove(self):
        if self.world:
            self.world.remove()
        self.world = None

    def step(self, chance):
        """One random step. Returns what it was."""
        world = self.world
        order = fault(chance) if chance.random() < 0.7 else "count"
        if chance.random() < 0.8:
            done = self.command(chance.choice(COMMANDS), order)
        else:
            world.agent.order(order)
            done = chance.choice(EVENTS)
            self.set_down |= done == "a link set eth1 down"
            world.try_ip(done)
            time.sleep(chance.choice([0, 0.05, 0.5]))
        return f"[{order}] {done}"

    def command(self, words, order):
        """Gives a command under an order. Returns what came of it."""
        world = self.world
        world.agent.order("count")
        before = self.configured()
        world.agent.order(order)
        status, _, complaint = world.xlagg("a", words.format(base=self.base))
        done = f"{words}: {'done' if status == 0 else complaint.strip()}"
        if status not in (0, 1) or status == 1 and complaint.count("\n") != 1:
            raise RuntimeError(f"exit status {status}: {done}")
        # Where the answer is lost, or something remains to be put back, it is done.
        if status == 1 and not UNANSWERED.search(complaint) and not REMAINS.search(complaint):
            world.agent.order("count")
            changed = difference(before, self.configured())
            if changed:
                raise RuntimeError(f"refused, and yet changed: {'; '.join(changed)}: {done}")
        return done

    def configured(self):
        """The running configuration, except what somebody does to lagg0 with ip, which may be followed late."""
        lines = self.world.must("a", "save").replace("\\\n", " ").splitlines()
        return [" ".join(re.sub("(?<! admin) down", "", line).split()) for line in lines if line.startswith("lagg")]

    def calm(self):
        """The picture once it does not change any more; without descriptors, whose number depends on what came before."""
        if self.patient:
            time.sleep(CHECK_S)
        end, last = time.monotonic() + SETTLE_S, None
        while True:
            now = self.world.picture()
            now.pop("descriptors")
            now["show"] = without(now["show"], {"buckets"})  # who got the odd one depends on what came before
            for name, device in now["devices"].items():
                if name.startswith("lagg"):  # datapath xdp switches GRO on, and tc leaves it to the user
                    device["features"] = [line for line in device["features"] if "generic-receive" not in line]
            if last is not None and not difference(last, now):
                return now
            if time.monotonic() > end:
                return now
            last = now
            time.sleep(0.4)

    def run(self, seed):
        """Runs a schedule. Returns its steps and what is wrong afterwards."""
        chance, world, steps, self.set_down = random.Random(seed), self.world, [], False
        try:
            world.must("a", "flush")
            world.must("a", f"restore {self.base}")
            for _ in range(chance.randint(3, 8)):
                steps.append(self.step(chance))
            world.agent.order("count")
            return steps, self.judge()
        except (RuntimeError, Died) as wrong:
            return steps, [f"{type(wrong).__name__}: {wrong}"]

    def judge(self):
        world = self.world
        for words in MEND:
            world.try_ip(words)
        found = self.calm()
        saved = world.folder / "saved"
        saved.write_text("\n".join(found["save"]) + "\n")
        world.must("a", "flush")
        if self.set_down:
            world.ip("a", "link set eth1 up")
        until(SETTLE_S, lambda: world.devices() == world.free, 0.1)
        left = difference(world.free, world.devices())
        if left:
            return [f"flushed, {what}" for what in left]
        world.must("a", f"restore {saved}")
        return [f"not as restored, {what}" for what in difference(self.calm(), found)]


def main():
    count, seed, tap = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    schedules, bad, begin = Schedules(), [], time.monotonic()
    try:
        schedules.prepare()
        for number in range(seed, seed + count):
            steps, wrong = schedules.run(number)
            if wrong:  # once more, where the agent has its full time
                print(f"# schedules: try 1 failed: {number}: {'; '.join(wrong)}", flush=True)
                schedules.prepare()
                schedules.patient = True
                steps, wrong = schedules.run(number)
                schedules.patient = False
            if wrong:
                bad.append(f"schedule {number}: {'; '.join(wrong)}; log: {schedules.world.log()}".replace("\n", " "))
                print(f"# BAD {bad[-1]}", *(f"#   {step}" for step in steps), sep="\n", flush=True)
                schedules.prepare()
    finally:
        schedules.remove()
    line = f"{'not ' if bad else ''}ok 1 - {count} schedules from {seed} on, {len(bad)} bad ({time.monotonic() - begin:.0f} s)"
    print(line)
    with open(tap, "w") as file:
        print(line, *(f"#   {text}" for text in bad), "1..1", sep="\n", file=file)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
