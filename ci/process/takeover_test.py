#!/usr/bin/env python3
"""README.md, "Replace a running Redis or Valkey": its lines as they stand, under clients that write, without losing a write."""

import os
import signal
import subprocess
import threading
import time
import unittest

from harness import HOST, NORN, ROOT, FolderCase, free_port, wait_for
from storm import lasting
from wire import ErrorReply, Wire, WireError

TITLE = "## Replace a running Redis or Valkey with norn, without downtime"


def readme_lines():
    """The indented lines of the section: [those of the steps], [those of the other way]."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as handle:
        section = handle.read().split(TITLE + "\n", 1)[1].split("\n## ", 1)[0]
    steps, other = section.split("\nOr, ", 1)
    return [[line.strip() for line in part.splitlines() if line.startswith("       ")] for part in (steps, other)]


class Counter(threading.Thread):
    """A client that counts at one of the ports, again and again, whatever it is told; knows what it was promised."""

    def __init__(self, *ports):
        super().__init__()
        self.ports, self.promised, self.longest_s, self.done = ports, 0, 0.0, threading.Event()

    def run(self):
        wire, at, last = None, 0, time.monotonic()
        while not self.done.is_set():
            try:
                wire = wire or Wire((HOST, self.ports[at % len(self.ports)]), 30)
                reply = wire.run("INCR", "counter")
                if isinstance(reply, ErrorReply):
                    raise WireError(str(reply))
                now = time.monotonic()
                self.promised, self.longest_s, last = self.promised + 1, max(self.longest_s, now - last), now
            except (OSError, WireError):
                if wire is not None:
                    wire.close()
                wire, at = None, at + 1
                time.sleep(0.01)


class Takeover(FolderCase):
    def setUp(self):
        super().setUp()
        self.old = self.start({"repl-diskless-sync-delay": "0"}, path="redis-server")
        with self.old.wire() as wire:
            for n in range(1000):
                wire.run("SET", f"key:{n}", "x" * n, *(["EX", "3600"] if n % 3 == 0 else []))

    def run_lines(self, lines, new_port):
        """Runs them in one shell, which ends when the server that they start does."""
        text = "\n".join(["set -eu", *lines, "echo all lines ran", "wait"])
        text = text.replace("6379", str(self.old.port)).replace("6380", str(new_port)).replace("build/release/norn-server", NORN)
        self.output = open(self.path("shell"), "w+b")
        self.addCleanup(self.output.close)
        shell = subprocess.Popen(["bash", "-c", text], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.output,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(self.end, shell)
        wait_for(lambda: shell.poll() is not None or "all lines ran" in self.said(), "the lines run through", 60)
        self.assertIsNone(shell.poll(), self.said())
        return shell

    def said(self):
        with open(self.path("shell"), encoding="utf-8", errors="replace") as handle:
            return handle.read()

    @staticmethod
    def end(shell):
        """Nothing that the shell started stays."""
        try:
            os.killpg(shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        shell.wait()

    def count(self, *ports):
        counter = Counter(*ports)
        counter.start()
        self.addCleanup(counter.join)
        self.addCleanup(counter.done.set)
        wait_for(lambda: counter.promised > 100, "the client counts")
        return counter

    def test_the_steps(self):
        counter = self.count(self.old.port)
        data = {place: value for place, value in lasting(self.old).items() if place[1] != b"counter"}
        shell = self.run_lines(readme_lines()[0], free_port())
        self.assertEqual(self.old.wait_exit(), 0)
        promised = counter.promised
        wait_for(lambda: counter.promised > promised + 100, "the client counts on at the same port")
        counter.done.set()
        counter.join()
        with Wire((HOST, self.old.port)) as wire:
            self.assertIn(b"norn_version", wire.run("INFO", "server"))
            self.assertGreaterEqual(int(wire.run("GET", "counter")), counter.promised)
            self.assertLess(counter.longest_s, 10, "how long a client waited")
            wire.run("DEL", "counter")
            for (_, key), (value, expiry) in data.items():
                self.assertEqual((wire.run("GET", key), wire.run("PEXPIRETIME", key)), (value, expiry), key)
            self.assertEqual(wire.run("DBSIZE"), len(data))
            wire.send(b"SHUTDOWN NOSAVE\r\n")
            wire.read_until_closed()
        self.assertEqual(shell.wait(30), 0, self.said())

    def test_the_way_with_a_way_back(self):
        new_port = free_port()
        counter = self.count(self.old.port, new_port)
        steps, other = readme_lines()
        shell = self.run_lines(steps[:2] + other, new_port)
        wait_for(lambda: self.old.info("replication")["role"] == "slave", "the old server is a replica")
        promised = counter.promised
        wait_for(lambda: counter.promised > promised + 100, "the client counts on at the new port")
        counter.done.set()
        counter.join()
        with Wire((HOST, new_port)) as wire:
            self.assertEqual(wire.run("ROLE")[0], b"master")
            self.assertGreaterEqual(int(wire.run("GET", "counter")), counter.promised)
            wire.run("SET", "last", "1")
            self.assertEqual(wire.run("WAIT", 1, 10_000), 1)
            self.assertEqual(self.old.ask("GET", "last"), b"1")
            self.assertEqual(self.old.ask("GET", "counter"), wire.run("GET", "counter"))
            wire.send(b"SHUTDOWN NOSAVE\r\n")
            wire.read_until_closed()
        self.assertEqual(shell.wait(30), 0, self.said())


if __name__ == "__main__":
    unittest.main()
