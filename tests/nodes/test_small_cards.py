"""Postcards on a simulated card: the same pictures down to a few megabytes, then a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import wirebrush_nodes
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import assemble, pack_from
from wirebrush.events import NodeFinished
from wirebrush.graph.prompt import Prompt
from wirebrush_postcards import models_path

MB = 1024**2


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


GRAPH: dict[str, Any] = {
    "1": node("CheckpointLoaderSimple", ckpt_name="postcards"),
    "2": node("CLIPTextEncode", text="a red house by day", clip=["1", 1]),
    "3": node("CLIPTextEncode", text="", clip=["1", 1]),
    "4": node(
        "LoraLoader", model=["1", 0], clip=["1", 1], strength_model=0.5, strength_clip=0.0,
        lora_name="postcards-woodcut.safetensors",
    ),
    "5": node("EmptyLatentImage", width=128, height=128, batch_size=2),
    "6": node(
        "KSampler", model=["4", 0], positive=["2", 0], negative=["3", 0], latent_image=["5", 0],
        seed=1, steps=2, cfg=4.0, sampler_name="euler", scheduler="normal", denoise=1.0,
    ),
    "7": node("VAEDecode", samples=["6", 0], vae=["1", 2]),
    "8": node("SaveImage", images=["7", 0], filename_prefix="card"),
}  # fmt: skip


class Card:
    """An engine on a card of a size, and what it painted."""

    def __init__(self, folder: Path, limit: int) -> None:
        settings = Settings(cache=folder, models=[models_path()], vram_limit=limit)
        with Engine(assemble([pack_from("builtin", wirebrush_nodes)]), settings) as engine:
            events: list[Any] = []
            self.finished = engine.run(Prompt.from_json(GRAPH), ["8"], events.extend)
            self.used = engine.device.vram()
        self.shown = [
            output.asset for e in events if isinstance(e, NodeFinished) for output in e.outputs
        ]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[str | None]:
    torch.set_num_threads(1)
    return Card(tmp_path_factory.mktemp("plain"), 0).shown


@pytest.mark.parametrize("megabytes", [200, 40, 26])
def test_the_same_pictures(megabytes: int, tmp_path: Path, expected: list[str | None]) -> None:
    card = Card(tmp_path, megabytes * MB)
    assert card.finished.state == "succeeded", card.finished.problems
    assert card.shown == expected, "to the last bit: assets are named by their content"
    assert 0 < card.used <= megabytes * MB


def test_a_tiny_card_paints_in_small_parts(tmp_path: Path, expected: list[str | None]) -> None:
    card = Card(tmp_path, 8 * MB)
    assert card.finished.state == "succeeded", card.finished.problems
    assert len(card.shown) == len(expected) == 2


def test_a_card_that_is_too_small_is_told_in_numbers(tmp_path: Path) -> None:
    (problem,) = Card(tmp_path, 2 * MB).finished.problems
    assert problem.node == "6"
    assert problem.message.startswith("Painting 128x128 needs more memory than there is: at least")
    assert "cpu may use 2 MB (--vram-limit)" in problem.message
    assert problem.hint.endswith("or allow more with --vram-limit.")
    reading = Card(tmp_path / "smaller", MB // 4).finished.problems[0]
    assert reading.message.startswith("There is not enough memory for this: A tensor of")


LARGE: dict[str, Any] = {
    "1": node("CheckpointLoaderSimple", ckpt_name="postcards"),
    "2": node("EmptyLatentImage", width=640, height=640, batch_size=1),
    "4": node("VAEDecode", samples=["2", 0], vae=["1", 2]),
    "5": node("SaveImage", images=["4", 0], filename_prefix="large"),
}


def test_tiles_that_nobody_asked_for_are_told_and_kept_by_no_cache(tmp_path: Path) -> None:
    def decoded(limit: int) -> Any:
        settings = Settings(cache=tmp_path, models=[models_path()], vram_limit=limit * MB)
        with Engine(assemble([pack_from("builtin", wirebrush_nodes)]), settings) as engine:
            return engine.run(Prompt.from_json(LARGE), ["5"], lambda events: None)

    short, again, plenty, kept = decoded(125), decoded(125), decoded(0), decoded(0)

    assert {job.state for job in (short, again, plenty, kept)} == {"succeeded"}
    (told,) = short.problems
    assert (told.code, told.node, told.severity) == ("rough", "4", "warning")
    assert told.message.startswith("Decoding 640x640 was done in tiles of 512 pixels, because")
    assert "cpu may use 125 MB (--vram-limit)" in told.message
    assert again.summary.executed >= 2, "the tiled picture was in no cache"
    assert again.problems[0].code == "rough"
    assert plenty.problems == ()
    assert plenty.summary.executed >= 2
    assert kept.summary.executed == 0
