#!/usr/bin/env python3
"""The include table of the house as a test: who may include whom, and which headers reach the outside world.

Usage: check_includes.py [ROOT]
"""

import os
import re

import tree

# The ladder inside engine: a rung may include itself and the rungs before it.
LADDER = ["base", "env", "fiber", "config", "structs", "keyspace", "types", "session", "pubsub", "persist", "commands",
          "replication", "cluster", "shard", "node"]

_ENGINE = ["engine/" + rung for rung in LADDER]

# folder -> the folders it may include besides itself.
MAY_INCLUDE = {
    "net": _ENGINE,
    "sim": ["engine/base", "engine/env", "engine/fiber"],
    "faults": ["sim", "engine/base", "engine/env"],
    "scenarios": _ENGINE + ["net", "sim", "faults"],
    "server": _ENGINE + ["net"],
}
for _index, _rung in enumerate(LADDER):
    MAY_INCLUDE["engine/" + _rung] = ["engine/" + lower for lower in LADDER[:_index]]

# The folders that know no operating system. A test or benchmark may look at a clock; a program may do as it likes.
PURE = ("engine/", "net/", "sim/", "faults/", "scenarios/")
OUTSIDE_WORLD = re.compile(
    r"^(thread|mutex|shared_mutex|atomic|chrono|random|future|condition_variable|semaphore|latch|barrier|stop_token"
    r"|fstream|filesystem|ctime|time\.h|csignal|signal\.h|unistd\.h|fcntl\.h|poll\.h|pthread\.h|netdb\.h|dirent\.h"
    r"|sys/.*|arpa/.*|netinet/.*|linux/.*|absl/synchronization/.*|absl/time/clock\.h|absl/random/.*)$")
CLOCKS = re.compile(r"^(chrono)$")

# Libraries that one part of the house wraps for the others: header pattern -> folders that may see it.
WRAPPED = [
    (re.compile(r"^boost/"), ("engine/fiber",)),
    (re.compile(r"^toml"), ("scenarios",)),
    (re.compile(r"^jemalloc/"), ("server",)),
    (re.compile(r"^openssl/sha"), ("engine/base",)),
    (re.compile(r"^openssl/(?!sha)"), ("server",)),
    (re.compile(r"^(gtest|gmock|rapidcheck)"), None),  # tests only, see below
]

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<([^>]+)>)', re.M)
_LIBRARY = re.compile(r"^(absl|fmt|boost|gtest|gmock|rapidcheck|toml\+\+|jemalloc|xxhash)[/.]")
_TEST_FILE = re.compile(r"(_test\.(h|cc)|_contract\w*\.h|testing\.(h|cc)|/testing/.*)$")
_CLOCK_FILE = re.compile(r"_(test|bench)\.cc$")


def folder_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "engine" and len(parts) > 2 else parts[0]


def _check_own(root, path, header):
    if _LIBRARY.match(header):  # Google style quotes libraries too
        return _check_foreign(path, header)
    if not os.path.isfile(os.path.join(root, header)):
        return f'"{header}" is not a path from the root of the house'
    mine, other = folder_of(path), folder_of(header)
    if mine == other:
        return None
    if mine not in MAY_INCLUDE:
        return f"folder {mine} is not in the include table"
    if other not in MAY_INCLUDE[mine]:
        return f'{mine} must not include {other} ("{header}")'
    return None


def _check_foreign(path, header):
    mine = folder_of(path)
    pure = path.startswith(PURE) and not path.endswith("_main.cc")
    if pure and OUTSIDE_WORLD.match(header):
        if not (CLOCKS.match(header) and _CLOCK_FILE.search(path)):
            return f"<{header}> reaches the outside world; it comes through engine/env"
    for pattern, owners in WRAPPED:
        if not pattern.match(header):
            continue
        if owners is None:
            return None if _TEST_FILE.search(path) else f"<{header}> belongs in tests"
        return None if mine in owners else f"<{header}> belongs in {', '.join(owners)} only"
    return None


def check(root):
    problems, examined = [], 0
    for path in tree.files(root, (".h", ".cc")):
        text = tree.read(root, path)
        # Comments are blanked, literals are needed: includes are found in the raw text where code_only has an include.
        code = tree.code_only(text)
        for match in _INCLUDE.finditer(text):
            if "include" not in code[match.start():match.end()]:
                continue
            examined += 1
            own, foreign = match.groups()
            problem = _check_own(root, path, own) if own else _check_foreign(path, foreign)
            if problem:
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{path}:{line}: {problem}")
    return problems, examined


if __name__ == "__main__":
    tree.main("includes", check)
