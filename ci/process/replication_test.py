#!/usr/bin/env python3
"""Replication of real processes: norn as primary and as replica of norn and of redis-server, under storms and cut links."""

import os
import random
import signal
import threading
import time
import unittest

from harness import HOST, NORN, FolderCase, is_norn, wait_for
from link import Link
from replication import REDIS, ReplicationCase, full_syncs, linked, offset, partial_syncs
from storm import Storm, digest, lasting
from wire import ErrorReply, encode


class Storms(ReplicationCase):
    def test_norn_to_norn_with_other_threads(self):
        for first, second in ((1, 4), (4, 1)):
            with self.subTest(primary=first, replica=second):
                primary, replica = self.serve(threads=first), self.serve(threads=second)
                self.storms(primary, replica, newer=True)
                self.assert_same(primary, replica)
                replica.stop()
                primary.stop()

    def test_norn_to_norn_over_two_channels(self):
        flags = {"dual-channel-replication-enabled": "yes"}
        primary, replica = self.serve(flags, threads=4), self.serve(flags, threads=2)
        self.storms(primary, replica, newer=True)
        self.assert_same(primary, replica)
        self.assertIn("over a connection of its own", replica.log())

    def test_norn_to_redis_and_norn(self):
        primary, redis, norn = self.serve(threads=4), self.serve(path=REDIS), self.serve(threads=1)
        self.storms(primary, redis, norn, newer=True)
        self.assert_same(primary, redis, norn)

    def test_a_copy_through_files(self):
        flags = {"repl-diskless-sync": "no", "repl-diskless-load": "disabled"}
        primary, redis, norn = self.serve(flags, threads=4), self.serve(flags, path=REDIS), self.serve(flags, threads=2)
        self.storms(primary, redis, norn)
        self.assert_same(primary, redis, norn)
        promoted = self.serve(flags)
        self.attach(promoted, redis.port)
        self.assert_same(primary, promoted)

    def test_redis_to_norn(self):
        redis = self.serve(path=REDIS)
        replicas = [self.serve(threads=threads) for threads in (1, 4)]
        self.storms(redis, *replicas)
        self.assert_same(redis, *replicas)

    def test_a_chain(self):
        top, middle, bottom = self.serve(threads=4), self.serve(path=REDIS), self.serve(threads=2)
        upper = self.link(top)
        self.attach(middle, upper.port)
        self.attach(bottom, middle.port)
        self.storm(top)
        self.assert_same(top, middle, bottom)
        before = full_syncs(top), full_syncs(middle)
        upper.cut(broken=True)
        wait_for(lambda: not linked(middle), "the middle notices")
        self.storm(top, 500, seed=2)
        upper.mend()
        self.assert_same(top, middle, bottom)
        self.assertEqual((full_syncs(top), full_syncs(middle)), before)

    def test_with_a_log_on_both_sides(self):
        flags = {"appendonly": "yes", "appendfsync": "always"}
        primary, replica = self.serve(flags, threads=4), self.serve(flags, threads=2, name="logged")
        self.storms(primary, replica)
        self.assert_same(primary, replica)
        def all_logged():  # nobody waits for a replica's log: on a busy disk it comes later
            facts = replica.info("persistence")
            return [facts[name] for name in ("aof_rewrite_in_progress", "aof_buffer_length", "aof_pending_bio_fsync")] == ["0"] * 3
        wait_for(all_logged, "the copy and the stream are in the log")
        replica.kill()
        again = self.serve(flags, name="logged")
        self.assertEqual(lasting(again), lasting(primary))


