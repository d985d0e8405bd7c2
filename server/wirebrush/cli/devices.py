"""Which devices this machine has, without importing torch: the worker finds out for certain."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def device_names() -> list[str]:
    """A name per GPU that the installed torch can use, else "cpu"."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        return ["cpu"]
    if sys.platform == "darwin":
        return ["mps"] if platform.machine() == "arm64" else ["cpu"]
    if torch.endswith("+cpu"):
        return ["cpu"]
    return [f"cuda:{number}" for number in range(_nvidia_gpus())] or ["cpu"]


def _nvidia_gpus() -> int:
    if sys.platform == "linux":
        return sum(
            1 for path in Path("/dev").glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)
        )
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=10, check=False)
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
