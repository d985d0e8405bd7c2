"""Stand-in packs, written to disk as people find them, on a real engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from wirebrush.api import Machine, NodeSpec
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import Packs, load_packs
from wirebrush.events import Event, Finished, NodeFinished, NodeProgress, Output
from wirebrush.graph.prompt import Prompt
from wirebrush.packlist import PackChoice
from wirebrush_comfy import IMPORTER
from wirebrush_comfy.shims.finder import uninstall

NATIVE = '''
from typing import Any
from wirebrush.api import Image, Latent, Mask, Run, node

@node(id="Show", category="t")
def show(value: Any, *, run: Run) -> None:
    """Shows what it gets."""
    run.show_text(repr(value))

@node(id="Picture", category="t")
def picture(width: int = 4, height: int = 4, level: float = 0.5) -> Image:
    """A plain picture."""
    import torch
    return torch.full((1, height, width, 3), level)

@node(id="Noise", category="t")
def noise() -> Latent:
    """A latent with a mask."""
    import torch
    return Latent(torch.ones(1, 4, 2, 2), torch.ones(1, 16, 16), (3,))
'''

Nodes = Mapping[str, tuple[str, Mapping[str, Any]]]


@dataclass
class Job:
    """One finished job: how it ended and what was heard."""

    finished: Finished
    events: list[Event] = field(default_factory=list[Event])

    @property
    def state(self) -> str:
        return self.finished.state

    @property
    def messages(self) -> list[str]:
        return [f"{item.message} {item.hint}".strip() for item in self.finished.problems]

    @property
    def ran(self) -> list[str]:
        return list(self.finished.summary.per_node)

    def outputs(self, node: str) -> list[Output]:
        """What a node showed."""
        ends = [e for e in self.events if isinstance(e, NodeFinished) and e.node == node]
        return [output for end in ends for output in end.outputs]

    def text(self, node: str) -> str:
        """The one text that a node showed."""
        (text,) = [item.text or "" for item in self.outputs(node) if item.kind == "text"]
        return text

    def data(self, node: str) -> list[Any]:
        """The data that a node gave."""
        return [json.loads(o.text or "") for o in self.outputs(node) if o.kind == "data"]

    @property
    def progress(self) -> list[tuple[int, int]]:
        return [(e.value, e.total) for e in self.events if isinstance(e, NodeProgress)]


class Bench:
    """An engine on stand-in packs."""

    def __init__(self, packs: Packs, home: Path, models: tuple[Path, ...]) -> None:
        self.packs = packs
        self.home = home
        self.engine = Engine(packs, Settings(cache=home / "cache", models=models))

    def spec(self, node_type: str) -> NodeSpec:
        """What a node type declares."""
        return self.packs.spec(node_type)

    def run(self, nodes: Nodes, *targets: str, workflow: Any = None) -> Job:
        """Run `{id: (type, inputs)}`; the targets are all nodes if none are named."""
        data = {n: {"class_type": kind, "inputs": inputs} for n, (kind, inputs) in nodes.items()}
        metadata = {"prompt": json.dumps(data)}
        if workflow is not None:
            metadata["workflow"] = json.dumps(workflow)
        events: list[Event] = []
        wanted = targets or list(nodes)
        prompt = Prompt.from_json(data)
        finished = self.engine.run(prompt, wanted, events.extend, metadata=metadata, rules="comfy")
        return Job(finished, events)

    def shown(self, nodes: Nodes, wire: tuple[str, int]) -> str:
        """What arrives at the end of a wire."""
        job = self.run({**nodes, "show": ("Show", {"value": list(wire)})}, "show")
        assert job.state == "succeeded", job.messages
        return job.text("show")


MakeBench = Callable[..., Bench]


def load(
    folder: Path, source: str | Mapping[str, str], *, builtin: bool = False, **machine: Any
) -> Packs:
    """Write a pack called `pack` and load it, with a few nodes of our own beside it."""
    files = {"__init__.py": source} if isinstance(source, str) else source
    for name, text in files.items():
        path = folder / "custom_nodes" / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    (folder / "packs").mkdir(exist_ok=True)
    (folder / "packs" / "native.py").write_text(NATIVE, encoding="utf-8")
    importer = IMPORTER.configured(Machine(home=folder / "comfyui", **machine))
    return load_packs(
        [folder / "packs"],
        [folder / "custom_nodes"],
        choice=PackChoice(all_on=True),
        use_entry_points=builtin,
        importers={"comfyui": importer},
    )


@pytest.fixture(autouse=True)
def _tidy() -> Iterator[None]:
    yield
    uninstall()
    for name in [name for name in sys.modules if name.startswith("wirebrush_comfy_pack_")]:
        del sys.modules[name]


@pytest.fixture
def load_pack(tmp_path: Path) -> Callable[..., Packs]:
    """Loads a pack from its source, or from its files by name."""
    return lambda source, **machine: load(tmp_path, source, **machine)


@pytest.fixture
def bench_of(tmp_path: Path) -> Iterator[MakeBench]:
    """Makes a bench from the source of a pack; nothing of it may have failed."""
    made: list[Bench] = []

    def make(source: str | Mapping[str, str], **machine: Any) -> Bench:
        packs = load(tmp_path, source, **machine)
        assert not packs.failures, packs.failures
        made.append(Bench(packs, tmp_path, machine.get("models", ())))
        return made[-1]

    yield make
    for bench in made:
        bench.engine.close()
