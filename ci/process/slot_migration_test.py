#!/usr/bin/env python3
"""Slots move in one piece (CLUSTER MIGRATESLOTS) between real processes, under load."""

import os
import shutil
import signal
import threading
import time
import unittest

from cluster import Client, ClusterCase, Writer, me, slot_of
from harness import wait_for
from wire import ErrorReply, encode

KEYS = 20000
LAST_SLOT = 2999


def migrations(server):
    """Of CLUSTER GETSLOTMIGRATIONS, the latest first."""
    rows = [[word.decode() if isinstance(word, bytes) else word for word in row] for row in server.ask("CLUSTER", "GETSLOTMIGRATIONS")]
    return [dict(zip(row[::2], row[1::2])) for row in rows]


def held(server, last_slot=LAST_SLOT):
    with server.wire() as wire:
        return sum(wire.run("CLUSTER", "COUNTKEYSINSLOT", str(slot)) for slot in range(last_slot + 1))


def load(servers, keys):
    """Keys key:0, key:1, ... at whoever owns their slots."""
    ranges = {server: [tuple(map(int, word.split("-"))) for word in me(server).slots] for server in servers}
    for server in servers:
        with server.wire() as wire:
            mine = [i for i in range(keys) if any(a <= slot_of(f"key:{i}") <= b for a, b in ranges[server])]
            for i in mine:
                wire.run("SET", f"key:{i}", f"value {i}")


class SlotMigration(ClusterCase):
    def setUp(self):
        super().setUp()
        self.servers = [self.node(flags={"appendonly": "yes"}) for _ in range(3)]
        self.create(self.servers, 0)
        self.source, self.target = self.servers[:2]

    def migrate(self, first, last, to):
        return self.source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", str(first), str(last), "NODE", me(to).id)

    def test_slots_move_under_load_and_no_write_is_refused(self):
        load(self.servers, KEYS)
        moving = sum(1 for i in range(KEYS) if slot_of(f"key:{i}") <= LAST_SLOT)
        self.assertEqual(held(self.source), moving)
        writer = Writer(self.servers)
        writer.start()
        wait_for(lambda: len(writer.acknowledged) == len(writer.keys), "the writer is at work")
        self.assertEqual(self.migrate(0, LAST_SLOT, self.target), "OK")
        wait_for(lambda: migrations(self.source)[0]["state"] in ("success", "failed"), "the migration ends", 60)
        writer.stop()
        export, imported = migrations(self.source)[0], migrations(self.target)[0]
        self.assertEqual((export["state"], export["operation"]), ("success", "EXPORT"), export)
        self.assertEqual((imported["state"], imported["operation"]), ("success", "IMPORT"), imported)
        self.assertEqual(export["name"], imported["name"])
        self.assertEqual(export["slot_ranges"], f"0-{LAST_SLOT}")
        self.assertEqual(writer.refusals, [])
        self.assertLess(writer.longest_gap_s, 2.0)
        self.await_agreement(self.servers)
        wait_for(lambda: held(self.source) == 0, "the source has deleted its keys")
        client = Client(self.servers)
        self.addCleanup(client.close)
        for i in range(0, KEYS, 7):
            self.assertEqual(client.run(f"key:{i}", "GET", f"key:{i}"), f"value {i}".encode())
        for key, number in writer.acknowledged.items():
            self.assertGreaterEqual(int(client.run(key, "GET", key)), number)

    def test_a_target_that_dies_leaves_everything_where_it_was(self):
        load(self.servers, 2000)
        before = held(self.source)
        self.target.kill()
        self.assertEqual(self.migrate(0, LAST_SLOT, self.servers[2]), "OK")
        dead = self.source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "3000", "3001", "NODE", me(self.again(self.target)).id)
        self.assertEqual(dead, "OK")
        wait_for(lambda: all(row["state"] in ("success", "failed") for row in migrations(self.source)), "both end", 60)
        self.assertEqual(held(self.source) + held(self.servers[2]), before)

    def test_what_is_refused(self):
        other = me(self.target).id
        cases = [
            (("SLOTSRANGE", "0", "1", "NODE", "nosuch"), "Unknown node nosuch"),
            (("SLOTSRANGE", "0", "1", "NODE", me(self.source).id), "Target node can not be this node itself"),
            (("SLOTSRANGE", "16000", "16001", "NODE", other), "Slots are not served by this node."),
            (("SLOTSRANGE", "5", "1", "NODE", other), "Invalid or out of range slot"),
            (("SLOTSRANGE", "1", "1", "NODE", other, "SLOTSRANGE", "1", "1", "NODE", other), "Slot ranges in migrations overlap"),
        ]
        for words, text in cases:
            with self.assertRaises(ErrorReply) as caught:
                reply = self.source.ask("CLUSTER", "MIGRATESLOTS", *words)
                if isinstance(reply, ErrorReply):
                    raise reply
            self.assertIn(text, str(caught.exception))
        self.assertEqual(self.source.ask("CLUSTER", "CANCELSLOTMIGRATIONS", "ALL"), "OK")
        self.assertEqual(self.source.ask("CLUSTER", "GETSLOTMIGRATIONS"), [])


