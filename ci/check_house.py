#!/usr/bin/env python3
"""The plan of the house as a test: what the root holds, and that each folder says in a short README what belongs in it.

Usage: check_house.py [ROOT]
"""

import os
import re

import tree

ROOT_HOLDS = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "engine", "sim", "net", "faults", "scenarios",
              "server", "ci"}
README_LINES = 60
DATA = {"testdata", "corpus"}  # folders of samples for the tests beside them
MEMBERSHIP = re.compile(r"^A (file|folder) belongs here if\b")


def _readme_problem(root, folder):
    path = os.path.join(folder, "README.md")
    if not os.path.isfile(os.path.join(root, path)):
        return f"{folder}: has no README.md"
    lines = tree.read(root, path).splitlines()
    if len(lines) > README_LINES:
        return f"{path}: {len(lines)} lines, the limit is {README_LINES}"
    prose = [line for line in lines if line.strip() and not line.startswith("#")]
    if not prose or not MEMBERSHIP.match(prose[0]):
        return f'{path}: does not open with "A file belongs here if ..."'
    return None


def check(root):
    paths = tree.files(root, "")
    problems = [f"{name}: the root does not hold this" for name in sorted({p.split("/")[0] for p in paths})
                if name not in ROOT_HOLDS and not name.startswith(".")]
    folders = sorted({os.path.dirname(path) for path in paths} - {""})
    folders = [folder for folder in folders if not folder.startswith(".") and os.path.basename(folder) not in DATA]
    problems += [problem for folder in folders if (problem := _readme_problem(root, folder))]
    return problems, len(folders)


if __name__ == "__main__":
    tree.main("house", check)
