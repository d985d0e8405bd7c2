"""The benchmark that kills processes keeps working, and finds nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "kill_nine.py"


@pytest.mark.timeout(600)  # it starts several workers, each of which imports torch
@pytest.mark.skipif(os.name != "posix", reason="kills with POSIX signals")
def test_a_killed_worker_and_a_killed_server_lose_nothing() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--kills", "1"],
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    score = json.loads(done.stdout)
    for who in ("worker", "server"):
        assert (score[who]["lost"], score[who]["rerun_finished"]) == (0, 0), score
    assert score["corrupt"] == 0, score
