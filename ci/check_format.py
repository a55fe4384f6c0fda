#!/usr/bin/env python3
"""Every C++ file is as clang-format would write it.

Usage: check_format.py [--changed] [ROOT]     --changed: only files that differ from the branch `main`
"""

import os
import shutil
import subprocess
import sys

import tree


def formatter():
    return shutil.which("clang-format-14") or shutil.which("clang-format")


def changed(root):
    base = subprocess.run(["git", "-C", root, "merge-base", "HEAD", "main"], check=True, capture_output=True,
                          text=True).stdout.strip()
    names = subprocess.run(["git", "-C", root, "diff", "--name-only", base], check=True, capture_output=True,
                           text=True).stdout.split()
    return set(names)


def check(root, only=None):
    paths = [path for path in tree.files(root, (".h", ".cc")) if only is None or path in only]
    if not paths:
        return [], 0
    result = subprocess.run([formatter(), "--dry-run", "-Werror", "--style=file"] + paths, cwd=root,
                            capture_output=True, text=True, check=False)
    problems = [line for line in result.stderr.splitlines() if "error:" in line]
    if result.returncode != 0 and not problems:
        problems = [result.stderr.strip() or "clang-format failed without a word"]
    return problems, len(paths)


if __name__ == "__main__":
    ARGS = [arg for arg in sys.argv[1:] if arg != "--changed"]
    ROOT = os.path.abspath(ARGS[0]) if ARGS else tree.ROOT
    ONLY = changed(ROOT) if "--changed" in sys.argv[1:] else None
    PROBLEMS, EXAMINED = check(ROOT, ONLY)
    sys.exit(tree.report("format", PROBLEMS, EXAMINED if ONLY is None else max(EXAMINED, 1)))
