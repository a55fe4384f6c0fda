#!/usr/bin/env python3
"""Every limit of the protocol and of a client: the exact error text, then a closed connection, and a server that goes on."""

import resource
import select
import socket
import time
import unittest

from harness import Server, ServerCase, wait_for
from wire import ErrorReply, encode

PROTOCOL_ERRORS = [
    # what is sent, the error text
    (b"A" * (64 * 1024 + 16), "too big inline request"),
    (b"*" + b"1" * (64 * 1024 + 16), "too big mbulk count string"),
    (b"*abc\r\n", "invalid multibulk length"),
    (b"*2147483648\r\n", "invalid multibulk length"),
    (b"*99999999999999999999\r\n", "invalid multibulk length"),
    (b"* 1\r\n", "invalid multibulk length"),
    (b"*\r\n", "invalid multibulk length"),
    (b"*1\r\n!4\r\nPING\r\n", "expected '$', got '!'"),
    (b"*1\r\n\r\n", "expected '$', got '\r'"),
    (b"*2\r\n$4\r\nECHO\r\n*1\r\n", "expected '$', got '*'"),
    (b"*1\r\n$abc\r\n", "invalid bulk length"),
    (b"*1\r\n$-1\r\n", "invalid bulk length"),
    (b"*1\r\n$\r\n", "invalid bulk length"),
    (b"*1\r\n$536870913\r\n", "invalid bulk length"),
    (b"*1\r\n$99999999999999999999\r\n", "invalid bulk length"),
    (b"*1\r\n$" + b"1" * (64 * 1024 + 16), "too big bulk count string"),
    (b"SET k \"open\r\n", "unbalanced quotes in request"),
    (b"SET k 'open\r\n", "unbalanced quotes in request"),
    (b"SET k \"a\"b\r\n", "unbalanced quotes in request"),
]
# A peer that closes with unread bytes in its buffer makes the kernel reset the connection, and the error may be lost; these
# inputs are read by the server to their end.
FULLY_READ = 4096


class ProtocolErrors(ServerCase):
    def test_each_error_text_then_a_closed_connection(self):
        for data, text in PROTOCOL_ERRORS:
            with self.subTest(text, start=data[:24]), self.server.wire() as wire:
                wire.send(data)
                reply = wire.read_until_closed()
                # A carriage return inside an error text becomes a space, or the reply would end early.
                wanted = b"-ERR Protocol error: " + text.encode().replace(b"\r", b" ") + b"\r\n"
                if len(data) <= FULLY_READ or reply:
                    self.assertEqual(reply, wanted)

    def test_commands_before_the_error_are_answered(self):
        with self.server.wire() as wire:
            wire.send(b"PING\r\n" + encode(["ECHO", "x"]) + b"*1\r\n!\r\n" + b"PING\r\n")
            self.assertEqual(wire.read_until_closed(), b"+PONG\r\n$1\r\nx\r\n-ERR Protocol error: expected '$', got '!'\r\n")

    def test_a_request_in_single_bytes(self):
        with self.server.wire() as wire:
            for byte in encode(["SET", "key", "va\r\nlue"]) + b"GET key\r\n":
                wire.send(bytes([byte]))
            self.assertEqual(wire.read_raw() + wire.read_raw(), b"+OK\r\n$7\r\nva\r\nlue\r\n")

    def test_the_largest_inline_that_fits(self):
        with self.server.wire() as wire:
            word = b"x" * (64 * 1024 - 100)
            wire.send(b"ECHO " + word + b"\r\n")
            self.assertEqual(wire.read_raw(), b"$%d\r\n%s\r\n" % (len(word), word))

    def test_many_arguments(self):
        with self.server.wire() as wire:
            self.assertEqual(wire.run("DEL", *(["nosuch"] * 100_000)), 0)

    def test_a_big_value_comes_back_whole(self):
        value = bytes(range(256)) * 65536  # 16 MiB
        with self.server.wire(60) as wire:
            self.assertEqual(wire.run("SET", "big", value), "OK")
            self.assertEqual(wire.run("GET", "big"), value)

    def test_a_hundred_thousand_commands_in_one_pipeline(self):
        with self.server.wire(60) as wire:
            reader_count = 100_000
            wire.socket.setblocking(False)
            self.assertEqual(_pump(wire.socket, b"INCR n\r\n" * reader_count, b"\r\n", reader_count)[-8:], b":100000\r\n"[-8:])

    def test_a_command_that_never_ends_costs_nothing(self):
        wires = [self.server.wire() for _ in range(50)]
        try:
            before = self.server.rss_bytes()
            for wire in wires:
                wire.send(b"*1000000\r\n$3\r\nSET\r\n$500000000\r\nabc")
            with self.server.wire() as other:
                self.assertEqual(other.run("PING"), "PONG")
            time.sleep(0.2)
            self.assertLess(self.server.rss_bytes() - before, 200 * 1024 * 1024)
        finally:
            for wire in wires:
                wire.close()


def _pump(sock, data, mark, count):
    """Writes and reads at once, as a peer must whose pipeline is larger than the buffers; returns all that came back."""
    got, sent, deadline = bytearray(), 0, time.monotonic() + 60
    seen = 0
    while seen < count:
        if time.monotonic() > deadline:
            raise AssertionError(f"{seen} of {count} replies within 60 s")
        readable, writable, _ = select.select([sock], [sock] if sent < len(data) else [], [], 1)
        if readable:
            more = sock.recv(1 << 16)
            if not more:
                raise AssertionError(f"closed after {seen} replies")
            got += more
            seen += more.count(mark[-1:])
        if writable:
            sent += sock.send(data[sent:sent + (1 << 16)])
    return bytes(got)


