"""How long does a person wait for a picture? The embedded model, through the real server.

    python benchmarks/postcard.py [--repeats 5] [--steps 20]

Starts `wirebrush serve` on a fresh data folder and submits the default workflow: first (weights are
loaded), then with another seed (the text must come from the cache), then the same seed again
(everything must). Times run from `submit` to the last event, as a client sees them. Prints JSON:
seconds, the median of the repeats, and how many nodes ran.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wirebrush.client import Studio, StudioError

WORKFLOW = Path(__file__).parent.parent / "workflows" / "postcard.json"
PATIENCE = 120.0  # seconds until the server and its worker must be there


@contextmanager
def studio_on(data: Path) -> Iterator[Studio]:
    """A server of its own on a data folder, and a client connected to it."""
    command = [sys.executable, "-m", "wirebrush", "serve", "--no-browser", "--data", str(data)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with _connected(data) as studio:
            while not studio.request("GET", "/v1/health")["ready"]:
                time.sleep(0.1)
            yield studio
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def _connected(data: Path) -> Studio:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return Studio.open(data=data)
        except StudioError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def timed(studio: Studio, workflow: dict[str, Any]) -> dict[str, float]:
    """Submit and follow to the end: seconds, and how the nodes ended."""
    start = time.perf_counter()
    end = studio.submit(workflow).wait()
    seconds = time.perf_counter() - start
    if end.state != "succeeded":
        raise SystemExit(f"The job {end.state}: {end.problems}")
    return {"seconds": seconds, "executed": end.summary.executed, "cached": end.summary.cached}


def with_values(workflow: dict[str, Any], **values: int) -> dict[str, Any]:
    """The workflow with values of its sampler changed."""
    changed = json.loads(json.dumps(workflow))
    for node in changed["nodes"].values():
        if node["type"] == "KSampler":
            node["values"].update(values)
    return changed


def median_of(runs: list[dict[str, float]]) -> dict[str, float]:
    """Each figure's median."""
    return {name: round(statistics.median(run[name] for run in runs), 4) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    workflow = with_values(json.loads(WORKFLOW.read_text()), steps=options.steps)
    with tempfile.TemporaryDirectory() as folder, studio_on(Path(folder)) as studio:
        first = timed(studio, with_values(workflow, seed=1))
        seeds = range(2, 2 + options.repeats)
        other = [timed(studio, with_values(workflow, seed=seed)) for seed in seeds]
        again = [timed(studio, with_values(workflow, seed=seed)) for seed in seeds]
    result = {
        "benchmark": "postcard",
        "machine": {"cpus": os.cpu_count(), "processor": platform.machine()},
        "steps": options.steps,
        "first": median_of([first]),
        "another_seed": median_of(other),
        "same_seed_again": median_of(again),
    }
    print(json.dumps(result, indent=2))


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of the docstring."""


if __name__ == "__main__":
    main()
