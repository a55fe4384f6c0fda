#!/usr/bin/env python3
"""The tools people point at a server work: redis-cli in its modes, redis-benchmark, and the Prometheus exporter."""

import json
import subprocess
import unittest
import urllib.request

import harness
from harness import HOST, LONG, ServerCase, wait_for
from wire import encode


class Tool(ServerCase):
    def run_tool(self, *argv, stdin=None, limit_s=120):
        result = subprocess.run(argv, input=stdin, capture_output=True, timeout=limit_s, check=False,
                                **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))
        self.assertEqual(result.returncode, 0, result.stdout[-2000:] + result.stderr[-2000:])
        return result.stdout.decode("utf-8", "replace")

    def cli(self, *args, stdin=None):
        return self.run_tool("redis-cli", "-h", HOST, "-p", str(self.server.port), *args, stdin=stdin)


class RedisCli(Tool):
    def fill(self, count=3000):
        with self.server.wire() as wire:
            for start in range(0, count, 1000):
                wire.run("MSET", *[word for n in range(start, start + 1000) for word in (f"key:{n}", "x" * (n % 50))])

    def test_single_commands_in_each_output_form(self):
        self.assertEqual(self.cli("SET", "k", "hello world"), "OK\n")
        self.assertEqual(self.cli("GET", "k"), "hello world\n")
        self.assertEqual(self.cli("--no-raw", "GET", "k"), '"hello world"\n')
        self.assertEqual(self.cli("--no-raw", "GET", "nosuch"), "(nil)\n")
        self.assertEqual(self.cli("--no-raw", "INCR", "n"), "(integer) 1\n")
        self.assertEqual(self.cli("--csv", "MGET", "k", "n"), '"hello world","1"\n')
        self.assertIn("(error) ERR unknown command 'NOSUCH'", self.cli("--no-raw", "NOSUCH"))
        self.assertEqual(self.cli("-3", "--no-raw", "GET", "nosuch"), "(nil)\n")
        self.assertEqual(json.loads(self.cli("--json", "MGET", "k", "nosuch")), ["hello world", None])
        self.assertEqual(self.cli("-n", "5", "DBSIZE"), "0\n")

    def test_a_script_of_commands_on_standard_input(self):
        self.assertEqual(self.cli(stdin=b"SET a 1\nINCR a\nMULTI\nINCR a\nEXEC\n"), "OK\n2\nOK\nQUEUED\n3\n")

    def test_repeated_commands(self):
        self.assertEqual(self.cli("-r", "5", "INCR", "n"), "1\n2\n3\n4\n5\n")

    def test_a_value_from_standard_input(self):
        self.assertEqual(self.cli("-x", "SET", "k", stdin=b"from stdin"), "OK\n")
        self.assertEqual(self.cli("GET", "k"), "from stdin\n")

    def test_pipe_mass_insertion(self):
        data = b"".join(encode(["SET", f"pipe:{n}", n]) for n in range(100_000))
        out = self.cli("--pipe", stdin=data)
        self.assertIn("errors: 0, replies: 100000", out)
        self.assertEqual(self.cli("DBSIZE"), "100000\n")

    def test_pipe_counts_errors(self):
        result = subprocess.run(["redis-cli", "-h", HOST, "-p", str(self.server.port), "--pipe"], check=False, capture_output=True,
                                input=encode(["SET", "a", "x"]) + encode(["INCR", "a"]), timeout=60)
        self.assertIn(b"errors: 1, replies: 2", result.stdout)

    def test_scan(self):
        self.fill()
        self.assertEqual(sorted(self.cli("--scan").split()), sorted(f"key:{n}" for n in range(3000)))
        self.assertEqual(len(self.cli("--scan", "--pattern", "key:1?").split()), 10)

    def test_big_keys_and_memory_keys(self):
        self.fill()
        self.run_quietly("--bigkeys", "3000 keys in the keyspace", "Biggest string found")
        self.run_quietly("--memkeys", "3000 keys in the keyspace", "Biggest string found")

    def run_quietly(self, mode, *words):
        out = self.cli(mode)
        for word in words:
            self.assertIn(word, out)

    def test_latency(self):
        # Not a terminal: samples for a second (-i 1), prints one line: min max avg samples.
        out = self.cli("--latency", "-i", "1")
        low, high, mean, samples = out.split()
        self.assertLessEqual(float(low), float(mean))
        self.assertLessEqual(float(mean), float(high))
        self.assertGreater(int(samples), 10)

    def test_stat_prints_rows(self):
        with subprocess.Popen(["redis-cli", "-h", HOST, "-p", str(self.server.port), "--stat", "-i", "0.1"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True) as process:
            try:
                lines = [process.stdout.readline() for _ in range(5)]
            finally:
                process.terminate()
        self.assertIn("keys", lines[1])
        self.assertRegex(lines[3], r"^0\s+\d+(\.\d+)?[KMG]\s+1\s")

    def test_lolwut_and_info_for_people(self):
        self.assertRegex(self.cli("LOLWUT"), r"(?i)ver")
        self.assertRegex(self.cli("LOLWUT", "VERSION", "5"), r"(?i)ver")
        self.assertIn("redis_version:", self.cli("INFO", "server"))

    def test_hints_come_from_command_docs(self):
        docs = self.cli("--no-raw", "COMMAND", "DOCS", "set")
        for word in ("summary", "arguments", "KEEPTTL", "since"):
            self.assertIn(word, docs)


class RedisBenchmark(Tool):
    REQUESTS = 200_000 if LONG else 20_000

    def bench(self, *args):
        out = self.run_tool("redis-benchmark", "-h", HOST, "-p", str(self.server.port), "-n", str(self.REQUESTS), "-q", *args)
        self.assertNotIn("rror", out)
        return out.count("requests per second")

    def test_the_tests_whose_commands_exist(self):
        self.assertEqual(self.bench("-t", "ping_inline,ping_mbulk,set,get,incr,mset"), 6)

    def test_pipelines_random_keys_and_threads(self):
        self.assertEqual(self.bench("-t", "set,get", "-P", "16", "-r", "10000", "-d", "100"), 2)
        self.assertEqual(self.bench("-t", "set,get,incr", "-P", "16", "--threads", "2", "-r", "10000"), 3)
        self.assertEqual(self.bench("-t", "set", "-c", "500"), 1)
        with self.server.wire() as wire:
            self.assertGreater(wire.run("DBSIZE"), 5000)

    def test_new_connections_for_each_request(self):
        out = self.run_tool("redis-benchmark", "-h", HOST, "-p", str(self.server.port), "-n", "2000", "-k", "0", "-q", "-t", "get")
        self.assertIn("requests per second", out)

    def test_a_command_of_ones_own_in_resp3(self):
        self.assertEqual(self.bench("-3", "-r", "1000", "-P", "8", "GETRANGE", "key:__rand_int__", "0", "3"), 1)


class Exporter(Tool):
    METRICS = ("redis_up 1", "redis_connected_clients", "redis_memory_used_bytes", "redis_commands_processed_total",
               "redis_commands_total{cmd=\"set\"}", "redis_db_keys{db=\"db0\"} 1", "redis_instance_info", "redis_uptime_in_seconds",
               "redis_keyspace_hits_total", "redis_expired_keys_total", "redis_config_maxclients", "redis_cpu_user_seconds_total",
               "redis_connected_slaves 0", "redis_slowlog_length", "redis_exporter_last_scrape_error{err=\"\"} 0")

    def test_it_scrapes_without_an_error(self):
        with self.server.wire() as wire:
            wire.run("SET", "k", "v")
        port = harness.free_port()
        with subprocess.Popen(["prometheus-redis-exporter", "-redis.addr", f"redis://{HOST}:{self.server.port}",
                               "-web.listen-address", f"{HOST}:{port}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL) as process:
            try:
                wait_for(lambda: _scrape(port), "the exporter answers")
                text = _scrape(port)
            finally:
                process.terminate()
                log = process.stdout.read().decode("utf-8", "replace")
        for metric in self.METRICS:
            self.assertIn(metric, text, log[-3000:])
        for word in ("level=error", "level=warning"):
            self.assertNotIn(word, log)
        self.assertTrue(wait_for(lambda: b"redis_exporter" not in _clients(self.server), "the exporter left"))


def _clients(server):
    with server.wire() as wire:
        return wire.run("CLIENT", "LIST")


def _scrape(port):
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/metrics", timeout=20) as response:
            return response.read().decode()
    except OSError:
        return ""


if __name__ == "__main__":
    unittest.main()
