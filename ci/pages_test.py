#!/usr/bin/env python3
"""The reading of a page, and what counts as a problem in one."""

import unittest

import pages

PAGE = """<body data-ready="yes"><h1 id="story">a &lt;b&gt;</h1><meta charset="utf-8"><svg><g class="lane" data-node="node0"></g>
<g class="lane" data-node="node1"></g><path class="grant"></path></svg></body>"""


class Reading(unittest.TestCase):
    def test_lanes_texts_and_arrows_are_found(self):
        document = pages.Document(PAGE)
        self.assertEqual(document.lanes(), ["node0", "node1"])
        self.assertEqual(document.text["story"], "a <b>")
        self.assertEqual(len(document.attributes("path", "grant")), 1)

    def test_a_good_page_has_no_problems(self):
        self.assertEqual(pages.problems_of(pages.Document(PAGE), [], ["node0", "node1"]), [])

    def test_a_missing_lane_a_dead_script_and_a_complaint_are_problems(self):
        self.assertEqual(len(pages.problems_of(pages.Document(PAGE), [], ["node0"])), 1)
        self.assertEqual(len(pages.problems_of(pages.Document(PAGE.replace("yes", "no")), [], ["node0", "node1"])), 1)
        self.assertEqual(len(pages.problems_of(pages.Document(PAGE), ["CONSOLE x"], ["node0", "node1"])), 1)


if __name__ == "__main__":
    unittest.main()
