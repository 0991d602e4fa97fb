# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Fails the Nth call of each system call, and the Nth allocation, that the agent makes during each operation.

points.py TAP                   all of it, an operation after the other
points.py --sample SEED SECONDS TAP   operations and points chosen by SEED, as many as fit into SECONDS

Each point is judged: done as asked; or done, and what remains to be put back is named and follows; or refused with a sentence,
everything exactly as before, and the second try works. The other lagg loses nothing, undoing it leaves nothing, and all that within 10 s after the fault.
    ONLY     a pattern of operations (of the shell)
    CALLS    names with commas: only these system calls; alloc: allocations; -alloc: all system calls;
             outages: none of them, but calls that are late and storms
    STRIDE   of allocations beyond the first 60 only every STRIDEth (1)
    EACH     of each call at most so many points, evenly spread (all)
    SAME     of calls and allocations that are the same and have the same callers at most so many, evenly spread (all)
    JOBS     operations at a time (2)
    TRIES    how often a point has to end badly in a row to count (2)
"""
import argparse
import collections
import dataclasses
import errno
import fnmatch
import functools
import multiprocessing
import os
import queue
import random
import re
import signal
import subprocess
import sys
import time
import traceback

import operations
from world import SETTLE_S, SETUP_S, Died, World, difference, until

# What a system call may fail with; the others with EIO.
ERRNO = {
    "ENOMEM": "bpf mmap mremap epoll_ctl setsockopt mount fsconfig fsmount timerfd_settime getdents64 sendmsg setns",
    "ENOBUFS": "sendto recvmsg recvfrom",
    "EMFILE": "openat openat2 open socket socketpair dup dup2 dup3 fcntl eventfd2 signalfd4 timerfd_create pipe2 accept4 "
              "epoll_create1 inotify_init1 fsopen pidfd_open open_tree",
    "ENOSPC": "mkdir mkdirat rename renameat renameat2 write pwrite64 writev fsync fdatasync ftruncate link linkat symlink",
    "EINTR": "epoll_wait epoll_pwait poll ppoll select pselect6 wait4",
    "EAGAIN": "clone clone3 fork vfork",
    "EBUSY": "rmdir umount2 flock",
    "EADDRINUSE": "bind",
    "EACCES": "chmod fchmod chown fchown access faccessat2 connect listen prctl capset sched_setaffinity",
}
ERRNO_OF = {call: getattr(errno, name) for name, calls in ERRNO.items() for call in calls.split()}
# The client was not told how it ended: both ends of it are right.
# All is done, but something is not yet as it was before; that follows without another command.
REMAINS = re.compile(r"is not yet as it was before|still has programs of|could not be removed yet|cannot be removed yet")
UNANSWERED = re.compile(r"connection to the agent broke|no agent answers")
NSS = "find_groups"  # the agent's function that calls getgrnam()
MISSES = 2  # so many points in a row that nothing reached end the row
# Not tried: dup3() onto a descriptor that is open cannot run out of them (and libbpf 1.1 then forgets to close it);
# timerfd_settime() fails for wrong arguments only; execve() starts the agent, so that nothing is under test before it.
NEVER_FAILS = {"dup3", "timerfd_settime", "execve"}


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
    that is only late, or "storm NAME" for all calls of a kind for a while."""

    call: str
    nth: int = 1

    def kind(self):
        return self.call.split()[0] if " " in self.call else "alloc" if self.call == "alloc" else "call"

    def error(self):
        return ERRNO_OF.get(self.call, errno.EIO)

    def orders(self):
        word = self.call.split()[-1]
        return {"call": lambda: [f"fail {self.call} {self.nth} {self.error()} 1"],
                "late": lambda: [f"late {word} {self.nth} {LATE_MS}"],
                "storm": lambda: ["fail {} 1 {} 1000000".format(*STORMS[word])],
                "alloc": lambda: ["count"]}[self.kind()]()

    def __str__(self):
        return f"{self.call}#{self.nth}" + (f" {errno.errorcode[self.error()]}" if self.kind() == "call" else "")


def functions(callers):
    """The names of the agent's functions among these callers of an allocation, innermost first."""
    own = [caller.split("+")[1] for caller in callers if caller.startswith("xlaggd+")]
    found = subprocess.run(["addr2line", "-f", "-s", "-e", f"{os.environ['B']}/xlaggd", *own], capture_output=True, text=True)
    return found.stdout.splitlines()[::2][:5] or callers[:3]


def allocation(callers):
    """Whose allocation it was that failed, or None where none did."""
    return "allocation by " + " < ".join(functions(callers)) if callers is not None else None


