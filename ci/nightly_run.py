#!/usr/bin/env python3
"""What ci/test has no time for, in a budget of time: planted mistakes, property tests with more cases, fuzz targets, and for the
rest of the time a campaign of every story. Each piece that is finished is written down, and not done again until the commit
changes; the campaign goes on where it was. Ended at any moment, the same command continues.

Exit 0: nothing failed; 1: something did, or a mark of engine/base/cover.h was never passed (--require-cover).
"""

import argparse
import glob
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import plant_rows
import run_tests
import steps
import tree

SEEDS = "1..1000000000"
PROPERTY_CASES = 2000
PLANT_SEEDS = 1000
FUZZ_SECONDS_MIN, FUZZ_SECONDS_MAX = 10, 1800
# Of the whole time; the campaign has the rest.
SHARES = {"plants": 0.15, "properties": 0.10, "fuzz": 0.20}
_UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds_of(text):
    """90s, 30m, 8h"""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text} is no time like 90s, 30m or 8h")
    return float(match.group(1)) * _UNITS[match.group(2)]


def campaign_counts(code, output):
    """The last line that counts; what says nothing has failed."""
    last = re.findall(r"^(\d+) seeds finished, (\d+) failed", output, re.M)
    if not last:
        return 0, 1
    finished, failed = map(int, last[-1])
    return finished - failed, max(failed, 0 if code == 0 and finished else 1)


def gtest_counts(code, output):
    passed = re.search(r"^\[  PASSED  \] (\d+) tests?", output, re.M)
    failed = re.search(r"^ *(\d+) FAILED TESTS?", output, re.M)
    bad = int(failed.group(1)) if failed else 0
    return int(passed.group(1)) if passed else 0, max(bad, 0 if code == 0 and passed else 1)


class Done:
    """What is finished of one commit: {piece: [passed, failed]}."""

    def __init__(self, path, commit, fresh=False):
        self._path = path
        self.pieces = {}
        if not fresh and os.path.exists(path):
            with open(path, encoding="utf-8") as handle:
                stored = json.load(handle)
            if stored["commit"] == commit:
                self.pieces = stored["pieces"]
        self._commit = commit

    def add(self, piece, passed, failed):
        self.pieces[piece] = [passed, failed]
        with open(self._path + ".new", "w", encoding="utf-8") as handle:
            json.dump({"commit": self._commit, "pieces": self.pieces}, handle, indent=1)
        os.replace(self._path + ".new", self._path)


