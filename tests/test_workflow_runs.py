"""The shipped workflows that need no other model paint their pictures: here in three steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wirebrush.catalog import Catalog
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import load_packs
from wirebrush.events import Event, NodeFinished
from wirebrush.folders import packaged_roots
from wirebrush.graph.document import read_document
from wirebrush.graph.prompt import Prompt

FOLDER = Path(__file__).parents[1] / "workflows"
PICTURES = {
    "batch-grid": 1,
    "controlnet": 3,
    "hires-fix": 2,
    "img2img": 2,
    "inpaint": 2,
    "lora-stack": 2,
    "outpaint": 2,
    "postcard": 1,
    "prompt-areas": 1,
    "textual-inversion": 2,
    "two-pass-refine": 2,
}
SINKS = ("SaveImage", "PreviewImage")
QUICK: dict[str, Any] = {"steps": 3, "end_at_step": 1, "start_at_step": 1}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    cache = tmp_path_factory.mktemp("cache")
    with Engine(load_packs(), Settings(cache=cache, models=packaged_roots())) as engine:
        yield engine


@pytest.mark.parametrize("name", PICTURES)
def test_it_paints(name: str, engine: Engine) -> None:
    catalog = Catalog.from_json(json.loads(json.dumps(load_packs().catalog())))
    document = read_document((FOLDER / f"{name}.json").read_bytes(), catalog)
    assert document.prompt is not None
    events: list[Event] = []
    sinks = [n.id for n in document.prompt.nodes.values() if n.class_type in SINKS]

    finished = engine.run(quickened(document.prompt), sinks, events.extend)

    assert finished.state == "succeeded", finished
    shown = [event for event in events if isinstance(event, NodeFinished)]
    pictures = [output for event in shown for output in event.outputs if output.asset]
    assert len(pictures) == PICTURES[name]


def quickened(prompt: Prompt) -> Prompt:
    """The prompt with few steps: where one sampler hands on to another, after the first."""
    nodes = {
        name: replace(
            node,
            inputs={
                port: QUICK[port] if port in QUICK and is_early(port, value) else value
                for port, value in node.inputs.items()
            },
        )
        for name, node in prompt.nodes.items()
    }
    return replace(prompt, nodes=nodes)


def is_early(port: str, value: Any) -> bool:
    """Not the start of a first sampler, nor the end of a last one."""
    return port == "steps" or 0 < value < 10_000
