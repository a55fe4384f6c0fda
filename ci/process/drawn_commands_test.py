#!/usr/bin/env python3
"""norn-server answers commands of every type, drawn at random, like redis-server, and holds the same data after them."""

import os
import unittest

import drawn_commands
import harness

COUNT = 200_000 if harness.LONG else 20_000


class DrawnCommands(unittest.TestCase):
    def compare(self, seed, threads):
        lines = list(drawn_commands.lines(seed, 2000))
        self.assertGreater(len({words[0] for _, words in lines}), 80)
        found = drawn_commands.differences(seed, COUNT, threads, harness.NORN, "/usr/bin/redis-server")
        self.assertEqual(found, [], "\n".join(map(drawn_commands.describe, found)))

    @unittest.skipUnless(harness.is_norn(), "reason: norn-sim draws the lines; owner: ci")
    def test_one_thread_like_redis_server(self):
        self.compare(seed=os.getpid() if harness.LONG else 1, threads=1)

    @unittest.skipUnless(harness.is_norn(), "reason: norn-sim draws the lines; owner: ci")
    def test_three_threads_like_redis_server(self):
        self.compare(seed=2, threads=3)


if __name__ == "__main__":
    unittest.main()
