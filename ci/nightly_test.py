#!/usr/bin/env python3
"""What a night counts, and that it goes on where it was."""

import argparse
import os
import tempfile
import unittest

import nightly_run
import steps


class Counting(unittest.TestCase):
    def test_times_have_units(self):
        self.assertEqual(nightly_run.seconds_of("90s"), 90)
        self.assertEqual(nightly_run.seconds_of("1.5h"), 5400)
        self.assertRaises(argparse.ArgumentTypeError, nightly_run.seconds_of, "8")

    def test_a_campaign_counts_its_seeds(self):
        line = "120 seeds finished, {} failed in 1 groups; now 120 in 60.0 s, 2.00 seeds/s\n"
        self.assertEqual(nightly_run.campaign_counts(0, line.format(0)), (120, 0))
        self.assertEqual(nightly_run.campaign_counts(1, line.format(2)), (118, 2))
        self.assertEqual(nightly_run.campaign_counts(1, line.format(0)), (120, 1))
        self.assertEqual(nightly_run.campaign_counts(2, "norn-sim: no such file\n"), (0, 1))

    def test_a_test_binary_counts_its_tests(self):
        self.assertEqual(nightly_run.gtest_counts(0, "[  PASSED  ] 3 tests.\n"), (3, 0))
        self.assertEqual(nightly_run.gtest_counts(1, "[  PASSED  ] 3 tests.\n[  FAILED  ] 1 test\n\n 1 FAILED TEST\n"), (3, 1))
        self.assertEqual(nightly_run.gtest_counts(139, ""), (0, 1))


class GoingOn(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "done.json")

    def night(self, commit, length_s=100):
        run = steps.Run(os.path.join(self.folder.name, "logs"), 1, True)
        return nightly_run.Night(run, nightly_run.Done(self.path, commit), length_s)

    def test_a_finished_piece_is_not_done_again_until_the_commit_changes(self):
        calls = []
        def piece(night, name):
            def work():
                calls.append(name)
                night.run.passed += 2
            return name, work
        first = self.night("a")
        first.do("fuzz", [piece(first, "x"), piece(first, "y")], 1)
        again = self.night("a")
        again.do("fuzz", [piece(again, "x"), piece(again, "z")], 1)
        self.assertEqual(calls, ["x", "y", "z"])
        self.assertEqual(again.run.passed, 4)
        other = self.night("b")
        other.do("fuzz", [piece(other, "x")], 1)
        self.assertEqual(calls[-1], "x")

    def test_a_failure_of_an_earlier_session_still_counts(self):
        first = self.night("a")
        first.do("plants", [("B1", lambda: setattr(first.run, "failed", 1))], 1)
        again = self.night("a")
        again.do("plants", [("B1", lambda: self.fail("done again"))], 1)
        self.assertEqual(again.run.failed, 1)

    def test_without_time_nothing_begins(self):
        night = self.night("a", length_s=0)
        night.do("fuzz", [("x", lambda: self.fail("begun"))], 1)
        self.assertEqual(night.done.pieces, {})


if __name__ == "__main__":
    unittest.main()
