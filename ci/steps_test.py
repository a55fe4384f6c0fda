#!/usr/bin/env python3
"""The counting of ci/test: a broken step is never counted as passed, and builds that disagree are found."""

import contextlib
import io
import sys
import tempfile
import unittest

import determinism
import steps

LINE = "seed={} hash={} virtual_s=60.0 wall_s={} events=812345 result=pass\n"


class Counting(unittest.TestCase):
    def test_ctest(self):
        self.assertEqual(steps.ctest_counts(0, "100% tests passed, 0 tests failed out of 12\n"), (12, 0))
        self.assertEqual(steps.ctest_counts(8, "92% tests passed, 1 tests failed out of 12\n"), (11, 1))
        self.assertEqual(steps.ctest_counts(0, "No tests were found!!!\n"), (0, 1))
        self.assertEqual(steps.ctest_counts(124, "100% tests passed, 0 tests failed out of 12\n")[1], 1)

    def test_unittest(self):
        self.assertEqual(steps.unittest_counts(0, "Ran 5 tests in 0.1s\n\nOK\n"), (5, 0))
        self.assertEqual(steps.unittest_counts(1, "Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n"), (2, 3))
        self.assertEqual(steps.unittest_counts(0, "Ran 5 tests in 0.1s\n\nOK (skipped=2)\n"), (3, 0))
        self.assertEqual(steps.unittest_counts(0, "Ran 0 tests in 0.0s\n\nOK\n"), (0, 1))
        self.assertEqual(steps.unittest_counts(1, "Traceback\n"), (0, 1))

    def test_simulation(self):
        passing = LINE.format(1, "ab", 0.1)
        self.assertEqual(steps.simulation_counts(0, passing * 3), (3, 0))
        self.assertEqual(steps.simulation_counts(1, passing + passing.replace("pass", "FAIL check=x")), (1, 1))
        self.assertEqual(steps.simulation_counts(0, ""), (0, 1))
        self.assertEqual(steps.simulation_counts(2, "bad file\n"), (0, 1))

    def test_plants(self):
        self.assertEqual(steps.plant_counts(0, "B63 durable_prefix 3 seeds\n1/1 found\n"), (1, 0))
        self.assertEqual(steps.plant_counts(1, "B63 MISSED: x\n2/3 found\n"), (2, 1))
        self.assertEqual(steps.plant_counts(1, "ninja: error\n"), (0, 1))

    def test_fuzz(self):
        self.assertEqual(steps.fuzz_counts(0, "stat::number_of_executed_units: 5000\n"), (1, 0))
        self.assertEqual(steps.fuzz_counts(0, "stat::number_of_executed_units: 0\n"), (0, 1))
        self.assertEqual(steps.fuzz_counts(77, "stat::number_of_executed_units: 5000\n"), (0, 1))


class Running(unittest.TestCase):
    def run_stage(self, function):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
            run = steps.Run(folder, 1, False)
            function.__doc__ = "a stage"
            run.stage(1, 1, "planted", function)
            code = run.summary()
        return code, out.getvalue().splitlines()[-1]

    def test_a_good_step_passes(self):
        self.assertEqual(self.run_stage(lambda run: run.step("x", [sys.executable, "-c", "pass"])), (0, "1 passed, 0 failed"))

    def test_a_failing_step_a_missing_program_and_a_slow_step_fail(self):
        for argv in ([sys.executable, "-c", "raise SystemExit(3)"], ["/nonexistent/program"],
                     [sys.executable, "-c", "import time; time.sleep(60)"]):
            self.assertEqual(self.run_stage(lambda run, argv=argv: run.step("x", argv, limit_s=1)), (1, "0 passed, 1 failed"))

    def test_steps_that_run_together_are_all_counted(self):
        def several(run):
            run.together([lambda code=code: run.step(f"exit {code}", [sys.executable, "-c", f"raise SystemExit({code})"])
                          for code in (0, 0, 3, 0)])
        self.assertEqual(self.run_stage(several), (1, "3 passed, 1 failed"))

    def test_a_stage_that_breaks_or_runs_nothing_fails(self):
        def broken(_run):
            raise ValueError("planted")
        self.assertEqual(self.run_stage(broken), (1, "0 passed, 1 failed"))
        self.assertEqual(self.run_stage(lambda run: None), (1, "0 passed, 1 failed"))

    def test_a_check_with_problems_fails(self):
        self.assertEqual(self.run_stage(lambda run: run.check("x", lambda out: ["planted"])), (1, "0 passed, 1 failed"))
        self.assertEqual(self.run_stage(lambda run: run.check("x", lambda out: [])), (0, "1 passed, 0 failed"))


class Determinism(unittest.TestCase):
    def test_wall_time_alone_is_no_difference(self):
        left = determinism.runs(LINE.format(1, "ab", 0.1) + LINE.format(2, "cd", 0.1))
        right = determinism.runs(LINE.format(2, "cd", 0.7) + LINE.format(1, "ab", 0.9))
        self.assertEqual(len(left), 2)
        self.assertIsNone(determinism.first_difference(left, right))

    def test_another_hash_event_count_or_a_missing_run_is(self):
        left = determinism.runs(LINE.format(1, "ab", 0.1) + LINE.format(2, "cd", 0.1))
        self.assertEqual(determinism.first_difference(left, determinism.runs(LINE.format(1, "ab", 0.1) + LINE.format(2, "ce", 0.1))), 2)
        self.assertEqual(determinism.first_difference(left, determinism.runs(LINE.format(2, "cd", 0.1))), 1)
        other = determinism.runs((LINE.format(1, "ab", 0.1) + LINE.format(2, "cd", 0.1)).replace("812345", "1"))
        self.assertEqual(determinism.first_difference(left, other), 1)


if __name__ == "__main__":
    unittest.main()
