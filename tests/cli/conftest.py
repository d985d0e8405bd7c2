"""A pack of tiny nodes, a studio's worth of files, and real processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PACK = '''
import struct, time, zlib
from wirebrush import node
from wirebrush.api import Run

@node(id="Tiny", category="test")
def tiny(value: int = 1, name: str = "tiny", *, run: Run) -> None:
    """Save a picture of one pixel.

    Args:
        value: Its grey.
        name: What its name begins with.
    """
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes([0, value & 255]))
    parts = chunk(b"IHDR", head), chunk(b"IDAT", data), chunk(b"IEND", b"")
    png = b"\\x89PNG\\r\\n\\x1a\\n" + b"".join(parts)
    run.save(png, name=name, mime="image/png", width=1, height=1)

@node(id="TinyQuick", category="test", lossy=True)
def quick(value: int) -> int:
    """Nearly its number."""
    return value


@node(id="TinyNumber", category="test")
def number(value: int = 1) -> int:
    """A number."""
    return value

@node(id="TinySlow", category="test")
def slow(value: int, seconds: float = 30.0, *, run: Run) -> int:
    """Take a while."""
    print("the slow node runs", flush=True)
    for step in range(int(seconds * 20)):
        time.sleep(0.05)
        run.step(step + 1, int(seconds * 20))
    return value

@node(id="TinyBroken", category="test")
def broken(value: int) -> int:
    """Fail."""
    raise ValueError("this node is broken")
'''


def graph(value: int = 7) -> dict[str, Any]:
    """A prompt of two nodes."""
    return {
        "1": {"class_type": "TinyNumber", "inputs": {"value": value}},
        "2": {"class_type": "Tiny", "inputs": {"value": ["1", 0]}},
    }


@dataclass(frozen=True)
class Home:
    """Folders of one studio, and the command line on them."""

    root: Path
    started: list[subprocess.Popen[str]]

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def places(self) -> list[str]:
        return ["--data", str(self.data), "--packs", str(self.root / "packs"), "--device", "cpu"]

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "wirebrush", *arguments, *self.places]

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, input=stdin, timeout=300
        )

    def write(self, name: str, data: Any) -> str:
        """A file with JSON in it."""
        path = self.root / name
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return str(path)

    def serve(self, *arguments: str) -> tuple[subprocess.Popen[str], str]:
        """Start a server; the process, and its link once it answers."""
        command = self.command("serve", "--no-browser", "--port", "0", *arguments)
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(server)
        assert server.stdout is not None
        line = server.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found is not None, (line, server.stderr and server.stderr.read())
        return server, found[0]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A fresh home; servers that a test leaves behind are ended."""
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "tiny.py").write_text(PACK)
    home = Home(tmp_path, [])
    yield home
    for server in home.started:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
        try:
            server.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            server.kill()
            server.communicate()


@pytest.fixture
def tiny_graph() -> Callable[[int], dict[str, Any]]:
    """Makes the prompt of two nodes."""
    return graph
