"""Is anything lost when a process is killed? `kill -9` at random moments of 20-node jobs.

    python benchmarks/kill_nine.py [--kills 50] [--seed 9] [--who worker|server|both]

A real server on a fresh data folder, a client that follows each job over the websocket, through
the kill and the restart, and one kill at a random moment per job. Nodes sleep, pass tensors and
save pictures; each writes down when it begins and ends. Prints JSON:

    lost             jobs that were accepted and did not succeed in the end
    rerun_finished   nodes that were reported as finished before the kill and ran again
    rerun_unreported nodes that had returned, but whose results were not yet on disk
    corrupt          pictures, databases and temporary files that are not as they should be
    client_lost      jobs whose end the following client did not hear of
    recovery         seconds from the kill to the end of the job, beyond what it had left to do
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import psutil
from PIL import Image

from wirebrush.client import Studio, StudioError
from wirebrush.events import FINAL_STATES, NodeFinished

NODES = 20
PATIENCE = 300.0
TOKEN = "kill-nine-benchmark"
PACK = """
    import io, time
    from pathlib import Path
    import torch
    from PIL import Image as Picture
    from wirebrush.api import Image, Run, node

    LEDGER = Path(__file__).parents[2] / "ledger.txt"  # beside packs/

    def work(name: str, seconds: float, run: Run) -> None:
        note(f"begin {name}")
        for step in range(5):
            run.step(step, 5)
            time.sleep(seconds / 5)

    def note(line: str) -> None:
        with LEDGER.open("a") as file:
            file.write(line + "\\n")

    @node(id="NineCount", category="nine")
    def nine_count(name: str, after: int = 0, seconds: float = 0.05, *, run: Run) -> int:
        work(name, seconds, run)
        note(f"end {name}")
        return after + 1

    @node(id="NineTensor", category="nine")
    def nine_tensor(name: str, after: int = 0, seconds: float = 0.05, *, run: Run) -> Image:
        work(name, seconds, run)
        note(f"end {name}")
        return torch.full((1, 64, 64, 3), float(after + 1))

    @node(id="NineMean", category="nine")
    def nine_mean(name: str, image: Image, seconds: float = 0.05, *, run: Run) -> int:
        work(name, seconds, run)
        note(f"end {name}")
        return round(float(image.mean())) + 1

    @node(id="NineSave", category="nine")
    def nine_save(name: str, after: int = 0, seconds: float = 0.05, *, run: Run) -> int:
        work(name, seconds, run)
        out = io.BytesIO()
        Picture.new("L", (64, 64), after + 1).save(out, "PNG")
        run.save(out.getvalue(), name=f"nine/{name}", mime="image/png", width=64, height=64)
        note(f"end {name}")
        return after + 1

    @node(id="NineEnd", category="nine")
    def nine_end(name: str, after: int = 0, seconds: float = 0.05, *, run: Run) -> None:
        nine_save(name, after, seconds, run=run)
