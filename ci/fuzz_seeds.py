"""What the fuzz targets of values start from: payloads and a snapshot of every type in every form, made by the server itself."""

import os
import shutil
import sys
import tempfile

import tree

sys.path.insert(0, os.path.join(tree.ROOT, "ci", "process"))

FOOTER_BYTES = 10  # version and checksum, which the target puts behind whatever it is given
FLAGS = {"enable-debug-command": "yes", "dbfilename": "seed.rdb", "list-max-listpack-size": "8", "list-compress-depth": "1",
         "hash-max-listpack-entries": "8", "set-max-listpack-entries": "8", "zset-max-listpack-entries": "8",
         "set-max-intset-entries": "8", "stream-node-max-entries": "4", "threads": "1"}


def commands():
    few, many = range(4), range(20)
    yield "SET", "number", "12345"
    yield "SET", "text", "some text"
    yield "SET", "compressed", "abcd" * 100
    yield "PFADD", "sketch", *[f"m{i}" for i in many]
    for name, count in (("few", few), ("many", many)):
        yield "RPUSH", f"list:{name}", *[f"element {i}" for i in count]
        yield "SADD", f"ints:{name}", *[i * 40000 for i in count]
        yield "SADD", f"set:{name}", *[f"m{i}" for i in count]
        yield "ZADD", f"zset:{name}", *[word for i in count for word in (i * 1.25 - 3, f"m{i}")]
        yield "HSET", f"hash:{name}", *[word for i in count for word in (f"f{i}", f"v{i}")]
        yield "HSET", f"fading:{name}", *[word for i in count for word in (f"f{i}", f"v{i}")]
        yield "HPEXPIREAT", f"fading:{name}", "4000000000000", "FIELDS", "2", "f1", "f3"
        for i in count:
            yield "XADD", f"stream:{name}", f"{i + 1}-{i}", "field", f"v{i}", "other" if i % 3 == 0 else "same", "1"
    yield "RPUSH", "list:long", "x" * 9000, "short", "y" * 200
    yield "ZADD", "zset:ends", "inf", "a", "-inf", "b", "-0", "c"
    for group in ("one", "two"):
        yield "XGROUP", "CREATE", "stream:many", group, "3-2"
    yield "XREADGROUP", "GROUP", "one", "anna", "COUNT", "5", "STREAMS", "stream:many", ">"
    yield "XGROUP", "CREATECONSUMER", "stream:many", "one", "bert"
    yield "XACK", "stream:many", "one", "5-4"
    yield "XDEL", "stream:many", "9-8"
    yield "EXPIREAT", "text", "4000000000"


def made(out):
    """Writes them to the corpora of both targets; the problems."""
    folders = {target: os.path.join(tree.ROOT, "build", "ci", "corpus", target) for target in ("dump_payload_fuzz", "rdb_reader_fuzz")}
    for folder in folders.values():
        os.makedirs(folder, exist_ok=True)
    os.environ.setdefault("NORN_SERVER", os.path.join(tree.ROOT, "build", "release", "norn-server"))
    from harness import Server  # reads NORN_SERVER
    from wire import ErrorReply
    problems = []
    with tempfile.TemporaryDirectory() as folder, Server(FLAGS, folder=folder) as server, server.wire() as wire:
        for words in commands():
            reply = wire.run(*words)
            if isinstance(reply, ErrorReply):
                problems.append(f"{words}: {reply}")
        keys = sorted(wire.run("KEYS", "*"))
        for number, key in enumerate(keys):
            with open(os.path.join(folders["dump_payload_fuzz"], f"seed-{number}"), "wb") as payload:
                payload.write(wire.run("DUMP", key)[:-FOOTER_BYTES])
            print(key.decode(), wire.run("OBJECT", "ENCODING", key).decode(), file=out)
        wire.run("SAVE")
        shutil.copy(os.path.join(folder, "seed.rdb"), os.path.join(folders["rdb_reader_fuzz"], "seed"))
    return problems
