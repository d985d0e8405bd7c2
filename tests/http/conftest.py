"""Makes `http_studio` importable, and starts a server for each test that wants one."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from http_studio import Studio, running_studio


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    """A running server without workers."""
    async with running_studio(tmp_path) as started:
        yield started


@pytest.fixture
async def comfy(tmp_path: Path) -> AsyncIterator[Studio]:
    """A running server without workers that speaks ComfyUI's API too."""
    async with running_studio(tmp_path, comfy=True) as started:
        yield started
