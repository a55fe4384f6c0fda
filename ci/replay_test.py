#!/usr/bin/env python3
"""The reading of what norn-sim says."""

import unittest

import replay

RUN = "seed=3 hash=ab virtual_s=1.0 wall_s=0.1 events=5 result={}\n"


class Checks(unittest.TestCase):
    def test_the_last_run_counts(self):
        self.assertEqual(replay.check_of(RUN.format("pass") + RUN.format("FAIL check=durable_prefix")), "durable_prefix")
        self.assertIsNone(replay.check_of(RUN.format("FAIL check=x") + RUN.format("pass")))

    def test_no_run_is_not_a_pass(self):
        self.assertEqual(replay.check_of("norn-sim: no such file\n"), "?")


if __name__ == "__main__":
    unittest.main()
