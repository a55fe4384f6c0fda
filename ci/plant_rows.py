#!/usr/bin/env python3
"""Every planted mistake (engine/base/plant.h) against its scenario: found by the check that it is for, within the seeds
allowed, while the same engine without the mistake passes the same seeds. Prints a line a mistake: id, check that caught
it, seeds needed, CPU time; the last line is `N/N found`. Exit 0: all found; 1: one missed, or failing without a mistake.
"""

import argparse
import os
import re
import resource
import subprocess
import sys

import tree

_LINE = re.compile(r"^seed=(\d+) .* result=(pass|FAIL check=(\S+))$")


class Story:
    """A line of `norn-sim plants`."""

    def __init__(self, line):
        self.plant, self.checks, self.scenario, first, self.summary = line.split("\t")
        self.first_seed = int(first)
        self.scenario = "" if self.scenario == "-" else self.scenario


class Verdict:
    def __init__(self, found, text):
        self.found, self.text = found, text


def play(simulator, scenario, seeds, jobs, plant=None):
    """Plays the seeds FIRST..LAST until one fails: (its seed or None, its check, CPU seconds, complaint or "")."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = scenario.split() if scenario.startswith("failover ") else ["run", scenario, "--jobs", str(jobs)]
    argv = [simulator, *words, "--seeds", seeds, "--first-failure"]
    done = subprocess.run(argv + (["--plant", plant] if plant else []), capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (*first_failure(done.stdout), cpu_s, done.stderr.strip() if done.returncode == 2 else "")


def first_failure(output):
    """(seed, check) of the first line that failed, or (None, None)."""
    for line in output.splitlines():
        match = _LINE.match(line)
        if match and match.group(3):
            return int(match.group(1)), match.group(3)
    return None, None


def judge(story, player, seeds):
    """`player(plant or None, first, last)` plays; the plant is found when its check fails and nothing fails without it."""
    seed, check, cpu_s, complaint = player(story.plant, story.first_seed, story.first_seed + seeds - 1)
    if complaint:
        return Verdict(False, f"MISSED: {complaint.splitlines()[-1]}")
    if seed is None:
        return Verdict(False, f"MISSED: {story.checks} passed {seeds} seeds, {cpu_s:.1f} s CPU")
    if check not in story.checks.split(" or "):
        return Verdict(False, f"MISSED: {check} failed in seed {seed} instead of {story.checks}")
    healthy_seed, healthy_check, _, complaint = player(None, story.first_seed, seed)
    if healthy_seed is not None or complaint:
        return Verdict(False, f"seed {healthy_seed} fails {healthy_check} without the mistake {complaint}".rstrip())
    return Verdict(True, f"{check:<24} seed {seed:>4} of {story.first_seed}..  {cpu_s:7.1f} s CPU")


def simulator_of(jobs):
    """Builds and names norn-sim of the preset."""
    for argv in (["cmake", "--preset", "plants"], ["ninja", "-C", "build/plants", f"-j{jobs}", "norn-sim"]):
        built = subprocess.run(argv, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            sys.exit(f"{' '.join(argv)}:\n{built.stdout}{built.stderr}")
    return "build/plants/norn-sim"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="ci/plants", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=500, help="within how many seeds a mistake must be found (default 500)")
    parser.add_argument("--all", action="store_true", help="begin with seed 1, and not where the row says")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="parallel jobs (default: the cores)")
    parser.add_argument("--only", action="append", metavar="ID", help="try this mistake (repeatable)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    os.chdir(tree.ROOT)
    simulator = simulator_of(arguments.jobs)
    listing = subprocess.run([simulator, "plants"], capture_output=True, text=True, check=True).stdout
    stories = [Story(line) for line in listing.splitlines()]
    unknown = set(arguments.only or []) - {story.plant for story in stories}
    if unknown:
        sys.exit(f"ci/plants: no such mistake: {', '.join(sorted(unknown))}")
    stories = [story for story in stories if not arguments.only or story.plant in arguments.only]
    for story in stories:
        if not story.scenario:
            print(f"{story.plant:<11} no scenario tells its story yet", flush=True)
    stories = [story for story in stories if story.scenario]
    found = 0
    for story in stories:
        if arguments.all:
            story.first_seed = 1

        def player(plant, first, last, story=story):
            return play(simulator, story.scenario, f"{first}..{last}", arguments.jobs, plant)
        verdict = judge(story, player, arguments.seeds)
        found += verdict.found
        print(f"{story.plant:<11} {verdict.text}", flush=True)
    print(f"{found}/{len(stories)} found", flush=True)
    sys.exit(0 if found == len(stories) else 1)


if __name__ == "__main__":
    main()
