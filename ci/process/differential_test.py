#!/usr/bin/env python3
"""norn-server answers like redis-server, byte for byte, on every line of the tables.

NORN_PEER names one more server to compare with (a valkey-server: it knows the commands newer than 7.0).
"""

import os
import unittest

import differential
import harness
from harness import Server

DIFFERENCES = os.path.join(differential.HERE, "differences.txt")


class Differential(unittest.TestCase):
    def compare_with(self, peer_path, threads):
        lines = differential.tables()
        kind = os.path.basename(peer_path)
        with Server(path=peer_path) as peer, Server(threads=threads) as server:
            found = list(differential.compare(lines, server, peer))
        self.assertGreater(len(lines), 1000)
        differences = differential.load_differences(DIFFERENCES, kind) if harness.is_norn() else {}
        rest, unused = differential.unexplained(found, differences)
        self.assertEqual(unused, [], f"{DIFFERENCES}: these are no longer differences; drop the lines")
        self.assertEqual(rest, [], f"{len(rest)} disagreements with {kind}\n" + "\n".join(map(differential.describe, rest[:40])))

    def test_one_thread_like_redis_server(self):
        self.compare_with("/usr/bin/redis-server", threads=1)

    def test_three_threads_like_redis_server(self):
        self.compare_with("/usr/bin/redis-server", threads=3)

    @unittest.skipUnless(os.environ.get("NORN_PEER"), "reason: no second peer on this machine; owner: ci")
    def test_like_the_second_peer(self):
        self.compare_with(os.environ["NORN_PEER"], threads=2)


if __name__ == "__main__":
    unittest.main()
