"""Finds functions and test bodies in C++ by matching braces: enough for code that clang-format has laid out."""

import collections
import re

import tree

# name: the words before the parenthesis; body: code without comments; raw: the same lines as written.
Function = collections.namedtuple("Function", "name first_line last_line code raw")

_NOT_FUNCTION = re.compile(
    r"^(if|for|while|switch|do|else|try|catch|return|namespace|extern|class|struct|union|enum|case|default|co_return)\b")
_HEAD = re.compile(r"([A-Za-z_~][\w:~]*|operator\s*\S+)\s*\(")


def _is_function(head):
    text = re.sub(r"^\s*(template\s*<[^{;]*?>\s*(?=[A-Za-z\[]))", "", head.strip(), flags=re.S)
    text = re.sub(r"^(public|private|protected)\s*:", "", text).strip()
    if "(" not in text or _NOT_FUNCTION.match(text):
        return False
    before = text.split("(", 1)[0]
    return not re.search(r"(?<![=!<>])=(?!=)", before) or "operator" in before


def functions(text):
    """Every function at namespace or class level; lambdas and local classes count with the function around them."""
    code = _without_directives(tree.code_only(text))
    raw_lines = text.splitlines()
    found, stack, head_start = [], [], 0
    parens = 0
    for index, char in enumerate(code):
        if char in "([":
            parens += 1
        elif char in ")]":
            parens -= 1
        elif char == "{":
            inside = any(kind == "function" for kind, _ in stack)
            head = code[head_start:index]
            kind = "block"
            if not inside and parens == 0 and _is_function(head):
                kind = "function"
            stack.append((kind, head_start if kind == "function" else index))
            if parens == 0:
                head_start = index + 1
        elif char == "}":
            kind, start = stack.pop() if stack else ("block", 0)
            if kind == "function":
                found.append(_function(code, raw_lines, start, index))
            if parens == 0:
                head_start = index + 1
        elif char == ";" and parens == 0:
            head_start = index + 1
    return found


def _without_directives(code):
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.M)


def _function(code, raw_lines, start, end):
    start += len(code[start:end]) - len(code[start:end].lstrip())
    body = code[start:end + 1]
    match = _HEAD.search(body)
    first = code.count("\n", 0, start) + 1
    last = code.count("\n", 0, end) + 1
    return Function(match.group(1) if match else "?", first, last, body, "\n".join(raw_lines[first - 1:last]))
