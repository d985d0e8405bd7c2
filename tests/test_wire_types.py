"""The page's TypeScript types are what the server's schema says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_generated_types_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "web" / "scripts" / "gen_wire.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
