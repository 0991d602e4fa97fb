# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The agent is killed at random moments in a storm of changes, and the next one takes over.

kills.py --kills COUNT SEED TAP       so many kills, in rounds of some
kills.py --seconds SECONDS SEED TAP   as many as fit into that time
kills.py --round SEED TAP             one round, by the seed that is printed where it went wrong

After each kill the next agent starts, or is killed as well while it starts. Every lagg is then there with its ports and
options as it was before or after the command that was going on, and as after every command that was answered; what
nothing is done to loses no frame, and its LACP partner sees no change. At the end of a round all is flushed, by the agent
or without one: every device is what it was before there was a lagg, and neither pins nor files are left.
    KEEP   a folder in which the agent's log of a round that went wrong is left
"""
import argparse
import copy
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

from world import SETTLE_S, UNANSWERED, Agent, World, difference, until

ROUND = 20  # kills
STABLE = {"lagg2", "lagg9"}  # nothing is done to these
BASE = ["lagg add lagg2 proto lacp lacp-rate fast mac 02:00:00:00:88:02 port eth4 port eth5 10.9.2.1/24",
        "lagg add lagg9 proto lacp lacp-rate fast port eth6 port eth7 10.9.9.1/24"]
# What a file of restore or reload may have besides.
FILES = [["lagg add lagg0 proto failover mac 02:00:00:00:88:00 port eth0 port eth1 10.9.0.1/24"],
         ["lagg add lagg0 proto roundrobin mac 02:00:00:00:88:00 port eth0 port eth3 10.9.0.1/24",
          "lagg add lagg1 proto loadbalance mac 02:00:00:00:88:01 port eth1 port eth2 10.9.1.1/24"],
         []]
OPTIONS = ["proto failover", "proto loadbalance", "proto roundrobin", "proto broadcast", "proto lacp", "hash l3",
           "hash l2,l3,l4", "mtu 1400", "mtu 1500", "mac 02:00:00:00:88:77", "mac 02:00:00:00:88:78", "min-links 2",
           "min-links 1", "tx-path direct", "tx-path auto", "datapath xdp", "datapath tc", "up-delay 50", "up-delay 0"]
LAGGS, PORTS = ["lagg0", "lagg1"], ["eth0", "eth1", "eth2", "eth3"]


class Wrong(Exception):
    """Something is not as it must be."""


class FreeAgent(Agent):
    """xlaggd in which nothing fails."""

    def __init__(self, command, log):
        self.ended = None
        with open(log, "a") as stderr:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        self.pid = self.process.pid

    def wait_end(self, seconds):
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self.ended = f"exit {status}" if status >= 0 else f"killed {-status}"
        return self.ended

    def close(self):
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.wait_end(SETTLE_S)


class KillWorld(World):
    """The stage of the fault tests, with an agent that is killed."""

    def launch(self, *more, orders=()):
        if self.agent:
            self.agent.close()
        self.agent = FreeAgent(self.command("a", *more), self.folder / "agent-a.log")

    def gone(self):
        return self.agent.ended is not None or self.agent.process.poll() is not None


# ---- configurations, as {lagg: {"options": {word: value}, "ports": {name, ...}, "addresses": {...}}} ----

def parse(lines):
    """What a file of `save` says. A port's own options are not changed here, and left out."""
    found = {}
    for words in (line.split() for line in lines):
        lagg = found[words[2]] = {"options": {}, "ports": set(), "addresses": set()}
        words, in_port = words[3:], False
        while words:
            if "/" in words[0]:
                lagg["addresses"].add(words.pop(0))
                continue
            if words[0] == "port":
                lagg["ports"].add(words[1])
                in_port = True
            elif not in_port:
                lagg["options"][words[0]] = words[1]
            words = words[2:]
    return found


class Change:
    """A command or an event, and what it makes of a configuration."""

    def __init__(self, words, apply, event=False):
        self.words, self.apply, self.event = words, apply, event


