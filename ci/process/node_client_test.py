#!/usr/bin/env python3
"""ioredis works: runs node/clients.js, which takes it through every command family. npm fetches the pinned client once."""

import os
import subprocess
import unittest

from harness import ServerCase

NODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node")


def install_client():
    """npm ci, unless what the lock file asks for is there already."""
    lock, installed = os.path.join(NODE, "package-lock.json"), os.path.join(NODE, "node_modules", ".package-lock.json")
    if os.path.exists(installed) and os.path.getmtime(installed) >= os.path.getmtime(lock):
        return
    result = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=NODE, capture_output=True, text=True,
                            timeout=300, check=False, stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        raise AssertionError(f"npm ci in {NODE} failed:\n{result.stdout}{result.stderr}")


class NodeClient(ServerCase):
    def test_ioredis_through_every_family(self):
        install_client()
        result = subprocess.run(["node", os.path.join(NODE, "clients.js"), str(self.server.port)], capture_output=True, text=True,
                                timeout=180, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(result.stdout.count("ok "), 10, result.stdout)


if __name__ == "__main__":
    unittest.main()