"""


def prompt_of(job: int) -> dict[str, Any]:
    """A chain: every value counts the nodes before it, so that a wrong one shows at the end."""
    kinds = ["NineCount", "NineTensor", "NineMean", "NineSave"]
    prompt: dict[str, Any] = {}
    for number in range(NODES):
        kind = "NineEnd" if number == NODES - 1 else kinds[number % 4]
        port = "image" if kind == "NineMean" else "after"
        inputs: dict[str, Any] = {"name": f"j{job}n{number}", "seconds": 0.05}
        if number:
            inputs[port] = [str(number - 1), 0]
        prompt[str(number)] = {"class_type": kind, "inputs": inputs}
    return prompt


@dataclass
class Server:
    """`wirebrush serve` on a data folder, always at the same port."""

    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self.port), "--data", str(self.data), "--token", TOKEN]
        command = [sys.executable, "-m", "wirebrush", "serve", "--no-browser", "--device", "cpu"]
        with (self.data / "server.out").open("ab") as out:
            self.process = subprocess.Popen([*command, *options], stdout=out, stderr=out)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def worker(self) -> int | None:
        """The process id of the worker, if there is one now."""
        for child in psutil.Process(self.pid).children():
            with suppress(psutil.Error):
                if "wirebrush.engine" in child.cmdline():
                    return child.pid
        return None

    def connect(self, ready: bool = True) -> Studio:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                studio = Studio.open(f"http://127.0.0.1:{self.port}", token=TOKEN)
                while ready and not studio.request("GET", "/v1/health")["ready"]:
                    time.sleep(0.05)
                return studio
            except StudioError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait()

    def end(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE)


@dataclass
class Follower:
    """Follows one job in a thread, as a client does: through kills and restarts."""

    studio: Studio
    number: int
    finished: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    job: str = ""
    state: str = "unknown"
    ended: float = 0.0

    def submit(self) -> threading.Thread:
        self._job = self.studio.submit(prompt_of(self.number))
        self.job = self._job.id
        thread = threading.Thread(target=self._follow, daemon=True)
        thread.start()
        return thread

    def _follow(self) -> None:
        for event in self._job:
            if isinstance(event, NodeFinished) and not event.cached:
                self.finished.append((time.monotonic(), event.node))
        self.ended = time.monotonic()
        assert self._job.end is not None
        self.state = self._job.end.state


@dataclass
class Score:
    """What all rounds of one kind of kill came to."""

    kills: int = 0
    in_job: int = 0
    lost: list[str] = field(default_factory=list[str])
    client_lost: list[str] = field(default_factory=list[str])
    rerun_finished: list[str] = field(default_factory=list[str])
    rerun_unreported: int = 0
    recovery: list[float] = field(default_factory=list[float])

    def to_json(self) -> dict[str, Any]:
        slow = sorted(self.recovery)
        return {
            "kills": self.kills,
            "while_the_job_ran": self.in_job,
            "lost": len(self.lost),
            "client_lost": len(self.client_lost),
            "rerun_finished": len(self.rerun_finished),
            "rerun_unreported": self.rerun_unreported,
            "recovery_seconds": {
                "median": round(statistics.median(slow), 2) if slow else None,
                "max": round(slow[-1], 2) if slow else None,
            },
            "details": [*self.lost, *self.client_lost, *self.rerun_finished][:20],
        }


@dataclass
class Bench:
    """One server, one data folder, many killed jobs."""

    server: Server
    chance: random.Random
    span: float = 0.0
    number: int = 0
    jobs: list[str] = field(default_factory=list[str])

    def undisturbed(self) -> float:
        """Seconds of a job that nobody kills; sets the span from which moments are drawn."""
        studio = self.server.connect()
        for _ in range(2):  # the first loads what is loaded once
            follower = Follower(studio, self._next())
            begin = time.monotonic()
            follower.submit().join(PATIENCE)
            assert follower.state == "succeeded", follower.state
            self.jobs.append(follower.job)
            self.span = time.monotonic() - begin
        studio.close()
        return self.span

    def round(self, who: str, score: Score) -> None:
        """Submit, kill at a random moment, wait for the end, compare with the ledger."""
        studio = self.server.connect()
        follower = Follower(studio, self._next())
        moment = self.chance.uniform(0.0, self.span)
        begin = time.monotonic()
        thread = follower.submit()
        time.sleep(max(0.0, begin + moment - time.monotonic()))
        killed = time.monotonic()
        in_job = thread.is_alive()
        self._kill(who)
        thread.join(PATIENCE)
        self.jobs.append(follower.job)
        score.kills += 1
        score.in_job += in_job
        state = self._state(follower.job)
        if state != "succeeded":
            score.lost.append(f"{who} killed at {moment:.3f} s: job {follower.job} is {state}")
        elif follower.state != state:
            score.client_lost.append(f"{who} killed at {moment:.3f} s: {follower.job} not heard of")
        if in_job and follower.ended:
            score.recovery.append(max(0.0, follower.ended - killed - (self.span - moment)))
        reported = {node for at, node in follower.finished if at < killed}
        self._compare(reported, follower.number, score)
        with suppress(StudioError, OSError):
            studio.close()

    def _state(self, job: str) -> str:
        """The state that a job comes to, as the server tells a newcomer."""
        end = time.monotonic() + PATIENCE
        while True:
            with self.server.connect(ready=False) as studio:
                state = str(studio.request("GET", f"/v1/jobs/{job}")["job"]["state"])
            if state in FINAL_STATES or time.monotonic() > end:
                return state
            time.sleep(0.2)

    def _kill(self, who: str) -> None:
        if who == "server":
            self.server.kill()
            self.server.start()
        else:
            worker = self.server.worker()
            if worker is not None:
                os.kill(worker, signal.SIGKILL)

    def _compare(self, reported: set[str], number: int, score: Score) -> None:
        lines = (self.server.data / "ledger.txt").read_text().splitlines()
        begun = Counter(line.removeprefix("begin ") for line in lines if line.startswith("begin"))
        ended = Counter(line.removeprefix("end ") for line in lines if line.startswith("end"))
        for node in range(NODES):
            name = f"j{number}n{node}"
            if begun[name] > 1 and str(node) in reported:
                score.rerun_finished.append(f"{name} was finished and ran {begun[name]} times")
            elif ended[name] > 1:
                score.rerun_unreported += 1

    def _next(self) -> int:
        self.number += 1
        return self.number


def damage(data: Path, jobs: list[str]) -> list[str]:
    """What is not as it should be in a data folder at rest."""
    found: list[str] = []
    for name in ("journal.db", "cache/cache.db"):
        with closing(sqlite3.connect(data / name)) as db:
            answer = db.execute("PRAGMA integrity_check").fetchone()[0]
            if answer != "ok":
                found.append(f"{name}: {answer}")
    found += [f"left over: {path}" for path in (data / "assets" / "incoming").iterdir()]
    with closing(sqlite3.connect(data / "journal.db")) as db:
        rows = db.execute("SELECT job, node, asset, name FROM outputs").fetchall()
    shown = Counter((job, node) for job, node, *_ in rows)
    for job in jobs:
        for node in range(NODES):
            wanted = int(node % 4 == 3)
            if shown[job, str(node)] != wanted:
                found.append(f"job {job} node {node}: {shown[job, str(node)]} outputs")
    for job, node, asset, name in rows:
        found += _wrong_picture(data, f"job {job} node {node}", asset, name, int(node) + 1)
    return found


def _wrong_picture(data: Path, where: str, asset: str, name: str, grey: int) -> list[str]:
    blob = data / "assets" / asset[:2] / asset
    copy = data / "output" / name
    if not blob.is_file() or hashlib.sha256(blob.read_bytes()).hexdigest() != asset:
        return [f"{where}: asset {asset[:8]} is missing or changed"]
    if not copy.is_file() or copy.read_bytes() != blob.read_bytes():
        return [f"{where}: {name} is missing or differs"]
    with Image.open(copy) as image:
        if image.getpixel((0, 0)) != grey:
            return [f"{where}: shows {image.getpixel((0, 0))} instead of {grey}"]
    return []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--who", choices=("worker", "server", "both"), default="both")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-nine-") as name:
        data = Path(name)
        pack = data / "packs" / "nine"
        pack.mkdir(parents=True)
        (pack / "__init__.py").write_text(dedent(PACK))
        server = Server(data, free_port())
        server.start()
        result: dict[str, Any] = {"seed": options.seed, "nodes": NODES}
        result["machine"] = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
        try:
            bench = Bench(server, random.Random(options.seed))
            result["undisturbed_seconds"] = round(bench.undisturbed(), 2)
            for who in ("worker", "server") if options.who == "both" else (options.who,):
                score = Score()
                for _ in range(options.kills):
                    bench.round(who, score)
                result[who] = score.to_json()
        finally:
            server.end()
        corrupt = damage(data, bench.jobs)
        result["corrupt"] = len(corrupt)
        result["corrupt_details"] = corrupt[:20]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
