#!/usr/bin/env python3
"""Fields of hashes that expire, on real processes: erased by themselves, on replicas only when the primary says so, kept by files."""

import os
import time
import unittest

import wire
from harness import FolderCase, wait_for


def expired_fields(server):
    return int(server.info("stats")["expired_fields"])


class FieldExpiry(FolderCase):
    def test_due_fields_are_erased_and_told_of(self):
        server = self.start({"notify-keyspace-events": "KEA"})
        with server.wire() as listener:
            listener.run("SUBSCRIBE", "__keyevent@0__:hexpired")
            server.ask("HSET", "h", "stays", "1")
            server.ask("HSETEX", "h", "PX", "30", "FIELDS", "2", "a", "1", "b", "2")
            self.assertIn("keys_with_volatile_items=1", server.info("keyspace")["db0"])
            wait_for(lambda: server.ask("HLEN", "h") == 1, "the fields are erased")
            self.assertIn(b"hexpired", listener.read_raw())
        self.assertEqual(expired_fields(server), 2)
        self.assertIn("keys_with_volatile_items=0", server.info("keyspace")["db0"])

    def test_what_is_told_of_each_command(self):
        server = self.start({"notify-keyspace-events": "Egh"})
        server.ask("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        steps = [
            ("HSETEX h PX 100000 FIELDS 2 a 1 b 2", "hset hexpire"),
            ("HSETEX h KEEPTTL FIELDS 1 a 1", "hset"),
            ("HEXPIRE h 100 FIELDS 1 a", "hexpire"),
            ("HEXPIRE h 100 GT FIELDS 1 nosuch", ""),
            ("HPERSIST h FIELDS 2 a nosuch", "hpersist"),
            ("HPERSIST h FIELDS 1 a", ""),
            ("HGETEX h FIELDS 1 a", ""),
            ("HGETEX h EX 100 FIELDS 1 a", "hexpire"),
            ("HGETEX h PERSIST FIELDS 1 a", "hpersist"),
            ("HGETEX h EX 0 FIELDS 1 a", "hexpired"),
            ("HEXPIRE h 0 FIELDS 1 b", "hexpired del"),
            ("HSETEX h PXAT 1 FIELDS 1 a 1", "hset hexpire hexpired del"),
            ("HSETEX h PX 1 FIELDS 1 a 1", "hset hexpire"),
            ("HSET h a 1", "hexpired hset"),
            ("HGETDEL h FIELDS 2 a b", "hdel del"),
            ("RPUSH l 2 1", ""),
            ("SORT l STORE sorted", ""),
            ("SORT nosuch STORE sorted", "del"),
        ]
        with server.wire() as listener, server.wire() as client:
            listener.run("PSUBSCRIBE", "*")
            for line, events in steps:
                if line == "HSET h a 1":
                    wait_for(lambda: client.run("HGET", "h", "a") is None, "the field has expired")
                client.run(*line.split())
                client.run("HSET", "end", "f", "v")
                seen = []
                while not (message := wire.parse(listener.read_raw()))[3] == b"end":
                    seen.append(message[2].rpartition(b":")[2].decode())
                self.assertEqual(" ".join(seen), events, line)

    def test_the_key_goes_with_its_last_field(self):
        server = self.start(threads=3)
        for number in range(200):
            server.ask("HSETEX", f"h{number}", "PX", "20", "FIELDS", "1", "f", "v")
        wait_for(lambda: server.ask("DBSIZE") == 0, "all hashes are gone")
        self.assertEqual(expired_fields(server), 200)

    def test_without_active_expiry_fields_are_hidden_and_counted(self):
        server = self.start()
        server.ask("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        server.ask("HSETEX", "h", "PX", "1", "FIELDS", "1", "f", "v")
        wait_for(lambda: server.ask("HGET", "h", "f") is None, "the field is hidden")
        self.assertEqual(server.ask("HLEN", "h"), 1)
        self.assertEqual(server.ask("HGETALL", "h"), [])

    def test_a_replica_waits_for_its_primary(self):
        primary = self.start()
        os.mkdir(self.path("replica"))
        replica = self.start({"replicaof": f"127.0.0.1 {primary.port}"}, folder=self.path("replica"))
        wait_for(lambda: replica.info("replication").get("master_link_status") == "up", "the link is up")
        primary.ask("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        primary.ask("HSET", "h", "stays", "1")
        primary.ask("HSETEX", "h", "PX", "20", "FIELDS", "1", "f", "v")
        wait_for(lambda: replica.ask("HLEN", "h") == 2, "the replica has the hash")
        wait_for(lambda: replica.ask("HGET", "h", "f") is None, "the replica hides the field")
        time.sleep(0.3)
        self.assertEqual(replica.ask("HLEN", "h"), 2)
        primary.ask("DEBUG", "SET-ACTIVE-EXPIRE", "1")
        wait_for(lambda: replica.ask("HLEN", "h") == 1, "the replica erases the field")
        self.assertEqual(expired_fields(replica), 0)
        self.assertEqual(primary.ask("DEBUG", "DIGEST"), replica.ask("DEBUG", "DIGEST"))

    def test_deadlines_survive_snapshots_logs_and_their_rewriting(self):
        flags = {"appendonly": "yes", "appendfsync": "always"}
        server = self.start(flags)
        server.ask("HSET", "h", "stays", "1", "kept", "2")
        server.ask("HPEXPIREAT", "h", "4102444800000", "FIELDS", "1", "kept")
        for restart in ("SAVE", "REWRITE", "RESTART"):
            if restart == "REWRITE":
                server.ask("BGREWRITEAOF")
                wait_for(lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0", "the log is rewritten")
            if restart == "SAVE":
                server.ask("DEBUG", "RELOAD")
            else:
                server.stop()
                server = self.start(flags)
            self.assertEqual(server.ask("HPEXPIRETIME", "h", "FIELDS", "2", "stays", "kept"), [-1, 4102444800000], restart)
            self.assertIn("keys_with_volatile_items=1", server.info("keyspace")["db0"])


if __name__ == "__main__":
    unittest.main()
