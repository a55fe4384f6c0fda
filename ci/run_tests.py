#!/usr/bin/env python3
"""The stages of ci/test, in order: what each builds, runs and counts. Logs of every step stay under build/ci."""

import argparse
import functools
import glob
import os
import re
import shutil
import signal
import sys
import time

import campaigns
import determinism
import fuzz_seeds
import pages
import replay
import steps
import tree

SANITIZER_ENV = {
    "ASAN_OPTIONS": "abort_on_error=0:strict_string_checks=1:detect_stack_use_after_return=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:history_size=4",
}
SMOKE = "scenarios/smoke.toml"
# The rungs where threads meet; ThreadSanitizer has nothing to find in the others.
TSAN_RUNGS = ["engine/fiber", "engine/shard", "engine/node", "net", "server"]
# Planted mistakes whose failures are made small, with what they fail.
MINIMISED = (("B41", "scenarios/durability/aof_always.toml", "durable_prefix"),
             ("B45", "scenarios/replication/links.toml", "same_history_same_data"),
             ("B28", "scenarios/cluster/manual_failover.toml", "backed_promotions"))
# Stories that show what is not right yet, each with the reason, and so are not part of the test. They are to come back.
OPEN = {}
# What a fuzz target starts from: its corpus begins with these files.
FUZZ_SEEDS = {"scenario_file_fuzz": "scenarios/**/*.toml", "config_file_fuzz": "ci/process/conf/*.conf"}


def preset_dir(preset):
    return os.path.join("build", preset)


def build(run, preset, *targets):
    """Configures and builds; ThreadSanitizer's test discovery needs a fixed address layout while it builds."""
    fixed = ["setarch", "-R"] if preset == "tsan" and steps.works(["setarch", "-R", "true"]) else []
    run.step(f"configure {preset}", ["cmake", "--preset", preset]
             + ([] if preset == "fuzz" else ["-DNORN_TESTS=ON"]), quiet=True)
    return run.step(f"build {preset}" + (": " + " ".join(targets) if targets else ""),
                    fixed + ["ninja", "-C", preset_dir(preset), f"-j{run.jobs}", *targets], limit_s=2400)


def ctest(run, preset, *extra):
    fixed = ["setarch", "-R"] if preset == "tsan" and steps.works(["setarch", "-R", "true"]) else []
    run.step(f"ctest {preset}", fixed + ["ctest", "--test-dir", preset_dir(preset), f"-j{run.jobs}",
                                         "--output-on-failure", "--no-tests=error", *extra],
             parse=steps.ctest_counts, env=SANITIZER_ENV, limit_s=2400)


def process_tests(run, preset, pattern="*_test.py", **env):
    """Runs ci/process against the server of one build."""
    server = os.path.join(tree.ROOT, preset_dir(preset), "norn-server")
    fixed = ["setarch", "-R"] if preset == "tsan" and steps.works(["setarch", "-R", "true"]) else []
    run.step(f"real processes, {preset} server, {pattern}",
             fixed + [sys.executable, "-m", "unittest", "discover", "-v", "-s", "ci/process", "-t", "ci/process",
                      "-p", pattern],
             parse=steps.unittest_counts, limit_s=1800,
             env={**SANITIZER_ENV, "NORN_SERVER": server, "NORN_LONG": "1" if run.long else "0", **env})


def simulate(run, preset, scenario, seeds):
    run.step(f"norn-sim {scenario}, seeds {seeds}, {preset}",
             [f"{preset_dir(preset)}/norn-sim", "run", scenario, "--seeds", seeds, "--jobs", str(run.jobs)],
             parse=steps.simulation_counts, env=SANITIZER_ENV, limit_s=1800)


def stage_checks(run):
    """layers, format, sizes, tests that assert, READMEs; and the checks themselves on planted violations"""
    for name in ("house", "includes", "format", "sizes", "tests"):
        run.step(f"check {name}", [sys.executable, f"ci/check_{name}.py"])
    run.step("the checks find planted violations", [sys.executable, "-m", "unittest", "discover", "-s", "ci", "-p", "*_test.py"],
             parse=steps.unittest_counts)


