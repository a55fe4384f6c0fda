#!/usr/bin/env python3
"""The same command lines to two servers, replies compared byte for byte.

A table (commands/*.cmd) is sections of lines. Each section starts with an empty keyspace and new connections, and runs once
in RESP2 and once in RESP3.

  == title {options}          a section; its options hold for all its lines
  {options} COMMAND arg "quoted \\x00 arg" => expected
  raw "bytes\\r\\n"            bytes as they are; one reply is read

Options, comma separated:
  as:N       on connection N of the section (default 1)
  since:V    newer than the reference of level 7.0: compared with `expected`, and with a peer of at least level V
  near:N     integers may differ by N       sorted   order of elements is free, at every depth
  shape      only the types of the reply    any      the reply is read and not compared
  resp:N     only in this protocol version
  one        only compared where the server runs one thread: how much one call of SCAN covers is then the same
`expected` is the reply as wire.render shows it.

Usage: differential.py [--peer PATH] [--record] SERVER    compares by hand, or prints tables with `expected` filled from PEER
"""

import argparse
import collections
import glob
import os
import re
import sys

import harness
import wire

HERE = os.path.dirname(os.path.abspath(__file__))

Line = collections.namedtuple("Line", "table section number text options args expected")

# What version of commands each kind of binary speaks.
LEVELS = {"redis-server": (7, 0), "valkey-server": (8, 1), "norn-server": (9, 1)}

_OPTIONS = re.compile(r"^\{([^}]*)\}\s*")
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "a": b"\a", "b": b"\b"}


def level_of(path):
    return LEVELS.get(os.path.basename(path), (9, 9))


def split_words(text):
    """Words of a line; double quotes hold escapes, as people type them into a client."""
    words, index = [], 0
    while index < len(text):
        if text[index].isspace():
            index += 1
            continue
        word, quoted = b"", False
        while index < len(text) and (quoted or not text[index].isspace()):
            char = text[index]
            if char == '"':
                quoted = not quoted
            elif quoted and char == "\\":
                if text[index + 1] == "x":
                    word += bytes([int(text[index + 2:index + 4], 16)])
                    index += 3
                else:
                    word += _ESCAPES.get(text[index + 1], text[index + 1].encode())
                    index += 1
            else:
                word += char.encode()
            index += 1
        if quoted:
            raise ValueError(f"a quote is open: {text}")
        words.append(word)
    return words


def _options(text, inherited):
    options = dict(inherited)
    match = _OPTIONS.match(text)
    if match:
        for option in match.group(1).split(","):
            name, _, value = option.strip().partition(":")
            if name not in ("as", "since", "near", "sorted", "shape", "any", "resp", "one"):
                raise ValueError(f"no such option: {option}")
            options[name] = value
        text = text[match.end():]
    return options, text


def parse_table(name, text):
    section, inherited, lines = None, {}, []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("== "):
            title = line[3:]
            braces = title.find("{")
            inherited, _ = _options(title[braces:], {}) if braces >= 0 else ({}, "")
            section = (title[:braces] if braces >= 0 else title).strip()
            continue
        options, command = _options(line, inherited)
        command, arrow, expected = command.partition(" => ")
        args = split_words(command)
        lines.append(Line(name, section, number, command.strip(), options, args, expected.strip() if arrow else None))
    return lines


def tables():
    found = []
    for path in sorted(glob.glob(os.path.join(HERE, "commands", "*.cmd"))):
        with open(path, encoding="utf-8") as handle:
            found += parse_table(os.path.basename(path)[:-4], handle.read())
    return found


class Session:
    """The connections of one section to one server."""

    def __init__(self, server, protocol):
        self._server, self._protocol, self._wires = server, protocol, {}
        with server.wire() as clean:
            clean.raw("FLUSHALL")
            clean.raw("CONFIG", "RESETSTAT")

    def close(self):
        for connection in self._wires.values():
            connection.close()

    def reply(self, line):
        """The raw reply; b"!closed" or b"!silent" where none came."""
        number = line.options.get("as", "1")
        if number not in self._wires:
            self._wires[number] = self._server.wire()
            if self._protocol == 3:
                self._wires[number].raw("HELLO", "3")
        connection = self._wires[number]
        try:
            if line.args[0] == b"raw":
                connection.send(line.args[1])
                return connection.read_raw()
            return connection.raw(*line.args)
        except TimeoutError:
            self._wires.pop(number).close()
            return b"!silent"
        except (wire.WireError, OSError):  # an end or a reset: which of them comes first is chance
            self._wires.pop(number).close()
            return b"!closed"


def _shape(value):
    if isinstance(value, list):
        return [_shape(value[0]), "..."] if value else []
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    return type(value).__name__


def same(left, right, options):
    """Whether two raw replies agree, as far as the options of their line ask."""
    if left == right or "any" in options:
        return True
    if {left, right} & {b"!closed", b"!silent"}:
        return False
    if not {"near", "sorted", "shape"} & set(options):
        return False
    return _close_enough(wire.parse(left), wire.parse(right), options)