class Bench:
    """One operation on a world of its own, in which its points are tried."""

    def __init__(self, operation):
        self.operation, self.world, self.of_library = operation, None, False

    # ---- the world, and what is right before and after ----

    def prepare(self):
        """Makes the world anew. Measures what is right before and after the operation, and how many calls it makes."""
        self.remove()
        self.world = World(f"{self.operation.name}-{time.monotonic_ns()}", self.operation.unasked)
        try:
            self.world.make()
            self.apply(None)  # what is made once in the agent's life
            self.stable()
            self.operation.undo(self.world)
            self.before = self.stable()
            self.apply(None)
            self.calls = dict(self.world.agent.last["calls"], alloc=self.allocations)
            self.kinds = self.applied
            self.after = self.stable()
            if self.operation.starts:
                del self.after["descriptors"]  # which an agent holds depends on whether it made a lagg or adopted it
            self.carries = self.world.passes("10.9.0.2")
            self.operation.undo(self.world)
            left = self.world.settle(self.before, SETUP_S)
            if left:
                raise RuntimeError(f"without a fault something is left of it: {'; '.join(left)}")
            self.world.traffic.lost()
        except BaseException:
            print(f"# {self.operation.name}: log: {self.world.log()}", flush=True)
            self.remove()
            raise

    def remove(self):
        if self.world:
            self.world.remove()
        self.world = None

    def stable(self):
        """The picture, once it does not change any more."""
        end, last = time.monotonic() + SETUP_S, self.world.picture()
        while True:
            time.sleep(0.4)
            now = self.world.picture()
            if not difference(last, now):
                return now
            if time.monotonic() > end:
                raise RuntimeError(f"the picture keeps changing: {difference(last, now)[:3]}")
            last = now

    # ---- one try ----

    def apply(self, point):
        """Does the operation while the point fails, or counts. Returns its exit status and complaint; self.where is what
        failed, or None."""
        world, operation, self.where, self.of_library = self.world, self.operation, None, False
        orders = point.orders() if point else ["count"]
        world.oom.arm(point.nth if point and point.kind() == "alloc" else 0)
        if operation.starts:
            outcome = operation.do(world, [*orders, "after setns"])
        else:
            for order in orders:
                world.agent.order(order)
            outcome = operation.do(world)
        if point and point.kind() == "storm":
            time.sleep(STORM_S)
        elif operation.window_s and outcome[0] == 0:
            until(operation.window_s, lambda: point and self.hit(point))
        if not point:
            self.applied = {"alloc": world.oom.kinds()}  # {call: a number for each, see inject.c}
        self.allocations, callers = world.oom.disarm()
        if world.agent.ended is None:
            world.agent.order("report")
            if not point:
                self.applied.update(world.agent.order("kinds"))
            world.agent.order("count")
        if point and point.kind() == "alloc":
            self.where = allocation(callers)
            self.of_library = bool(callers) and (callers[0].startswith("libseccomp") or NSS in self.where)
        elif point and world.agent.last and world.agent.last["hit"]:
            self.where = world.agent.last["first"]
        return outcome

    def where_it_died(self, point):
        if point.kind() == "alloc":
            return self.where or allocation(self.world.oom.disarm()[1])
        return self.where or self.world.agent.last["first"]

    def hit(self, point):
        if point.kind() == "alloc":
            return self.world.oom.has_hit()
        return self.world.agent.order("report")["hit"]

    # ---- the judgement ----

    def judge(self, point):
        """Tries a point. Returns None where nothing came to it, else (where, verdict, what is wrong with it)."""
        self.since = self.world.log_size()
        try:
            status, complaint = self.apply(point)
            where = self.where
            if not where:
                self.put_back()
                return None
            verdict, wrong = self.outcome(status, complaint.strip())
            if not wrong:
                wrong = self.put_back()
            lost = self.world.traffic.lost()
            if lost and self.operation.traffic:
                wrong.append(f"the other lagg lost {lost} datagrams")
        except Died as end:
            where, verdict, wrong = self.where_it_died(point), "died", [f"the agent ended: {end}"]
        if wrong:
            wrong.append(f"log: {self.world.log(since=self.since)}")
        return where, verdict, wrong

    def outcome(self, status, complaint):
        """Whether what the operation says is what is there. Returns the verdict and what is wrong."""
        world, operation = self.world, self.operation
        if not operation.ends and status >= 0 and not operation.starts and world.gone():
            raise Died(world.agent.wait_end(1))
        if status == 0:
            return self.done()
        # libseccomp and glibc's getgrnam() do not survive it. That is at the start, before anything was read or changed.
        died_of_library = operation.starts and status not in (0, 1) and self.of_library
        if not died_of_library and (status != 1 or not complaint or (not operation.starts and not operation.ends and "\n" in complaint)):
            return "refused", [f"exit status {status}, saying '{complaint}'"]
        if UNANSWERED.search(complaint):
            return "unanswered", self.either()
        if REMAINS.search(complaint) and not operation.ends:
            return "remains", world.settle(self.after)
        wrong = []
        if not operation.starts and not operation.ends:
            wrong = world.settle(self.before) or self.traffic(True)
        if not wrong:
            status, again = self.apply(None) if not operation.again else operation.again(world)
            wrong = world.settle(self.after) if status == 0 else [f"the second try is refused: {again.strip()}"]
        return "library" if died_of_library else f"refused ({complaint})", wrong

    def done(self):
        """The verdict on what is said to be done: it is, or an event was answered by putting back what was before."""
        world, operation = self.world, self.operation
        wrong = world.settle(self.after)
        if wrong and operation.may_put_back and world.log(since=self.since) and not difference(self.before, world.picture()):
            return "put back", []
        if wrong and operation.starts and operation.again and world.log(since=self.since):
            status, again = operation.again(world)  # what was left out at the start, with a sentence
            wrong = world.settle(self.after) if status == 0 else [f"the second try is refused: {again.strip()}"]
        return "done", wrong or self.traffic(self.carries)

    def traffic(self, wanted):
        """What is wrong with the traffic on lagg0."""
        passes = not wanted or until(SETTLE_S, lambda: self.world.passes("10.9.0.2"))
        return [] if passes else ["no traffic on lagg0"]

    def either(self):
        """Waits until it is as before or as after. Returns what is wrong."""
        end = time.monotonic() + SETTLE_S
        while True:
            found = self.world.picture()
            before, after = difference(self.before, found), difference(self.after, found)
            if not before or not after:
                return []
            if self.world.gone():
                raise Died(self.world.agent.wait_end(1))
            if time.monotonic() > end:
                return min(before, after, key=len)
            time.sleep(0.1)

    def put_back(self):
        """Undoes the operation, without a fault. Returns what is left of it."""
        try:
            if difference(self.before, self.world.picture()):
                self.operation.undo(self.world)
        except RuntimeError as refusal:
            return [f"cannot be undone: {refusal}"]
        return [f"undone, {left}" for left in self.world.settle(self.before)]


