"""norn-sim campaign as a process: killed, it goes on and plays each seed once; failures are grouped, have pages and an exit code."""

import json
import os
import shutil
import signal
import subprocess
import time

import pages
import replay

FOLDER = "build/ci/campaign"
SEEDS = 6
_FIRST_SEEDS_S = 120  # until some are finished


def _arguments(*stories, seeds=SEEDS):
    return ["campaign", *stories, "--seeds", f"1..{seeds}", "--jobs", "2", "--out", FOLDER]


def _lines():
    try:
        with open(os.path.join(FOLDER, "state"), encoding="utf-8", errors="replace") as handle:
            return [line for line in handle.read().splitlines() if line.startswith("run\t")]
    except FileNotFoundError:
        return []


def _result():
    with open(os.path.join(FOLDER, "result.json"), encoding="utf-8") as handle:
        return json.load(handle)


def goes_on(out):
    """Problems, empty when a campaign that was killed in the midst ends as one that was not."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    stories = ("scenarios/smoke.toml", "scenarios/replication/roles.toml")
    began = time.monotonic()
    with subprocess.Popen(["build/release/norn-sim", *_arguments(*stories)], stdout=out, stderr=out) as process:
        while len(_lines()) < 3 and process.poll() is None and time.monotonic() - began < _FIRST_SEEDS_S:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    kept = _lines()
    again = replay.norn_sim("release", *_arguments(*stories))
    out.write(again.stdout + again.stderr)
    problems = []
    if not 3 <= len(kept) < 2 * SEEDS:
        problems.append(f"{len(kept)} seeds were finished when it was killed")
    if again.returncode != 0 or f"goes on behind {len(kept)} finished seeds" not in again.stderr:
        problems.append(f"it did not go on (exit {again.returncode})")
    seeds = [tuple(line.split("\t")[1:3]) for line in _lines()]
    if len(seeds) != 2 * SEEDS or len(set(seeds)) != len(seeds) or [line for line in kept if line not in _lines()]:
        problems.append(f"{len(seeds)} seeds are in its state, {len(set(seeds))} of them different")
    if _result()["finished"] != 2 * SEEDS or not _result()["complete"]:
        problems.append("result.json counts otherwise")
    return problems


def failures_are_grouped(out):
    """Problems, empty when seeds that fail for one cause are one group, with pages for the first of them."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    story = os.path.join(FOLDER, "story.toml")
    with open(story, "w", encoding="utf-8") as handle:
        handle.write(pages.STORY)
    done = replay.norn_sim("release", *_arguments(story, seeds=4), "--pages", 2)
    out.write(done.stdout + done.stderr)
    if done.returncode != 1:
        return [f"it ended with {done.returncode} although seeds failed"]
    groups, problems = _result()["groups"], []
    if len(groups) != 1 or groups[0]["check"] != "slots_served" or groups[0]["count"] < 2:
        problems.append(f"the groups are {[(group['check'], group['cause'], group['count']) for group in groups]}")
    linked = [run["page"] for group in groups for run in group["runs"] if run["page"]]
    if len(linked) != 2 or not all(os.path.exists(os.path.join(FOLDER, page)) for page in linked):
        problems.append(f"the pages are {linked}")
    index, complaints = pages.opened(os.path.join(FOLDER, "index.html"))
    if complaints or sorted(link.get("href") for link in index.attributes("a")) != sorted(linked):
        problems.append(f"index.html does not lead to them {complaints}")
    strict = replay.norn_sim("release", "campaign", "scenarios/idle.toml", "--seeds", "1..2", "--out", FOLDER, "--fresh", "--require-cover")
    if strict.returncode != 1:
        problems.append(f"--require-cover ended with {strict.returncode} although hardly a mark was passed")
    return problems