def _close_enough(left, right, options):
    if "shape" in options:
        return _shape(left) == _shape(right)
    if "sorted" in options:
        return _sorted(left) == _sorted(right)
    if "near" in options and isinstance(left, int) and isinstance(right, int):
        return abs(left - right) <= int(options["near"])
    if "near" in options and isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return all(l == r or _close_enough(l, r, options) for l, r in zip(left, right))
    return left == right


def _sorted(value):
    """Elements of lists, and of lists inside them, in the order of their rendering."""
    if isinstance(value, dict):
        value = [item for pair in value.items() for item in pair]
    return "[" + ", ".join(sorted(map(_sorted, value))) + "]" if isinstance(value, list) else wire.render(value)


def show(raw):
    return raw.decode() if raw in (b"!closed", b"!silent") else wire.render(wire.parse(raw))


def applies(line, path):
    since = line.options.get("since")
    return since is None or level_of(path) >= tuple(int(part) for part in since.split("."))


def expectation_fails(line, raw):
    """The server is held to `expected` too, where the line has one and its reply is to be compared exactly."""
    if line.expected is None or {"any", "near", "shape"} & set(line.options):
        return False
    return show(raw) != line.expected


def sections(lines):
    grouped = collections.OrderedDict()
    for line in lines:
        grouped.setdefault((line.table, line.section), []).append(line)
    return grouped


def compare(lines, server, peer):
    """Yields (line, protocol, what the server said, what it should have said) for each disagreement."""
    for section in sections(lines).values():
        for protocol in (2, 3):
            ours, theirs = Session(server, protocol), Session(peer, protocol)
            for line in section:
                if line.options.get("resp", str(protocol)) != str(protocol):
                    continue
                if not applies(line, server.path):
                    continue
                mine = ours.reply(line)
                if "one" in line.options and server.threads != 1:
                    continue
                if expectation_fails(line, mine):
                    yield line, protocol, show(mine), line.expected
                elif applies(line, peer.path):
                    reference = theirs.reply(line)
                    if not same(mine, reference, line.options):
                        yield line, protocol, repr(mine), repr(reference)
            ours.close()
            theirs.close()


def load_differences(path, peer):
    """{(table/section, command pattern): reason} of the differences from this peer that are meant to be."""
    found = {}
    with open(path, encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = [part.strip() for part in line.split(" | ")]
            if len(parts) != 4 or not all(parts):
                raise ValueError(f"{path}:{number}: needs: peer | table/section | command | reason")
            if parts[0] == peer:
                found[(parts[1], parts[2])] = parts[3]
    return found


def unexplained(found, differences):
    """Splits disagreements into the unexplained ones and the entries of differences that were of no use."""
    used, rest = set(), []
    for line, protocol, mine, reference in found:
        key = next((key for key in differences if key[0] == f"{line.table}/{line.section}" and key[1] in ("*", line.text)), None)
        if key:
            used.add(key)
        else:
            rest.append((line, protocol, mine, reference))
    return rest, sorted(set(differences) - used)


def describe(disagreement):
    line, protocol, mine, reference = disagreement
    return (f"{line.table}.cmd:{line.number} (RESP{protocol}, {line.section}): {line.text}\n"
            f"    server: {mine[:600]}\n    wanted: {reference[:600]}")


def _record(peer):
    """Prints each table with `expected` of the lines newer than 7.0 as the peer gives it (RESP2)."""
    for path in sorted(glob.glob(os.path.join(HERE, "commands", "*.cmd"))):
        with open(path, encoding="utf-8") as handle:
            text = handle.read()
        output = text.splitlines()
        for section in sections(parse_table(os.path.basename(path)[:-4], text)).values():
            session = Session(peer, 2)
            for line in section:
                if line.options.get("resp") == "3" or not applies(line, peer.path):
                    continue
                reply = session.reply(line)
                if "since" in line.options and not {"any", "near", "shape", "resp"} & set(line.options):
                    output[line.number - 1] = output[line.number - 1].partition(" => ")[0] + " => " + show(reply)
            session.close()
        with open(path, "w", encoding="utf-8") as handle:
            handle.write("\n".join(output) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Compares two servers by the tables.")
    parser.add_argument("server", nargs="?", default=harness.NORN)
    parser.add_argument("--peer", default="redis-server")
    parser.add_argument("--record", action="store_true", help="rewrite `expected` in the tables from the peer")
    arguments = parser.parse_args()
    with harness.Server(path=arguments.peer) as peer:
        if arguments.record:
            _record(peer)
            return 0
        with harness.Server(path=arguments.server) as server:
            found = list(compare(tables(), server, peer))
    for disagreement in found:
        print(describe(disagreement))
    print(f"{len(tables())} lines, {len(found)} disagreements")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
