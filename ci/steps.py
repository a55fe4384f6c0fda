"""Runs the steps of ci/test: says what runs, keeps its output in a log, counts what passed and failed, and times it."""

import os
import re
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

_TAIL_LINES = 60


def works(argv):
    try:
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


# Each parser: (exit code, output) -> (passed, failed). A step that says nothing countable counts as one.
def one(code, _output):
    return (1, 0) if code == 0 else (0, 1)


def ctest_counts(code, output):
    found = re.search(r"(\d+) tests? failed out of (\d+)", output)
    if not found:
        return 0, 1
    failed, total = int(found.group(1)), int(found.group(2))
    return total - failed, max(failed, 0 if code == 0 else 1)


def unittest_counts(code, output):
    ran = re.search(r"^Ran (\d+) tests?", output, re.M)
    if not ran or int(ran.group(1)) == 0:
        return 0, 1
    failed = sum(int(count) for count in re.findall(r"(?:failures|errors|unexpected successes)=(\d+)", output))
    skipped = sum(int(count) for count in re.findall(r"skipped=(\d+)", output))
    failed = max(failed, 0 if code == 0 else 1)
    return max(int(ran.group(1)) - failed - skipped, 0), failed


def simulation_counts(code, output):
    passed, failed = len(re.findall(r"^seed=.* result=pass$", output, re.M)), len(re.findall(r"^seed=.* result=FAIL", output, re.M))
    return passed, max(failed, 0 if code == 0 and passed else 1)


def plant_counts(code, output):
    """The last line is FOUND/ALL found."""
    last = re.search(r"^(\d+)/(\d+) found$", output, re.M)
    found, total = (int(last.group(1)), int(last.group(2))) if last else (0, 0)
    return found, max(total - found, 0 if code == 0 and found else 1)


def fuzz_counts(code, output):
    """A fuzzer that executed nothing has not passed."""
    executed = re.search(r"stat::number_of_executed_units: (\d+)", output)
    return (1, 0) if code == 0 and executed and int(executed.group(1)) > 100 else (0, 1)


class Run:
    def __init__(self, folder, jobs, long_run):
        self.folder, self.jobs, self.long = folder, jobs, long_run
        self.passed, self.failed, self.failures, self.times = 0, 0, [], []
        self.started = time.monotonic()
        self._stage, self._step, self._last_words = "", 0, []
        self._lock = threading.Lock()  # together() counts from several threads
        os.makedirs(folder, exist_ok=True)

    def stage(self, number, total, name, function):
        """A stage that breaks in an unforeseen way is a failure of that stage, and the next ones still run."""
        print(f"\n== {name} ({number}/{total}): {function.__doc__}", flush=True)
        self._stage, self._step, started = name, 0, time.monotonic()
        before = (self.passed, self.failed)
        try:
            function(self)
        except Exception as error:  # pylint: disable=broad-except
            self.fail(f"{name}: {type(error).__name__}: {error}")
        if (self.passed, self.failed) == before:
            self.fail(f"{name}: ran nothing")
        self.times.append((name, time.monotonic() - started, self.passed - before[0], self.failed - before[1]))

    def step(self, title, argv, parse=one, env=None, limit_s=1200, quiet=False):
        """Runs argv with its output in a log; True when nothing in it failed. quiet: counts only when it fails."""
        log = self._next_log(title)
        started = time.monotonic()
        print(f"   {title} ...", flush=True)
        code = _run_logged(argv, log, {**os.environ, **(env or {})}, limit_s)
        with open(log, encoding="utf-8", errors="replace") as handle:
            output = handle.read()
        passed, failed = parse(code, output)
        if quiet and failed == 0:
            return True
        self._count(title, passed, failed, time.monotonic() - started, output, log)
        return failed == 0

    def together(self, calls):
        """Runs calls, each a function that makes one step of a single core, as many at once as there are jobs."""
        with ThreadPoolExecutor(self.jobs) as pool:
            for done in [pool.submit(call) for call in calls]:
                done.result()

    def check(self, title, function):
        """Like step, for a function(out) -> list of problems, where out is an open text log."""
        log = self._next_log(title)
        started = time.monotonic()
        print(f"   {title} ...", flush=True)
        with open(log, "w", encoding="utf-8") as out:
            problems = function(out)
            out.write("\n".join(problems) + "\n")
        with open(log, encoding="utf-8") as handle:
            self._count(title, 0 if problems else 1, 1 if problems else 0, time.monotonic() - started, handle.read(), log)
        return not problems

    def fail(self, title):
        self.failed += 1
        self.failures.append(title)
        print(f"   FAILED: {title}", flush=True)

    def summary(self):
        """Prints what the failures said once more, the times and the count, which is the last line; returns the exit code."""
        for title, words in self._last_words:
            print(f"\n== said by {title}\n{words}")
        print("\n== times")
        for name, seconds, passed, failed in self.times:
            print(f"   {name:12} {seconds:8.1f} s  {passed} passed, {failed} failed")
        print(f"   {'all':12} {time.monotonic() - self.started:8.1f} s")
        for failure in self.failures:
            print(f"FAILED {failure}")
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0

    def _next_log(self, title):
        with self._lock:
            self._step += 1
            number = self._step
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50]
        return os.path.join(self.folder, f"{self._stage}-{number:02d}-{slug}.log")

    def _count(self, title, passed, failed, seconds, output, log):
        with self._lock:
            self._count_locked(title, passed, failed, seconds, output, log)

    def _count_locked(self, title, passed, failed, seconds, output, log):
        self.passed += passed
        self.failed += failed
        if failed == 0:
            print(f"   {title}: ok, {passed} passed, {seconds:.1f} s", flush=True)
            return
        self.failures.append(f"{self._stage}: {title} (log: {log})")
        words = "\n".join("   | " + line for line in output.splitlines()[-_TAIL_LINES:])
        self._last_words.append((title, words))
        print(words)
        print(f"   {title}: FAILED, {passed} passed, {failed} failed, {seconds:.1f} s (log: {log})", flush=True)


def _run_logged(argv, log, env, limit_s):
    """The exit code, or 124 when the step ran past its limit and was ended with all its children."""
    with open(log, "wb") as out:
        try:
            process = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env,
                                       start_new_session=True)
        except OSError as error:
            out.write(f"cannot run {argv[0]}: {error}\n".encode())
            return 127
        try:
            return process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            out.write(f"\nran past its limit of {limit_s} s\n".encode())
            return 124
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