class WhatIsTold(ClusterCase):
    """INFO while slots move, and when they have."""

    def test_info_tells_how_far_it_is(self):
        servers = [self.node() for _ in range(3)]
        self.create(servers, 0)
        source, target = servers[:2]
        fields = [name for name in source.info("cluster") if name.startswith("slot_migrations_")]
        self.assertEqual(set(fields), {"slot_migrations_" + word for word in (
            "out", "out_slots", "out_slots_uncopied", "out_bytes_unsent", "in", "in_slots", "done", "failed", "cancelled", "bytes_sent",
            "bytes_received", "last_wait_ms", "last_error")})
        fill(source, 60000, 1000, 1000)
        self.assertEqual(source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", "999", "NODE", me(target).id), "OK")
        wait_for(lambda: int(target.info("cluster")["slot_migrations_bytes_received"]) > 0, "bytes come")
        target.process.send_signal(signal.SIGSTOP)
        self.addCleanup(target.process.send_signal, signal.SIGCONT)
        info = source.info("cluster")
        self.assertEqual((info["slot_migrations_out"], info["slot_migrations_out_slots"]), ("1", "1000"), info)
        self.assertGreater(int(info["slot_migrations_out_slots_uncopied"]), 0)
        self.assertGreater(int(info["slot_migrations_out_bytes_unsent"]), 0)
        wait_for(lambda: "slots copied" in source.log(), "the log tells how far it is")
        target.process.send_signal(signal.SIGCONT)
        wait_for(lambda: source.info("cluster")["slot_migrations_out"] == "0", "it ends", 60)
        info = source.info("cluster")
        self.assertEqual(int(info["slot_migrations_done"]) + int(info["slot_migrations_failed"]), 1, info)
        self.assertEqual(info["slot_migrations_failed"] == "1", info["slot_migrations_last_error"] != "", info)
        self.assertEqual(info["slot_migrations_out_bytes_unsent"], "0")


def fill(server, keys, slots, size):
    """So many keys of so many bytes in the slots below `slots`."""
    tags, number = {}, 0
    while len(tags) < slots:
        slot = slot_of(f"t{number}")
        if slot < slots:
            tags.setdefault(slot, f"t{number}")
        number += 1
    tags = list(tags.values())
    noise = os.urandom(size)  # not to be compressed
    pipeline(server, [("SET", f"{{{tags[i % slots]}}}:{i}", noise, "EX", "100000") for i in range(keys)])


def shown(server):
    """What a client sees that asks for no key by its name."""
    with server.wire() as wire:
        cursor, scanned = b"0", set()
        while True:
            cursor, keys = wire.run("SCAN", cursor, "COUNT", "1000")
            scanned.update(keys)
            if cursor == b"0":
                break
        random = {wire.run("RANDOMKEY") for _ in range(20)}
        keyspace = wire.run("INFO", "keyspace").decode().split("\r\n")[1]
        return {"dbsize": wire.run("DBSIZE"), "scan": len(scanned), "keys": len(wire.run("KEYS", "*")),
                "random": random <= scanned | {None}, "info": keyspace.split(",avg_ttl")[0]}


class BigSlots(ClusterCase):
    """A slot of many keys is copied in portions: others use it meanwhile, with commands that need several of its keys at once."""

    KEYS = 60000

    def test_what_many_keys_at_once_made_is_there_too(self):
        servers = [self.node() for _ in range(3)]
        self.create(servers, 0)
        source, target = servers[:2]
        tag = next(f"t{i}" for i in range(100000) if slot_of(f"t{i}") < 1000)
        slot = str(slot_of(tag))
        pipeline(source, [("SET", f"{{{tag}}}:{i}", f"value {i}") for i in range(self.KEYS)])
        pipeline(source, [("SADD", f"{{{tag}}}:set{i}", str(i)) for i in range(2000)])
        wanted, halt, waits = {}, threading.Event(), []

        def change():
            """Renames keys one by one, moves members from set to set, counts; until the slot has gone."""
            with source.wire() as wire:
                for i in range(self.KEYS):
                    if halt.is_set():
                        return
                    began = time.monotonic()
                    replies = [wire.run(*words) for words in (
                        ("RENAME", f"{{{tag}}}:{i}", f"{{{tag}}}:new{i}"),
                        ("SMOVE", f"{{{tag}}}:set{i % 2000}", f"{{{tag}}}:all", str(i)),
                        ("APPEND", f"{{{tag}}}:new{i // 2}", "."),
                        ("INCR", f"{{{tag}}}:count"))]
                    waits.append(time.monotonic() - began)
                    if any(isinstance(reply, ErrorReply) for reply in replies):
                        return
                    wanted[i] = replies

        thread = threading.Thread(target=change)
        thread.start()
        self.assertEqual(source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", me(target).id), "OK")
        wait_for(lambda: migrations(source)[0]["state"] in ("success", "failed"), "the migration ends", 60)
        halt.set()
        thread.join()
        self.assertEqual(migrations(source)[0]["state"], "success", migrations(source)[0])
        self.assertGreater(len(wanted), 100, "something was changed on the way")
        self.assertLess(max(waits), 2.0)
        with target.wire() as wire:
            self.assertGreaterEqual(int(wire.run("GET", f"{{{tag}}}:count")), len(wanted))
            for i in wanted:
                text = wire.run("GET", f"{{{tag}}}:new{i}")
                self.assertIsNotNone(text, f"{i} of {len(wanted)}")
                self.assertEqual(text.rstrip(b"."), f"value {i}".encode())
                self.assertIsNone(wire.run("GET", f"{{{tag}}}:{i}"))
            moved = min(len(wanted), 2000)
            self.assertLessEqual({str(i).encode() for i in range(moved)}, set(wire.run("SMEMBERS", f"{{{tag}}}:all")))
            for i in range(len(wanted) + 2, self.KEYS, 7):
                self.assertEqual(wire.run("GET", f"{{{tag}}}:{i}"), f"value {i}".encode())
        wait_for(lambda: source.ask("CLUSTER", "COUNTKEYSINSLOT", slot) == 0, "the source has deleted its keys")


def pipeline(server, commands):
    with server.wire() as wire:
        for at in range(0, len(commands), 500):
            some = commands[at:at + 500]
            wire.send(b"".join(map(encode, some)))
            for _ in some:
                wire.read_raw()


class HiddenKeys(ClusterCase):
    """Keys that have come to the target's shard are seen nowhere in it before their slots have."""

    def setUp(self):
        super().setUp()
        self.flags = {"cluster-node-timeout": "15000", "appendonly": "yes"}
        self.servers = [self.node(flags=self.flags) for _ in range(6)]
        self.create(self.servers, 1)
        self.source, self.target = self.servers[:2]
        target = me(self.target).id
        self.replica = next(server for server in self.servers[3:] if me(server).primary == target)

    def held_at(self, server):
        with server.wire() as wire:
            return sum(wire.run("CLUSTER", "COUNTKEYSINSLOT", str(slot)) for slot in range(0, 1000, 37))

    def stop_in_the_middle(self, count):
        """The source is stopped when some of the keys have come."""
        fill(self.source, count, 1000, 1000)
        key = next(f"own:{i}" for i in range(10000) if 5500 <= slot_of(f"own:{i}") < 10900)
        self.target.ask("SET", key, "1")
        self.assertEqual(self.source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", "999", "NODE", me(self.target).id), "OK")
        wait_for(lambda: int(self.target.info("cluster")["slot_migrations_bytes_received"]) > 5_000_000, "bytes come")
        self.source.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.source.process.send_signal, signal.SIGCONT)
        self.assertEqual(self.target.info("cluster")["slot_migrations_in"], "1")
        wait_for(lambda: self.held_at(self.replica) == self.held_at(self.target) > 0, "the replica has what came")

    def assert_hidden(self, server):
        """But for one key of the server's own slots, where that has come already."""
        seen = shown(server)
        none = {"dbsize": 0, "scan": 0, "keys": 0, "random": True, "info": ""}
        one = {"dbsize": 1, "scan": 1, "keys": 1, "random": True, "info": "db0:keys=1,expires=0"}
        self.assertIn(seen, (none, one) if server is self.replica else (one,))

    def new_life(self, loses):
        """The replica ends, loses some of its files, and comes back in the middle of the move."""
        self.replica.kill()
        for name in filter(loses, os.listdir(self.replica.folder)):
            path = os.path.join(self.replica.folder, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        self.replica = self.node(flags=self.flags, folder=self.replica.folder, port=self.replica.port)
        self.assert_hidden(self.replica)
        wait_for(lambda: self.replica.info("replication")["master_link_status"] == "up", "the replica is back")
        self.assertGreater(self.held_at(self.replica), 0)
        self.assert_hidden(self.replica)

    def test_at_the_target_and_its_replica_whatever_becomes_of_it(self):
        self.stop_in_the_middle(40000)
        self.assert_hidden(self.target)
        self.assert_hidden(self.replica)
        copies = int(self.target.info("stats")["sync_full"])
        self.new_life(lambda name: False)  # reads the keys from its own disk
        self.new_life(lambda name: name.startswith("appendonly") or name.endswith(".rdb"))  # is sent a copy
        self.assertGreater(int(self.target.info("stats")["sync_full"]), copies)
        # It goes on, or it is dropped: the shard's members agree.
        self.source.process.send_signal(signal.SIGCONT)
        wait_for(lambda: self.target.info("cluster")["slot_migrations_in"] == "0", "it ends", 60)
        done = self.target.info("cluster")["slot_migrations_done"] == "1"
        wait_for(lambda: shown(self.target)["dbsize"] == (40001 if done else 1), "they are there, or gone", 60)
        wait_for(lambda: shown(self.replica) == shown(self.target), "the replica shows the same")

    def test_a_move_that_succeeds_shows_them_at_both(self):
        fill(self.source, 5000, 1000, 100)
        self.assertEqual(self.source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", "999", "NODE", me(self.target).id), "OK")
        wait_for(lambda: migrations(self.source)[0]["state"] == "success", "the move ends", 60)
        self.assertEqual(shown(self.target)["dbsize"], 5000)
        wait_for(lambda: shown(self.replica)["dbsize"] == 5000, "the replica shows them")
        self.assertEqual(shown(self.replica)["info"].split(",")[1], "expires=5000")
        wait_for(lambda: shown(self.source)["dbsize"] == 0, "the source has none")


def unlock(server, *credentials):
    """From now on whoever asks the server logs in."""
    plain = server.wire

    def wire(deadline_s=20):
        opened = plain(deadline_s)
        reply = opened.run("AUTH", *credentials)
        if isinstance(reply, ErrorReply):
            raise reply
        return opened
    server.wire = wire


class Passwords(ClusterCase):
    def setUp(self):
        super().setUp()
        self.servers = [self.node() for _ in range(6)]
        self.create(self.servers, 1)
        self.source, self.target = self.servers[:2]
        load(self.servers[:3], 2000)
        self.moving = held(self.source)

    def everywhere(self, *words):
        for server in self.servers:
            self.assertEqual(server.ask(*words), "OK")

    def migrate(self, source, target):
        """How it ended, at the source."""
        self.assertEqual(source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", str(LAST_SLOT), "NODE", me(target).id), "OK")
        wait_for(lambda: migrations(source)[0]["state"] in ("success", "failed"), "the migration ends", 60)
        return migrations(source)[0]

    def assert_moved(self, row):
        self.assertEqual(row["state"], "success", row)
        wait_for(lambda: held(self.source) == 0, "the source has deleted its keys")
        self.assertEqual(held(self.target), self.moving)
        self.await_agreement(self.servers)
        self.await_replicas(self.servers)

    def test_one_password_for_all(self):
        self.everywhere("CONFIG", "SET", "primaryauth", "secret", "requirepass", "secret")
        for server in self.servers:
            unlock(server, "secret")
        self.assert_moved(self.migrate(self.source, self.target))

    def test_a_user_by_name(self):
        self.everywhere("CONFIG", "SET", "primaryuser", "default", "primaryauth", "secret", "requirepass", "secret")
        for server in self.servers:
            unlock(server, "default", "secret")
        self.assert_moved(self.migrate(self.source, self.target))

    def test_without_it_or_with_a_wrong_one_nothing_moves(self):
        self.target.ask("CONFIG", "SET", "requirepass", "secret")
        unlock(self.target, "secret")
        row = self.migrate(self.source, self.target)
        self.assertEqual(row["state"], "failed")
        self.assertIn("NOAUTH", row["message"])
        self.source.ask("CONFIG", "SET", "primaryauth", "wrong")
        row = self.migrate(self.source, self.target)
        self.assertEqual(row["state"], "failed")
        self.assertIn("AUTH: WRONGPASS", row["message"])
        self.assertIn("WRONGPASS", self.source.info("cluster")["slot_migrations_last_error"])
        self.assertIn("primaryauth", self.source.log())
        self.assertEqual(held(self.source), self.moving)
        self.assertEqual(held(self.target), 0)
        self.source.ask("CONFIG", "SET", "primaryauth", "secret")
        self.assertEqual(self.migrate(self.source, self.target)["state"], "success")


if __name__ == "__main__":
    unittest.main()
