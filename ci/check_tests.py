#!/usr/bin/env python3
"""Every test asserts: each TEST body, and each Python test method, reaches an assertion that can fail, itself or through
helpers of the tests. A disabled or skipped test says why, in a comment with `reason:` and `owner:` just above it.

Usage: check_tests.py [ROOT]
"""

import ast
import re

import cxx
import tree

_TEST_MACRO = re.compile(r"^(TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)$")
_ASSERT = re.compile(r"\b((EXPECT|ASSERT)_[A-Z_0-9]+|RC_(ASSERT|FAIL)\w*|rc::check|ADD_FAILURE(_AT)?|FAIL)\s*\(")
_HOLLOW = re.compile(r"\b(EXPECT|ASSERT)_(TRUE\s*\(\s*(true|1)\s*\)|FALSE\s*\(\s*(false|0)\s*\)"
                     r"|EQ\s*\(\s*(\d+)\s*,\s*\4\s*\))")
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*(?:<[^<>;]*>)?\s*\(")
_SKIPPED = re.compile(r"\bDISABLED_\w+|\bGTEST_SKIP\b|@unittest\.skip\w*|\bself\.skipTest\b")
_REASON = re.compile(r"reason:.+owner:|owner:.+reason:", re.S)


def _asserts(function, helpers):
    code = _HOLLOW.sub("", function.code)
    body = code.split("{", 1)[-1]
    return bool(_ASSERT.search(body)) or any(name in helpers for name in _CALL.findall(body))


def _asserting_helpers(functions):
    """Names of non-test functions that reach an assertion, through each other too."""
    candidates = [f for f in functions if not _TEST_MACRO.match(f.name)]
    helpers = set()
    while True:
        more = {f.name.split("::")[-1] for f in candidates if _asserts(f, helpers)} - helpers
        if not more:
            return helpers
        helpers |= more


def _check_cxx(root, problems):
    tests, by_file = 0, {}
    for path in tree.files(root, (".h", ".cc")):
        text = tree.read(root, path)
        if re.search(r"_test\.cc$|testing|_contract\w*\.h$", path) or "gtest" in text:
            by_file[path] = (text, cxx.functions(text))
    helpers = _asserting_helpers([f for _, found in by_file.values() for f in found])
    for path, (text, found) in by_file.items():
        for function in found:
            if not _TEST_MACRO.match(function.name):
                continue
            tests += 1
            if not _asserts(function, helpers):
                title = " ".join(function.code.split("{", 1)[0].split())
                problems.append(f"{path}:{function.first_line}: {title} asserts nothing")
        _check_skips(path, text, problems)
    return tests


def _python_calls(node):
    for child in ast.walk(node):
        if isinstance(child, ast.Assert):
            yield "assert"
        elif isinstance(child, ast.Call):
            target = child.func
            yield target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def _check_python(root, problems):
    tests, modules = 0, {}
    for path in tree.files(root, (".py",)):
        text = tree.read(root, path)
        modules[path] = (text, [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)])
    helpers = {"assert"}
    functions = [node for _, found in modules.values() for node in found if not node.name.startswith("test")]
    grown = True
    while grown:
        more = {node.name for node in functions
                if any(c in helpers or c.startswith(("assert", "fail")) for c in _python_calls(node))}
        grown = not more <= helpers
        helpers |= more
    for path, (text, found) in modules.items():
        for node in found:
            if not node.name.startswith("test_"):
                continue
            tests += 1
            if not any(c in helpers or c.startswith(("assert", "fail")) for c in _python_calls(node)):
                problems.append(f"{path}:{node.lineno}: {node.name} asserts nothing")
        _check_skips(path, text, problems)
    return tests


def _check_skips(path, text, problems):
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not _SKIPPED.search(re.sub(r'(?:"[^"]*"|\'[^\']*\')', "", line)):
            continue
        if path.endswith(("check_tests.py", "checks_test.py")):
            continue
        if not _REASON.search("\n".join(lines[max(0, number - 4):number])):
            problems.append(f"{path}:{number}: disabled without a `reason:` and `owner:` comment above")


def check(root):
    problems = []
    return problems, _check_cxx(root, problems) + _check_python(root, problems)


if __name__ == "__main__":
    tree.main("tests", check)
