#!/usr/bin/env python3
"""Sizes: a header up to 400 lines, a source up to 800, a function up to 70, a folder up to 30 sources.

Rows of tables (between `// clang-format off` and `on`) do not count. What is larger needs a line in ci/size_allow.txt:
  PATH KIND LIMIT reason        KIND is file, folder or function:NAME; LIMIT is the size it may have.
A line that is no longer needed, or allows more than is used, is a problem too: the list only shrinks.

Usage: check_sizes.py [ROOT]
"""

import ast
import collections
import os
import re

import cxx
import tree

LIMITS = {".h": 400, ".cc": 800, ".py": 800}
FUNCTION_LIMIT = 70
FOLDER_LIMIT = 30
ALLOW = "ci/size_allow.txt"

_TABLE = re.compile(r"^[ \t]*// clang-format off.*?^[ \t]*// clang-format on[^\n]*\n?", re.S | re.M)


def _python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.end_lineno - node.lineno + 1


def _cxx_functions(text):
    for function in cxx.functions(_TABLE.sub("", text)):
        yield function.name, function.last_line - function.first_line + 1


def sizes(root):
    """Yields (path, kind, size, limit) of everything that has a limit."""
    folders = collections.Counter()
    for path in tree.files(root, tuple(LIMITS)):
        text = tree.read(root, path)
        suffix = os.path.splitext(path)[1]
        yield path, "file", _TABLE.sub("", text).count("\n"), LIMITS[suffix]
        walk = _python_functions if suffix == ".py" else _cxx_functions
        longest = collections.Counter()
        for name, lines in walk(text):
            longest[name] = max(longest[name], lines)
        for name, lines in longest.items():
            yield path, "function:" + name, lines, FUNCTION_LIMIT
        if suffix == ".cc" and not re.search(r"_(test|fuzz|bench)\.cc$", path):
            folders[os.path.dirname(path)] += 1
    for folder, count in folders.items():
        yield folder, "folder", count, FOLDER_LIMIT


def check(root):
    allowed = {}
    for (path, kind, limit), _ in tree.allow_list(os.path.join(root, ALLOW), 3).items():
        allowed[(path, kind)] = int(limit)
    problems, examined, used = [], 0, set()
    for path, kind, size, limit in sizes(root):
        examined += 1
        permit = allowed.get((path, kind))
        if permit is not None:
            used.add((path, kind))
            if size <= limit:
                problems.append(f"{ALLOW}: {path} {kind} is down to {size}; drop its line")
            elif size > permit:
                problems.append(f"{path}: {kind} is {size}, {ALLOW} permits {permit}")
        elif size > limit:
            problems.append(f"{path}: {kind} is {size}, the limit is {limit}")
    for path, kind in sorted(set(allowed) - used):
        problems.append(f"{ALLOW}: {path} {kind} does not exist; drop its line")
    return problems, examined


if __name__ == "__main__":
    tree.main("sizes", check)
