# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Two hosts, an agent each, and what can be seen of the first: the stage on which faults are injected.

Host a has eth0 to eth7, each wired to the same of host b. Its agent is the one under test: every system call and every
allocation of it can be made to fail. On a:
    lagg0   failover, eth0 and eth1, 10.9.0.1: what the operations change
    lagg9   LACP, eth6 and eth7, 10.9.9.1: the other lagg, whose traffic never stops
Host b answers for both, and for lagg1 (eth2, eth3) and lagg2 (eth4, eth5, LACP).
"""
import collections
import ctypes
import json
import mmap
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from programs import Resident, run

LIBC = ctypes.CDLL(None, use_errno=True)
LIBBPF = ctypes.CDLL("libbpf.so.1")
CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33
GROUPS = "0180c2"  # how the addresses of LACPDUs and the like begin
FEATURES = re.compile(r"\s*(generic-receive|tx-checksum-ip-g|tx-vlan-offload|tx-vlan-stag|rx-vlan-offload)")
PING = bytes.fromhex("0800f7ff00000000")  # an echo request, with its checksum
ECHO_REPLY = b"\0"
LISTENS = " 00010000 "  # the flags of a socket that listens, in /proc/net/unix
SLOT = re.compile(r"(?<=_)rx[0-9]+")
# The client was not told how it ended: both ends of it are right.
UNANSWERED = re.compile(r"connection to the agent broke|the agent has not answered|no agent answers")
SLOWNESS = float(os.environ.get("SLOWNESS") or 1)  # so many times slower than a machine is this one: a guest without KVM
SETTLE_S = 10 * SLOWNESS  # with the fault gone, the state is as configured within this
SETUP_S = 120  # what is not judged may take as long as the machine needs

# What show prints that changes by itself, or says how something came about and not what it is.
VOLATILE = {"last_change", "generation", "stats", "flaps", "ifindex", "damping", "last_answer", "missed", "headless",
            "aggregator", "fullest", "moved", "steps"}


class Died(Exception):
    """The agent under test ended, though nobody asked it to."""


def enter(namespace):
    """This thread goes on in that network namespace."""
    with open(f"/run/netns/{namespace}") as file:
        if LIBC.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


def until(seconds, condition, interval=0.05):
    """Whether the condition comes true in that time. It is looked at often at first, and then so often."""
    end, pause = time.monotonic() + seconds, interval / 8
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(2 * pause, interval)
    return True


class Oom:
    """The file over which oom.c is told which allocation fails."""

    WHERE, FRAMES, FRAME, KINDS = 16, 12, 96, 32768
    SIZE = WHERE + FRAMES * FRAME + 4 * KINDS

    def __init__(self, path):
        path.write_bytes(bytes(self.SIZE))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.SIZE)

    def arm(self, nth, learn=False):
        """Counts allocations from now on; the nth fails, with 0 none. learn: notes the kind of each, which takes longer."""
        callers = self.WHERE + self.FRAMES * self.FRAME
        self.memory[:callers] = struct.pack("IIII", 0, nth, 0, 0) + bytes(callers - self.WHERE)
        self.memory[:4] = struct.pack("I", 2 if learn else 1)

    def has_hit(self):
        return struct.unpack_from("I", self.memory, 12)[0] != 0

    def kinds(self):
        """Of each allocation since arm(learn=True), in order: a number that is the same where its callers are."""
        count = min(struct.unpack_from("I", self.memory, 8)[0], self.KINDS)
        return struct.unpack_from(f"{count}I", self.memory, self.SIZE - 4 * self.KINDS)

    def disarm(self):
        """Stops counting. Returns how many allocations there were, and the callers of the one that failed, or None."""
        self.memory[:4] = struct.pack("I", 0)
        _, _, count, hit = struct.unpack("IIII", self.memory[:self.WHERE])
        frames = (self.memory[self.WHERE + i * self.FRAME:self.WHERE + (i + 1) * self.FRAME] for i in range(self.FRAMES))
        return count, [f.split(b"\0")[0].decode() for f in frames if f[0]] if hit else None


class Agent:
    """xlaggd under control (see inject.c)."""

    def __init__(self, command, log, unasked="pread64", oom=None):
        self.log = log
        self.ended = None  # "exit STATUS" or "killed SIGNAL"
        self.last = None   # the last report
        self.kinds = {}    # of its calls, where it ended while they were learned
        inject = [os.environ["INJECT"], "-x", unasked, *(["-p", os.environ["OOM"]] if oom else [])]
        with open(log, "a") as stderr:
            self.process = subprocess.Popen([*inject, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=stderr, text=True, bufsize=1,
                                            env={**os.environ, **({"XLAGG_OOM": str(oom)} if oom else {})})
        first = self.process.stdout.readline().split()
        if not first or first[0] != "pid":
            raise RuntimeError(f"inject: {pathlib.Path(log).read_text()[-500:]}")
        self.pid = int(first[1])

    def order(self, line):
        """Gives inject an order; its answer. Raises Died where the agent has ended."""
        try:
            self.process.stdin.write(line + "\n")
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if line == "kinds" and answer.startswith("{"):
            return json.loads(answer)
        if line == "report" and answer.startswith("{"):
            self.last = json.loads(answer)
        elif answer.strip() != "ok":
            self.read_end(answer)
            raise Died(self.ended)
        return self.last

    def read_end(self, line):
        for line in [line, *self.process.stdout]:
            if line.startswith('{"hit"'):
                self.last = json.loads(line)
            elif line.startswith("{"):
                self.kinds = json.loads(line)
            elif line.startswith(("exit", "killed")):
                self.ended = line.strip()
        self.process.wait()

    def wait_end(self, seconds):
        """Waits for its end. Returns how it ended, or None where it has not."""
        if self.ended is None:
            timer = threading.Timer(seconds, self.kill)
            timer.start()
            self.read_end("")
            if not timer.is_alive():
                return None
            timer.cancel()
        return self.ended

    def kill(self):
        if self.ended is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def close(self):
        self.kill()
        if self.ended is None:
            self.read_end("")
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # the last order came after its end
        self.process.stdout.close()

    def stuck(self):
        """In which system call, and where in the kernel, each of its threads is."""
        found = []
        for task in os.scandir(f"/proc/{self.pid}/task"):
            read = {name: pathlib.Path(task.path, name).read_text().strip() for name in ("comm", "syscall", "stack")}
            where = [line.split()[-1].split("+")[0] for line in read["stack"].splitlines()[:4]]
            found.append(f"{read['comm']}: call {read['syscall'].split()[0]} in {' < '.join(where)}")
        return "; ".join(found)

    def descriptors(self):
        """Its descriptors, as {what: how many}."""
        found = collections.Counter()
        for entry in os.scandir(f"/proc/{self.pid}/fd"):
            try:
                # A port's counters of carrier go by the name that it had when they were opened.
                what = re.sub(r"(?<=/net/)[^/]+", "DEVICE", os.readlink(entry.path))
                what = re.sub(r"[0-9]+", "N", what)
                # One that was made and one that was opened by its pin have different names.
                found[what.replace("bpf_link", "bpf-link")] += 1
            except FileNotFoundError:
                pass
        return dict(found)


class Traffic:
    """Numbered datagrams over the other lagg; each has to arrive."""

    INTERVAL_S, PORT = 0.004 * SLOWNESS, 5009
    BUFFER = 1 << 28  # octets of the kernel's: for more datagrams than one point lasts

    def __init__(self, world):
        world.enter("b")
        self.receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.receiver.bind(("10.9.9.2", self.PORT))
        self.receiver.setblocking(False)
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, self.BUFFER)  # nobody reads until it is asked what came
        world.enter("a")
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sent, self.judged, self.came, self.stop = 0, 0, set(), False
        self.thread = threading.Thread(target=self.send, daemon=True)
        self.thread.start()

    def send(self):
        while not self.stop:
            try:
                self.sender.sendto(struct.pack("I", self.sent), ("10.9.9.2", self.PORT))
            except OSError:
                pass  # counts as sent, and is missed
            self.sent += 1
            time.sleep(self.INTERVAL_S)

    def receive(self):
        """Reads what has come. Returns how many of those not yet judged have."""
        try:
            while True:
                self.came.add(struct.unpack("I", self.receiver.recv(64))[0])
        except BlockingIOError:
            return len(self.came)

    def forget(self, sent=None):
        """What was lost up to now, or of the first so many, does not count."""
        sent = sent or self.sent
        self.receive()
        self.came -= set(range(self.judged, sent))
        self.judged = sent

    def lost(self):
        """How many datagrams were lost since the last call."""
        sent = self.sent
        until(SETTLE_S, lambda: self.receive() >= sent - self.judged, 0.01)
        lost = sent - self.judged - sum(n < sent for n in self.came)
        self.forget(sent)
        return max(lost, 0)  # one that came late was lost before

    def close(self):
        self.stop = True
        self.thread.join()
        self.sender.close()
        self.receiver.close()


class World:
    """The two hosts with all that is on them. One for each process: it moves between their namespaces."""

    def __init__(self, name, unasked="pread64"):
        self.name, self.unasked = name, unasked
        self.folder = pathlib.Path(os.environ["RUN"]) / name
        self.agent = self.partner = self.traffic = None
        self.folder.mkdir()
        self.oom = Oom(self.folder / "oom")
        self.config = self.folder / "a.conf"
        self.netns = {host: f"xf{os.getpid()}-{host}" for host in "ab"}
        # How the MACs of its devices and laggs begin. In no other world they are the same: an agent looks for a port that has
        # gone in all namespaces.
        self.macs = {host: f"02:{host}{host}:{os.getpid() >> 8 & 255:02x}:{os.getpid() & 255:02x}:00" for host in "ab"}
        self.programs = {}

    def enter(self, host):
        enter(self.netns[host])

    # ---- made and removed ----

    def make(self):
        self.config.write_text("")
        (self.folder / "b.conf").write_text("")
        for name in self.netns.values():
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for i in range(8):
            self.wire(i)
        self.enter("a")
        self.programs = {name: Resident(name) for name in ("ip", "ethtool", "bpftool")}
        self.programs["xlagg"] = Resident(f"{os.environ['B']}/xlagg")
        for file in ("default", "all"):
            pathlib.Path(f"/proc/sys/net/ipv6/conf/{file}/accept_dad").write_text("0")
        self.free = self.devices()
        self.start_partner()
        self.start()
        self.must("b", "lagg add lagg0 proto broadcast port eth0 port eth1 10.9.0.2/24")
        self.must("b", "lagg add lagg1 proto broadcast port eth2 port eth3 10.9.1.2/24")
        self.must("b", "lagg add lagg2 proto lacp lacp-rate fast port eth4 port eth5 10.9.2.2/24")
        self.must("b", "lagg add lagg9 proto lacp lacp-rate fast port eth6 port eth7 10.9.9.2/24")
        for i in (0, 1, 2, 9):  # netlink tells it of carrier, too, and to look less often leaves more of the CPU to host a
            self.must("b", f"lagg set lagg{i} carrier-poll 500")
        self.must("a", "lagg add lagg0 proto failover port eth0 port eth1 10.9.0.1/24")
        self.must("a", "lagg add lagg9 proto lacp lacp-rate fast port eth6 port eth7 10.9.9.1/24")
        if not until(SETUP_S, lambda: self.passes("10.9.0.2") and self.passes("10.9.9.2")):
            raise RuntimeError("no traffic to begin with")
        self.traffic = Traffic(self)

    def wire(self, i):
        run("ip", "link", "add", f"eth{i}", "netns", self.netns["a"], "address", f"{self.macs['a']}:0{i}",
            "type", "veth", "peer", "name", f"eth{i}", "netns", self.netns["b"], "address", f"{self.macs['b']}:0{i}")
        for name in self.netns.values():
            run("ip", "-n", name, "link", "set", f"eth{i}", "up")

    def remove(self):
        if self.traffic:
            self.traffic.close()
        if self.agent:
            self.agent.close()
        if self.partner:
            self.partner.kill()
            self.partner.wait()
        for program in self.programs.values():
            program.close()
        for name in self.netns.values():
            run("ip", "netns", "del", name, check=False)
            shutil.rmtree(pathlib.Path(os.environ["BPFFS"]) / name, ignore_errors=True)
        shutil.rmtree(self.folder)

    # ---- agents ----

    def command(self, host, *more):
        return [f"{os.environ['B']}/xlaggd", "-n", self.netns[host], "-f", str(self.folder / f"{host}.conf"), "--socket",
                str(self.folder / f"{host}.sock"), "--bpffs", f"{os.environ['BPFFS']}/{self.netns[host]}", "--state",
                str(self.folder / f"state-{host}"), *more]

    def start_partner(self):
        """The agent of host b, in which nothing fails."""
        with open(self.folder / "agent-b.log", "a") as log:
            self.partner = subprocess.Popen(self.command("b"), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not until(SETUP_S, lambda: self.answers("b")):
            raise RuntimeError(f"the partner does not start: {self.log('b')}")

    def launch(self, *more, orders=("count",)):
        """Runs xlaggd on host a, under control, with its first orders; it need not come up."""
        oom = self.folder / "oom" if os.environ.get("OOM") else None
        if self.agent:
            self.agent.close()
        self.agent = Agent(self.command("a", *more), self.folder / "agent-a.log", self.unasked, oom)
        try:
            for order in orders:
                self.agent.order(order)
        except Died:
            pass  # an allocation that fails may end it before an order reaches it

    def start(self, **how):
        """Runs the agent under test, and waits until it answers."""
        self.launch(**how)
        if not self.comes_up():
            raise RuntimeError(f"the agent does not start: {self.log()}")

    def comes_up(self):
        """Whether the agent answers, or ended, within the time that it has."""
        return until(SETTLE_S, lambda: self.gone() or (self.listens() and self.answers("a"))) and not self.gone()

    def gone(self):
        """Whether the agent under test has ended."""
        return self.agent.ended is not None or not os.path.exists(f"/proc/{self.agent.pid}/fd/0")

    def listens(self):
        """Whether the agent under test has its socket. To ask it before would cost time that it needs itself."""
        with open("/proc/thread-self/net/unix") as sockets:
            return any(LISTENS in line and line.endswith(f" {self.folder}/a.sock\n") for line in sockets)

    def answers(self, host):
        return self.xlagg(host, "agent show")[0] == 0

    def log(self, host="a", since=0, most=600):
        """The end of an agent's log, or of what it wrote since the log had that size, in one line of at most so much."""
        if not (self.folder / f"agent-{host}.log").exists():
            return ""
        with open(self.folder / f"agent-{host}.log") as file:
            file.seek(since)
            return " | ".join(file.read().strip().splitlines())[-most:]

    def log_size(self):
        return os.path.getsize(self.folder / "agent-a.log")

    # ---- commands ----

    def words(self, text):
        """Words in which {b} stands for the namespace of host b, {mac[a]} for how the MACs of host a begin, {file} for the
        configuration."""
        return text.format(**self.netns, mac=self.macs, file=self.config)

    def configure(self, *lines):
        """Writes the configuration of host a."""
        self.config.write_text("".join(f"{self.words(line)}\n" for line in lines))

    def begin_xlagg(self, host, words, **how):
        """Starts the CLI."""
        return self.programs["xlagg"].begin("--socket", str(self.folder / f"{host}.sock"), *self.words(words).split(), **how)

    def xlagg(self, host, words, timeout=60):
        """The CLI: its exit status, what it printed and its complaint."""
        try:
            return self.begin_xlagg(host, words).end(timeout)
        except TimeoutError:
            return 124, "", f"no answer within {timeout} s; {self.agent.stuck() if host == 'a' else ''}"

    def must(self, host, words):
        status, out, complaint = self.xlagg(host, words, SETUP_S)
        if status:
            raise RuntimeError(f"{words}: {complaint.strip()}")
        return out

    def ip(self, host, words, check=True):
        status, _, complaint = self.programs["ip"].begin("-n", self.netns[host], *self.words(words).split()).end(SETUP_S)
        if check and status:
            raise RuntimeError(f"ip {words}: {complaint.strip()}")

    def try_ip(self, words):
        """ip on a host, "HOST WORDS", where it does not matter whether the device is there."""
        self.ip(*words.split(" ", 1), check=False)

    def passes(self, address):
        """Whether the address answers a ping within a second."""
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as pinger:
            pinger.settimeout(1)
            end = time.monotonic() + 1
            try:
                pinger.sendto(PING, (address, 0))
                while time.monotonic() < end:
                    packet, (sender, _) = pinger.recvfrom(256)
                    if sender == address and packet[20:21] == ECHO_REPLY:
                        return True
            except OSError:
                pass  # nothing came, or there is no way there
        return False

    # ---- what there is to see of host a ----

    def begin(self, program, *arguments):
        """Starts a program that cannot fail. Returns what waits for its end and yields what it printed."""
        run = self.programs[program].begin(*arguments)

        def printed():
            status, out, complaint = run.end(SETUP_S)
            if status:
                raise RuntimeError(f"{program} {' '.join(arguments)}: {complaint.strip()}")
            return out
        return printed

    def see_devices(self):
        """Begins to look at the devices of host a. Returns what yields them, as {name: what of it must be as it was}."""
        links, offloads = self.begin("ip", "-d", "-j", "address"), self.begin("ethtool", "-k", "*")

        def devices():
            groups, features_of = special_groups(), features(offloads())
            return {link["ifname"]: device(link, features_of, groups) for link in json.loads(links())}
        return devices

    def devices(self):
        return self.see_devices()()

    def picture(self):
        """What must be the same whenever the configuration is the same."""
        devices, show = self.see_devices(), self.begin_xlagg("a", "-j -d lagg show", merged=True)
        save, filters = self.begin_xlagg("a", "save"), self.begin("bpftool", "-j", "net")
        pins = f"{os.environ['BPFFS']}/{self.netns['a']}"
        (status, shown, _), (_, said, _) = show.end(SETUP_S), save.end(SETUP_S)
        return {
            "show": sorted(without(json.loads(shown), VOLATILE), key=lambda lagg: lagg["ifname"])
            if status == 0 else shown.split(" (")[0],
            "save": sorted(said.replace("\\\n", " ").splitlines()),
            "devices": devices(),
            "filters": attached(filters()),
            # Which slot a port has depends on what came before.
            "pins": dict(collections.Counter(SLOT.sub("rxN", path) for path in below(pins))),
            "state": sorted(below(self.folder / "state-a")),
            "descriptors": {} if self.gone() else self.agent.descriptors(),
        }

    def settle(self, wanted, seconds=SETTLE_S, lazy=False):
        """Waits until the picture is the wanted one. lazy: descriptors may be missing, as the agent opens some when it
        needs them. Returns what differs after that time, best none."""
        differences = []

        def same():
            found = self.picture()
            if lazy:
                missing = collections.Counter(wanted["descriptors"]) - collections.Counter(found["descriptors"])
                found["descriptors"] = dict(collections.Counter(found["descriptors"]) + missing)
            differences[:] = difference(wanted, {key: found[key] for key in wanted})
            return not differences
        until(seconds, same, 0.1)
        return differences


