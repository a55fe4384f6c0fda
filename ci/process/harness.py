"""Starts a server as a real process on a free port in a folder of its own, waits until it serves, and stops it by its id.

NORN_SERVER names the binary (default build/release/norn-server). redis-server and valkey-server work as stand-ins.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from wire import Wire

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NORN = os.environ.get("NORN_SERVER", os.path.join(ROOT, "build", "release", "norn-server"))
LONG = os.environ.get("NORN_LONG", "0") == "1"
# Freed memory that the address sanitizer still holds (256 MiB, if not told otherwise) would count as the server's in rss_bytes.
ASAN_OPTIONS = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=16")))
HOST = "127.0.0.1"
READY = "Ready to accept connections"
# Sanitizer builds and a busy machine are slow; a server that needs longer than this hangs.
START_S, STOP_S = 60, 60


def is_norn(path=NORN):
    return os.path.basename(path) == "norn-server"


_next_port = 25000 + os.getpid() * 7 % 900


def free_port():
    """A port that nobody listens on. Ports are not handed out twice by one process."""
    global _next_port
    for _ in range(1000):
        _next_port = 25000 + (_next_port - 25000 + 1) % 1000
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, _next_port))
                return _next_port
            except OSError:
                continue
    raise RuntimeError("no free port between 25000 and 26000")


def wait_for(condition, what, limit_s=30):
    """Polls until condition() is true; a condition that never comes is an assertion failure that says what it was."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {limit_s} s: {what}")


class Server:
    """flags: {"maxclients": "10"} or a list of words; config: text of a configuration file.

    folder: where its files lie, when they shall outlive it; without one it has a folder that goes when it stops.
    """

    def __init__(self, flags=None, path=NORN, config=None, threads=2, wait=True, folder=None, port=None):
        self.path, self.port, self.threads = path, port or free_port(), threads
        self.folder, self._lent = folder or tempfile.mkdtemp(prefix="norn-process-"), folder is not None
        argv = [path]
        if config is not None:
            with open(os.path.join(self.folder, "server.conf"), "w", encoding="utf-8") as out:
                out.write(config)
            argv.append(os.path.join(self.folder, "server.conf"))
        words = list(flags) if isinstance(flags, list) else [w for k, v in (flags or {}).items() for w in ("--" + k, v)]
        if "--port" not in words:
            words = ["--port", str(self.port)] + words
        if is_norn(path) and "--threads" not in words:
            words += ["--threads", str(threads)]
        if not is_norn(path) and "--save" not in words:
            words += ["--save", ""]
        argv += ["--bind", HOST] + words if "--bind" not in words else words
        self.argv = argv
        self._log = open(os.path.join(self.folder, "stdout"), "wb")
        self.process = subprocess.Popen(argv, stdout=self._log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        cwd=self.folder, env={**os.environ, "ASAN_OPTIONS": ASAN_OPTIONS})
        self.pid, self.last_words = self.process.pid, ""
        if wait:
            self.wait_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log(self):
        with open(os.path.join(self.folder, "stdout"), encoding="utf-8", errors="replace") as handle:
            return handle.read()

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}: {self.log()}")
            return READY in self.log()
        wait_for(ready, f"{READY!r} in the log of {self.argv}", START_S)

    def wire(self, deadline_s=20):
        return Wire((HOST, self.port), deadline_s)

    def alive(self):
        return self.process.poll() is None

    def wait_exit(self, limit_s=STOP_S):
        return self.process.wait(limit_s)

    def stop(self):
        """Ends the server; returns its exit code. Reports of sanitizers are failures, whatever the code."""
        if self._log.closed:
            return self.process.returncode
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"SIGTERM did not stop {self.argv}: {self.log()[-2000:]}") from None
        self._log.close()
        log = self.log()
        self.last_words = log[-4000:]
        if not self._lent:
            shutil.rmtree(self.folder, ignore_errors=True)
        report = re.search(r"(AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:)", log)
        if report:
            raise AssertionError(f"{report.group(1)} has something to say: {log[max(0, report.start() - 500):][:24000]}")
        return self.process.returncode

    def kill(self):
        """The end without a last word, as by a machine that loses power to this process alone."""
        self.process.kill()
        self.process.wait()
        self.stop()

    def info(self, section):
        """A section of INFO: {field: text}."""
        with self.wire() as wire:
            lines = wire.run("INFO", section).decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def ask(self, *args):
        """One command on a connection of its own."""
        with self.wire() as wire:
            return wire.run(*args)

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024


class FolderCase(unittest.TestCase):
    """Servers that share a folder, one after the other: what one leaves there the next finds. All have DEBUG."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="norn-process-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, flags=None, folder=None, **how):
        server = Server({"enable-debug-command": "yes", **(flags or {})}, folder=folder or self.folder, **how)
        self.addCleanup(self.ends_well, server)
        return server

    def ends_well(self, server):
        code = server.stop()
        self.assertIn(code, (0, -signal.SIGKILL), f"the end of {server.argv}: {server.last_words}")

    def path(self, *names):
        return os.path.join(self.folder, *names)


class ServerCase(unittest.TestCase):
    """One server for the tests of a class; each test starts with an empty keyspace and must leave the server alive."""

    FLAGS = {}
    server = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.FLAGS)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError(f"the server ended with {code}")

    def setUp(self):
        with self.server.wire() as wire:
            wire.raw("FLUSHALL")

    def tearDown(self):
        self.assertTrue(self.server.alive(), self.server.log()[-4000:])