class CutLinks(ReplicationCase):
    def cut_and_mend(self, primary, replica):
        first, second, link = self.pair(primary=primary, replica=replica, through=True)
        self.storm(first)
        full, partial = full_syncs(first), partial_syncs(first)
        for seed in (2, 3):
            link.cut(broken=True)
            wait_for(lambda: not linked(second), "the replica notices")
            self.storm(first, 300, seed=seed)
            link.mend()
            self.assert_same(first, second)
        self.assertEqual(full_syncs(first), full)
        self.assertGreaterEqual(partial_syncs(first), partial + 2)

    def test_norn_and_norn(self):
        self.cut_and_mend(NORN, NORN)

    def test_norn_and_redis(self):
        self.cut_and_mend(NORN, REDIS)

    def test_redis_and_norn(self):
        self.cut_and_mend(REDIS, NORN)

    def test_cuts_at_any_moment_of_a_storm(self):
        first, second, link = self.pair(through=True)
        storm = threading.Thread(target=self.storm, args=(first, 6000))
        storm.start()
        rng = random.Random(1)
        while storm.is_alive():
            storm.join(rng.random() * 0.2)
            link.cut()
        self.assert_same(first, second)

    def test_connections_killed_by_command(self):
        first, second = self.pair()
        self.storm(first)
        full = full_syncs(first)
        for server, kind in ((first, "REPLICA"), (second, "MASTER"), (first, "SLAVE"), (second, "PRIMARY")):
            accepted = partial_syncs(first)
            self.assertEqual(server.ask("CLIENT", "KILL", "TYPE", kind), 1, kind)
            wait_for(lambda n=accepted: partial_syncs(first) > n, "a partial resync")
            self.storm(first, 100)
        self.assert_same(first, second)
        self.assertEqual(full_syncs(first), full)

    def test_a_backlog_too_small_means_a_full_copy(self):
        first, second, link = self.pair({"repl-backlog-size": "16kb"}, through=True)
        full = full_syncs(first)
        link.cut(broken=True)
        self.storm(first, 3000)
        link.mend()
        self.assert_same(first, second)
        self.assertGreater(full_syncs(first), full)

    def test_a_replica_with_a_saved_snapshot_goes_on(self):
        for primary, replica in ((NORN, NORN), (NORN, REDIS), (REDIS, NORN)):
            with self.subTest(primary=primary, replica=replica):
                first = self.serve(path=primary)
                second = self.serve(path=replica, name="again")
                self.attach(second, first.port)
                self.storm(first, wait=1)
                self.assertIn(second.ask("SAVE"), ("OK",))
                second.stop()
                full = full_syncs(first)
                self.storm(first, 300, seed=2)
                second = self.serve({"replicaof": f"{HOST} {first.port}"}, path=replica, name="again")
                wait_for(lambda s=second: linked(s), "the link is up")
                self.assert_same(first, second)
                self.assertEqual(full_syncs(first), full)
                for server in (second, first):
                    server.stop()
                for name in os.listdir(self.path("again")):
                    os.unlink(self.path("again", name))