def without(value, keys):
    if isinstance(value, dict):
        return {k: without(v, keys) for k, v in value.items() if k not in keys}
    if isinstance(value, list):
        return [without(v, keys) for v in value]
    return value


def below(folder):
    """The paths of all that is in a folder, seen from there."""
    start = len(str(folder)) + 1
    return [f"{where}/{name}"[start:] for where, folders, files in os.walk(folder) for name in folders + files]


def device(link, offloads, groups):
    """What of a device must be as it was; link is what ip says of it."""
    name = link["ifname"]
    found = {key: link.get(key) for key in ("mtu", "address", "ifalias", "promiscuity", "allmulti", "operstate", "master", "altnames")}
    if link.get("ifalias", "").startswith("xlagg: lower end"):
        del found["address"]  # drawn anew each time
    found["flags"] = sorted(set(link["flags"]) - {"LOWER_UP", "NO-CARRIER"})
    found["programs"] = programs(link["ifindex"]) + ["xdp"] * ("xdp" in link)
    found["features"] = offloads.get(name, [])
    found["groups"] = groups.get(name, [])
    found["bonding"] = bonding(link.get("linkinfo", {}))
    found["addresses"] = sorted(f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["family"] == "inet")
    for key in ("disable_ipv6", "accept_ra", "addr_gen_mode"):
        try:
            with open(f"/proc/sys/net/ipv6/conf/{name}/{key}") as file:
                found[key] = file.read().strip()
        except FileNotFoundError:
            pass
    return found


