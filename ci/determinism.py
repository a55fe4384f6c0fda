"""A seed is the same run everywhere: compares what norn-sim prints in two processes and in builds of both compilers."""

import re
import subprocess

BUILDS = ("release", "release", "debug", "clang")
_LINE = re.compile(r"^seed=(\d+) (.*?) wall_s=\S+ (.*)$")


def runs(text):
    """{seed: everything a run printed but its wall time}"""
    found = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            found[int(match.group(1))] = f"{match.group(2)} {match.group(3)}"
    return found


def first_difference(left, right):
    """The smallest seed on which two sets of runs disagree, a run that is missing included; None when they agree."""
    for seed in sorted(set(left) | set(right)):
        if left.get(seed) != right.get(seed):
            return seed
    return None


def compare(scenario, seeds, jobs, out):
    """Problems, empty when every build gives the same runs. The first differing event of both sides goes to `out`."""
    low, high = (int(bound) for bound in seeds.split(".."))
    reference, problems = None, []
    for index, build in enumerate(BUILDS):
        result = subprocess.run([f"build/{build}/norn-sim", "run", scenario, "--seeds", seeds, "--jobs", str(jobs)],
                                capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        out.write(f"-- {build}, process {index}\n{result.stdout}{result.stderr}\n")
        found = runs(result.stdout)
        if sorted(found) != list(range(low, high + 1)):
            problems.append(f"{build}: {len(found)} runs instead of {high - low + 1} (exit {result.returncode})")
            continue
        if reference is None:
            reference = found
        seed = first_difference(reference, found)
        if seed is not None:
            problems.append(f"seed {seed} differs between {BUILDS[0]} and {build} (process {index}):\n"
                            f"  {reference.get(seed)}\n  {found.get(seed)}")
            out.write(_differing_event(scenario, seed, build))
    return problems


def _differing_event(scenario, seed, build):
    traces = []
    for side, name in (("a", BUILDS[0]), ("b", build)):
        trace = f"build/ci/determinism-{seed}-{side}.trace"
        subprocess.run([f"build/{name}/norn-sim", "run", scenario, "--seed", str(seed), "--trace", trace],
                       capture_output=True, check=False, stdin=subprocess.DEVNULL)
        traces.append(trace)
    diff = subprocess.run([f"build/{BUILDS[0]}/norn-sim", "diff", *traces], capture_output=True, text=True, check=False)
    return f"first differing event of seed {seed}:\n{diff.stdout}{diff.stderr}\n"
