#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# journal.py SOCKET FILE: stands for journald at the end of a test's agent: appends each entry to FILE, one a line, its
# fields separated by tabs. Ends with the process that started it.
import ctypes
import signal
import socket
import sys

PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
with open(sys.argv[2], "a", buffering=1, encoding="utf-8") as out:
    while True:
        entry = receiver.recv(65536).decode("utf-8")
        out.write(entry.strip("\n").replace("\n", "\t") + "\n")
