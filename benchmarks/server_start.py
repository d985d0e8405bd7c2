"""How long from starting `wirebrush serve` until the page is served? Prints JSON.

    python benchmarks/server_start.py [--repeats 7]

Median over fresh processes on a data folder that was used before; `first` is an empty folder.
Also says whether torch is in the server process, and the slowest imports.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        first = seconds_to_page(Path(folder))
        times = [seconds_to_page(Path(folder)) for _ in range(repeats)]
        result = {
            "benchmark": "server_start",
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
            "first": round(first, 3),
            "median": round(statistics.median(times), 3),
            "worst": round(max(times), 3),
            "repeats": repeats,
            "target": 1.0,
            **imports(),
        }
    print(json.dumps(result, indent=2))


def seconds_to_page(data: Path) -> float:
    """Start a server, wait for its page, end it."""
    port = free_port()
    command = [sys.executable, "-m", "wirebrush", "serve", "--no-browser"]
    began = time.perf_counter()
    server = subprocess.Popen(
        [*command, "--data", str(data), "--port", str(port), "--token", "benchmark-token"],
        stdout=subprocess.PIPE,
    )
    try:
        while not page_is_served(port):
            if time.perf_counter() - began > 60 or server.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.005)
        return time.perf_counter() - began
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)


def page_is_served(port: int) -> bool:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/", headers={"Authorization": "Bearer benchmark-token"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        return error.code == 503  # a checkout whose page was not built: the plain one
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def imports() -> dict[str, Any]:
    """What the server process imports, by `-X importtime`."""
    modules = "wirebrush.cli.main, wirebrush.cli.serve, sys"
    code = f"import {modules}; print('torch' in sys.modules, len(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    )
    rows = re.findall(r"import time:\s+(\d+) \|\s+(\d+) \| +(\S+)", ran.stderr)
    slowest = sorted(((int(own), name) for own, _, name in rows), reverse=True)[:8]
    torch, count = ran.stdout.split()
    return {
        "torch_in_server": torch == "True",
        "modules": int(count),
        "slowest_imports_ms": {name: round(own / 1000, 1) for own, name in slowest},
    }


if __name__ == "__main__":
    main()
