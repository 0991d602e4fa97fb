# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Runs programs: once, or resident ones as often as wanted, for a fraction of what it costs to start them anew."""
import array
import os
import select
import signal
import socket
import struct
import subprocess


def run(*command, check=True, timeout=600):
    """Runs a command and returns what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Run:
    """A run of a resident program."""

    def __init__(self, program, arguments, merged):
        self.what = " ".join([program.command, *arguments])
        self.files = [os.memfd_create(name) for name in (["out"] if merged else ["out", "err"])]
        self.status, writer = os.pipe()
        passed = array.array("i", [self.files[0], self.files[-1], writer])
        try:
            program.socket.sendmsg(["".join(f"{argument}\0" for argument in arguments).encode()],
                                   [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
        finally:
            os.close(writer)
        self.pid = struct.unpack("i", os.read(self.status, 4))[0]

    def has_ended(self, seconds=0):
        """Whether it has ended, or does within that time."""
        return bool(select.select([self.status], [], [], seconds)[0])

    def kill(self):
        if not self.has_ended():
            os.kill(self.pid, signal.SIGKILL)

    def end(self, timeout):
        """Waits for its end, once. Returns its exit status, less than 0 if it was killed, and what it wrote to stdout and
        stderr; merged, that is all in the first."""
        try:
            if not self.has_ended(timeout):
                self.kill()
                raise TimeoutError(f"{self.what}: no end within {timeout} s")
            told = os.read(self.status, 4)
            written = [os.pread(file, os.fstat(file).st_size, 0).decode() for file in self.files]
            return (struct.unpack("i", told)[0] if told else -signal.SIGKILL), written[0], "".join(written[1:])
        finally:
            for fd in [self.status, *self.files]:
                os.close(fd)


class Resident:
    """A program that stays (see resident.c), in the network namespace of the thread that started it."""

    def __init__(self, command):
        self.command = command
        self.socket, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its_end:
            self.process = subprocess.Popen([command], stdin=its_end, env={
                **os.environ, "LD_PRELOAD": os.environ["RESIDENT"], "ASAN_OPTIONS": "verify_asan_link_order=0"})

    def begin(self, *arguments, merged=False):
        """Starts a run. merged: stderr goes where stdout goes."""
        return Run(self, arguments, merged)

    def close(self):
        self.socket.close()
        self.process.wait()
