# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Fails the Nth call of each system call, and the Nth allocation, that the agent makes during each operation.

points.py TAP                   all of it, an operation after the other
points.py --sample SEED SECONDS TAP   operations and points chosen by SEED, as many as fit into SECONDS; of kills only with CALLS

Each point is judged: done as asked; or done, and what remains to be put back is named and follows; or refused with a sentence,
everything exactly as before, and the second try works. The other lagg loses nothing, undoing it leaves nothing, and all that within 10 s after the fault.
    ONLY     a pattern of operations (of the shell)
    CALLS    names with commas: only these system calls; alloc: allocations; -alloc: all system calls;
             outages: none of them, but calls that are late and storms; kills: the agent is killed in place of a call
             (kills/sendto: of such a call)
    STRIDE   of allocations beyond the first 60 only every STRIDEth (1)
    EACH     of each call at most so many points, evenly spread (all)
    SAME     of calls and allocations that are the same and have the same callers at most so many, evenly spread (all)
    SECONDS  with SAME: each operation so long at most, in an order by chance (SEED), and it says how to go on
    SKIP     with SAME and SECONDS: so many in that order were tried before
    PARTS    with SAME: each operation's points in so many parts, each with a world of its own, as JOBS allows (1); where points
             mostly wait, or there are many of them
    DONE     a file of the points that were judged good: those in it are not tried again, and new ones are added, so that
             what was interrupted goes on where it was. It holds for one build: another one makes other calls
    JOBS     operations, or parts of them, at a time (2)
    SLOWNESS so many times slower than others is this machine, and more patient the judge (1)
    TRIES    how often a point has to end badly in a row to count (2)
"""
import argparse
import collections
import dataclasses
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
from choice import STORM_S, every_point, some_points
from world import SETTLE_S, SETUP_S, UNANSWERED, Died, World, difference, until

# All is done, but something is not yet as it was before; that follows without another command.
REMAINS = re.compile(r"is not yet as it was before|still has programs of|could not be removed yet|cannot be removed yet")
BLAMES = re.compile("by someone else|someone else (took|made|removed|set) ")
NSS = "find_groups"  # the agent's function that calls getgrnam()
STABLE_S = 2.5  # longer than LACP waits before it aggregates


@functools.cache
def functions(callers):
    """The names of the agent's functions among these callers of an allocation, a tuple, innermost first."""
    own = [caller.split("+")[1] for caller in callers if caller.startswith("xlaggd+")]
    found = subprocess.run(["addr2line", "-f", "-s", "-e", f"{os.environ['B']}/xlaggd", *own], capture_output=True, text=True)
    return found.stdout.splitlines()[::2][:5] or callers[:3]


def allocation(callers):
    """Whose allocation it was that failed, or None where none did."""
    return "allocation by " + " < ".join(functions(tuple(callers))) if callers is not None else None