def present_commit():
    """Names the sources: the commit, and what differs from it."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    changes = subprocess.run(["git", "diff", "HEAD"], capture_output=True, check=True).stdout
    return head if not changes else f"{head}+{hashlib.sha256(changes).hexdigest()[:16]}"


class Night:
    def __init__(self, run, done, length_s):
        self.run, self.done, self.length_s = run, done, length_s
        self.began = time.monotonic()

    def left_s(self):
        return self.length_s - (time.monotonic() - self.began)

    def do(self, part, pieces, share):
        """Pieces are (name, function that makes steps); those that are finished or for which no time is left are left out."""
        until = time.monotonic() + min(share * self.length_s, self.left_s())
        for name, function in pieces:
            piece = f"{part} {name}"
            if piece in self.done.pieces:
                passed, failed = self.done.pieces[piece]
                self.run.passed, self.run.failed = self.run.passed + passed, self.run.failed + failed
                if failed:
                    self.run.failures.append(f"{piece} (of an earlier session)")
                continue
            if time.monotonic() >= until:
                print(f"   {piece}: left for the next time", flush=True)
                continue
            before = (self.run.passed, self.run.failed)
            function()
            self.done.add(piece, self.run.passed - before[0], self.run.failed - before[1])


def plants(night):
    if not run_tests.build(night.run, "plants", "norn-sim"):
        return
    listing = subprocess.run(["build/plants/norn-sim", "plants"], capture_output=True, text=True, check=True).stdout
    stories = [plant_rows.Story(line) for line in listing.splitlines()]
    def piece(name):
        return lambda: night.run.step(f"ci/plants --only {name}", ["ci/plants", "--only", name, "--seeds", str(PLANT_SEEDS),
                                                                   "--jobs", str(night.run.jobs)],
                                      parse=steps.plant_counts, limit_s=7200)
    night.do("plants", [(story.plant, piece(story.plant)) for story in stories], SHARES["plants"])


def properties(night):
    folders = sorted({os.path.dirname(path) for path in glob.glob("**/*_property_test.cc", recursive=True)
                      if not path.startswith("build")})
    rungs = sorted({"/".join(folder.split("/")[:2]) if folder.startswith("engine/") else folder.split("/")[0]
                    for folder in folders})
    targets = [rung.replace("/", "_") + "_test" for rung in rungs]
    if not run_tests.build(night.run, "release", *targets):
        return
    # Other cases every night; those of a failure are printed by RapidCheck, with what reproduces them.
    parameters = f"max_success={PROPERTY_CASES} seed={int(time.time())}"
    def piece(target):
        return lambda: night.run.step(f"{target}, {PROPERTY_CASES} cases a property", [f"build/release/{target}"],
                                      parse=gtest_counts, env={"RC_PARAMS": parameters}, limit_s=7200)
    night.do("properties", [(target, piece(target)) for target in targets], SHARES["properties"])


def fuzz(night):
    targets = run_tests.fuzz_targets()
    if not run_tests.build(night.run, "fuzz", *targets):
        return
    each_s = SHARES["fuzz"] * night.length_s / max(len(targets), 1)
    seconds = int(min(max(each_s, FUZZ_SECONDS_MIN), FUZZ_SECONDS_MAX))
    night.do("fuzz", [(target, lambda target=target: run_tests.fuzz(night.run, target, seconds)) for target in targets],
             SHARES["fuzz"])


def campaign(night, folder, require_cover):
    if not run_tests.build(night.run, "release", "norn-sim"):
        return
    stories = [path for path in sorted(glob.glob("scenarios/**/*.toml", recursive=True)) if path not in run_tests.OPEN]
    argv = ["build/release/norn-sim", "campaign", *stories, "--seeds", SEEDS, "--jobs", str(night.run.jobs), "--out", folder]
    # Results of another build say nothing about this one.
    probe = subprocess.run([*argv, "--for", "0.001s"], capture_output=True, text=True, check=False)
    argv += ["--fresh"] if "--fresh" in probe.stderr else []
    argv += ["--for", f"{max(night.left_s(), 1):.0f}s"] + (["--require-cover"] if require_cover else [])
    night.run.step("campaign of every story", argv, parse=campaign_counts, limit_s=night.left_s() + 3600)
    print(f"   see {folder}/index.html and {folder}/result.json", flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="ci/nightly", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--for", dest="length_s", type=seconds_of, default=8 * 3600, metavar="DURATION",
                        help="how long this session may take, builds included: 90s, 30m, 8h (default 8h)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="parallel jobs (default: the cores)")
    parser.add_argument("--out", default="build/nightly", help="the folder of what is finished, logs and results (default build/nightly)")
    parser.add_argument("--only", action="append", choices=[*SHARES, "campaign"], help="only this part (repeatable)")
    parser.add_argument("--fresh", action="store_true", help="forget what is finished")
    parser.add_argument("--require-cover", action="store_true", help="fail when a mark was never passed in the campaign")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    os.chdir(tree.ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run = steps.Run(os.path.join(arguments.out, "logs"), arguments.jobs, True)
    os.makedirs("build/ci", exist_ok=True)  # the corpus of fuzz targets is there
    night = Night(run, Done(os.path.join(arguments.out, "done.json"), present_commit(), arguments.fresh), arguments.length_s)
    parts = {
        "plants": lambda _: plants(night),
        "properties": lambda _: properties(night),
        "fuzz": lambda _: fuzz(night),
        "campaign": lambda _: campaign(night, os.path.join(arguments.out, "campaign"), arguments.require_cover),
    }
    chosen = [name for name in parts if name in (arguments.only or parts)]
    docs = {"plants": "the simulator finds every planted mistake", "properties": f"property tests with {PROPERTY_CASES} cases each",
            "fuzz": "each fuzz target from its saved corpus", "campaign": "every story, seed after seed, for the rest of the time"}
    for number, name in enumerate(chosen, 1):
        parts[name].__doc__ = docs[name]
        run.stage(number, len(chosen), name, parts[name])
    sys.exit(run.summary())


if __name__ == "__main__":
    main()
