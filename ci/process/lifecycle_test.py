#!/usr/bin/env python3
"""Starting and stopping: signals, exit codes, and what a person is told when the server cannot start."""

import os
import re
import resource
import signal
import socket
import stat
import subprocess
import time
import unittest

import harness
from harness import HOST, NORN, Server, free_port, is_norn, wait_for
from wire import Wire


def start_fails(argv, limits=None):
    """Runs a server that must not start; returns (exit code, what it said)."""
    def lower():
        for kind, value in limits or []:
            resource.setrlimit(kind, value)
    result = subprocess.run([NORN, *argv], capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL,
                            preexec_fn=lower if limits else None)
    return result.returncode, result.stdout + result.stderr


class CannotStart(unittest.TestCase):
    def setUp(self):
        self.server = Server(wait=False)  # lends its folder and its port
        self.server.wait_ready()
        self.folder = self.server.folder
        self.addCleanup(self.server.stop)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def assert_refused(self, argv, *words, limits=None):
        code, text = start_fails(argv, limits)
        self.assertEqual(code, 1, text)
        for word in words:
            self.assertIn(word, text)
        # Said in a line or the four of a config error, not in a page; start lines of the log are beside the point.
        said = [line for line in text.splitlines() if line.strip() and not re.match(r"^\d+:\w .*(\*|\.|-) ", line)]
        self.assertLessEqual(len(said), 5, text)

    def test_a_config_file_that_is_not_there(self):
        self.assert_refused([os.path.join(self.folder, "nosuch.conf")], "nosuch.conf", "No such file or directory")

    def test_a_config_file_that_is_a_folder(self):
        self.assert_refused([self.folder, "--port", str(free_port())], self.folder)

    def test_an_unknown_directive_names_line_and_word(self):
        path = self.write("bad.conf", "# one\nport 7000\nbogus-option 12\n")
        self.assert_refused([path], "FATAL CONFIG FILE ERROR", "line 3", "bogus-option", "Bad directive")

    def test_a_bad_value_names_line_and_reason(self):
        for text, reason in (("port abc", "couldn't be parsed into an integer"), ("port 99999", "between 0 and 65535"),
                             ("maxmemory-policy bogus", "must be one of the following"), ("activerehashing maybe", "'yes' or 'no'"),
                             ("maxmemory 1zb", "must be a memory value"), ("save 1", "nvalid save")):
            with self.subTest(text):
                self.assert_refused([self.write("bad.conf", "timeout 0\n" + text + "\n")], "FATAL CONFIG FILE ERROR", "line 2",
                                    text.split()[0], reason)

    def test_quotes_that_do_not_close(self):
        self.assert_refused([self.write("bad.conf", 'requirepass "open\n')], "FATAL CONFIG FILE ERROR", "line 1", "nbalanced quotes")

    def test_a_bad_flag(self):
        self.assert_refused(["--nosuchflag", "1"], "FATAL CONFIG FILE ERROR", "nosuchflag")
        self.assert_refused(["--port", "abc"], "FATAL CONFIG FILE ERROR", "port")
        self.assert_refused(["--maxclients", "0"], "FATAL CONFIG FILE ERROR", "maxclients")

    def test_an_included_file_that_is_not_there(self):
        path = self.write("main.conf", "include /nonexistent/other.conf\n")
        self.assert_refused([path], "/nonexistent/other.conf")

    def test_a_port_in_use(self):
        self.assert_refused(["--port", str(self.server.port), "--bind", HOST], f"Failed listening on port {self.server.port}",
                            "Address already in use")

    def test_an_address_that_is_not_ours(self):
        self.assert_refused(["--port", str(free_port()), "--bind", "203.0.113.7"], "203.0.113.7", "Cannot assign requested address")

    def test_a_log_file_that_cannot_be_written(self):
        self.assert_refused(["--port", str(free_port()), "--logfile", "/nonexistent/folder/log"], "No such file or directory")

    def test_a_working_folder_that_is_not_there(self):
        self.assert_refused(["--port", str(free_port()), "--dir", "/nonexistent/folder"], "/nonexistent/folder",
                            "No such file or directory")

    def test_too_few_file_descriptors(self):
        self.assert_refused(["--port", str(free_port())], "ulimit -n", limits=[(resource.RLIMIT_NOFILE, (20, 20))])