class Promises(ReplicationCase):
    def test_what_both_sides_say(self):
        first, second = self.pair()
        with first.wire() as wire:
            wire.run("SET", "a", "1")
            self.assertEqual(wire.run("WAIT", 1, 10_000), 1)
            self.assertEqual(wire.run("WAIT", 2, 50), 1)
            self.assertEqual(wire.run("WAITAOF", 0, 0, 50), [0, 0])
            self.assertTrue(str(wire.run("WAITAOF", 1, 0, 50)).startswith("ERR WAITAOF cannot be used when numlocal"))
        self.assertTrue(str(second.ask("SET", "a", "2")).startswith("READONLY You can't write against a read only replica"))
        self.assertEqual(second.ask("GET", "a"), b"1")
        wait_for(lambda: first.ask("ROLE")[1] == second.ask("ROLE")[4], "equal offsets")
        self.assertEqual(first.ask("ROLE"), [b"master", offset(first), [[b"127.0.0.1", b"%d" % second.port, b"%d" % offset(first)]]])
        self.assertEqual(second.ask("ROLE"), [b"slave", b"127.0.0.1", first.port, b"connected", offset(second)])
        top, low = first.info("replication"), second.info("replication")
        self.assertEqual((top["role"], top["connected_slaves"], low["role"]), ("master", "1", "slave"))
        self.assertRegex(top["slave0"], rf"^ip=127\.0\.0\.1,port={second.port},state=online,offset=\d+,lag=[01]\b")
        self.assertEqual((low["master_host"], low["master_port"], low["slave_read_only"]), (HOST, str(first.port), "1"))
        self.assertEqual(top["master_replid"], low["master_replid"])
        self.assertTrue(str(second.ask("WAIT", 1, 1)).startswith("ERR WAIT cannot be used with replica instances"))
        self.assertIn("Already connected", second.ask("REPLICAOF", HOST, first.port))
        self.assertEqual(second.ask("CONFIG", "SET", "replica-read-only", "no"), "OK")
        self.assertEqual(second.ask("SET", "local", "1"), "OK")

    def test_waitaof_counts_disks(self):
        flags = {"appendonly": "yes", "appendfsync": "everysec"}
        first, second = self.pair(flags)
        with first.wire() as wire:
            wire.run("SET", "a", "1")
            self.assertEqual(wire.run("WAITAOF", 1, 1, 20_000), [1, 1])
            second.ask("CONFIG", "SET", "appendonly", "no")
            wire.run("SET", "a", "2")
            self.assertEqual(wire.run("WAITAOF", 1, 1, 1500), [1, 0])

    def test_wait_at_redis_counts_norn(self):
        redis, norn = self.pair(primary=REDIS)
        with redis.wire() as wire:
            wire.run("SET", "a", "1")
            self.assertEqual(wire.run("WAIT", 1, 10_000), 1)
        self.assertEqual(norn.ask("GET", "a"), b"1")

    def test_too_few_replicas_refuse_writes(self):
        first, second = self.pair()
        self.assertEqual(first.ask("CONFIG", "SET", "min-replicas-to-write", "1", "min-replicas-max-lag", "2"), "OK")
        wait_for(lambda: first.ask("SET", "a", "1") == "OK", "one good replica")
        second.process.send_signal(signal.SIGSTOP)
        try:
            refusal = wait_for(lambda: isinstance(reply := first.ask("SET", "a", "2"), ErrorReply) and reply, "a replica that lags")
        finally:
            second.process.send_signal(signal.SIGCONT)
        self.assertEqual(str(refusal), "NOREPLICAS Not enough good replicas to write.")
        self.assertEqual(str(first.ask("CONFIG", "GET", "min-slaves-to-write")), str([b"min-slaves-to-write", b"1"]))
        wait_for(lambda: first.ask("SET", "a", "3") == "OK", "the replica is back")

    def test_stale_data(self):
        first, second, link = self.pair(through=True)
        first.ask("SET", "a", "1")
        wait_for(lambda: second.ask("GET", "a") == b"1", "the key")
        link.cut(broken=True)
        wait_for(lambda: not linked(second), "the replica notices")
        self.assertEqual(second.ask("GET", "a"), b"1")
        second.ask("CONFIG", "SET", "replica-serve-stale-data", "no")
        self.assertTrue(str(second.ask("GET", "a")).startswith("MASTERDOWN Link with MASTER is down"))
        self.assertIn("role:slave", second.ask("INFO", "replication").decode())
        link.mend()
        wait_for(lambda: second.ask("GET", "a") == b"1", "the link is back")

    def test_expired_keys_are_never_visible(self):
        for primary in (NORN, REDIS):
            with self.subTest(primary):
                first, second = self.pair(primary=primary)
                first.ask("DEBUG", "SET-ACTIVE-EXPIRE", "0")
                with first.wire() as writer, second.wire() as reader:
                    for n in range(30):
                        writer.run("SET", f"k{n}", "v", "PX", 20 + n)
                        writer.run("SET", "last", n)
                    self.assertEqual(writer.run("WAIT", 1, 10_000), 1)
                    until = time.time() + 0.06
                    wait_for(lambda t=until: time.time() > t, "all are past")
                    for n in range(30):
                        self.assertIsNone(reader.run("GET", f"k{n}"))
                        self.assertEqual(reader.run("EXISTS", f"k{n}"), 0)
                    self.assertEqual(reader.run("KEYS", "*"), [b"last"])
                    self.assertEqual(reader.run("DBSIZE"), 31, "only the primary deletes")
                    first.ask("DEBUG", "SET-ACTIVE-EXPIRE", "1")
                    wait_for(lambda r=reader: r.run("DBSIZE") == 1, "the primary's deletes")

    def test_passwords(self):
        for primary in (NORN, REDIS):
            with self.subTest(primary):
                first = self.serve({"requirepass": "secret"}, path=primary)
                second = self.serve({"masterauth": "wrong", "replicaof": f"{HOST} {first.port}"})
                wait_for(lambda s=second: "WRONGPASS" in s.log(), "the primary's refusal in the log")
                self.assertEqual(second.info("replication")["master_link_status"], "down")
                second.ask("CONFIG", "SET", "masterauth", "")
                wait_for(lambda s=second: "NOAUTH" in s.log(), "the primary asks for a password")
                self.assertEqual(second.ask("CONFIG", "SET", "primaryauth", "secret"), "OK")
                wait_for(lambda s=second: linked(s), "the link is up")
        redis = self.serve({"masterauth": "secret", "replicaof": f"{HOST} {self.locked().port}"}, path=REDIS)
        wait_for(lambda: linked(redis), "redis-server logs in")

    def locked(self):
        return self.serve({"requirepass": "secret"})

    def test_a_primary_that_is_not_there(self):
        replica = self.serve()
        self.assertEqual(replica.ask("REPLICAOF", HOST, 1), "OK")
        wait_for(lambda: "Error condition on connection to PRIMARY 127.0.0.1:1" in replica.log(), "the log says why")
        self.assertIn("Connection refused", replica.log())
        self.assertEqual(replica.ask("REPLICAOF", "NO", "ONE"), "OK")
        self.assertEqual(replica.ask("SET", "a", "1"), "OK")


