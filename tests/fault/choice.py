# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Which points there are in an operation, and which of them are tried (points.py says by what)."""
import collections
import dataclasses
import errno
import os
import random

# What a system call may fail with; the others with EIO.
ERRNO = {
    "ENOMEM": "bpf mmap mremap epoll_ctl setsockopt mount fsconfig fsmount getdents64 sendmsg setns",
    "ENOBUFS": "sendto recvmsg recvfrom",
    "EMFILE": "openat openat2 open socket socketpair dup dup2 fcntl eventfd2 signalfd4 timerfd_create pipe2 accept4 "
              "epoll_create1 inotify_init1 fsopen pidfd_open open_tree",
    "ENOSPC": "mkdir mkdirat rename renameat renameat2 write pwrite64 writev fsync fdatasync ftruncate link linkat symlink",
    "EINTR": "epoll_wait epoll_pwait poll ppoll select pselect6 wait4",
    "EAGAIN": "clone clone3 fork vfork",
    "EBUSY": "rmdir umount2 flock",
    "EADDRINUSE": "bind",
    "EACCES": "chmod fchmod chown fchown access faccessat2 connect listen prctl capset sched_setaffinity",
}
ERRNO_OF = {call: getattr(errno, name) for name, calls in ERRNO.items() for call in calls.split()}
MISSES = 2  # so many points in a row that nothing reached end the row
DRAWS = 4  # so many times as many points as are wanted are drawn at most
NEVER_FAILS = {"execve"}  # it starts the agent, so that nothing is under test before it


# What is out for STORM_S while something happens to a device: each of these calls fails with that.
STORMS = {
    "netlink": ("sendto,sendmsg,recvmsg,recvfrom", errno.ENOBUFS),
    "descriptors": ("openat,socket,socketpair,fcntl,dup,accept4,timerfd_create,eventfd2,pipe2", errno.EMFILE),
    "programs": ("bpf", errno.ENOMEM),
    "files": ("openat,mkdir,rename,renameat2,unlink,write,writev,fsync", errno.ENOSPC),
    "memory": ("mmap,mremap,bpf,sendto,sendmsg,socket", errno.ENOMEM),
}
STORM_S = 1.5
LATE = ("sendto", "recvmsg")  # such a call is held back, as where somebody else holds the kernel's lock
LATE_MS = 3000


@dataclasses.dataclass(frozen=True)
class Point:
    """What is to fail: the nth call of `call`, which is a system call, or "alloc" for an allocation, "late CALL" for a call
    that is only late, "storm NAME" for all calls of a kind for a while, or "kill CALL" for the agent's end."""

    call: str
    nth: int = 1

    def kind(self):
        return self.call.split()[0] if " " in self.call else "alloc" if self.call == "alloc" else "call"

    def fails_writing(self):
        calls = STORMS[self.call.split()[1]][0].split(",") if self.kind() == "storm" else [self.call]
        return bool({"write", "writev"} & set(calls))

    def error(self):
        return ERRNO_OF.get(self.call, errno.EIO)

    def orders(self):
        word = self.call.split()[-1]
        return {"call": lambda: [f"fail {self.call} {self.nth} {self.error()} 1"],
                "kill": lambda: [f"kill {word} {self.nth}"],
                "late": lambda: [f"late {word} {self.nth} {LATE_MS}"],
                "storm": lambda: ["fail {} 1 {} 1000000".format(*STORMS[word])],
                "alloc": lambda: ["count"]}[self.kind()]()

    def __str__(self):
        return f"{self.call}#{self.nth}" + (f" {errno.errorcode[self.error()]}" if self.kind() == "call" else "")


def wanted_calls(counted):
    """The calls that may fail, of those that the operation makes: one that ends the agent may allocate nothing."""
    made = sorted({call for call, times in counted.items() if times} - NEVER_FAILS)
    names = os.environ.get("CALLS")
    if names == "-alloc":
        return [c for c in made if c != "alloc"]
    return [c for c in made if not names or c in names.split(",")]


