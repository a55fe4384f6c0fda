#!/usr/bin/env python3
"""Publish/subscribe of a server with several threads, of a primary with its replica, and of a cluster."""

import os
import subprocess
import threading
import time
import unittest

import redis

import wire
from cluster import ClusterCase, slot_of
from harness import HOST, FolderCase, Server, ServerCase, wait_for
from node_client_test import NODE, install_client

LOAD_S = float(os.environ.get("NORN_LOAD_S", "3"))


def read(connection):
    return wire.parse(connection.read_raw())


def pipeline(connection, *commands):
    connection.send(b"".join(wire.encode(command) for command in commands))
    return [read(connection) for _ in commands]


class Listener(threading.Thread):
    """Reads until it is told "end", or its connection goes."""

    def __init__(self, server, *commands):
        super().__init__()
        self.wire, self.messages, self.closed = server.wire(), [], False
        for command in commands:
            self.wire.send(wire.encode(command))
            for _ in command[1:]:
                read(self.wire)
        self.start()

    def run(self):
        try:
            while True:
                message = read(self.wire)
                if message[-1] == b"end":
                    return
                self.messages.append(message)
        except (OSError, wire.WireError):
            self.closed = True
        finally:
            self.wire.close()


class ManyThreads(ServerCase):
    FLAGS = ["--threads", "4"]

    def test_every_message_once_and_in_the_order_of_its_publisher(self):
        channels = [f"channel:{i}" for i in range(7)]
        listeners = [Listener(self.server, ("SUBSCRIBE", *channels)) for _ in range(5)]
        listeners += [Listener(self.server, ("PSUBSCRIBE", "channel:*")) for _ in range(3)]
        counts, until = [0] * 4, time.monotonic() + LOAD_S

        def publish(me):
            with self.server.wire() as connection:
                while time.monotonic() < until:
                    lines = [("PUBLISH", channels[(counts[me] + i) % 7], f"{me}:{counts[me] + i}") for i in range(10)]
                    counts[me] += len(lines)
                    heard = pipeline(connection, *lines)
                    self.assertEqual(heard, [8] * len(lines))

        def come_and_go():
            while time.monotonic() < until:
                with self.server.wire() as connection:
                    connection.run("SUBSCRIBE", "elsewhere")
                    connection.run("PSUBSCRIBE", "else*")
                    connection.run("UNSUBSCRIBE")
        threads = [threading.Thread(target=publish, args=(me,)) for me in range(4)]
        threads += [threading.Thread(target=come_and_go) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.server.ask("PUBLISH", channels[0], "end")
        for listener in listeners:
            listener.join(60)
            told = [message[-1].decode().split(":") for message in listener.messages]
            for me in range(4):
                mine = [int(number) for publisher, number in told if publisher == str(me)]
                self.assertEqual(mine, list(range(counts[me])))
        self.assertGreater(sum(counts), 1000)
        wait_for(lambda: self.server.info("stats")["pubsub_channels"] == "0", "nobody listens any more")

    def test_what_stands_before_a_publish_has_happened_when_its_message_comes(self):
        with self.server.wire() as listener, self.server.wire() as reader, self.server.wire() as writer:
            listener.run("PSUBSCRIBE", "changed:*")
            for i in range(300):
                key = f"key:{i % 50}"
                writer.send(wire.encode(("SET", key, i)) + wire.encode(("PUBLISH", f"changed:{i % 11}", key)))
                key = read(listener)[3]
                self.assertEqual(reader.run("GET", key), str(i).encode())
                read(writer), read(writer)

    def test_listeners_are_listed_counted_and_killed(self):
        with self.server.wire() as listener, self.server.wire() as other:
            listener.run("SUBSCRIBE", "a")
            listener.run("PSUBSCRIBE", "b*")
            listener.run("SSUBSCRIBE", "c")
            lines = [line for line in other.run("CLIENT", "LIST", "TYPE", "pubsub").decode().splitlines() if line]
            self.assertEqual(len(lines), 1)
            self.assertIn(" flags=P ", lines[0])
            self.assertIn(" sub=1 psub=1 ssub=1 ", lines[0])
            stats, clients = self.server.info("stats"), self.server.info("clients")
            names = ("pubsub_channels", "pubsub_patterns", "pubsubshard_channels")
            self.assertEqual([stats[name] for name in names] + [clients["pubsub_clients"]], ["1"] * 4)
            self.assertEqual(other.run("CLIENT", "KILL", "TYPE", "pubsub"), 1)
            self.assertEqual(listener.read_until_closed(), b"")
            wait_for(lambda: self.server.info("stats")["pubsub_patterns"] == "0", "it is forgotten")
            self.assertEqual(other.run("PUBLISH", "a", "x"), 0)

    def test_who_does_not_read_is_closed(self):
        self.server.ask("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0")
        with self.server.wire() as listener, self.server.wire() as other:
            listener.run("SUBSCRIBE", "flood")
            before = int(self.server.info("stats")["client_output_buffer_limit_disconnections"])
            wait_for(lambda: other.run("PUBLISH", "flood", "x" * 100000) == 0, "the listener is gone")
            stats = self.server.info("stats")
            self.assertEqual(int(stats["client_output_buffer_limit_disconnections"]), before + 1)

    def test_redis_py_listens(self):
        db = redis.Redis(HOST, self.server.port, decode_responses=True)
        listener = db.pubsub(ignore_subscribe_messages=True)
        listener.subscribe("a")
        listener.psubscribe("b*")
        heard = []

        def hear():
            message = listener.get_message(timeout=0.1)
            if message:
                heard.append((message["type"], message["pattern"], message["channel"], message["data"]))
            return len(heard)
        wait_for(lambda: hear() or db.pubsub_numsub("a") == [("a", 1)] and db.pubsub_numpat() == 1, "it listens")
        self.assertEqual(db.publish("a", "1") + db.publish("b1", "2"), 2)
        wait_for(lambda: hear() == 2, "both messages")
        self.assertEqual(heard, [("message", None, "a", "1"), ("pmessage", "b*", "b1", "2")])
        listener.close()
        db.close()

    def test_events_of_keys_on_all_threads(self):
        self.server.ask("CONFIG", "SET", "notify-keyspace-events", "KEA")
        with self.server.wire() as keyspace, self.server.wire() as keyevent, self.server.wire() as db:
            keyspace.run("SUBSCRIBE", "__keyspace@0__:key:7")
            keyevent.run("SUBSCRIBE", "__keyevent@0__:set")
            for i in range(20):
                db.run("SET", f"key:{i}", i)
            self.assertEqual(read(keyspace), [b"message", b"__keyspace@0__:key:7", b"set"])
            self.assertEqual([read(keyevent)[2] for _ in range(20)], [f"key:{i}".encode() for i in range(20)])
            db.run("PEXPIRE", "key:7", 5)
            self.assertEqual([read(keyspace)[2], read(keyspace)[2]], [b"expire", b"expired"])
            db.run("MULTI")
            db.run("MSET", "key:7", 1, "key:8", 2)
            db.run("EXEC")
            self.assertEqual((read(keyspace)[2], read(keyevent)[2], read(keyevent)[2]), (b"set", b"key:7", b"key:8"))
        self.server.ask("CONFIG", "SET", "notify-keyspace-events", "")

    def test_evicted_keys_are_told_of(self):
        with self.server.wire() as listener, self.server.wire() as db:
            for name, value in (("notify-keyspace-events", "Ee"), ("maxmemory-policy", "allkeys-random"), ("maxmemory", "4mb")):
                db.run("CONFIG", "SET", name, value)
            listener.run("SUBSCRIBE", "__keyevent@0__:evicted")
            for i in range(100):
                db.run("SET", f"key:{i}", "x" * 100000)
            self.assertTrue(read(listener)[2].startswith(b"key:"))
            for name, value in (("maxmemory", "0"), ("maxmemory-policy", "noeviction"), ("notify-keyspace-events", "")):
                db.run("CONFIG", "SET", name, value)


class Replicated(FolderCase):
    def test_replicas_hear_and_the_log_does_not(self):
        os.makedirs(self.path("primary"))
        os.makedirs(self.path("replica"))
        primary = self.start({"appendonly": "yes", "appendfsync": "always"}, folder=self.path("primary"), threads=3)
        replica = self.start({"replicaof": f"{HOST} {primary.port}"}, folder=self.path("replica"), threads=2)
        wait_for(lambda: replica.info("replication").get("master_link_status") == "up", "the replica is linked")
        with primary.wire() as db, replica.wire() as listener:
            listener.run("SUBSCRIBE", "news")
            self.assertEqual(db.run("PUBLISH", "news", "one"), 0)
            self.assertEqual(read(listener), [b"message", b"news", b"one"])
            for words in (("MULTI",), ("SET", "a", "1"), ("PUBLISH", "news", "two"), ("SET", "b", "2"), ("EXEC",)):
                db.run(*words)
            self.assertEqual(read(listener), [b"message", b"news", b"two"])
            for words in (("MULTI",), ("PUBLISH", "news", "three"), ("PUBLISH", "news", "four"), ("EXEC",)):
                db.run(*words)
            self.assertEqual([read(listener)[2], read(listener)[2]], [b"three", b"four"])
            self.assertEqual(db.run("WAIT", "1", "10000"), 1)
            digest = db.run("DEBUG", "DIGEST")
        self.assertEqual(replica.ask("DEBUG", "DIGEST"), digest)
        logs = b""
        for folder, _, names in os.walk(self.path("primary", "appendonlydir")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as handle:
                    logs += handle.read()
        self.assertIn(b"MULTI", logs)
        self.assertNotIn(b"PUBLISH", logs)
        self.assertEqual(logs.count(b"MULTI"), 1)
        primary.stop()
        again = self.start({"appendonly": "yes"}, folder=self.path("primary"))
        self.assertEqual(again.ask("DEBUG", "DIGEST"), digest)


class Clustered(ClusterCase):
    def test_channels_of_a_cluster(self):
        servers = [self.node(flags={"cluster-slot-stats-enabled": "yes"}) for _ in range(6)]
        self.create(servers, 1)
        self.await_agreement(servers)
        by_id = {server.ask("CLUSTER", "MYID").decode(): server for server in servers}
        shard = {}
        for server in servers:
            role = server.ask("ROLE")
            primary = server.port if role[0] == b"master" else role[2]
            shard.setdefault(primary, []).append(server)
        self.everybody_hears(servers)
        owner = next(s for s in servers if b"myself,master" in s.ask("CLUSTER", "NODES") and self.owns(s, "chan"))
        self.only_the_shard_hears(servers, owner, shard[owner.port])
        self.counted_by_slot(owner)
        self.scanned(servers)
        self.heard_by_ioredis(servers[0])
        self.moved(owner, next(s for s in by_id.values() if s.ask("ROLE")[0] == b"master" and s is not owner), servers)

    @staticmethod
    def owns(server, key):
        reply = server.ask("SSUBSCRIBE", key)
        return not isinstance(reply, wire.ErrorReply)

    def everybody_hears(self, servers):
        listeners = [server.wire() for server in servers]
        for listener in listeners:
            listener.run("SUBSCRIBE", "news")
        for server in servers:
            self.assertEqual(server.ask("PUBLISH", "news", str(server.port)), 1)
        expected = sorted(str(server.port).encode() for server in servers)
        for listener in listeners:
            self.assertEqual(sorted(read(listener)[2] for _ in servers), expected)
            listener.close()

    def only_the_shard_hears(self, servers, owner, shard):
        with owner.wire() as publisher:
            listeners = {server: server.wire() for server in shard}
            self.assertEqual(len(shard), 2)
            for server in servers:
                reply = server.ask("SSUBSCRIBE", "chan")
                self.assertEqual(isinstance(reply, wire.ErrorReply), server not in shard, reply)
            for listener in listeners.values():
                self.assertEqual(listener.run("SSUBSCRIBE", "chan"), [b"ssubscribe", b"chan", 1])
            for i in range(20):
                self.assertEqual(publisher.run("SPUBLISH", "chan", str(i)), 1)
            for listener in listeners.values():
                self.assertEqual([read(listener) for _ in range(20)], [[b"smessage", b"chan", str(i).encode()] for i in range(20)])
                listener.close()
            self.assertIn("CROSSSLOT", str(publisher.run("SSUBSCRIBE", "chan", "other")))

    def counted_by_slot(self, owner):
        slot = str(slot_of("chan"))
        owner.ask("SET", "{chan}key", "x" * 1000)
        rows = owner.ask("CLUSTER", "SLOT-STATS", "SLOTSRANGE", slot, slot)
        flat = rows[0][1]
        stats = dict(zip(flat[::2], flat[1::2]))
        self.assertEqual(stats[b"key-count"], 1)
        self.assertGreater(stats[b"network-bytes-in"], 1000)
        self.assertGreater(stats[b"network-bytes-out"], 0)
        self.assertIn(b"cpu-usec", stats)
        most = owner.ask("CLUSTER", "SLOT-STATS", "ORDERBY", "network-bytes-in", "LIMIT", "1")
        self.assertEqual(most[0][0], int(slot))
        owner.ask("DEL", "{chan}key")

    def scanned(self, servers):
        """CLUSTERSCAN from any node, following -MOVED, finds every key."""
        db = redis.RedisCluster(HOST, servers[0].port)
        keys = {f"scan:{i}".encode() for i in range(500)}
        for key in keys:
            db.set(key, "x")
        db.close()
        by_port = {server.port: server.wire() for server in servers}

        def scan(*options):
            port, cursor, seen, calls = servers[0].port, b"0", [], 0
            while True:
                calls += 1
                reply = by_port[port].run("CLUSTERSCAN", cursor, *options)
                if isinstance(reply, wire.ErrorReply):
                    self.assertIn("MOVED", str(reply))
                    port = int(str(reply).rsplit(":", 1)[1])
                    continue
                cursor, found = reply
                seen += found
                if cursor == b"0":
                    return seen, calls
        seen, _ = scan("MATCH", "scan:*", "COUNT", "100")
        self.assertEqual(sorted(seen), sorted(keys))
        one = str(slot_of("scan:7"))
        seen, calls = scan("SLOT", one, "TYPE", "string")
        self.assertIn(b"scan:7", seen)
        self.assertLess(calls, 5)
        self.assertEqual(scan("TYPE", "list")[0], [])
        for connection in by_port.values():
            connection.close()

    def heard_by_ioredis(self, server):
        install_client()
        result = subprocess.run(["node", os.path.join(NODE, "channels.js"), str(server.port)], capture_output=True, text=True,
                                timeout=60, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual((result.stdout, result.returncode), ("ok\n", 0), result.stderr)

    def moved(self, owner, target, servers):
        """A slot that goes to another shard takes its channels along."""
        slot = str(slot_of("chan"))
        with owner.wire() as listener, owner.wire() as calm:
            listener.run("SSUBSCRIBE", "chan")
            listener.run("SSUBSCRIBE", "{chan}2")
            calm.run("SUBSCRIBE", "chan")
            target_id, owner_id = (s.ask("CLUSTER", "MYID").decode() for s in (target, owner))
            target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", owner_id)
            owner.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
            self.assertEqual(owner.ask("SPUBLISH", "chan", "still"), 1)
            self.assertEqual(read(listener), [b"smessage", b"chan", b"still"])
            for server in (target, owner):
                self.assertEqual(server.ask("CLUSTER", "SETSLOT", slot, "NODE", target_id), "OK")
            told = [read(listener), read(listener)]
            self.assertEqual(told, [[b"sunsubscribe", b"chan", 1], [b"sunsubscribe", b"{chan}2", 0]])
            self.assertEqual(listener.run("PING"), "PONG")  # it listens to nothing, and may say what it likes
            self.assertIn("MOVED", str(listener.run("SSUBSCRIBE", "chan")))
            self.assertEqual(owner.ask("PUBSUB", "SHARDCHANNELS"), [])
            self.assertEqual(owner.ask("PUBSUB", "NUMSUB", "chan"), [b"chan", 1])
        self.await_agreement(servers)
        with target.wire() as listener:
            listener.run("SSUBSCRIBE", "chan")
            self.assertEqual(target.ask("SPUBLISH", "chan", "here"), 1)
            self.assertEqual(read(listener), [b"smessage", b"chan", b"here"])

    def test_two_servers_do_not_share_a_config_file(self):
        first = self.node()
        second = Server({"cluster-enabled": "yes"}, folder=first.folder, wait=False)
        self.addCleanup(second.stop)
        self.assertEqual(second.wait_exit(), 1)
        self.assertIn("nodes.conf is already used by a different Cluster node", second.log())
        self.assertTrue(first.alive())
        again = self.again(self.killed(first))
        self.assertEqual(again.ask("PING"), "PONG")

    @staticmethod
    def killed(server):
        server.kill()
        return server

    def test_a_replica_that_comes_back_resumes(self):
        servers = [self.node(flags={"save": "3600 1"}) for _ in range(6)]
        self.create(servers, 1)
        replica = next(s for s in servers if s.ask("ROLE")[0] == b"slave")
        primary = next(s for s in servers if s.port == replica.ask("ROLE")[2])
        before = primary.info("stats")
        replica.stop()
        again = self.again(replica)
        self.await_replicas([again])
        after = primary.info("stats")
        self.assertEqual(after["sync_full"], before["sync_full"])
        self.assertEqual(int(after["sync_partial_ok"]), int(before["sync_partial_ok"]) + 1)


if __name__ == "__main__":
    unittest.main()