def set_option(lagg, option):
    word, value = option.split()

    def apply(conf):
        if lagg in conf:
            conf[lagg]["options"][word] = value
    return Change(f"lagg set {lagg} {option}", apply)


def add_lagg(chance, lagg):
    ports = chance.sample(PORTS, 2)
    line = f"lagg add {lagg} proto {chance.choice(['failover', 'loadbalance', 'lacp'])} " \
           f"mac 02:00:00:00:88:0{lagg[-1]} port {ports[0]} port {ports[1]} 10.9.{lagg[-1]}.1/24"
    return Change(line, lambda conf: conf.update(parse([line])))


def port_change(verb, lagg, port):
    def apply(conf):
        if lagg in conf:
            getattr(conf[lagg]["ports"], "add" if verb == "add" else "discard")(port)
    return Change(f"port {verb} {lagg} {port}", apply)


def rename(old, new):
    def apply(conf):
        if old in conf:
            conf[new] = conf.pop(old)
    return Change(f"a link set {old} name {new}", apply, event=True)


def whole_file(verb, lines):
    def apply(conf):
        conf.clear()
        conf.update(parse(BASE + lines))
    return Change(f"{verb}\n" + "\n".join(BASE + lines), apply)


def draw(chance, conf):
    """The next change of the storm."""
    lagg, port = chance.choice(LAGGS), chance.choice(PORTS)
    kind = chance.choice(["add", "add", "del", "set", "set", "set", "port add", "port del", "activate", "rename", "file"])
    # Every second rename leads back, so that the commands' names are there.
    renamed = [name for name in conf if name.startswith("agg")]
    if renamed:
        return rename(renamed[0], "l" + renamed[0])
    if kind == "add":
        return add_lagg(chance, lagg)
    if kind == "del":
        return Change(f"lagg del {lagg}", lambda conf: conf.pop(lagg, None))
    if kind == "set":
        return set_option(lagg, chance.choice(OPTIONS))
    if kind.startswith("port"):
        return port_change(kind.split()[1], lagg, port)
    if kind == "activate":
        return Change(f"port activate {lagg} {port}", lambda conf: None)
    if kind == "rename":
        return rename(lagg, lagg[1:])
    return whole_file(chance.choice(["reload", "restore"]), chance.choice(FILES))


def option_is(lagg, word, found):
    """Whether an option may have that value in that lagg; one that is not saved has its default, whatever that is."""
    return lagg["options"].get(word, found) == found


def compare(found, before, after):
    """What is neither as before nor as after the change. Where both are the same, it must be just that."""
    wrong = []
    for name in sorted(found.keys() | before.keys() | after.keys()):
        was, now, right = found.get(name), before.get(name), after.get(name)
        if was is None:
            if now is not None and right is not None:
                wrong.append(f"{name} is gone")
        elif now is None and right is None:
            wrong.append(f"{name} is there")
        else:
            wrong += compare_lagg(name, was, [state for state in (now, right) if state is not None])
    return wrong


def compare_lagg(name, found, states):
    wrong = []
    # What is just being made or removed may have lost ports and addresses already.
    for what in ("ports", "addresses"):
        least = set.intersection(*(state[what] for state in states)) if len(states) == 2 else set()
        most = set.union(*(state[what] for state in states))
        if not least <= found[what] <= most:
            wrong.append(f"{what} of {name}: {sorted(found[what])}, not {sorted(least)} to {sorted(most)}")
    for word, value in found["options"].items():
        if not any(option_is(state, word, value) for state in states):
            wrong.append(f"{word} of {name}: {value}, not {[state['options'].get(word) for state in states]}")
    return wrong