class OldReplicas(ReplicationCase):
    """Who asks with SYNC knows no histories, as the tools and test suites that read a stream."""

    def test_sync_begins_with_the_length_of_the_copy(self):
        primary = self.serve({"repl-diskless-sync": "no"})
        primary.ask("SET", "a", "1")
        connection = primary.wire()
        self.addCleanup(connection.close)
        connection.send(b"SYNC\r\n")
        length = connection._line()[:-2]
        self.assertRegex(length, rb"^\$[0-9]+$")
        copy = connection._exactly(int(length[1:]))
        self.assertTrue(copy.startswith(b"REDIS00"), copy[:9])
        primary.ask("SET", "b", "2")
        select = encode(["SELECT", "0"])
        self.assertEqual(connection._exactly(len(select)), select)

    def test_a_reload_keeps_the_history_and_the_replicas(self):
        primary, replica = self.serve({"enable-debug-command": "yes"}), self.serve()
        self.attach(replica, primary.port)
        primary.ask("SET", "a", "1")
        before = primary.info("replication")["master_replid"]
        self.assertEqual(primary.ask("DEBUG", "RELOAD"), "OK")
        self.assertEqual(primary.info("replication")["master_replid"], before)
        primary.ask("SET", "b", "2")
        self.assertEqual(primary.ask("WAIT", 1, 5000), 1)
        self.assertEqual(replica.ask("GET", "b"), b"2")
        self.assertEqual(full_syncs(primary), 1)

    def test_a_transaction_may_change_the_role(self):
        server, other = self.serve(threads=4), self.serve()
        commands = [("MULTI",), *(("SET", f"k{i}", "1") for i in range(8)), ("REPLICAOF", HOST, other.port),
                    ("SET", "late", "1"), ("EXEC",), ("REPLICAOF", "NO", "ONE"), ("PING",)]
        with server.wire() as connection:
            heard = [connection.run(*command) for command in commands]
        self.assertEqual(heard[11][:9], ["OK"] * 9)
        self.assertIsInstance(heard[11][9], ErrorReply)
        self.assertEqual(heard[-1], "PONG")


    def test_reads_queued_before_the_role_changed_are_not_stale(self):
        server = self.serve({"replica-serve-stale-data": "no"})
        with server.wire() as connection:
            connection.run("SET", "a", "1")
            connection.run("MULTI")
            connection.run("GET", "a")
            server.ask("REPLICAOF", HOST, 1)
            heard = str(connection.run("EXEC"))
        self.assertTrue(heard.startswith("EXECABORT Transaction discarded because of: MASTERDOWN"), heard)


class ImportMode(ReplicationCase):
    def test_nothing_goes_before_the_import_ends(self):
        server = self.serve({"import-mode": "yes"}, threads=4)
        with server.wire() as source, server.wire() as client:
            self.assertEqual(source.run("CLIENT", "IMPORT-SOURCE", "ON"), "OK")
            for i in range(20):
                source.run("SET", f"k{i}", "1", "PX", 1)
            wait_for(lambda: client.run("GET", "k0") is None, "its time is over")
            self.assertEqual(client.run("DBSIZE"), 20)
            self.assertEqual(source.run("INCR", "k0"), 2)
            self.assertEqual(client.run("GET", "k0"), None)
            server.ask("CONFIG", "SET", "import-mode", "no")
            wait_for(lambda: client.run("DBSIZE") == 0, "all are deleted")


class FullMemory(ReplicationCase):
    def test_a_transaction_is_refused_as_a_whole(self):
        server = self.serve({"maxmemory-policy": "noeviction"})
        keys = [f"k{i}" for i in range(16)]  # in every shard
        with server.wire() as connection:
            for key in keys:
                connection.run("SET", key, "old")
            connection.run("MULTI")
            for key in keys:
                connection.run("SET", key, "new")
            server.ask("CONFIG", "SET", "maxmemory", 1)
            heard = str(connection.run("EXEC"))
            self.assertTrue(heard.startswith("EXECABORT Transaction discarded because of: OOM"), heard)
            connection.run("MULTI")
            self.assertTrue(str(connection.run("SET", "k0", "new")).startswith("OOM "))
            server.ask("CONFIG", "SET", "maxmemory", 0)
            self.assertTrue(str(connection.run("EXEC")).startswith("EXECABORT"))
            self.assertEqual(connection.run("MGET", *keys), [b"old"] * 16)


