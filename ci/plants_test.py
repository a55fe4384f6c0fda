"""ci/plants calls a mistake found only when the right check fails with it and nothing fails without it."""

import unittest

import plant_rows

STORY = plant_rows.Story("B63\tdurable_prefix\tscenarios/durability/aof_tail.toml\t5\ta cut in MULTI")


def verdict(with_plant, without=(None, None, 1.0, "")):
    return plant_rows.judge(STORY, lambda plant, first, last: with_plant if plant else without, 500)


class JudgeTest(unittest.TestCase):
    def test_found(self):
        result = verdict((17, "durable_prefix", 2.5, ""))
        self.assertTrue(result.found)
        self.assertRegex(result.text, r"durable_prefix +seed +17 of 5\.\. +2\.5 s CPU")

    def test_missed(self):
        self.assertFalse(verdict((None, None, 9.0, "")).found)
        self.assertFalse(verdict((17, "connection", 9.0, "")).found)
        self.assertFalse(verdict((None, None, 0.0, "norn-sim: no such file")).found)

    def test_failing_without_the_mistake_is_not_found(self):
        self.assertFalse(verdict((17, "durable_prefix", 2.5, ""), (3, "durable_prefix", 1.0, "")).found)

    def test_a_story_without_scenario_is_known(self):
        self.assertEqual(plant_rows.Story("B42\tdurable_prefix\t-\t1\tnot told yet").scenario, "")

    def test_begins_where_the_row_says(self):
        asked = []

        def player(plant, first, last):
            asked.append((plant, first, last))
            return (17, "durable_prefix", 2.5, "") if plant else (None, None, 1.0, "")
        plant_rows.judge(STORY, player, 500)
        self.assertEqual(asked, [("B63", 5, 504), (None, 5, 17)])

    def test_reads_the_first_failing_line(self):
        text = "seed=1 hash=0 virtual_s=1.0 result=pass\nseed=2 hash=0 virtual_s=1.0 result=FAIL check=start\n"
        self.assertEqual(plant_rows.first_failure(text), (2, "start"))
        self.assertEqual(plant_rows.first_failure(text.splitlines()[0]), (None, None))


if __name__ == "__main__":
    unittest.main()
