"""What norn-sim writes can be played: the plan of a seed gives the run of that seed, and a minimised failure fails alike."""

import glob
import os
import re
import subprocess

from determinism import runs

PLANNED = (("scenarios/smoke.toml", 7), ("scenarios/durability/failing_disk.toml", 5), ("scenarios/replication/roles.toml", 3))
SMALL_FAULTS_MAX = 5


def norn_sim(build, *words):
    return subprocess.run([f"build/{build}/norn-sim", *map(str, words)], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)


def check_of(text):
    """The check that the last run of `text` failed; None if it passed; "?" if there is no run."""
    results = re.findall(r"^seed=.* result=(pass|FAIL check=(\S+))$", text, re.M)
    if not results:
        return "?"
    return results[-1][1] or None


def plans_replay(out):
    problems = []
    for number, (scenario, seed) in enumerate(PLANNED):
        path = f"build/ci/plan-{number}.toml"
        planned = norn_sim("release", "plan", scenario, "--seed", seed)
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(planned.stdout)
        drawn, replayed = norn_sim("release", "run", scenario, "--seed", seed), norn_sim("release", "run", path)
        out.write(f"-- {scenario}\n{planned.stderr}{drawn.stdout}{replayed.stdout}{replayed.stderr}\n")
        if planned.stdout.count("[[plan]]") < 3:
            problems.append(f"{scenario}: seed {seed} plans hardly anything")
        if not runs(drawn.stdout) or runs(drawn.stdout) != runs(replayed.stdout):
            problems.append(f"{scenario}: seed {seed} and its plan are not the same run")
    return problems


def corpus():
    """The minimised failures, as (planted mistake, path): scenarios/regress/ID.STORY.toml."""
    return [(os.path.basename(path).split(".", maxsplit=1)[0], path) for path in sorted(glob.glob("scenarios/regress/*.toml"))]


def corpus_passes(build, out):
    """What once failed passes: each with its own seed."""
    problems = [] if corpus() else ["there is no corpus"]
    for _, path in corpus():
        played = norn_sim(build, "run", path)
        out.write(f"-- {path}\n{played.stdout}{played.stderr}")
        if played.returncode != 0:
            problems.append(f"{path} fails {check_of(played.stdout)}")
    return problems


def corpus_fails_planted(out):
    """... and fails with its mistake, by the check that its row names."""
    rows = [line.split("\t") for line in norn_sim("plants", "plants").stdout.splitlines()]
    checks = {row[0]: row[1].split(" or ") for row in rows}
    problems = []
    for plant, path in corpus():
        if plant not in checks:
            continue  # a bug that was real, and is mended
        played = norn_sim("plants", "run", path, "--plant", plant)
        out.write(f"-- {path}\n{played.stdout}{played.stderr}")
        failed = "crash" if played.returncode < 0 else check_of(played.stdout)
        if failed not in checks[plant]:
            problems.append(f"{path} fails {failed} with {plant}")
    return problems


def failure_minimises(plant, scenario, check, out):
    """Of a mistake planted in the build `plants`."""
    path = f"build/ci/small-{plant}.toml"
    found = norn_sim("plants", "run", scenario, "--seeds", "1..200", "--first-failure", "--plant", plant)
    seed = re.findall(r"^seed=(\d+) .* result=FAIL", found.stdout, re.M)
    if not seed:
        return [f"{plant} fails no seed of {scenario}"]
    small = norn_sim("plants", "minimise", scenario, "--seed", seed[0], "--plant", plant, "--out", path)
    out.write(f"-- {plant}, seed {seed[0]}\n{small.stderr}\n")
    if small.returncode != 0:
        return [f"{plant}: minimise ended with {small.returncode}"]
    with open(path, encoding="utf-8") as handle:
        text = handle.read()
    out.write(text)
    faults, problems = text.count("[[plan]]"), []
    if faults > SMALL_FAULTS_MAX:
        problems.append(f"{plant}: {faults} faults are left, more than {SMALL_FAULTS_MAX}")
    again, without = norn_sim("plants", "run", path, "--plant", plant), norn_sim("plants", "run", path)
    if check_of(again.stdout) != check:
        problems.append(f"{plant}: what is left fails {check_of(again.stdout)} instead of {check}")
    if check_of(without.stdout) is not None:
        problems.append(f"{plant}: what is left fails {check_of(without.stdout)} without the mistake")
    return problems