class Roles(ReplicationCase):
    def test_promotion_keeps_data_and_history(self):
        first, second = self.pair()
        third = self.serve()
        self.attach(third, first.port)
        self.storm(first, wait=2)
        self.assert_same(first, second, third)
        old, data = first.info("replication")["master_replid"], lasting(second)
        at = offset(second)
        self.assertEqual(second.ask("REPLICAOF", "NO", "ONE"), "OK")
        info = second.info("replication")
        self.assertEqual((info["role"], info["master_replid2"]), ("master", old))
        self.assertNotEqual(info["master_replid"], old)
        self.assertGreaterEqual(int(info["second_repl_offset"]), at + 1)
        self.assertEqual(lasting(second), data)
        first.kill()
        second.ask("SET", "after", "1")
        self.attach(third, second.port)
        self.assertEqual(full_syncs(second), 0)
        self.assertEqual(partial_syncs(second), 1)
        self.assert_same(second, third)

    def failover(self, primary, replica):
        first, second = self.pair(primary=primary, replica=replica)
        self.storm(first, wait=1)
        data = lasting(first)
        self.assertEqual(first.ask("FAILOVER", "TO", HOST, second.port, "TIMEOUT", 10_000), "OK")
        wait_for(lambda: first.info("replication")["role"] == "slave" and linked(first), "the old primary follows")
        self.assertEqual(second.info("replication")["role"], "master")
        self.assertEqual(second.ask("SET", "after", "1"), "OK")
        self.assertEqual({k: v for k, v in lasting(second).items() if k != (0, b"after")}, data)
        self.assert_same(second, first)
        self.assertEqual(full_syncs(second), 0)

    def test_failover_from_norn_to_norn(self):
        self.failover(NORN, NORN)

    def test_failover_from_norn_to_redis(self):
        self.failover(NORN, REDIS)

    def test_failover_from_redis_to_norn(self):
        self.failover(REDIS, NORN)

    def test_a_failover_that_does_not_come_about(self):
        first, second = self.pair()
        self.assertEqual(first.ask("FAILOVER", "ABORT"), ErrorReply("ERR No failover in progress."))
        self.assertTrue(str(first.ask("FAILOVER", "TO", HOST, 1)).startswith("ERR FAILOVER target HOST and PORT is not a replica"))
        self.assertIn("not", str(second.ask("FAILOVER")))
        second.process.send_signal(signal.SIGSTOP)
        try:
            first.ask("SET", "a", "1")
            self.assertEqual(first.ask("FAILOVER", "TIMEOUT", 300), "OK")
            with first.wire() as wire:
                wire.send(encode(["SET", "a", "2"]))  # waits until it is decided who executes it
                self.assertEqual(wire.read_raw(), b"+OK\r\n")
            self.assertEqual(first.info("replication")["master_failover_state"], "no-failover")
            self.assertEqual(first.ask("FAILOVER"), "OK")
            self.assertEqual(first.info("replication")["master_failover_state"], "waiting-for-sync")
            self.assertEqual(first.ask("FAILOVER"), ErrorReply("ERR FAILOVER already in progress."))
            self.assertEqual(first.ask("FAILOVER", "ABORT"), "OK")
            self.assertEqual(first.ask("SET", "a", "3"), "OK")
        finally:
            second.process.send_signal(signal.SIGCONT)
        self.assert_same(first, second)

    def test_a_primary_that_restarts_with_its_snapshot_goes_on(self):
        first = self.serve(name="primary")
        second = self.serve()
        self.attach(second, first.port)
        self.storm(first, wait=1)
        with first.wire() as wire:
            # Expires while nobody is there to tell the replica.
            wire.run("SET", "short", "1", "PX", 500)
            gone_at = time.monotonic() + 0.5
            self.assertEqual(wire.run("WAIT", 1, 10_000), 1)
            wire.send(encode(["SHUTDOWN", "SAVE"]))
            wire.read_until_closed()
        self.assertEqual(first.wait_exit(), 0)
        first.stop()
        wait_for(lambda: time.monotonic() > gone_at, "the key is past")
        again = self.serve(name="primary", port=first.port, threads=4)
        wait_for(lambda: linked(second), "the replica comes back")
        self.assertEqual((full_syncs(again), partial_syncs(again)), (0, 1), again.log())
        self.storm(again, 300, seed=2)
        self.assert_same(again, second)


if __name__ == "__main__":
    unittest.main()