class Starting(unittest.TestCase):
    def test_the_lines_that_a_test_harness_waits_for(self):
        with Server({"always-show-logo": "yes"}) as server:
            log = server.log()
            self.assertRegex(log, re.compile(rf"PID: {server.pid}.*Server initialized.*Ready to accept connections tcp", re.S))
            form = rf"^{server.pid}:M \d\d \w\w\w \d\d\d\d \d\d:\d\d:\d\d\.\d\d\d [.\-*#] .+$"
            lines = [line for line in log.splitlines() if line.startswith(f"{server.pid}:")]
            self.assertGreater(len(lines), 2)
            for line in lines:
                self.assertRegex(line, form)

    def test_a_config_file_then_flags_over_it(self):
        with Server({"timeout": "77"}, config="timeout 5\nmaxclients 123\n# a comment\n  loglevel  verbose\n") as server, server.wire() as wire:
            self.assertEqual(wire.run("CONFIG", "GET", "timeout"), [b"timeout", b"77"])
            self.assertEqual(wire.run("CONFIG", "GET", "maxclients"), [b"maxclients", b"123"])
            self.assertEqual(wire.run("CONFIG", "GET", "loglevel"), [b"loglevel", b"verbose"])

    def test_config_rewrite_keeps_comments_and_survives_a_restart(self):
        server = Server(config="# my comment\ntimeout 5\ndir /tmp\n")
        with server:
            path = os.path.join(server.folder, "server.conf")
            with server.wire() as wire:
                self.assertEqual(wire.run("CONFIG", "SET", "timeout", "9", "maxmemory", "100mb"), "OK")
                self.assertEqual(wire.run("CONFIG", "REWRITE"), "OK")
            with open(path, encoding="utf-8") as handle:
                text = handle.read()
        self.assertIn("# my comment", text)
        self.assertIn("timeout 9", text)
        with Server(config=text) as again, again.wire() as wire:
            self.assertEqual(wire.run("CONFIG", "GET", "maxmemory"), [b"maxmemory", b"104857600"])

    def test_a_unix_socket(self):
        path = f"/tmp/norn-process-{os.getpid()}.sock"
        with Server({"unixsocket": path, "unixsocketperm": "700"}) as server:
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o700)
            with Wire(path) as wire:
                self.assertEqual(wire.run("PING"), "PONG")
                self.assertIn(b"addr=" + path.encode() + b":0", wire.run("CLIENT", "INFO"))
            server.stop()
        self.assertFalse(os.path.exists(path))

    def test_a_log_file(self):
        path = f"/tmp/norn-process-{os.getpid()}.log"
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        server = Server({"logfile": path}, wait=False)
        with server:
            wait_for(lambda: os.path.exists(path) and harness.READY in _text(path), "the log file")
            self.assertNotIn(harness.READY, server.log())

    def test_a_pid_file(self):
        path = f"/tmp/norn-process-{os.getpid()}.pid"
        with Server({"pidfile": path}) as server:
            wait_for(lambda: os.path.exists(path) and _text(path).strip() == str(server.pid), "the pid file")
            server.stop()
        self.assertFalse(os.path.exists(path))

    def test_version_and_help(self):
        for flags in (["--version"], ["-v"]):
            code, text = start_fails(flags)
            self.assertEqual(code, 0)
            self.assertRegex(text, r"v=\d+\.\d+\.\d+" if not is_norn() else r"\d+\.\d+\.\d+")
        code, text = start_fails(["--help"])
        self.assertIn("Usage", text)

    def test_config_from_standard_input(self):
        port = free_port()
        with subprocess.Popen([NORN, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            process.stdin.write(f"port {port}\nbind {HOST}\nsave \"\"\ntimeout 33\n".encode())
            process.stdin.close()
            try:
                wait_for(lambda: _accepts(port), "a server configured by its standard input")
                with Wire((HOST, port)) as wire:
                    self.assertEqual(wire.run("CONFIG", "GET", "timeout"), [b"timeout", b"33"])
            finally:
                process.terminate()
                process.wait(30)
        self.assertEqual(process.returncode, 0)


class Stopping(unittest.TestCase):
    def test_signals_stop_it_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), Server() as server, server.wire() as wire:
                wire.run("SET", "k", "v")
                server.process.send_signal(number)
                self.assertEqual(server.wait_exit(), 0)
                self.assertIn("bye bye", server.log())

    def test_it_stops_under_load_and_with_many_connections(self):
        with Server(threads=4) as server:
            wires = [server.wire() for _ in range(100)]
            for wire in wires:
                wire.send(b"INCR n\r\n" * 200)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait_exit(), 0)
            for wire in wires:
                wire.close()

    def test_it_stops_while_a_client_does_not_read(self):
        with Server() as server, server.wire() as wire:
            wire.run("SET", "k", "x" * 1_000_000)
            wire.send(b"GET k\r\n" * 50)
            wait_for(lambda: b" obl=0 " not in _line_of_get(server), "unsent replies")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait_exit(), 0, server.log())

    def test_shutdown_commands(self):
        for words in (["SHUTDOWN"], ["SHUTDOWN", "NOSAVE"], ["SHUTDOWN", "NOSAVE", "NOW", "FORCE"]):
            with self.subTest(words), Server() as server, server.wire() as wire:
                wire.send(" ".join(words).encode() + b"\r\n")
                self.assertEqual(wire.read_until_closed(), b"")
                self.assertEqual(server.wait_exit(), 0)

    def test_hangup_and_broken_pipe_do_not_stop_it(self):
        with Server() as server, server.wire() as wire:
            for number in (signal.SIGHUP, signal.SIGPIPE):
                server.process.send_signal(number)
            self.assertEqual(wire.run("PING"), "PONG")

    def test_an_idle_server_does_not_spin(self):
        with Server(threads=4) as server:
            wires = [server.wire() for _ in range(20)]
            wires[0].run("SET", "k", "v")
            before, since = _cpu_seconds(server.pid), time.monotonic()
            time.sleep(2)
            share = (_cpu_seconds(server.pid) - before) / (time.monotonic() - since)
            self.assertLess(share, 0.05, "the share of a core that an idle server uses")
            for wire in wires:
                wire.close()

    def test_a_crash_prints_a_stack(self):
        with Server({"enable-debug-command": "yes"}) as server, server.wire() as wire:
            wire.send(b"DEBUG SEGFAULT\r\n")
            wire.read_until_closed()
            self.assertNotEqual(server.wait_exit(), 0)
            log = server.log()
            # Cleared before stop() looks for the reports of sanitizers: this crash is wanted.
            with open(os.path.join(server.folder, "stdout"), "w", encoding="utf-8"):
                pass
        self.assertRegex(log, r"crashed by signal: 11|SIGSEGV|AddressSanitizer")
        self.assertRegex(log, r"(?i)stack trace|#0 ")


def _line_of_get(server):
    with server.wire() as wire:
        lines = wire.run("CLIENT", "LIST").split(b"\n")
    return next((line for line in lines if b"cmd=get" in line), b" obl=0 ")


def _text(path):
    with open(path, encoding="utf-8", errors="replace") as handle:
        return handle.read()


def _accepts(port):
    try:
        socket.create_connection((HOST, port), 1).close()
        return True
    except OSError:
        return False


def _cpu_seconds(pid):
    fields = _text(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    unittest.main()