def spread(numbers, most):
    """At most so many of these numbers, with the first and the last."""
    if len(numbers) <= most:
        return numbers
    return sorted({numbers[round(i * (len(numbers) - 1) / max(most - 1, 1))] for i in range(most)})


def points_by_kind(bench, most):
    """Of the points of each kind at most so many."""
    for call in wanted_calls(bench.calls):
        kinds = collections.defaultdict(list)
        for nth, kind in enumerate(bench.kinds.get(call) or range(bench.calls[call]), 1):
            kinds[kind].append(nth)
        for nth in sorted(n for numbers in kinds.values() for n in spread(numbers, most)):
            yield Point(call, nth)
    yield from kills(bench, most)
    for point in outages(bench.operation):
        yield point


def every_point(bench):
    """All points, as long as something comes to them: a generator that is told whether something came."""
    each = int(os.environ.get("EACH") or 0)
    if os.environ.get("SAME"):
        points = list(points_by_kind(bench, int(os.environ["SAME"])))
        if "SECONDS" in os.environ:
            random.Random(os.environ.get("SEED") or 1).shuffle(points)
        first, step = bench.operation.part
        points = points[first::step]
        for number, point in enumerate(points):
            if number >= int(os.environ.get("SKIP") or 0):
                bench.untried = f"{len(points) - number} untried: SKIP={number}"
                yield point
        bench.untried = ""
        return
    for call in wanted_calls(bench.calls):
        step = int(os.environ.get("STRIDE", 1)) if call == "alloc" else 1
        if each:
            step = max(1, bench.calls.get(call, 0) // each)
        nth, missed = 0, 0
        while missed < MISSES:
            nth += 1 if nth < 60 and not each else step
            missed = 0 if (yield Point(call, nth)) else missed + 1
    yield from kills(bench, each or 6)
    for point in outages(bench.operation):
        yield point


def kills(bench, most):
    """Ends of the agent at its calls: of each kind of them at most so many."""
    wanted, _, only = (os.environ.get("CALLS") or "kills").partition("/")
    if wanted != "kills":
        return
    for call, numbers in sorted(bench.kinds.items()):
        kinds = collections.defaultdict(list)
        for nth, kind in enumerate(numbers, 1):
            kinds[kind].append(nth)
        if call not in NEVER_FAILS | {"alloc"} and only in ("", call):
            yield from (Point(f"kill {call}", n) for n in sorted(n for same in kinds.values() for n in spread(same, most)))


def outages(operation):
    """Calls that are late, and storms, where the operation is an event."""
    if not operation.event or os.environ.get("CALLS") not in (None, "", "outages"):
        return []
    return [Point(f"late {call}", nth) for call in LATE for nth in (1, 2, 3)] + [Point(f"storm {name}") for name in STORMS]


def some_points(bench, seed, count):
    """So many points by chance: a call first, so that the rare ones come as often as the others, then which of them.
    Nothing comes to some of them, since an operation does not make as many calls each time: more follow while it was all."""
    calls, chance, any_reached = wanted_calls(bench.calls), random.Random(f"{seed} {bench.operation.name}"), False
    for number in range(DRAWS * count if calls else 0):
        if number >= count and any_reached:
            break
        call = chance.choice(calls)
        any_reached |= yield Point(call, chance.randint(1, bench.calls[call]))
    if calls and not any_reached:
        raise RuntimeError(f"nothing came to any of {DRAWS * count} points, so nothing was tested")
    some = outages(bench.operation)
    for point in chance.sample(some, min(2, len(some))):
        yield point
    if os.environ.get("CALLS", "").startswith("kills"):
        yield from some_kills(bench, chance, count)


def some_kills(bench, chance, count):
    """So many ends of the agent by chance: a call first, as above, then where in the agent it is made."""
    by_call = collections.defaultdict(list)
    for point in kills(bench, 1):
        by_call[point.call].append(point)
    for _ in range(min(count, sum(map(len, by_call.values())))):
        call = chance.choice(sorted(by_call))
        yield by_call[call].pop(chance.randrange(len(by_call[call])))
        if not by_call[call]:
            del by_call[call]
