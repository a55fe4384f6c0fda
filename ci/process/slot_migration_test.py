#!/usr/bin/env python3
"""Slots move in one piece (CLUSTER MIGRATESLOTS) between real processes, under load."""

import unittest

from cluster import Client, ClusterCase, Writer, me, slot_of
from harness import wait_for
from wire import ErrorReply

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


if __name__ == "__main__":
    unittest.main()
