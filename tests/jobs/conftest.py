"""Each test has a journal of its own, on a real disk. Makes `small_studio` importable."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from small_studio import Studio

from wirebrush.jobs.journal import Journal
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.records import Submission


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """An empty journal."""
    opened = await Journal.open(tmp_path / "journal.db")
    yield opened
    await opened.close()


@pytest.fixture
async def queue(journal: Journal) -> JobQueue:
    """The queue of an empty journal."""
    return await JobQueue.open(journal)


@pytest.fixture
def submission() -> Callable[..., Submission]:
    """A small job; the seed makes it another one."""

    def make(seed: int = 0, **more: Any) -> Submission:
        prompt = {"1": {"class_type": "KSampler", "inputs": {"seed": seed}}}
        return Submission(prompt, ("1",), {"name": "cats", "nodes": {}}, {}, **more)

    return make


@pytest.fixture
async def studio(tmp_path: Path, journal: Journal) -> Studio:
    """Nothing submitted yet, nobody working yet."""
    return await Studio.open(tmp_path, journal)
