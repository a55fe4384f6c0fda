#!/usr/bin/env python3
"""python3-redis works: every command family through the client that people use, with its own parsing of the replies."""

import datetime
import threading
import unittest

import redis

from harness import HOST, ServerCase, is_norn


class PythonClient(ServerCase):
    def setUp(self):
        super().setUp()
        self.db = redis.Redis(HOST, self.server.port, decode_responses=True, socket_timeout=20)
        self.addCleanup(self.db.close)

    def test_strings(self):
        db = self.db
        self.assertTrue(db.set("k", "v", ex=100))
        self.assertEqual(db.get("k"), "v")
        self.assertIsNone(db.set("k", "w", nx=True))
        self.assertEqual(db.set("k", "w", xx=True, get=True), "v")
        self.assertTrue(db.set("k", "w", pxat=datetime.datetime(2090, 1, 1)))
        self.assertTrue(db.set("k", "w", keepttl=True))
        self.assertGreater(db.ttl("k"), 10**9)
        self.assertEqual(db.getex("k", persist=True), "w")
        self.assertEqual(db.ttl("k"), -1)
        self.assertEqual(db.append("k", "xyz"), 4)
        self.assertEqual((db.strlen("k"), db.getrange("k", 1, 2), db.setrange("k", 2, "__"), db.get("k")), (4, "xy", 4, "wx__"))
        self.assertEqual(db.getdel("k"), "wx__")
        self.assertTrue(db.mset({"a": 1, "b": 2}))
        self.assertFalse(db.msetnx({"b": 3, "c": 4}))
        self.assertEqual(db.mget("a", "b", "c"), ["1", "2", None])
        self.assertEqual((db.incr("n"), db.incrby("n", 5), db.decr("n"), db.decrby("n", 10)), (1, 6, 5, -5))
        self.assertEqual(db.incrbyfloat("f", 1.5), 1.5)
        self.assertTrue(db.setnx("fresh", "1"))
        self.assertTrue(db.setex("e", 100, "v") and db.psetex("p", 100000, "v"))
        self.assertEqual(db.getset("e", "w"), "v")
        self.assertEqual(db.substr("e", 0, 0), "w")
        db.mset({"x": "ohmytext", "y": "mynewtext"})
        self.assertEqual(db.lcs("x", "y"), "mytext")
        self.assertEqual(db.lcs("x", "y", len=True), 6)
        self.assertEqual(db.lcs("x", "y", idx=True, minmatchlen=4, withmatchlen=True)[0], "matches")

    def test_binary_keys_and_values(self):
        raw = redis.Redis(HOST, self.server.port)
        value = bytes(range(256)) * 300
        raw.set(b"\x00\xff\r\n", value)
        self.assertEqual(raw.get(b"\x00\xff\r\n"), value)
        self.assertEqual(raw.keys("*"), [b"\x00\xff\r\n"])
        raw.close()

    def test_keys_and_expiry(self):
        db = self.db
        db.mset({f"key:{n}": n for n in range(1000)})
        self.assertEqual(db.dbsize(), 1000)
        self.assertEqual(set(db.scan_iter("key:1*", count=50)), {k for k in db.keys("key:1*")})
        self.assertEqual(len(set(db.scan_iter(count=7))), 1000)
        self.assertEqual(len(list(db.scan_iter(_type="string"))), 1000)
        self.assertIn(db.randomkey(), db.keys())
        self.assertEqual(db.delete("key:1", "key:2", "nosuch"), 2)
        self.assertEqual(db.unlink("key:3"), 1)
        self.assertEqual(db.exists("key:4", "key:1", "key:4"), 2)
        self.assertEqual(db.touch("key:4", "key:1"), 1)
        self.assertEqual(db.type("key:4"), "string")
        self.assertTrue(db.rename("key:4", "renamed"))
        self.assertFalse(db.renamenx("renamed", "key:5"))
        self.assertTrue(db.copy("renamed", "copied"))
        self.assertTrue(db.expire("renamed", 100))
        self.assertTrue(db.pexpire("renamed", 200_000, gt=True))
        self.assertTrue(db.expire("renamed", 1000, gt=True))
        self.assertFalse(db.expire("renamed", 1000, nx=True))
        self.assertTrue(990 < db.ttl("renamed") <= 1000 and 990_000 < db.pttl("renamed") <= 1_000_000)
        self.assertTrue(db.expireat("renamed", datetime.datetime(2090, 1, 1)))
        self.assertEqual(db.expiretime("renamed") * 1000, db.pexpiretime("renamed"))
        self.assertTrue(db.persist("renamed"))
        self.assertTrue(db.move("renamed", 3))
        self.assertEqual(db.object("encoding", "key:5"), "int")
        self.assertEqual(db.object("refcount", "copied") >= 1, True)
        self.assertTrue(db.flushdb())
        self.assertEqual(db.dbsize(), 0)
        self.assertEqual(redis.Redis(HOST, self.server.port, db=3).dbsize(), 1)
        self.assertTrue(db.swapdb(0, 3))
        self.assertEqual(db.dbsize(), 1)
        self.assertTrue(db.flushall())

    def test_pipeline_whose_big_collection_changes_under_it(self):
        """What a batch asked for ahead of its commands may be gone, or of another type, when they run."""
        db = self.db
        db.sadd("big", *range(2000), "text")
        db.hset("fields", mapping={f"f{n}": n for n in range(2000)})
        db.zadd("scores", {f"m{n}": n for n in range(2000)})
        with db.pipeline(transaction=False) as pipe:
            pipe.sadd("big", "1").srem("big", "1").sadd("big", "1").delete("big").sadd("big", "1").sismember("big", "2")
            pipe.hget("fields", "f7").hset("fields", "f7", "x").delete("fields").sadd("fields", "f7").sismember("fields", "f7")
            pipe.zrank("scores", "m9").zadd("scores", {"m9": 5000}).zrank("scores", "m9").zscore("scores", "m9").zcard("scores")
            self.assertEqual(pipe.execute(), [0, 1, 1, 1, 1, 0, "7", 0, 1, 1, 1, 9, 0, 1999, 5000.0, 2000])
        with db.pipeline(transaction=False) as pipe:
            pipe.zscore("fields", "f7").hget("fields", "f7")
            for error in pipe.execute(raise_on_error=False):
                self.assertIn("WRONGTYPE", str(error))

    def test_pipelines_and_transactions(self):
        db = self.db
        with db.pipeline(transaction=False) as pipe:
            for number in range(10_000):
                pipe.set(f"p:{number}", number)
            self.assertEqual(pipe.execute(), [True] * 10_000)
        with db.pipeline() as pipe:
            pipe.multi()
            pipe.incr("n").incr("n").get("nosuch").mget("p:1", "p:2")
            self.assertEqual(pipe.execute(), [1, 2, None, ["1", "2"]])
        with db.pipeline() as pipe:
            pipe.watch("n")
            redis.Redis(HOST, self.server.port).set("n", "changed")
            pipe.multi()
            pipe.set("n", "mine")
            with self.assertRaises(redis.WatchError):
                pipe.execute()
        with db.pipeline() as pipe:
            pipe.set("s", "abc").incr("s").set("t", 1)
            with self.assertRaisesRegex(redis.ResponseError, "not an integer"):
                pipe.execute()
        self.assertEqual(db.get("t"), "1")
        self.assertEqual(db.transaction(lambda pipe: pipe.set("done", 1)), [True])

    def test_watch_retries_make_a_correct_counter(self):
        def increment():
            own = redis.Redis(HOST, self.server.port)
            def step(pipe):
                value = int(pipe.get("counter") or 0)
                pipe.multi()
                pipe.set("counter", value + 1)
            for _ in range(50):
                own.transaction(step, "counter")
            own.close()
        threads = [threading.Thread(target=increment) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.db.get("counter"), "200")

    def test_connection(self):
        db = self.db
        self.assertTrue(db.ping())
        self.assertEqual(db.echo("hi"), "hi")
        single = db.client()
        self.assertIsNone(single.client_getname())
        self.assertTrue(single.client_setname("tester"))
        self.assertEqual(single.client_getname(), "tester")
        me = single.client_id()
        entry = next(client for client in db.client_list() if client["id"] == str(me))
        self.assertEqual(entry["name"], "tester")
        self.assertEqual(int(entry["db"]), 0)
        self.assertEqual(single.client_info()["id"], me)
        self.assertEqual(db.client_kill_filter(_id=me), 1)
        self.assertTrue(db.client_no_evict("ON"))
        self.assertTrue(db.client_pause(1))
        self.assertTrue(db.client_unpause())
        self.assertFalse(db.client_unblock(me))
        with self.assertRaises(redis.ConnectionError):
            single.ping()

    def test_server(self):
        db = self.db
        info = db.info()
        for field in ("redis_version", "connected_clients", "used_memory", "role", "total_commands_processed", "uptime_in_seconds"):
            self.assertIn(field, info)
        if is_norn():
            self.assertEqual((info["redis_version"], info["server_name"], info["role"]), ("7.2.4", "norn", "master"))
            self.assertIn("norn_version", info)
        db.set("k", "v", ex=1000)
        self.assertEqual(db.info("keyspace")["db0"]["keys"], 1)
        self.assertEqual(db.info("keyspace")["db0"]["expires"], 1)
        self.assertGreaterEqual(db.info("commandstats")["cmdstat_set"]["calls"], 1)
        self.assertTrue(db.config_set("timeout", 100))
        self.assertEqual(db.config_get("timeout"), {"timeout": "100"})
        self.assertTrue(db.config_set("timeout", 0) and db.config_resetstat())
        self.assertGreater(len(db.config_get("*")), 100)
        commands = db.command()
        self.assertEqual(commands["get"]["arity"], 2)
        self.assertEqual(db.command_count(), len(commands))
        self.assertIn("mset", db.command_list())
        self.assertEqual(db.command_getkeys("MSET", "a", 1, "b", 2), ["a", "b"])
        self.assertGreater(db.memory_usage("k"), 16)
        del db.response_callbacks["MEMORY STATS"]  # of this client's age: it knows no field with "db." but db.N
        self.assertIn("total.allocated", db.execute_command("MEMORY STATS"))
        self.assertEqual(len(db.time()), 2)
        db.config_set("slowlog-log-slower-than", 0)
        db.get("k")
        db.config_set("slowlog-log-slower-than", -1)
        self.assertIn("GET k", [entry["command"].decode() if isinstance(entry["command"], bytes) else entry["command"]
                                for entry in db.slowlog_get()])
        self.assertGreater(db.slowlog_len(), 0)
        self.assertTrue(db.slowlog_reset())
        self.assertIn("ver", str(db.lolwut()).lower())

    def test_errors_arrive_as_the_client_names_them(self):
        db = self.db
        db.set("s", "abc")
        for call, text in ((lambda: db.incr("s"), "value is not an integer or out of range"),
                           (lambda: db.execute_command("NOSUCH"), "unknown command"),
                           (lambda: db.execute_command("GET"), "wrong number of arguments for 'get' command"),
                           (lambda: db.rename("nosuch", "x"), "no such key"),
                           (lambda: db.config_set("nosuch", 1), "Unknown option or number of arguments for CONFIG SET")):
            with self.assertRaisesRegex(redis.ResponseError, text):
                call()
        with self.assertRaisesRegex(redis.ResponseError, "without any password configured"):
            redis.Redis(HOST, self.server.port, password="wrong").ping()


if __name__ == "__main__":
    unittest.main()