class Round:
    """One round of kills, on a world without laggs on host a."""

    def __init__(self, world, seed):
        self.world, self.seed, self.chance = world, seed, random.Random(seed)
        self.steps, self.kills = [], 0
        self.doubt = None  # configurations before and after the command that was going on when the agent was killed
        self.partner = None

    # ---- the storm ----

    def run_change(self, change):
        """Makes a change. Returns the exit status, as far as one came."""
        world, words = self.world, change.words
        if change.event:
            try:
                world.ip("a", words.split(" ", 1)[1])
                return 0
            except RuntimeError:
                return 1
        if "\n" in words:
            verb, text = words.split("\n", 1)
            path = world.config if verb == "reload" else world.folder / "restored"
            path.write_text(text + "\n")
            words = verb if verb == "reload" else f"restore {path}"
        status, _, complaint = world.xlagg("a", words)
        unanswered = status != 0 and UNANSWERED.search(complaint)
        if not unanswered and status not in (0, 1):
            raise Wrong(f"{words}: exit status {status}: {complaint}")
        return None if unanswered else status

    def storm(self, over):
        """Makes changes until one is left without an answer, or the agent was killed after one."""
        conf = self.conf
        while not over.is_set():
            change = draw(self.chance, conf)
            after = copy.deepcopy(conf)
            change.apply(after)
            status = self.run_change(change)
            self.steps.append(f"{change.words.splitlines()[0]}: {['done', 'refused', '?'][2 if status is None else status]}")
            if status is None:
                self.doubt = conf, after
                return
            conf = after if status == 0 else conf
            self.conf, self.doubt = conf, (conf, conf)

    def kill_in_storm(self):
        over, wrong = threading.Event(), []

        def storm():
            try:
                self.storm(over)
            except Exception as found:  # pylint: disable=broad-except
                wrong.append(found)
        self.doubt = self.conf, self.conf
        thread = threading.Thread(target=storm)
        thread.start()
        time.sleep(self.chance.choice([0.02, 0.1, 0.3, 0.6]) * self.chance.random())
        self.kill()
        over.set()
        thread.join()
        if wrong:
            raise wrong[0]

    def kill(self):
        self.world.agent.close()
        self.kills += 1
        self.steps.append("kill")

    # ---- the next agent ----

    def take_over(self):
        # What stands in the file and does not run would be made at the start.
        self.world.config.write_text("")
        while self.chance.random() < 0.25:
            self.world.launch()
            time.sleep(0.3 * self.chance.random())
            self.kill()
        self.world.launch()
        if not self.world.comes_up():
            raise Wrong(f"the agent does not start: {self.world.agent.ended}")

    def judge(self):
        """What the next agent runs must be what was established. That is what the storm goes on from."""
        wrong = []

        def right():
            found = self.found()
            wrong[:] = compare(found, *self.doubt)
            files = sorted(path.name for path in (self.world.folder / "state-a").glob("*.state*"))
            if files != sorted(f"{name}.state" for name in found):
                wrong.append(f"files of state: {files} beside {sorted(found)}")
            self.conf = found
            return not wrong
        if not until(SETTLE_S, right, 0.1):
            raise Wrong("; ".join(wrong))
        lost = self.world.traffic.lost()
        if lost:
            raise Wrong(f"{lost} datagrams of lagg9 were lost")
        if self.partner_sees() != self.partner:
            raise Wrong(f"the partner of lagg2 saw a change: {self.partner_sees()} after {self.partner}")

    def found(self):
        saved = self.world.must("a", "save").replace("\\\n", " ").splitlines()
        conf = parse(line for line in saved if line.startswith("lagg add"))
        for lagg in json.loads(self.world.must("a", "-j lagg show")):
            absent = [port["ifname"] for port in lagg["ports"] if not port["present"]]
            if absent:
                raise Wrong(f"ports of {lagg['ifname']} that are not there: {absent}")
        return conf

    def partner_sees(self):
        lagg = json.loads(self.world.must("b", "-j -d lagg show lagg2"))[0]
        return [(port["ifname"], port["flags"], port["last_change"]) for port in lagg["ports"]]

    # ---- all of it ----

    def begin(self):
        base = self.world.folder / "base"
        base.write_text("\n".join(BASE) + "\n")
        self.world.must("a", f"restore {base}")
        self.conf = self.found()
        if not until(SETTLE_S, lambda: all("DISTRIBUTING" in flags for _, flags, _ in self.partner_sees())):
            raise Wrong("lagg2 does not come up")
        if not until(SETTLE_S, lambda: self.world.passes("10.9.9.2") and self.world.passes("10.9.2.2")):
            raise Wrong("no traffic in the beginning")
        self.partner = self.partner_sees()
        self.world.traffic.lost()

    def end(self):
        world = self.world
        if self.chance.random() < 0.5:
            world.must("a", "flush")
        else:
            self.kill()
            world.launch("--flush")
            if world.agent.wait_end(60) != "exit 0":
                raise Wrong(f"--flush: {world.agent.ended}")
            world.config.write_text("")
            world.start()
        until(SETTLE_S, lambda: world.devices() == world.free, 0.1)
        wrong = difference(world.free, world.devices())
        wrong += [f"left: {path}" for path in self.left()]
        if wrong:
            raise Wrong("flushed, " + "; ".join(wrong))

    def left(self):
        """Pins and files of laggs that are no longer there."""
        world = self.world
        pins = pathlib.Path(os.environ["BPFFS"]) / world.netns["a"]
        state = world.folder / "state-a"
        return [str(path) for folder in (pins, state) for path in folder.rglob("*") if path not in world.bare]

    def run(self, kills):
        self.begin()
        while self.kills < kills:
            self.kill_in_storm()
            self.take_over()
            self.judge()
        self.end()