def stage_release(run):
    """release build with gcc, unit tests, symbols of the libraries"""
    if build(run, "release"):
        run.step("check symbols", [sys.executable, "ci/check_symbols.py", preset_dir("release")])
        ctest(run, "release")


# Seeds of each story, by its folder: as many as all of them together play in SIMULATE_S on two cores. From 100 seeds on a run is
# of record (scenarios/README.md).
SEEDS = {"scenarios": 3, "scenarios/cluster": 100, "scenarios/durability": 200, "scenarios/replication": 200, SMOKE: 200}
LONG_SEEDS = {"scenarios": 50, "scenarios/cluster": 1000, "scenarios/durability": 2000, "scenarios/replication": 2000, SMOKE: 1000}
SIMULATE_S = 480


def seeds_of(scenario, long):
    table = LONG_SEEDS if long else SEEDS
    return table.get(scenario) or table.get(os.path.dirname(scenario)) or table["scenarios"]


def stage_simulate(run):
    """a fixed number of seeds of every scenario in virtual time; pages of runs, campaigns"""
    if not build(run, "release", "norn-sim"):
        return
    run.check("the page of a failing run opens in a browser", pages.page_opens)
    run.check("a campaign that was killed goes on", campaigns.goes_on)
    run.check("a campaign groups its failures", campaigns.failures_are_grouped)
    began, before, stories = time.monotonic(), run.passed + run.failed, 0
    for scenario in sorted(glob.glob("scenarios/**/*.toml", recursive=True)):
        if os.path.dirname(scenario) == "scenarios/regress":
            continue
        if scenario in OPEN:
            print(f"{scenario} is not played here: {OPEN[scenario]}", flush=True)
            continue
        simulate(run, "release", scenario, f"1..{seeds_of(scenario, run.long)}")
        stories += 1
    took_s = time.monotonic() - began
    print(f"   {run.passed + run.failed - before} seeds of {stories} scenarios in {took_s:.0f} s", flush=True)
    if took_s > SIMULATE_S and not run.long:
        print(f"   that is longer than the {SIMULATE_S} s that it may take: a slow or busy machine, or too many seeds", flush=True)
    run.check("the minimised failures of scenarios/regress pass", functools.partial(replay.corpus_passes, "release"))


def stage_plants(run):
    """the simulator finds every planted mistake, passes the same seeds without it, and makes the failure small"""
    if run.step("ci/plants", ["ci/plants", "--jobs", str(run.jobs)], parse=steps.plant_counts, limit_s=3600):
        for plant, scenario, check in MINIMISED:
            run.check(f"a failure of {plant} minimises", functools.partial(replay.failure_minimises, plant, scenario, check))
        run.check("the minimised failures of scenarios/regress fail with their mistakes", replay.corpus_fails_planted)


def stage_process(run):
    """the release server as a real process under real clients and tools, and beside redis-server"""
    if build(run, "release", "norn-server"):
        process_tests(run, "release")


def stage_debug(run):
    """debug build (address and undefined behaviour sanitizers), unit tests, abuse of the server, smoke seeds"""
    if build(run, "debug"):
        ctest(run, "debug")
        process_tests(run, "debug", "abuse*_test.py")
        process_tests(run, "debug", "differential_test.py")
        simulate(run, "debug", SMOKE, "1..200" if run.long else "1..10")


def stage_determinism(run):
    """equal hashes in two processes and in the release, debug and clang builds, and from a written plan"""
    if build(run, "clang", "norn-sim") and build(run, "release", "norn-sim") and build(run, "debug", "norn-sim"):
        seeds = "1..100" if run.long else "1..20"
        run.check(f"hashes of seeds {seeds} agree", lambda out: determinism.compare(SMOKE, seeds, run.jobs, out))
        run.check("the plan of a seed is its run", replay.plans_replay)