def bonding(info):
    """The settings of a bond, or of its slave, in what ip says of a device's kind."""
    settings = info.get("info_data", {}) if info.get("info_kind") == "bond" else {}
    slave = info.get("info_slave_data", {}) if info.get("info_slave_kind") == "bond" else {}
    return {**without(settings, {"active_slave", "ad_info", "ad_actor_sys_prio"}),
            **{key: slave[key] for key in ("queue_id", "prio") if key in slave}}


def special_groups():
    """The addresses of slow protocols and the like that each device receives, as {device: [address, ...]}."""
    found = collections.defaultdict(list)
    with open("/proc/thread-self/net/dev_mcast") as file:
        for _, name, _, _, address in map(str.split, file):
            if address.startswith(GROUPS):
                found[name] = sorted([*found[name], address])
    return found


def attached(net):
    """What bpftool says is attached to devices, by name."""
    return sorted(f"{entry.get('devname')} {entry.get('kind', kind)} {entry.get('name', '')}"
                  for kinds in json.loads(net) for kind, entries in kinds.items() for entry in entries)


def features(lines):
    """The features of each device that xlagg may change, as {name: lines of ethtool}."""
    found, of_device = {}, []
    for line in lines.splitlines():
        if line.startswith("Features for "):
            of_device = found[line.split()[2].rstrip(":")] = []
        elif FEATURES.match(line):
            of_device.append(line.strip())
    return found


def programs(ifindex):
    """How many programs are attached to tcx of the device, in and out; none where the kernel has no tcx."""
    found, count = [], ctypes.c_uint32()
    for side, attach_type in (("in", 46), ("out", 47)):
        count.value = 0
        if LIBBPF.bpf_prog_query(ifindex, attach_type, 0, None, None, ctypes.byref(count)) == 0:
            found += [f"tcx {side}"] * count.value
    return found


def difference(wanted, found, where=""):
    """Where two pictures differ, as sentences."""
    if wanted == found:
        return []
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [d for k in sorted(wanted.keys() | found.keys())
                for d in difference(wanted.get(k), found.get(k), f"{where}/{k}")]
    if isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) == len(found) and all(isinstance(v, dict) for v in wanted + found):
            return [d for i, (w, f) in enumerate(zip(wanted, found)) for d in difference(w, f, f"{where}[{i}]")]
        gone, new = [v for v in wanted if v not in found], [v for v in found if v not in wanted]
        if gone or new or len(wanted) != len(found):
            return [f"{where}: missing {gone} more {new}"[:300]]
        return []
    return [f"{where}: {str(found)[:120]} instead of {str(wanted)[:120]}"]