class Rounds:
    """Runs rounds, on one world as long as nothing is wrong with it."""

    def __init__(self):
        self.world, self.kills, self.rounds, self.bad = None, 0, 0, []

    def prepare(self):
        self.remove()
        self.world = world = KillWorld(f"kills-{time.monotonic_ns()}")
        world.make()
        world.must("a", "flush")
        pins, state = pathlib.Path(os.environ["BPFFS"]) / world.netns["a"], world.folder / "state-a"
        world.bare = {path for folder in (pins, state) for path in folder.rglob("*")}
        print(f"# without laggs there are: {sorted(str(path.relative_to(path.parents[0])) for path in world.bare)}")

    def remove(self):
        if self.world:
            self.world.remove()
        self.world = None

    def run(self, seed, kills):
        if not self.world:
            self.prepare()
        one = Round(self.world, seed)
        self.rounds += 1
        try:
            one.run(kills)
        except (Wrong, RuntimeError) as wrong:
            self.bad.append(f"round {seed}, kill {one.kills}: {wrong}; log: {self.world.log()}".replace("\n", " "))
            print(f"# BAD {self.bad[-1]}", *(f"#   {step}" for step in one.steps[-25:]), sep="\n", flush=True)
            keep = os.environ.get("KEEP")
            if keep:
                pathlib.Path(keep, f"agent-{seed}.log").write_text((self.world.folder / "agent-a.log").read_text())
            self.remove()
        self.kills += one.kills


def main():
    parser = argparse.ArgumentParser()
    much = parser.add_mutually_exclusive_group(required=True)
    much.add_argument("--kills", type=int)
    much.add_argument("--seconds", type=float)
    much.add_argument("--round", action="store_true")
    parser.add_argument("seed", type=int)
    parser.add_argument("tap")
    how = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rounds, begin = Rounds(), time.monotonic()
    try:
        rounds.run(how.seed, ROUND)
        while how.kills and rounds.kills < how.kills or how.seconds and time.monotonic() - begin < how.seconds:
            rounds.run(how.seed + rounds.rounds, ROUND)
    finally:
        rounds.remove()
    line = f"{'not ' if rounds.bad else ''}ok 1 - {rounds.kills} kills in {rounds.rounds} rounds from {how.seed} on, " \
           f"{len(rounds.bad)} bad ({time.monotonic() - begin:.0f} s)"
    print(line)
    with open(how.tap, "w") as file:
        print(line, *(f"#   {text}" for text in rounds.bad), "1..1", sep="\n", file=file)
    sys.exit(1 if rounds.bad else 0)


if __name__ == "__main__":
    main()