def stage_tsan(run):
    """thread sanitizer: unit tests of the rungs where threads meet, a mixed load, listeners and commands of every type on 4 threads"""
    rungs = [rung for rung in TSAN_RUNGS if glob.glob(f"{rung}/*_test.cc")]
    if build(run, "tsan", "norn-server", *[rung.replace("/", "_") + "_test" for rung in rungs]):
        ctest(run, "tsan", "-R", "^(" + "|".join(rungs) + "):")
        process_tests(run, "tsan", "mixed_load_test.py", NORN_LOAD_S="60" if run.long else "12")
        process_tests(run, "tsan", "pubsub_test.py", NORN_LOAD_S="60" if run.long else "6")
        if build(run, "release", "norn-sim"):  # which draws the commands
            process_tests(run, "tsan", "drawn_load_test.py", NORN_LOAD_S="120" if run.long else "12",
                          NORN_SIM=os.path.join(tree.ROOT, "build/release/norn-sim"))


def fuzz_targets():
    return sorted(os.path.splitext(os.path.basename(path))[0]
                  for folder in ("engine/*", "net", "scenarios", "server") for path in glob.glob(f"{folder}/*_fuzz.cc"))


def stage_fuzz(run):
    """each fuzz target for a while, from its saved corpus (clang, address sanitizer)"""
    targets = fuzz_targets()
    if not targets or not build(run, "fuzz", *targets):
        run.fail("fuzz targets exist and build")
        return
    if build(run, "release", "norn-server"):
        run.check("fuzzing of values begins with values of every type", fuzz_seeds.made)
    seconds = 600 if run.long else 10
    run.together([functools.partial(fuzz, run, target, seconds) for target in targets])


def fuzz(run, target, seconds):
    corpus = os.path.join("build", "ci", "corpus", target)
    os.makedirs(corpus, exist_ok=True)
    for seed in glob.glob(FUZZ_SEEDS.get(target, ""), recursive=True):
        shutil.copy(seed, corpus)
    binary = glob.glob(f"{preset_dir('fuzz')}/**/{target}", recursive=True)[0]
    run.step(f"{target} for {seconds} s", [binary, corpus, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
                                           "-max_len=4096", "-print_final_stats=1",
                                           f"-artifact_prefix=build/ci/{target}-"],
             parse=steps.fuzz_counts, env=SANITIZER_ENV, limit_s=seconds + 120)


STAGES = {name[len("stage_"):]: function for name, function in list(globals().items()) if name.startswith("stage_")}


def parse_arguments():
    listing = "\n".join(f"  {name:12} {stage.__doc__}" for name, stage in STAGES.items())
    parser = argparse.ArgumentParser(prog="ci/test", description="Builds and runs every test of norn.",
                                     epilog="stages:\n" + listing,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="more seeds, longer fuzzing and load")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="parallel jobs (default: the cores)")
    parser.add_argument("--only", action="append", choices=STAGES, metavar="STAGE", help="run this stage (repeatable)")
    parser.add_argument("--skip", action="append", choices=STAGES, default=[], metavar="STAGE", help="leave this stage out")
    parser.add_argument("--list", action="store_true", help="list the stages and leave")
    arguments = parser.parse_args()
    if arguments.list:
        print(listing)
        sys.exit(0)
    return arguments


def main():
    arguments = parse_arguments()
    os.chdir(tree.ROOT)
    # Ended from outside, it ends the step that runs too, instead of leaving it behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run = steps.Run("build/ci", arguments.jobs, arguments.long)
    names = [name for name in STAGES if name in (arguments.only or STAGES) and name not in arguments.skip]
    for number, name in enumerate(names, 1):
        run.stage(number, len(names), name, STAGES[name])
    sys.exit(run.summary())


if __name__ == "__main__":
    main()
