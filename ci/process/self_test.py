#!/usr/bin/env python3
"""The tools of this folder find what is planted: differing replies, expectations not met, RESP that is none."""

import os
import shutil
import tempfile
import unittest

import differential
import wire
from harness import Server

REDIS = "/usr/bin/redis-server"


class Tables(unittest.TestCase):
    def test_words(self):
        self.assertEqual(differential.split_words(r'SET "a b" "\x00\r\n\"" c'), [b"SET", b"a b", b'\x00\r\n"', b"c"])
        self.assertEqual(differential.split_words('GET ""'), [b"GET", b""])
        with self.assertRaises(ValueError):
            differential.split_words('GET "open')

    def test_options_and_sections(self):
        lines = differential.parse_table("t", "== one {since:8.1}\n{as:2} GET k => nil\n== two\nPING\n# no\n")
        self.assertEqual([(l.section, l.options, l.args, l.expected) for l in lines],
                         [("one", {"since": "8.1", "as": "2"}, [b"GET", b"k"], "nil"), ("two", {}, [b"PING"], None)])
        with self.assertRaises(ValueError):
            differential.parse_table("t", "== one\n{bogus} GET k\n")

    def test_every_line_of_a_newer_level_has_an_expectation(self):
        loose = {"any", "near", "shape"}
        missing = [f"{l.table}:{l.number}" for l in differential.tables()
                   if "since" in l.options and l.expected is None and not loose & set(l.options)]
        self.assertEqual(missing, [])


class Sameness(unittest.TestCase):
    def test_exact_by_default(self):
        self.assertTrue(differential.same(b":1\r\n", b":1\r\n", {}))
        self.assertFalse(differential.same(b":1\r\n", b":2\r\n", {}))
        self.assertFalse(differential.same(b"$-1\r\n", b"_\r\n", {}))

    def test_near_sorted_and_shape(self):
        self.assertTrue(differential.same(b":100\r\n", b":99\r\n", {"near": "1"}))
        self.assertFalse(differential.same(b":100\r\n", b":98\r\n", {"near": "1"}))
        self.assertFalse(differential.same(b":100\r\n", b"-ERR x\r\n", {"near": "1"}))
        self.assertTrue(differential.same(b"*2\r\n:1\r\n:2\r\n", b"*2\r\n:2\r\n:1\r\n", {"sorted": ""}))
        self.assertFalse(differential.same(b"*2\r\n:1\r\n:2\r\n", b"*2\r\n:2\r\n:2\r\n", {"sorted": ""}))
        self.assertTrue(differential.same(b"$1\r\na\r\n", b"$2\r\nbc\r\n", {"shape": ""}))
        self.assertFalse(differential.same(b"$1\r\na\r\n", b":1\r\n", {"shape": ""}))
        self.assertFalse(differential.same(b"!closed", b"+OK\r\n", {"shape": ""}))


class PlantedDifferences(unittest.TestCase):
    """redis-server against itself with one setting changed."""

    def compare(self, table, **flags):
        lines = differential.parse_table("planted", table)
        with Server(flags, path=REDIS) as server, Server(path=REDIS) as peer:
            return list(differential.compare(lines, server, peer))

    def test_equal_servers_agree(self):
        self.assertEqual(self.compare("== s\nCONFIG GET maxclients\nSET k v\nGET k\n"), [])

    def test_a_differing_reply_is_found_in_both_protocols(self):
        found = self.compare("== s\nPING\nCONFIG GET maxmemory\n", maxmemory="1gb")
        self.assertEqual([(line.number, protocol) for line, protocol, _, _ in found], [(3, 2), (3, 3)])
        text = differential.describe(found[0])
        self.assertIn("CONFIG GET maxmemory", text)

    def test_an_expectation_that_is_not_met_is_found(self):
        self.assertEqual(len(self.compare("== s\nECHO a => \"b\"\n")), 2)
        self.assertEqual(self.compare("== s\nECHO a => \"a\"\n"), [])

    def test_the_list_of_differences_explains_and_shrinks(self):
        found = self.compare("== s\nCONFIG GET maxmemory\n", maxmemory="1gb")
        rest, unused = differential.unexplained(found, {("planted/s", "CONFIG GET maxmemory"): "planted", ("planted/s", "PING"): "x"})
        self.assertEqual((rest, unused), ([], [("planted/s", "PING")]))
        self.assertEqual(len(differential.unexplained(found, {})[0]), 2)

    def test_the_list_needs_reasons(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "differences.txt")
        with open(path, "w", encoding="utf-8") as out:
            out.write("redis-server | a/b | GET k |  \n")
        with self.assertRaises(ValueError):
            differential.load_differences(path, "redis-server")


class Resp(unittest.TestCase):
    def test_values(self):
        for raw, shown in ((b"+OK\r\n", "OK"), (b":-3\r\n", "-3"), (b"$-1\r\n", "nil"), (b"_\r\n", "nil"), (b"#t\r\n", "true"),
                           (b"*2\r\n$1\r\na\r\n*0\r\n", '["a", []]'), (b"%1\r\n+k\r\n:1\r\n", "[k, 1]"), (b",1.5\r\n", "1.5"),
                           (b"=6\r\ntxt:ab\r\n", '"txt:ab"'), (b"-ERR x\r\n", "(error) ERR x"), (b"*-1\r\n", "nil")):
            self.assertEqual(wire.render(wire.parse(raw)), shown)

    def test_bytes_after_a_reply_are_an_error(self):
        with self.assertRaises(wire.WireError):
            wire.parse(b"+OK\r\n+MORE\r\n")


if __name__ == "__main__":
    unittest.main()