# ---- all points of an operation, or some ----

def wanted_calls(counted):
    names = os.environ.get("CALLS")
    if names == "-alloc":
        return sorted(counted.keys() - NEVER_FAILS - {"alloc"})
    return [c for c in sorted(counted.keys() - NEVER_FAILS) if not names or c in names.split(",")]


def spread(numbers, most):
    """At most so many of these numbers, with the first and the last."""
    if len(numbers) <= most:
        return numbers
    return sorted({numbers[round(i * (len(numbers) - 1) / max(most - 1, 1))] for i in range(most)})


def points_by_kind(bench, most):
    """Of the points of each kind at most so many."""
    for call in wanted_calls(bench.calls):
        kinds = collections.defaultdict(list)
        # Where the operation ended the agent, the kinds of its calls are not known.
        for nth, kind in enumerate(bench.kinds.get(call) or range(bench.calls[call]), 1):
            kinds[kind].append(nth)
        for nth in sorted(n for numbers in kinds.values() for n in spread(numbers, most)):
            yield Point(call, nth)
    for point in outages(bench.operation):
        yield point


def every_point(bench):
    """All points, as long as something comes to them: a generator that is told whether something came."""
    each = int(os.environ.get("EACH") or 0)
    if os.environ.get("SAME"):
        yield from points_by_kind(bench, int(os.environ["SAME"]))
        return
    for call in wanted_calls(bench.calls):
        step = int(os.environ.get("STRIDE", 1)) if call == "alloc" else 1
        if each:
            step = max(1, bench.calls.get(call, 0) // each)
        nth, missed = 0, 0
        while missed < MISSES:
            nth += 1 if nth < 60 and not each else step
            missed = 0 if (yield Point(call, nth)) else missed + 1
    for point in outages(bench.operation):
        yield point


def outages(operation):
    """Calls that are late, and storms, where the operation is an event."""
    if not operation.event or os.environ.get("CALLS") not in (None, "", "outages"):
        return []
    return [Point(f"late {call}", nth) for call in LATE for nth in (1, 2, 3)] + [Point(f"storm {name}") for name in STORMS]


def some_points(bench, seed, count):
    """So many points by chance: a call first, so that the rare ones come as often as the others, then which of them."""
    calls, chance = wanted_calls(bench.calls), random.Random(f"{seed} {bench.operation.name}")
    for _ in range(count):
        call = chance.choice(calls)
        yield Point(call, chance.randint(1, bench.calls[call]))
    some = outages(bench.operation)
    for point in chance.sample(some, min(2, len(some))):
        yield point


class Result:
    """What came of an operation's points."""

    def __init__(self, name):
        self.name, self.bad, self.seconds = name, [], 0
        self.second_tries = []
        self.calls = collections.defaultdict(collections.Counter)  # {call: {verdict: points}}

    def add(self, point, where, verdict, wrong):
        self.calls[point.call]["bad" if wrong else verdict.split()[0]] += 1
        if wrong:
            self.note_bad(f"{point} [{where}]: {verdict}: {'; '.join(wrong)}")

    def note_bad(self, text):
        self.bad.append(text)
        print(f"# BAD {self.name} {text}", flush=True)

    def points(self):
        return sum(sum(verdicts.values()) for verdicts in self.calls.values())

    def figures(self):
        """A line for each call, and one for all."""
        def line(verdicts):
            return f"{sum(verdicts.values())} points: " + ", ".join(f"{n} {kind}" for kind, n in sorted(verdicts.items()))
        total = sum(self.calls.values(), collections.Counter())
        return [f"{self.name} {call}: {line(v)}" for call, v in sorted(self.calls.items())], line(total)


def try_twice(bench, point, result):
    """Judges a point, and once more where it ended badly, since the machine may have been too slow. Notes what came of it.
    Returns whether anything came to it."""
    found = bench.judge(point)
    if found and found[2] and os.environ.get("TRIES") == "1":
        bench.prepare()
    elif found and found[2]:
        bench.prepare()
        again = bench.judge(point)
        if again and again[2]:
            bench.prepare()
        else:
            result.second_tries.append(f"{point} [{found[0]}]: {'; '.join(found[2])}")
            print(f"# {result.name}: try 1 failed: {result.second_tries[-1]}", flush=True)
        found = again or found
    if found:
        result.add(point, *found)
    return bool(found)


def try_points(operation, choose, deadline=None):
    """Tries the points that choose(bench) generates, until the deadline. Returns the result."""
    result, begin, bench = Result(operation.name), time.monotonic(), Bench(operation)
    try:
        bench.prepare()
        points = choose(bench)
        point = next(points, None)
        while point and (deadline is None or time.monotonic() < deadline):
            reached = try_twice(bench, point, result)
            try:
                point = points.send(reached)
            except StopIteration:
                point = None
    except Exception:
        result.note_bad(f"the test itself failed: {traceback.format_exc()}")
    finally:
        bench.remove()
        result.seconds = time.monotonic() - begin
    return result


def run_all(chosen, try_one, jobs):
    """Calls try_one(operation) in a process for each operation, so many at a time. Returns the results."""
    results, running, waiting, found = multiprocessing.Queue(), {}, list(chosen), []

    def work(operation):
        results.put(try_one(operation))
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                operation = waiting.pop(0)
                running[operation.name] = multiprocessing.Process(target=work, args=(operation,))
                running[operation.name].start()
            try:
                result = results.get(timeout=1)
            except queue.Empty:
                dead = [name for name, process in running.items() if process.exitcode]
                if dead:
                    raise RuntimeError(f"{dead}: the process of the test died") from None
                continue
            found.append(result)
            running.pop(result.name).join()
            print(*(f"# {line}" for line in result.figures()[0]), f"# {result.name}: {result.figures()[1]}", sep="\n", flush=True)
        return found
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.join()


def report(results, tap):
    """Writes TAP, an operation a line, and returns whether all is well."""
    with open(tap, "w") as file:
        for number, result in enumerate(results, 1):
            _, total = result.figures()
            line = f"{'not ' if result.bad else ''}ok {number} - {result.name}: {total} ({result.seconds:.0f} s)"
            tries = [f"# {result.name}: try 1 failed: {text}" for text in result.second_tries]
            print(line)
            print(*tries, line, *(f"#   {bad}".replace("\n", " ") for bad in result.bad), sep="\n", file=file)
        print(f"1..{len(results)}", file=file)
    return bool(results) and not any(r.bad for r in results)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", nargs=2, type=int, metavar=("SEED", "SECONDS"))
    parser.add_argument("tap")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [o for o in operations.OPERATIONS if fnmatch.fnmatch(o.name, os.environ.get("ONLY") or "*")]
    jobs = int(os.environ.get("JOBS") or 2)
    try_one = functools.partial(try_points, choose=every_point)
    if arguments.sample:
        seed, seconds = arguments.sample
        random.Random(seed).shuffle(chosen)
        chosen = chosen[:max(jobs, seconds // 12)]
        try_one = functools.partial(try_points, choose=lambda bench: some_points(bench, seed, 8),
                                    deadline=time.monotonic() + seconds)
    results = run_all(chosen, try_one, jobs)
    reached = [r for r in results if r.points() or r.bad]
    if not reached:
        sys.exit("no operation of that name makes such a call")
    sys.exit(0 if report(reached, arguments.tap) else 1)


if __name__ == "__main__":
    main()