class Bench:
    """One operation on a world of its own, in which its points are tried."""

    def __init__(self, operation):
        self.operation, self.world, self.of_library = operation, None, False
        self.fails_writing = False  # the point is about that
        self.since = 0  # so long was the log before the point
        self.is_done = False  # the operation is known to be done, and nothing was undone since
        self.untried = ""

    # ---- the world, and what is right before and after ----

    def prepare(self):
        """Makes the world anew. Measures what is right before and after the operation, and how many calls it makes."""
        self.remove()
        self.world = World(f"{self.operation.name}-{time.monotonic_ns()}", self.operation.unasked)
        try:
            self.world.make()
            self.operation.scene(self.world)
            if self.operation.setup:
                self.world.must("a", self.operation.setup)
            self.apply(None)  # what is made once in the agent's life
            self.stable()
            self.operation.undo(self.world)
            self.before = self.stable()
            status, complaint = self.apply(None, learn=True)
            if status:
                raise RuntimeError(f"without a fault it is refused: {complaint.strip()}")
            self.calls = dict(self.world.agent.last["calls"], alloc=self.allocations)
            self.kinds = self.applied
            self.after = self.stable()
            self.changes = bool(difference(self.before, self.after))
            if self.operation.starts:
                del self.after["descriptors"]  # which an agent holds depends on whether it made a lagg or adopted it
            self.carries = self.world.passes(self.operation.peer)
            self.operation.undo(self.world)
            left = self.world.settle(self.before, SETUP_S)
            if left:
                raise RuntimeError(f"without a fault something is left of it: {'; '.join(left)}")
            self.lost()
        except BaseException:
            print(f"# {self.operation.name}: log: {self.world.log()}", flush=True)
            self.remove()
            raise

    def remove(self):
        if self.world:
            self.world.remove()
        self.world = None

    def stable(self):
        """The picture, once it has not changed for STABLE_S."""
        since = begin = time.monotonic()
        last = self.world.picture()
        while time.monotonic() < since + STABLE_S:
            time.sleep(0.4)
            now = self.world.picture()
            if difference(last, now):
                since = time.monotonic()
            if since > begin + SETUP_S:
                raise RuntimeError(f"the picture keeps changing: {difference(last, now)[:3]}")
            last = now
        return last

    # ---- one try ----

    def apply(self, point, learn=False):
        """Does the operation while the point fails, or counts, or learns what its calls are. Returns its exit status and
        complaint; self.where is what failed, or None."""
        world, operation, self.where, self.of_library = self.world, self.operation, None, False
        operation.first(world)
        if point:
            self.since = world.log_size()
        self.fails_writing = bool(point) and point.fails_writing()
        orders = point.orders() if point else ["learn" if learn else "count"]
        world.oom.arm(point.nth if point and point.kind() == "alloc" else 0, learn)
        if operation.starts:
            outcome = operation.do(world, [*orders, "after setns"])
        else:
            for order in orders:
                world.agent.order(order)
            outcome = operation.do(world)
        if point and point.kind() == "storm":
            time.sleep(STORM_S)
        elif operation.window_s and outcome[0] == 0 and (point or learn):
            until(operation.window_s, lambda: point and self.hit(point))
        if learn:
            self.applied = {"alloc": world.oom.kinds()}  # {call: a number for each, see inject.c}
        self.allocations, callers = world.oom.disarm()
        if world.agent.ended is None:
            world.agent.order("report")
            if learn:
                self.applied.update(world.agent.order("kinds"))
            world.agent.order("count")
        elif learn:
            self.applied.update(world.agent.kinds)
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

    def lost(self):
        """What the other lagg lost since the last call, as sentences, where it is to lose nothing."""
        if not self.operation.traffic:
            self.world.traffic.forget()
            return []
        lost = self.world.traffic.lost()
        return [f"the other lagg lost {lost} datagrams"] if lost else []

    def judge_kill(self, point):
        """As judge(), of an agent that is killed: the next one finds things as before or as after, and nothing is left. Where
        it was starting, the next one comes to the same."""
        world, wrong, self.is_done = self.world, [], False
        try:
            self.apply(point)
            if not world.agent.last["hit"]:
                self.put_back()
                return None
            until(1, world.gone)
        except Died:
            pass
        if world.agent.wait_end(1) != "killed 9":
            wrong.append(f"the agent ended by itself: {world.agent.ended}")
        where = world.agent.last["first"] or "a call while the orders changed"
        try:
            wrong += self.next_agent()
            wrong += self.lost()
            if not self.operation.meddles and BLAMES.search(world.log(since=self.since, most=100000)):
                wrong.append("others are blamed for what nobody did")
            if self.is_done or wrong and difference(but_descriptors(self.before), but_descriptors(world.picture())):
                self.operation.undo(world)
            wrong += [f"undone, {left}" for left in world.settle(but_descriptors(self.before))]
        except (RuntimeError, Died) as found:
            wrong.append(f"{type(found).__name__}: {found}")
        if wrong:
            wrong.append(f"log: {world.log(since=self.since)}")
        return where, "killed", wrong

    def next_agent(self):
        """Starts the agent that comes after a killed one. Returns what is wrong with what it finds and makes of it."""
        if self.operation.starts:  # what was begun is finished
            status, complaint = self.operation.do(self.world, ["count"])
            self.is_done = self.operation.ends
            return self.world.settle(self.after) if status == 0 else [f"the next start fails: {complaint.strip()}"]
        self.world.config.write_text("")  # what stands there and does not run would be made at the start
        self.world.start()
        return self.either(but_descriptors)

    def judge(self, point):
        """Tries a point. Returns None where nothing came to it, else (where, verdict, what is wrong with it)."""
        if point.kind() == "kill":
            return self.judge_kill(point)
        self.is_done = False
        try:
            status, complaint = self.apply(point)
            where = self.where
            if not where:
                self.put_back()
                return None
            verdict, wrong = self.outcome(status, complaint.strip())
            if not wrong:
                wrong = self.put_back()
            if not self.operation.meddles and BLAMES.search(self.world.log(since=self.since, most=100000)):
                wrong.append("others are blamed for what nobody did")
            wrong += self.lost()
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
            return "remains", self.settle_after()
        wrong = []
        if not operation.starts and not operation.ends:
            wrong = world.settle(self.before) or self.traffic(True)
        if not wrong:
            status, again = self.apply(None) if not operation.again else operation.again(world)
            wrong = self.settle_after() if status == 0 else [f"the second try is refused: {again.strip()}"]
        return "library" if died_of_library else f"refused ({complaint})", wrong

    def done(self):
        """The verdict on what is said to be done: it is, or an event was answered by putting back what was before."""
        world, operation = self.world, self.operation
        wrong = self.settle_after()
        # Where writing fails, so does the log.
        told = self.fails_writing or world.log(since=self.since)
        if wrong and operation.may_put_back and told and not difference(self.before, world.picture()):
            return "put back", []
        if wrong and operation.starts and operation.again and world.log(since=self.since):
            status, again = operation.again(world)  # what was left out at the start, with a sentence
            wrong = self.settle_after() if status == 0 else [f"the second try is refused: {again.strip()}"]
        return "done", wrong or self.traffic(self.carries)

    def traffic(self, wanted):
        """What is wrong with the traffic of what was changed."""
        passes = not wanted or until(SETTLE_S, lambda: self.world.passes(self.operation.peer))
        return [] if passes else [f"no traffic to {self.operation.peer}"]

    def either(self, seen=dict):
        """Waits until it is as before or as after, in what seen(picture) leaves of a picture. Returns what is wrong."""
        wrong = []

        def settled():
            found = seen(self.world.picture())
            before, after = difference(seen(self.before), found), difference(seen(self.after), found)
            wrong[:] = min(before, after, key=len)
            self.is_done = bool(before) and not wrong
            if wrong and self.world.gone():
                raise Died(self.world.agent.wait_end(1))
            return not wrong
        until(SETTLE_S, settled, 0.1)
        return wrong

    def settle_after(self):
        """Waits until it is as it is after the operation. Returns what differs."""
        wrong = self.world.settle(self.after)
        self.is_done = not wrong
        return wrong

    def put_back(self):
        """Undoes the operation, without a fault. Returns what is left of it."""
        try:
            if self.changes and self.is_done or difference(self.before, self.world.picture()):
                self.operation.undo(self.world)
        except RuntimeError as refusal:
            return [f"cannot be undone: {refusal}"]
        return [f"undone, {left}" for left in self.world.settle(self.before, lazy=self.operation.starts)]


