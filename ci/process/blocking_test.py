#!/usr/bin/env python3
"""Commands that wait for a key: who is served, in which order, and how a wait ends; with one thread and with several."""

import os
import random
import threading
import time
import unittest

import wire
from harness import FolderCase, Server, ServerCase, wait_for

LOAD_S = float(os.environ.get("NORN_LOAD_S", "3"))


def read(connection):
    return wire.parse(connection.read_raw())


class Waiter:
    """A connection that has sent a command and has no reply yet."""

    def __init__(self, server, *command):
        self.server, self.wire = server, server.wire()
        self.id = self.wire.run("CLIENT", "ID")
        before = blocked(server)
        self.wire.send(wire.encode(command))
        wait_for(lambda: blocked(server) == before + 1, f"{command} waits")

    def reply(self):
        value = read(self.wire)
        self.wire.close()
        return value


def blocked(server):
    return int(server.info("clients")["blocked_clients"])


class OneThread(ServerCase):
    FLAGS = ["--threads", "1", "--save", ""]

    def setUp(self):
        super().setUp()
        self.db = self.server.wire()
        self.addCleanup(self.db.close)
        self.db.run("FLUSHALL")
        self.db.run("CONFIG", "RESETSTAT")

    def wait(self, *command):
        return Waiter(self.server, *command)

    def test_each_command_takes_what_comes(self):
        cases = [(("BLPOP", "l", "0"), ("RPUSH", "l", "a", "b"), [b"l", b"a"]),
                 (("BRPOP", "none", "l", "0"), ("RPUSH", "l", "a", "b"), [b"l", b"b"]),
                 (("BLMOVE", "l", "m", "LEFT", "RIGHT", "0"), ("RPUSH", "l", "a"), b"a"),
                 (("BRPOPLPUSH", "l", "m", "0"), ("RPUSH", "l", "a"), b"a"),
                 (("BLMPOP", "0", "2", "none", "l", "LEFT", "COUNT", "2"), ("RPUSH", "l", "a", "b", "c"), [b"l", [b"a", b"b"]]),
                 (("BZPOPMIN", "z", "0"), ("ZADD", "z", "2", "b", "1", "a"), [b"z", b"a", b"1"]),
                 (("BZPOPMAX", "none", "z", "0"), ("ZADD", "z", "2", "b", "1", "a"), [b"z", b"b", b"2"]),
                 (("BZMPOP", "0", "1", "z", "MAX", "COUNT", "2"), ("ZADD", "z", "2", "b", "1", "a"), [b"z", [[b"b", b"2"], [b"a", b"1"]]])]
        for command, fill, reply in cases:
            with self.subTest(command=command):
                self.db.run("FLUSHALL")
                waiter = self.wait(*command)
                self.db.run(*fill)
                self.assertEqual(waiter.reply(), reply)
        self.assertEqual(blocked(self.server), 0)
        self.assertEqual(self.server.info("clients")["total_blocking_keys"], "0")

    def test_first_come_first_served(self):
        waiters = [self.wait("BLPOP", "l", "0") for _ in range(4)]
        self.assertEqual(self.server.info("clients")["total_blocking_keys"], "1")
        self.db.run("RPUSH", "l", "1", "2", "3")
        self.db.run("RPUSH", "l", "4", "5")
        self.assertEqual([w.reply() for w in waiters], [[b"l", b"%d" % i] for i in (1, 2, 3, 4)])
        self.assertEqual(self.db.run("LRANGE", "l", 0, -1), [b"5"])

    def test_who_pushed_does_not_come_before_who_waits(self):
        waiter = self.wait("BLPOP", "l", "0")
        self.db.send(wire.encode(("LPUSH", "l", "x")) + wire.encode(("LPOP", "l")) + wire.encode(("EXISTS", "l")))
        self.assertEqual([read(self.db) for _ in range(3)], [1, None, 0])
        self.assertEqual(waiter.reply(), [b"l", b"x"])

    def test_after_the_transaction_not_within_it(self):
        waiter = self.wait("BLPOP", "l", "0")
        for command in (("MULTI",), ("LPUSH", "l", "a"), ("DEL", "l"), ("RPUSH", "l", "b", "c")):
            self.db.run(*command)
        self.assertEqual(self.db.run("EXEC"), [1, 1, 2])
        self.assertEqual(waiter.reply(), [b"l", b"b"])
        waiter = self.wait("BLPOP", "gone", "0")
        for command in (("MULTI",), ("LPUSH", "gone", "a"), ("DEL", "gone")):
            self.db.run(*command)
        self.db.run("EXEC")
        self.assertEqual(blocked(self.server), 1)
        self.db.run("LPUSH", "gone", "b")
        self.assertEqual(waiter.reply(), [b"gone", b"b"])

    def test_a_group_reader_is_told_when_its_stream_expires(self):
        self.db.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
        waiter = self.wait("XREADGROUP", "GROUP", "g", "me", "BLOCK", "0", "STREAMS", "s", ">")
        self.db.run("PEXPIRE", "s", "20")
        # Nobody touches the key, and nothing else is asked of the server: its own round finds it.
        self.assertIsInstance(waiter.reply(), wire.ErrorReply)

    def test_an_expired_key_serves_nobody_and_stays_where_it_is(self):
        self.db.run("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        self.addCleanup(self.db.run, "DEBUG", "SET-ACTIVE-EXPIRE", "1")
        waiter = self.wait("BRPOP", "l", "0")
        for command in (("SELECT", "1"), ("RPUSH", "l", "old"), ("PEXPIRE", "l", "5")):
            self.db.run(*command)
        time.sleep(0.02)  # the server's clock, which nothing shows as long as it does not expire keys by itself
        for command in (("SWAPDB", "0", "1"), ("SELECT", "0")):
            self.db.run(*command)
        self.assertEqual(blocked(self.server), 1)
        self.assertEqual(self.server.info("stats")["expired_keys"], "0")
        self.db.run("RPUSH", "l", "new")
        self.assertEqual(waiter.reply(), [b"l", b"new"])
        self.assertEqual(self.server.info("stats")["expired_keys"], "1")

    def test_a_move_is_one_change(self):
        def changes():
            return int(self.server.info("persistence")["rdb_changes_since_last_save"])
        before = changes()
        waiter = self.wait("BLMOVE", "l", "m", "LEFT", "LEFT", "0")
        self.db.run("RPUSH", "l", "a")
        self.assertEqual(waiter.reply(), b"a")
        self.assertEqual(changes(), before + 2)

    def test_inside_a_transaction_nobody_waits(self):
        self.db.run("MULTI")
        for command in (("BLPOP", "l", "0"), ("BLMOVE", "l", "m", "LEFT", "LEFT", "0"), ("BZPOPMIN", "z", "0"), ("BLMPOP", "0", "1", "l", "LEFT")):
            self.db.run(*command)
        self.assertEqual(self.db.raw("EXEC"), b"*4\r\n*-1\r\n$-1\r\n*-1\r\n*-1\r\n")

    def test_every_way_in_which_a_key_comes(self):
        self.db.run("RPUSH", "source", "a")
        dump = self.db.run("DUMP", "source")
        ways = [[("RENAME", "source", "l")], [("COPY", "source", "l")], [("RESTORE", "l", "0", dump)], [("LMOVE", "source", "l", "LEFT", "LEFT")],
                [("SELECT", "1"), ("RPUSH", "l", "a"), ("SWAPDB", "0", "1"), ("SELECT", "0")],
                [("SELECT", "1"), ("RPUSH", "l", "a"), ("MOVE", "l", "0"), ("SELECT", "0")],
                [("MULTI",), ("RPUSH", "l", "a"), ("EXEC",)]]
        for way in ways:
            with self.subTest(way=way):
                self.db.run("FLUSHALL")
                self.db.run("RPUSH", "source", "a")
                waiter = self.wait("BLPOP", "l", "0")
                for command in way:
                    self.db.run(*command)
                self.assertEqual(waiter.reply(), [b"l", b"a"])

    def test_another_type_does_not_end_the_wait(self):
        waiter = self.wait("BLPOP", "k", "0")
        self.db.run("SADD", "k", "a")
        self.db.run("DEL", "k")
        self.db.run("ZADD", "k", "1", "a")
        self.assertEqual(blocked(self.server), 1)
        self.db.run("DEL", "k")
        self.db.run("RPUSH", "k", "b")
        self.assertEqual(waiter.reply(), [b"k", b"b"])

    def test_chains_of_moves(self):
        second = self.wait("BLMOVE", "b", "c", "LEFT", "LEFT", "0")
        third = self.wait("BLPOP", "c", "0")
        first = self.wait("BLMOVE", "a", "b", "LEFT", "LEFT", "0")
        self.db.run("RPUSH", "a", "x")
        self.assertEqual([first.reply(), second.reply(), third.reply()], [b"x", b"x", [b"c", b"x"]])
        self.assertEqual(self.db.run("DBSIZE"), 0)

    def test_a_move_to_the_wrong_type_fails_and_keeps_the_element(self):
        self.db.run("SET", "m", "string")
        waiter = self.wait("BLMOVE", "l", "m", "LEFT", "LEFT", "0")
        self.db.run("RPUSH", "l", "x")
        self.assertIn("WRONGTYPE", str(waiter.reply()))
        self.assertEqual(self.db.run("LRANGE", "l", 0, -1), [b"x"])

    def test_streams(self):
        self.db.run("XADD", "s", "1-1", "f", "old")
        waiters = [self.wait("XREAD", "BLOCK", "0", "STREAMS", "none", "s", "0", "$"), self.wait("XREAD", "COUNT", "1", "BLOCK", "0", "STREAMS", "s", "1-1")]
        self.db.run("XADD", "s", "1-2", "f", "new")
        for waiter in waiters:  # readers take nothing from each other
            self.assertEqual(waiter.reply(), [[b"s", [[b"1-2", [b"f", b"new"]]]]])
        self.assertEqual(self.db.run("XREAD", "BLOCK", "10", "STREAMS", "s", "$"), None)
        self.assertIsNone(self.db.run("XREAD", "STREAMS", "s", "$"))
        self.db.run("XGROUP", "CREATE", "s", "g", "$")
        waiters = [self.wait("XREADGROUP", "GROUP", "g", name, "BLOCK", "0", "STREAMS", "s", ">") for name in ("a", "b")]
        self.assertEqual(self.server.info("clients")["total_blocking_keys_on_nokey"], "1")
        self.db.run("XADD", "s", "1-3", "f", "v")
        self.assertEqual(waiters[0].reply(), [[b"s", [[b"1-3", [b"f", b"v"]]]]])
        self.db.run("XGROUP", "DESTROY", "s", "g")
        self.assertIn("NOGROUP", str(waiters[1].reply()))
        self.db.run("XGROUP", "CREATE", "s", "g", "$")
        for end, error in ((("DEL", "s"), "NOGROUP"), (("SET", "s", "text"), "WRONGTYPE"), (("FLUSHALL",), "NOGROUP")):
            self.db.run("DEL", "s")
            self.db.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
            waiter = self.wait("XREADGROUP", "GROUP", "g", "a", "BLOCK", "0", "STREAMS", "s", ">")
            self.db.run(*end)
            self.assertIn(error, str(waiter.reply()))

    def test_timeouts(self):
        for command, nothing in ((("BLPOP", "l", "0.05"), b"*-1\r\n"), (("BLMOVE", "l", "m", "LEFT", "LEFT", "0.05"), b"*-1\r\n"),
                                 (("BZMPOP", "0.05", "1", "z", "MIN"), b"*-1\r\n")):
            began = time.monotonic()
            self.assertEqual(self.db.raw(*command), nothing)
            self.assertGreaterEqual(time.monotonic() - began, 0.05)
        for bad, text in (("-1", "timeout is negative"), ("x", "timeout is not a float or out of range"), ("1e300", "timeout is out of range")):
            self.assertIn(text, str(self.db.run("BLPOP", "l", bad)))
        stats = self.server.info("commandstats")
        self.assertTrue(stats["cmdstat_blmove"].startswith("calls=1"), stats["cmdstat_blmove"])

    def test_unblocked_by_another(self):
        waiter = self.wait("BLPOP", "l", "0")
        self.assertEqual(self.db.run("CLIENT", "UNBLOCK", waiter.id), 1)
        self.assertEqual(waiter.reply(), None)
        waiter = self.wait("BLPOP", "l", "0")
        self.assertEqual(self.db.run("CLIENT", "UNBLOCK", waiter.id, "ERROR"), 1)
        self.assertIn("UNBLOCKED client unblocked via CLIENT UNBLOCK", str(waiter.reply()))
        self.assertEqual(self.db.run("CLIENT", "UNBLOCK", waiter.id), 0)

    def test_a_client_held_back_by_a_pause_counts_as_blocked(self):
        self.db.run("CLIENT", "PAUSE", "100000", "WRITE")
        with self.server.wire() as connection:
            connection.send(wire.encode(("SET", "k", "v")))
            wait_for(lambda: blocked(self.server) == 1, "it is held back")
            self.db.run("CLIENT", "UNPAUSE")
            self.assertEqual(read(connection), "OK")
        self.assertEqual(blocked(self.server), 0)

    def test_a_client_that_went_takes_nothing(self):
        for end in ("close", "kill"):
            waiter = self.wait("BLPOP", "l", "0")
            behind = self.wait("BLPOP", "l", "0")
            if end == "close":
                waiter.wire.close()
            else:
                self.db.run("CLIENT", "KILL", "ID", waiter.id)
            wait_for(lambda: blocked(self.server) == 1, "the client that went waits no more")
            self.db.run("RPUSH", "l", "x")
            self.assertEqual(behind.reply(), [b"l", b"x"])
            waiter.wire.close()

    def test_what_stands_before_it_in_the_pipeline_is_answered(self):
        with self.server.wire() as connection:
            connection.send(wire.encode(("SET", "k", "v")) + wire.encode(("BLPOP", "l", "0")) + wire.encode(("GET", "k")))
            self.assertEqual(read(connection), "OK")
            wait_for(lambda: blocked(self.server) == 1, "it waits")
            self.db.run("RPUSH", "l", "x")
            self.assertEqual([read(connection), read(connection)], [[b"l", b"x"], b"v"])


class ManyThreads(OneThread):
    FLAGS = ["--threads", "4", "--save", ""]

    def test_each_element_once_and_in_order(self):
        """Producers and consumers of a few queues: nothing twice, nothing lost, each producer's elements in its order."""
        queues = [f"queue:{i}" for i in range(5)]
        until = time.monotonic() + LOAD_S
        taken, pushed, failures = [[] for _ in range(7)], [0] * 3, []

        def consume(me):
            rng = random.Random(me)
            with self.server.wire() as connection:
                while True:
                    keys = [queues[me]] if me < 2 else [queues[me - 2], *rng.sample(queues, me - 2)]
                    value = connection.run("BLPOP", *keys, "end", "0")
                    if value[0] == b"end":
                        return
                    taken[me].append((value[0], value[1]))

        def produce(me):
            rng = random.Random(100 + me)
            with self.server.wire() as connection:
                while time.monotonic() < until:
                    pushed[me] += 1
                    connection.run("RPUSH", rng.choice(queues), f"{me}:{pushed[me]}")
        consumers = [threading.Thread(target=consume, args=(i,)) for i in range(7)]
        producers = [threading.Thread(target=produce, args=(i,)) for i in range(3)]
        for thread in consumers + producers:
            thread.start()
        for thread in producers:
            thread.join()
        wait_for(lambda: blocked(self.server) == 7, "all is taken")
        self.assertEqual(self.db.run("DBSIZE"), 0)
        self.db.run("RPUSH", "end", *range(7))
        for thread in consumers:
            thread.join()
        every = sorted(value for part in taken for _, value in part)
        self.assertEqual(every, sorted(f"{me}:{i + 1}".encode() for me in range(3) for i in range(pushed[me])))
        for part in taken:  # one consumer sees each producer's elements of one queue in their order
            last = {}
            for queue, value in part:
                producer, number = value.split(b":")
                if last.get((queue, producer), 0) >= int(number):
                    failures.append((queue, value))
                last[(queue, producer)] = int(number)
        self.assertEqual(failures, [])


class Replicated(FolderCase):
    def test_a_replica_repeats_what_was_served_and_keeps_nobody_waiting(self):
        with Server(folder=self.path()) as primary, Server(folder=self.path()) as replica:
            with replica.wire() as wire_of_replica:
                wire_of_replica.run("REPLICAOF", "127.0.0.1", primary.port)
                wait_for(lambda: replica.info("replication").get("master_link_status") == "up", "the link is up")
                waiters = [Waiter(primary, "BLPOP", "l", "0"), Waiter(primary, "BLMOVE", "l", "m", "LEFT", "LEFT", "0")]
                with primary.wire() as db:
                    db.run("RPUSH", "l", "a", "b", "c")
                    self.assertEqual([w.reply() for w in waiters], [[b"l", b"a"], b"b"])
                    self.assertEqual(db.run("WAIT", "1", "5000"), 1)
                    for keys in (("l", [b"c"]), ("m", [b"b"])):
                        self.assertEqual(wire_of_replica.run("LRANGE", keys[0], 0, -1), keys[1])
                    waiter = Waiter(primary, "BLPOP", "none", "0")
                    db.run("REPLICAOF", "127.0.0.1", replica.port)
                    self.assertIn("UNBLOCKED force unblock from blocking operation", str(waiter.reply()))


if __name__ == "__main__":
    unittest.main()
