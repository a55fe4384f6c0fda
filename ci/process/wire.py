"""RESP on the wire as bytes: encodes commands, reads whole replies without interpreting them, and renders them for people."""

import socket

DEADLINE_S = 20


class WireError(Exception):
    """The bytes are no RESP, or the peer closed in the middle of a reply."""


def encode(args):
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


class Wire:
    """One connection. A read that takes longer than the deadline is an error, never a hang."""

    def __init__(self, address, deadline_s=DEADLINE_S):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(deadline_s)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, deadline_s)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def raw(self, *args):
        """Sends a command, returns the bytes of its reply."""
        self.send(encode(args))
        return self.read_raw()

    def run(self, *args):
        """Sends a command, returns its reply as Python values (see parse)."""
        return parse(self.raw(*args))

    def read_raw(self):
        reply, values = b"", 1
        while values > 0:
            line = self._line()
            reply += line
            values -= 1
            kind, rest = line[:1], line[1:-2]
            if kind in b"$=!":
                if rest != b"-1":
                    reply += self._exactly(int(rest) + 2)
            elif kind in b"*~>":
                values += max(int(rest), 0)
            elif kind == b"%":
                values += 2 * int(rest)
            elif kind == b"|":
                values += 2 * int(rest) + 1
            elif kind not in (b"+", b"-", b":", b"_", b",", b"#", b"("):
                raise WireError(f"no RESP type: {line!r}")
        return reply

    def read_until_closed(self):
        """Everything the peer still sends before it closes."""
        data, self._buffer = self._buffer, b""
        while True:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return data
            if not more:
                return data
            data += more

    def _fill(self):
        more = self.socket.recv(65536)
        if not more:
            raise WireError(f"closed by the peer after {self._buffer[:200]!r}")
        self._buffer += more

    def _line(self):
        while b"\r\n" not in self._buffer:
            self._fill()
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line + b"\r\n"

    def _exactly(self, count):
        while len(self._buffer) < count:
            self._fill()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data


class ErrorReply(Exception):
    """An error reply as a value; it is returned, not raised."""

    def __eq__(self, other):
        return isinstance(other, ErrorReply) and str(self) == str(other)

    __hash__ = Exception.__hash__


def parse(raw):
    """Bytes of one reply -> bytes, int, float, bool, None, list, dict or ErrorReply; simple strings become str."""
    value, rest = _parse(raw)
    if rest:
        raise WireError(f"{len(rest)} bytes after the reply")
    return value


def _parse(raw):
    line, rest = raw.split(b"\r\n", 1)
    kind, text = line[:1], line[1:]
    if kind in b"$=!":
        size = int(text)
        if size < 0:
            return None, rest
        data, rest = rest[:size], rest[size + 2:]
        return (ErrorReply(data.decode("utf-8", "replace")) if kind == b"!" else data), rest
    if kind in b"*~>":
        return _parse_many(int(text), rest) if int(text) >= 0 else (None, rest)
    if kind == b"%":
        flat, rest = _parse_many(2 * int(text), rest)
        return dict(zip(map(_hashable, flat[::2]), flat[1::2])), rest
    if kind == b"|":
        _, rest = _parse_many(2 * int(text), rest)
        return _parse(rest)
    if kind == b"-":
        return ErrorReply(text.decode("utf-8", "replace")), rest
    return {b"+": lambda: text.decode(), b":": lambda: int(text), b"_": lambda: None, b",": lambda: float(text),
            b"#": lambda: text == b"t", b"(": lambda: int(text)}[kind](), rest


def _parse_many(count, rest):
    values = []
    for _ in range(count):
        value, rest = _parse(rest)
        values.append(value)
    return values, rest


def _hashable(value):
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def render(value):
    """One line that a person can read and a table can hold; both nulls are `nil`, maps are the flat lists of RESP2."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, ErrorReply):
        return f"(error) {value}"
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02x}" for b in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(render, value)) + "]"
    if isinstance(value, dict):
        return "[" + ", ".join(f"{render(k)}, {render(v)}" for k, v in value.items()) + "]"
    return str(value)