def but_descriptors(picture):
    """A picture without the agent's descriptors, of which an agent that adopts has others than one that made it all."""
    return {key: value for key, value in picture.items() if key != "descriptors"}


# ---- what came of them ----

class Result:
    """What came of an operation's points."""

    def __init__(self, name):
        self.name, self.bad, self.seconds = name, [], 0
        self.all = 0  # so many calls and allocations there are in the operation
        self.kinds = 0  # so many kinds of them, which SAME tells apart
        self.before = 0  # so many points were judged good before
        self.untried = ""  # what there was no time for
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
        return [f"{self.name} {call}: {line(v)}" for call, v in sorted(self.calls.items())], \
            f"{line(total)}, of {self.all} calls of {self.kinds} kinds" + \
            (f", {self.before} judged before" if self.before else "") + (f", {self.untried}" if self.untried else "")


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


class Done:
    """The points that were judged good, as lines of the file DONE, which several processes may write."""

    def __init__(self, operation):
        self.name, self.path, self.known = operation.name.split(".")[0], os.environ.get("DONE"), set()
        if self.path and os.path.exists(self.path):
            with open(self.path) as file:
                self.known = set(file.read().splitlines())

    def has(self, point):
        return f"{self.name} {point}" in self.known

    def add(self, point):
        if self.path:
            with open(self.path, "a") as file:
                file.write(f"{self.name} {point}\n")


