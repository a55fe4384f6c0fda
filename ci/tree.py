"""What the checks share: the files of the house, C++ text without comments and strings, and one way to report."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def files(root, suffixes):
    """Paths relative to root of everything git would carry (tracked or new, not ignored), sorted."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                            check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(path for path in set(listed)
                  if path.endswith(suffixes) and os.path.isfile(os.path.join(root, path)))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as handle:
        return handle.read()


_BLANKABLE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^()\\ ]{0,16})\(.*?\)\1"'
    r'|"(?:[^"\\\n]|\\.)*"|(?<![0-9A-Za-z_])\'(?:[^\'\\\n]|\\.)*\'', re.S)


def code_only(text):
    """C++ with comments and the insides of literals blanked; every character keeps its line and column."""
    def blank(match):
        token = match.group(0)
        keep = "" if token[0] == "/" else token[0]
        return keep.ljust(len(token)) if "\n" not in token else re.sub(r"[^\n]", " ", token)
    return _BLANKABLE.sub(blank, text)


def allow_list(path, fields):
    """Lines of `fields` words and then a reason; '#' starts a comment. Returns {tuple(words): reason}."""
    entries = {}
    if not os.path.exists(path):
        return entries
    with open(path, encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            line = line.split("#", 1)[0].strip()
            if not line:
                continue
            words = line.split(None, fields)
            if len(words) <= fields:
                raise SystemExit(f"{path}:{number}: needs {fields} words and a reason: {line}")
            entries[tuple(words[:fields])] = words[fields]
    return entries


def report(name, problems, examined):
    """Prints the verdict and returns the exit code. A check that examined nothing has not passed."""
    if examined == 0:
        problems = list(problems) + ["nothing was examined"]
    for problem in problems:
        print(problem)
    print(f"{name}: {examined} examined, {len(problems)} problems")
    return 1 if problems else 0


def main(name, check):
    """Runs check(root) -> (problems, examined) for a script; an argument names another root."""
    root = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    problems, examined = check(root)
    sys.exit(report(name, problems, examined))
