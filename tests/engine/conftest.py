"""Tiny packs written to disk and a real engine on them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from wirebrush.engine.cancel import Cancellation
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import load_packs
from wirebrush.events import Event, Finished, NodeFinished, NodesPlanned, NodeStarted
from wirebrush.graph.prompt import Prompt

sys.path.insert(0, str(Path(__file__).parent))  # for `plain_nodes`

HEAD = """
import asyncio, os, sys, time, threading
from typing import Annotated, Any, Literal, NamedTuple
from wirebrush.api import *
LOG = []
"""


@dataclass
class Job:
    """One finished job: how it ended and what was heard."""

    finished: Finished
    events: list[Event] = field(default_factory=list[Event])

    @property
    def state(self) -> str:
        return self.finished.state

    @property
    def counts(self) -> tuple[int, int, int]:
        """Executed, cached, skipped."""
        summary = self.finished.summary
        return summary.executed, summary.cached, summary.skipped

    @property
    def ran(self) -> list[str]:
        """The nodes whose functions were called, in their order."""
        return list(self.finished.summary.per_node)

    @property
    def texts(self) -> dict[str, list[str]]:
        """What nodes showed."""
        return {
            event.node: [output.text or "" for output in event.outputs]
            for event in self.events
            if isinstance(event, NodeFinished) and event.outputs
        }

    @property
    def problems(self) -> list[tuple[str, str | None, str]]:
        return [(item.code, item.node, item.message) for item in self.finished.problems]

    def reason(self, node: str) -> str:
        """Why a node ran."""
        starts = [event for event in self.events if isinstance(event, NodeStarted)]
        return next(event.reason for event in starts if event.node == node)

    @property
    def plan(self) -> NodesPlanned:
        return next(event for event in self.events if isinstance(event, NodesPlanned))


class Bench:
    """An engine on a pack, and how to run things on it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.log: list[Any] = engine.packs.modules[0].__dict__["LOG"]

    def run(
        self,
        nodes: Mapping[str, tuple[str, Mapping[str, Any]]],
        *targets: str,
        scope: str = "",
        cancellation: Cancellation | None = None,
        **wishes: Any,
    ) -> Job:
        """Run `{id: (type, inputs)}`; the targets are all nodes if none are named."""
        prompt = Prompt.from_json(
            {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}
        )
        return self.run_prompt(
            prompt, targets or list(nodes), scope=scope, cancellation=cancellation, **wishes
        )

    def run_prompt(self, prompt: Prompt, targets: Sequence[str], **wishes: Any) -> Job:
        """Run a prompt as it is, which may have run before."""
        events: list[Event] = []
        return Job(self.engine.run(prompt, targets, events.extend, **wishes), events)


MakeBench = Callable[..., Bench]


@pytest.fixture
def bench_of(tmp_path: Path) -> Iterator[MakeBench]:
    """Makes a bench from the source of a pack; `restart=True` forgets what is in memory."""
    made: list[Engine] = []

    def make(source: str, *, disk: bool = True, **settings: Any) -> Bench:
        folder = tmp_path / "packs"
        folder.mkdir(exist_ok=True)
        (folder / "tiny.py").write_text(HEAD + dedent(source))
        packs = load_packs([folder], use_entry_points=False)
        assert not packs.failures, packs.failures
        cache = tmp_path / "cache" if disk else None
        made.append(Engine(packs, Settings(cache=cache, **settings)))
        return Bench(made[-1])

    yield make
    for engine in made:
        engine.close()
