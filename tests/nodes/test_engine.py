"""The built-ins in the real engine: what is computed again, and what is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import wirebrush_nodes
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import Packs, assemble, load_packs, pack_from
from wirebrush.events import Event
from wirebrush.graph.prompt import Prompt


@pytest.fixture(scope="module")
def packs() -> Packs:
    return assemble([pack_from("builtin", wirebrush_nodes)])


@pytest.fixture
def engine(packs: Packs, models: Path, tmp_path: Path) -> Iterator[Engine]:
    with Engine(packs, Settings(cache=tmp_path / "cache", models=[models])) as engine:
        yield engine


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


GRAPH: dict[str, Any] = {
    "1": node("CheckpointLoaderSimple", ckpt_name="tiny"),
    "2": node(
        "LoraLoader",
        model=["1", 0],
        clip=["1", 1],
        lora_name="style.safetensors",
        strength_model=0.5,
        strength_clip=0.5,
    ),
    "3": node("CLIPTextEncode", text="a (red:1.3) house", clip=["2", 1]),
    "4": node("CLIPTextEncode", text="", clip=["2", 1]),
    "5": node("ControlNetLoader", control_net_name="edges"),
    "6": node("EmptyImage", width=64, height=64, batch_size=1, color=0xFF8000),
    "7": node(
        "ControlNetApplyAdvanced",
        positive=["3", 0],
        negative=["4", 0],
        control_net=["5", 0],
        image=["6", 0],
        strength=0.5,
        start_percent=0.0,
        end_percent=1.0,
    ),
    "8": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    "9": node(
        "KSampler",
        model=["2", 0],
        positive=["7", 0],
        negative=["7", 1],
        latent_image=["8", 0],
        seed=1,
        steps=2,
        cfg=4.0,
        sampler_name="dpmpp_2m_sde",
        scheduler="karras",
        denoise=1.0,
    ),
    "10": node("VAEDecode", samples=["9", 0], vae=["1", 2]),
    "11": node("SaveImage", images=["10", 0], filename_prefix="tiny"),
}


def graph(**sampler: Any) -> dict[str, Any]:
    """The graph with other settings of its sampler."""
    return GRAPH | {"9": node("KSampler", **{**GRAPH["9"]["inputs"], **sampler})}


def run(engine: Engine, prompt: Mapping[str, Any], target: str = "11") -> tuple[Any, list[Event]]:
    events: list[Event] = []
    finished = engine.run(Prompt.from_json(prompt), [target], events.extend)
    return finished, events


def test_the_pack_loads_through_its_entry_point() -> None:
    packs = load_packs()

    assert [failure.error for failure in packs.failures if failure.pack == "builtin"] == []
    assert "KSampler" in packs.types


def test_a_picture_and_what_another_seed_repeats(engine: Engine) -> None:
    first, _ = run(engine, graph())
    assert (first.state, first.summary.executed) == ("succeeded", 11), first

    again, _ = run(engine, graph())
    other, _ = run(engine, graph(seed=2))

    assert again.summary.executed <= 1  # sinks may show their pictures again
    assert other.summary.executed <= 3  # KSampler, VAEDecode, SaveImage: no text is read again


def test_everything_but_pictures_survives_a_restart(
    packs: Packs, models: Path, tmp_path: Path
) -> None:
    settings = Settings(cache=tmp_path / "kept", models=[models])
    with Engine(packs, settings) as engine:
        run(engine, graph())
    with Engine(packs, settings) as engine:
        finished, _ = run(engine, graph(seed=2))

    assert finished.state == "succeeded"
    assert finished.summary.executed <= 3


def test_a_learnt_word_that_is_replaced_is_read_again(
    packs: Packs, models: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "more" / "embeddings"
    folder.mkdir(parents=True)

    def learn(name: str, number: float) -> None:
        save_file({"emb_params": torch.full((1, 32), number)}, folder / f"{name}.safetensors")

    def ran(text: Any) -> bool:
        prompt = GRAPH | {"3": node("CLIPTextEncode", text=text, clip=["1", 1])}
        prompt["12"] = node("PrimitiveString", value="a embedding:mine")
        finished, _ = run(engine, prompt, "3")
        assert finished.state == "succeeded", finished.problems
        return "3" in finished.summary.per_node

    learn("mine", 1.0)
    settings = Settings(cache=tmp_path / "cache", models=[models, tmp_path / "more"])
    with Engine(packs, settings) as engine:
        assert [ran("a embedding:mine"), ran("a embedding:mine"), ran(["12", 0])] == [1, 0, 1]
        learn("other", 2.0)
        assert [ran("a embedding:mine"), ran("a house"), ran(["12", 0])] == [0, 1, 1]
        learn("mine", 3.0)
        assert [ran("a (embedding:mine:1.2)"), ran("a embedding:mine")] == [1, 1]
        assert [ran("a house"), ran(["12", 0]), ran(["12", 0])] == [0, 1, 0]


def test_inputs_whose_names_have_dots_reach_the_node(engine: Engine) -> None:
    prompt = {
        "1": node("CheckpointLoaderSimple", ckpt_name="tiny"),
        "2": node("LoraLoaderModelOnly", model=["1", 0], lora_name="style.safetensors"),
        "3": node("ModelMergeSD1", model1=["1", 0], model2=["2", 0], **{"input_blocks.1.": 0.25}),
    }

    finished, _ = run(engine, prompt, "3")
    other, _ = run(
        engine, prompt | {"3": node("ModelMergeSD1", **prompt["3"]["inputs"], **{"out.": 0.5})}, "3"
    )

    assert (finished.state, other.state) == ("succeeded", "succeeded"), finished
    assert other.summary.executed == 1