class Unauthenticated(ServerCase):
    FLAGS = {"requirepass": "secret"}

    def setUp(self):
        pass  # FLUSHALL needs the password

    def test_limits_before_authentication(self):
        for data, text in ((b"*11\r\n", "unauthenticated multibulk length"),
                           (b"*2\r\n$4\r\nECHO\r\n$16385\r\n", "unauthenticated bulk length")):
            with self.subTest(text), self.server.wire() as wire:
                wire.send(data)
                self.assertEqual(wire.read_until_closed(), b"-ERR Protocol error: " + text.encode() + b"\r\n")

    def test_within_the_limits_it_is_only_refused(self):
        with self.server.wire() as wire:
            noauth = ErrorReply("NOAUTH Authentication required.")
            self.assertEqual(wire.run("DEL", *["x"] * 9), noauth)
            self.assertEqual(wire.run("ECHO", "x" * 16384), noauth)
            self.assertEqual(wire.run("AUTH", "secret"), "OK")
            self.assertEqual(wire.run("ECHO", "x" * 16385), b"x" * 16385)
            self.assertEqual(wire.run("DEL", *["x"] * 11), 0)


class BulkLength(ServerCase):
    FLAGS = {"proto-max-bulk-len": "1mb"}

    def test_a_bulk_over_proto_max_bulk_len(self):
        with self.server.wire() as wire:
            wire.send(b"*2\r\n$4\r\nECHO\r\n$1048577\r\n")
            self.assertEqual(wire.read_until_closed(), b"-ERR Protocol error: invalid bulk length\r\n")


class QueryBuffer(ServerCase):
    FLAGS = {"client-query-buffer-limit": "1mb"}

    def test_a_client_over_its_query_buffer_is_closed_with_a_log_line(self):
        with self.server.wire() as wire:
            try:
                wire.send(b"*2\r\n$4\r\nECHO\r\n$3000000\r\n" + b"x" * 2_000_000)
            except OSError:
                pass  # closed while we were still sending: what this test wants
            self.assertEqual(wire.read_until_closed(), b"")
        wait_for(lambda: "Closing client that reached max query buffer length" in self.server.log(), "the log line")


class OutputBuffer(ServerCase):
    FLAGS = {"client-output-buffer-limit": "normal 2mb 1mb 60"}

    def test_a_client_that_does_not_read_is_closed_with_a_log_line(self):
        with self.server.wire() as other:
            self.assertEqual(other.run("SET", "big", "x" * 1_000_000), "OK")
            before = self.server.rss_bytes()
            with socket.socket() as lazy:
                lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                lazy.connect(("127.0.0.1", self.server.port))
                try:
                    lazy.sendall(encode(["GET", "big"]) * 500)
                except OSError:
                    pass
                wait_for(lambda: "overcoming of output buffer limits" in self.server.log(), "the log line")
                self.assertLess(self.server.rss_bytes() - before, 100 * 1024 * 1024)
            self.assertEqual(other.run("PING"), "PONG")


class MaxClients(ServerCase):
    FLAGS = {"maxclients": "10"}

    def test_one_too_many_is_told_so(self):
        wires = []
        try:
            self.assertTrue(self._refused(wires))
            text = wires[-1].read_until_closed()
            self.assertEqual(text, b"-ERR max number of clients reached\r\n")
            self.assertIn(len(wires), (10, 11, 12))
        finally:
            for wire in wires:
                wire.close()
        wait_for(self._accepts_again, "a client is let in after the others left")

    def _refused(self, wires):
        for _ in range(13):
            wires.append(self.server.wire())
            try:
                wires[-1].send(b"PING\r\n")
                first = wires[-1].socket.recv(5, socket.MSG_PEEK)
            except OSError:
                return False
            if first != b"+PONG":
                return True
            wires[-1].read_raw()
        return False

    def _accepts_again(self):
        with self.server.wire() as wire:
            return wire.run("PING") == "PONG"

    def setUp(self):
        wait_for(self._accepts_again, "a free place")


class IdleTimeout(ServerCase):
    FLAGS = {"timeout": "1"}

    def test_an_idle_client_is_closed_and_a_busy_one_is_not(self):
        with self.server.wire() as idle, self.server.wire() as busy:
            self.assertEqual(idle.run("PING"), "PONG")
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline:
                self.assertEqual(busy.run("PING"), "PONG")
                time.sleep(0.1)
            self.assertEqual(idle.read_until_closed(), b"")


class FileDescriptors(unittest.TestCase):
    def test_running_out_of_them_refuses_and_recovers(self):
        """More connections than descriptors: none of the served ones suffers, and the server neither spins nor dies."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, hard))
        try:
            server = Server({"maxclients": "20"}, wait=False)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with server:
            server.wait_ready()
            with server.wire() as first:
                self.assertEqual(first.run("PING"), "PONG")
                flood = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(150)]
                self.assertEqual(first.run("PING"), "PONG")
                for conn in flood:
                    conn.close()
                self.assertEqual(first.run("PING"), "PONG")
            wait_for(lambda: _pings(server), "a new client is served")


def _pings(server):
    try:
        with server.wire() as wire:
            return wire.run("PING") == "PONG"
    except Exception:  # pylint: disable=broad-except
        return False


if __name__ == "__main__":
    unittest.main()
