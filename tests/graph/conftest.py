"""A small catalog of real declarations, with every kind of port that validation tells apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import pytest

from wirebrush.api import (
    Clip,
    Conditioning,
    File,
    Image,
    Latent,
    Lazy,
    Link,
    Mask,
    Model,
    Port,
    Range,
    Seed,
    Unit,
    Vae,
    node,
    spec_of,
)
from wirebrush.catalog import Catalog


class Checkpoint(NamedTuple):
    MODEL: Model
    CLIP: Clip
    VAE: Vae


class Pair(NamedTuple):
    positive: Conditioning
    negative: Conditioning


@node(id="LoadModel", category="t")
def load_model(ckpt_name: Annotated[str, File("checkpoints")]) -> Checkpoint: ...


@node(id="LoadPicture", category="t")
def load_picture(image: Annotated[str, File("image", upload=True)]) -> Image: ...


@node(id="Encode", category="t")
def encode(text: str, clip: Clip) -> Conditioning: ...


@node(id="Control", category="t")
def control(positive: Conditioning, negative: Conditioning, strength: Unit = 1.0) -> Pair: ...


@node(id="Sample", category="t", formerly=("OldSample",))
def sample(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    seed: Seed = 0,
    steps: Annotated[int, Range(1, 100)] = 20,
    cfg: float = 8.0,
    sampler_name: Literal["euler", "heun"] = "euler",
    denoise: Unit = 1.0,
) -> Latent: ...


@node(id="Empty", category="t")
def empty(width: Annotated[int, Range(min=16)] = 128) -> Latent: ...


@node(id="Decode", category="t")
def decode(samples: Latent, vae: Vae) -> Image: ...


@node(id="Invert", category="t")
def invert(image: Image) -> Image: ...


@node(id="Blend", category="t")
def blend(image1: Image, image2: Image, mask: Mask | None = None, amount: Unit = 0.5) -> Image: ...


@node(id="Save", category="t")
def save(images: Image, filename_prefix: str = "picture") -> None: ...


@node(id="Show", category="t")
def show(value: Any) -> None: ...


@node(id="Switch", category="t")
def switch(on: bool, yes: Lazy[Image], no: Lazy[Image]) -> Image: ...


@node(id="Batch", category="t")
def batch(images: list[Image]) -> Image: ...


@node(id="Sum", category="t")
def sum_up(numbers: list[int]) -> int: ...


@node(id="Add", category="t")
def add(a: int, b: int = 0) -> int: ...


@node(id="Either", category="t")
def either(item: int | str) -> str: ...


@node(id="Level", category="t")
def level(level: Literal[1, 2, 4] = 1, late: Literal[True, "auto"] = "auto") -> float: ...


@node(id="Sketch", category="t")
def sketch(raw: Link) -> Image: ...


def _more_ports(values: Mapping[str, Any]) -> list[Port]:
    return [Port(f"image{number}", "IMAGE") for number in range(values["count"])]


@node(id="Collect", category="t", ports=_more_ports)
def collect(count: int = 2) -> Image: ...


NODES: tuple[Callable[..., Any], ...] = (
    load_model,
    load_picture,
    encode,
    control,
    sample,
    empty,
    decode,
    invert,
    blend,
    save,
    show,
    switch,
    batch,
    sum_up,
    add,
    either,
    level,
    sketch,
    collect,
)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog(tuple(spec_of(function).owned_by("tiny", "0") for function in NODES))


def picture_prompt() -> dict[str, Any]:
    return {
        "1": {"class_type": "LoadModel", "inputs": {"ckpt_name": "postcards"}},
        "2": {"class_type": "Encode", "inputs": {"text": "a red house", "clip": ["1", 1]}},
        "3": {"class_type": "Encode", "inputs": {"text": "", "clip": ["1", 1]}},
        "4": {"class_type": "Empty", "inputs": {"width": 128}},
        "5": {
            "class_type": "Sample",
            "inputs": {
                "model": ["1", 0],
                "positive": ["2", 0],
                "negative": ["3", 0],
                "latent_image": ["4", 0],
                "seed": 7,
                "cfg": 6,
            },
        },
        "6": {"class_type": "Decode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "Save", "inputs": {"images": ["6", 0]}},
    }


@pytest.fixture
def picture() -> dict[str, Any]:
    """A whole prompt in API format that is right in every respect."""
    return picture_prompt()