def try_points(operation, choose, deadline=None):
    """Tries the points that choose(bench) generates, until the deadline. Returns the result."""
    result, begin, bench, done = Result(operation.name), time.monotonic(), Bench(operation), Done(operation)
    if "SECONDS" in os.environ:
        deadline = begin + int(os.environ["SECONDS"])
    try:
        bench.prepare()
        result.all = sum(bench.calls.values())
        result.kinds = sum(len(set(bench.kinds.get(call) or range(times))) for call, times in bench.calls.items())
        points = choose(bench)
        point = next(points, None)
        while point and (deadline is None or not result.points() or time.monotonic() < deadline):
            reached = done.has(point)
            result.before += reached
            if not reached:
                bad = len(result.bad)
                reached = try_twice(bench, point, result)
                if reached and len(result.bad) == bad:
                    done.add(point)
            try:
                point = points.send(reached)
            except StopIteration:
                point = None
        result.untried = bench.untried
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


def report(results, skipped, tap):
    """Writes TAP, an operation a line, and returns whether all is well. skipped: {operation: why}"""
    with open(tap, "w") as file:
        for number, result in enumerate(results, 1):
            _, total = result.figures()
            line = f"{'not ' if result.bad else ''}ok {number} - {result.name}: {total} ({result.seconds:.0f} s)"
            tries = [f"# {result.name}: try 1 failed: {text}" for text in result.second_tries]
            print(line)
            print(*tries, line, *(f"#   {bad}".replace("\n", " ") for bad in result.bad), sep="\n", file=file)
        for number, (name, reason) in enumerate(skipped.items(), len(results) + 1):
            line = f"ok {number} - {name} # SKIP {reason}"
            print(line)
            print(line, file=file)
        print(f"1..{len(results) + len(skipped)}", file=file)
    return bool(results) and not any(r.bad for r in results)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", nargs=2, type=int, metavar=("SEED", "SECONDS"))
    parser.add_argument("tap")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [o for o in operations.OPERATIONS if fnmatch.fnmatch(o.name, os.environ.get("ONLY") or "*")]
    skipped = {o.name: reason for o in chosen if (reason := o.needs())}
    chosen = [o for o in chosen if o.name not in skipped]
    parts = int(os.environ.get("PARTS") or 1)
    if parts > 1:
        chosen = [dataclasses.replace(o, name=f"{o.name}.{n + 1}", part=(n, parts)) for o in chosen for n in range(parts)]
    jobs = int(os.environ.get("JOBS") or 2)
    try_one = functools.partial(try_points, choose=every_point)
    if arguments.sample:
        seed, seconds = arguments.sample
        random.Random(seed).shuffle(chosen)
        chosen = chosen[:max(jobs, seconds // 12)]
        try_one = functools.partial(try_points, choose=lambda bench: some_points(bench, seed, 8),
                                    deadline=time.monotonic() + seconds)
    results = run_all(chosen, try_one, jobs)
    reached = [r for r in results if r.points() or r.before or r.bad]
    if not reached and not skipped:
        sys.exit("no operation of that name makes such a call")
    sys.exit(0 if report(reached, skipped, arguments.tap) else 1)


if __name__ == "__main__":
    main()
