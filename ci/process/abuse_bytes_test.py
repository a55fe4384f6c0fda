#!/usr/bin/env python3
"""Any bytes on the port end in RESP or a closed connection: seeded noise and broken commands from many connections, then a
server that still answers, has not grown without bound, and stops cleanly."""

import random
import socket
import time
import unittest

from harness import LONG, ServerCase
from wire import Wire, WireError, encode, parse

ROUNDS = 20_000 if LONG else 2000
# Words that make sense somewhere; nothing here stops, pauses or reconfigures the server.
WORDS = [b"SET", b"GET", b"MGET", b"MSET", b"DEL", b"INCR", b"APPEND", b"SETRANGE", b"GETRANGE", b"EXPIRE", b"SCAN", b"KEYS", b"MULTI",
         b"EXEC", b"DISCARD", b"WATCH", b"OBJECT", b"ENCODING", b"HELLO", b"2", b"3", b"AUTH", b"CLIENT", b"INFO", b"LIST", b"SETNAME",
         b"COMMAND", b"DOCS", b"GETKEYS", b"CONFIG", b"*", b"MEMORY", b"USAGE", b"LCS", b"IDX", b"COPY", b"RENAME", b"NX", b"XX", b"EX",
         b"PX", b"IFEQ", b"LIMIT", b"0", b"-1", b"1", b"9223372036854775807", b"-9223372036854775808", b"1e400", b"nan", b"", b"\x00",
         b"\xff\xfe", b"k", b"k2", b"value", b"x" * 300, b"[a-", b"*" * 50, b"\\", b"SELECT", b"RESET", b"PING", b"ECHO", b"LOLWUT",
         b"VERSION", b"5", b"SLOWLOG", b"LATENCY", b"HISTOGRAM", b"DBSIZE", b"RANDOMKEY", b"FLUSHALL", b"SWAPDB", b"INCRBYFLOAT", b"MSETEX"]


def noise(rng):
    return rng.randbytes(rng.choice((1, 7, 64, 700, 20_000)))


def printable(rng):
    alphabet = b"*$:+-_,#(=%~>|!0123456789 \r\n\"'\\xGETSPING\t"
    return bytes(rng.choice(alphabet) for _ in range(rng.choice((3, 30, 300, 3000))))


def command(rng):
    return [rng.choice(WORDS) for _ in range(rng.randint(1, 8))]


def broken_commands(rng):
    """Commands of the right form with some bytes changed, dropped, doubled or cut."""
    data = bytearray(b"".join(encode(command(rng)) for _ in range(rng.randint(1, 20))))
    for _ in range(rng.randint(0, 4)):
        position = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data[position] = rng.randrange(256)
        elif kind == 1:
            del data[position:position + rng.randint(1, 5)]
        elif kind == 2:
            data[position:position] = data[position:position + rng.randint(1, 30)]
        else:
            del data[position:]
        if not data:
            data = bytearray(b"*")
    return bytes(data)


def wild_headers(rng):
    """Headers whose counts promise much and deliver little."""
    count = rng.choice((-2, -1, 0, 1, 2, 1024 * 1024, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64, 10**30))
    size = rng.choice((-2, -1, 0, 1, 512 * 1024 * 1024, 512 * 1024 * 1024 + 1, 2**31, 2**63, 10**30))
    return b"*%d\r\n$%d\r\nGET\r\n" % (count, size) + noise(rng)[:50]


def mixed(rng):
    return b"".join(rng.choice((noise, printable, broken_commands, wild_headers))(rng) for _ in range(rng.randint(1, 4)))


GENERATORS = (noise, printable, broken_commands, wild_headers, mixed)


class AnyBytes(ServerCase):
    FLAGS = {"proto-max-bulk-len": "8mb", "client-query-buffer-limit": "16mb"}

    def feed(self, data, rng):
        """Sends in pieces, half-closes, and reads to the end."""
        with socket.create_connection(("127.0.0.1", self.server.port), 30) as conn:
            sent = 0
            try:
                while sent < len(data):
                    piece = data[sent:sent + rng.choice((1, 10, 1000, 100_000))] if len(data) < 2000 else data[sent:]
                    conn.sendall(piece)
                    sent += len(piece)
                conn.shutdown(socket.SHUT_WR)
            except OSError:
                return b""
            got = b""
            while True:
                try:
                    more = conn.recv(65536)
                except ConnectionResetError:
                    return None  # bytes were left unread when the server closed; part of its last words may be lost
                if not more:
                    return got
                got += more

    def assert_replies(self, data, got):
        """What came back is RESP. The last reply may be cut: a server may drop what a leaving client has not read."""
        wire = Wire.__new__(Wire)
        wire._buffer, wire.socket = got, _Ended()  # pylint: disable=protected-access
        try:
            while wire._buffer:  # pylint: disable=protected-access
                parse(wire.read_raw())
        except _Ended.Cut:
            pass
        except (WireError, ValueError, IndexError) as error:
            self.fail(f"after {data[:300]!r} the server said {got[-300:]!r}: {error}")

    def test_any_bytes_end_in_resp_or_a_closed_connection(self):
        rng = random.Random(20260101)
        before = self.server.rss_bytes()
        answered = 0
        for number in range(ROUNDS):
            data = GENERATORS[number % len(GENERATORS)](rng)
            with self.subTest(round=number):
                got = self.feed(data, rng)
                if got:
                    answered += 1
                    self.assert_replies(data, got)
            self.assertTrue(self.server.alive(), f"round {number}: {data!r}\n{self.server.log()[-5000:]}")
        self.assertGreater(answered, ROUNDS // 4)
        with self.server.wire() as wire:
            self.assertEqual(wire.run("PING"), "PONG")
        self.assertLess(self.server.rss_bytes() - before, 600 * 1024 * 1024)

    def test_connections_that_come_and_go_at_every_moment(self):
        """Half a command, a reset in the middle of a reply, a close right after a pipeline."""
        rng = random.Random(7)
        for _ in range(ROUNDS):
            conn = socket.create_connection(("127.0.0.1", self.server.port), 30)
            data = b"".join(encode(command(rng)) for _ in range(rng.randint(1, 50)))
            conn.sendall(data[:rng.randrange(len(data) + 1)])
            if rng.random() < 0.5:
                # Closing with unread replies makes the kernel send a reset.
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            conn.close()
        with self.server.wire() as wire:
            self.assertEqual(wire.run("PING"), "PONG")
            deadline = time.monotonic() + 30
            while _connected(wire) > 1 and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(_connected(wire), 1)


def _connected(wire):
    info = wire.run("INFO", "clients").decode()
    return int(next(line.split(":")[1] for line in info.splitlines() if line.startswith("connected_clients:")))


class _Ended:
    """Stands where a socket would: there is nothing more to come."""

    class Cut(Exception):
        pass

    def recv(self, _count):
        raise self.Cut


if __name__ == "__main__":
    unittest.main()
