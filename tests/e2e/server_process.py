"""The real server as a process of its own, which a test may kill and start again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlsplit

TOKEN = "a-token-for-tests"


def at_rest(link: str) -> None:
    """End what earlier tests left running: the next one would count it when it ends."""
    for _ in range(1800):
        under_way = _ask(link, "GET", "/v1/jobs?state=queued,running&limit=500")["jobs"]
        if not under_way:
            return
        for job in under_way:
            with suppress(HTTPError):  # it has ended meanwhile
                _ask(link, "POST", f"/v1/jobs/{job['id']}/cancel")
        time.sleep(0.1)
    raise AssertionError("a job of an earlier test does not end")


def _ask(link: str, method: str, path: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"http://{urlsplit(link).netloc}{path}"
    request = urllib.request.Request(url, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))


class Server:
    """`wirebrush serve` on a data folder; the port it gets first it keeps."""

    def __init__(
        self,
        data: Path,
        packs: Path | None = None,
        models: Path | None = None,
        more: Sequence[str] = (),
    ) -> None:
        self._data = data
        self._more = more
        self._options = {"--packs": packs, "--models": models}
        self._process: subprocess.Popen[str] | None = None
        self._port = "0"
        self.link = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and read the link that it prints."""
        command = [sys.executable, "-m", "wirebrush", "serve", "--no-browser", "--device", "cpu"]
        command += ["--data", str(self._data), "--token", TOKEN, "--port", self._port]
        command += self._more
        for option, folder in self._options.items():
            command += [option, str(folder)] if folder else []
        with (self._data / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        found = re.search(r"http://[^:]+:(\d+)\S*", self._printed())
        assert found is not None, "the server ended without printing its link"
        self.link, self._port = found[0], found[1]

    def kill(self) -> None:
        """Kill server and workers at once, as a power cut does."""
        process = self._running()
        os.killpg(process.pid, signal.SIGKILL)
        self._ended(process)

    def stop(self) -> None:
        """Ask it to end; kill it if it does not."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        self._ended(process)

    def _printed(self) -> str:
        output = self._running().stdout
        assert output is not None
        return next((line for line in output if "http://" in line), "")

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "not started"
        return self._process

    @staticmethod
    def _ended(process: subprocess.Popen[str]) -> None:
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()
