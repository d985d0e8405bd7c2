"""The shipped training in the real engine: seen while it works, kept, and on small cards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import wirebrush_nodes
from wirebrush.catalog import Catalog
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import assemble, load_packs, pack_from
from wirebrush.events import Finished, NodeFinished, NodeProgress, Preview
from wirebrush.graph.document import read_document
from wirebrush_postcards import models_path

WORKFLOW = Path(__file__).parents[2] / "workflows" / "lora-training.json"
TRAIN, PLOT, KEEP = "5", "6", "7"
MB = 1024**2


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    torch.set_num_threads(1)
    return Catalog.from_json(json.loads(json.dumps(load_packs().catalog())))


class Studio:
    """An engine with folders of its own, and what it told."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self.folder, self.catalog = folder, catalog
        self.events: list[Any] = []

    def run(self, target: str, *, limit: int = 0, **told: Any) -> Finished:
        data = json.loads(WORKFLOW.read_text(encoding="utf-8"))
        data["nodes"][TRAIN]["values"] |= {"steps": 4, "batch_size": 2, "sample_every": 2} | told
        document = read_document(json.dumps(data).encode(), self.catalog, [target])
        assert document.problems == ()
        assert document.prompt is not None
        models = [self.folder / "models", models_path()]
        settings = Settings(cache=self.folder / "cache", models=models, vram_limit=limit)
        self.events.clear()
        with Engine(assemble([pack_from("builtin", wirebrush_nodes)]), settings) as engine:
            return engine.run(document.prompt, [target], self.events.extend, previews=True)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def loras(self) -> list[Path]:
        return sorted(self.folder.glob("models/loras/*"))


def test_it_is_seen_while_it_works_and_kept_once(tmp_path: Path, catalog: Catalog) -> None:
    studio = Studio(tmp_path, catalog)

    assert studio.run(KEEP, steps=12).state == "succeeded"
    steps = [event for event in studio.of(NodeProgress) if event.node == TRAIN]
    assert [event.value for event in steps][-1] == steps[-1].total == 12
    assert [event for event in studio.of(Preview) if event.node == TRAIN]
    assert [path.name for path in studio.loras] == ["woodcut_12_steps_00001_.safetensors"]

    assert studio.run(KEEP, steps=12).state == "succeeded"
    finished = {event.node: event for event in studio.of(NodeFinished)}
    assert not [event for event in studio.of(NodeProgress) if event.node == TRAIN]
    (text,) = finished[KEEP].outputs
    assert text.text.startswith("loras/woodcut_12_steps_00001_.safetensors, ")
    assert len(studio.loras) == 1

    assert studio.run(PLOT, steps=12).state == "succeeded"
    (plot,) = next(e for e in studio.of(NodeFinished) if e.node == PLOT).outputs
    assert (plot.width, plot.height) == (800, 450)


def test_a_small_card_trains_the_same_and_a_tiny_one_says_why_not(
    tmp_path: Path, catalog: Catalog
) -> None:
    loras: list[bytes] = []
    for limit in (0, 120 * MB):
        studio = Studio(tmp_path / str(limit), catalog)
        assert studio.run(KEEP, limit=limit).state == "succeeded"
        loras.append(studio.loras[0].read_bytes())
    assert loras[0] == loras[1]

    (problem,) = Studio(tmp_path / "tiny", catalog).run(KEEP, limit=12 * MB).problems
    assert problem.node == TRAIN
    assert "MB of the model do not fit on cpu" in problem.message
