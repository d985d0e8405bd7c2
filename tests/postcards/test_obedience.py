"""The model paints what it is told: 64 prompts of unseen scenes, fixed seeds, 20 steps."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from wirebrush_postcards import models_path
from wirebrush_postcards.obedience import compare, paint_all, unseen_prompts
from wirebrush_postcards.sample import Painter

LEAST = {"time": 0.95, "ground": 0.95, "thing": 0.9, "colour": 0.9, "side": 0.85}
SHORT_PROMPTS = [
    "a red house",
    "night",
    "a boat",
    "snow at sunset",
    "a desert in the evening",
    "blue sailboat",
    "winter",
    "the sea at dawn",
]


@pytest.fixture(scope="module")
def folder() -> Path:
    """The shipped model."""
    return models_path() / "checkpoints" / "postcards"


@pytest.fixture(scope="module")
def painter(folder: Path) -> Iterator[Painter]:
    """The loaded model, on one thread: with busy neighbours that is the fastest."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Painter.load(folder)
    torch.set_num_threads(before)


@pytest.mark.timeout(900)
def test_it_paints_what_the_prompts_say(painter: Painter) -> None:
    prompts = unseen_prompts(64)
    shares, faults = compare(prompts, paint_all(painter, prompts, steps=20, cfg=3.0, seed=1))
    for kind, least in LEAST.items():
        assert shares[kind] >= least, (
            kind,
            shares,
            [fault for fault in faults if fault.kind == kind],
        )


def test_short_prompts_work(painter: Painter) -> None:
    shares, faults = compare(
        SHORT_PROMPTS, paint_all(painter, SHORT_PROMPTS, steps=20, cfg=3.0, seed=7)
    )
    assert min(shares[kind] for kind in ("time", "ground")) >= 0.8, faults


def test_the_same_seed_paints_the_same_picture(painter: Painter) -> None:
    once, again = (
        painter.paint(["a blue house in the snow"], [5], steps=4).numpy() for _ in range(2)
    )
    assert np.array_equal(once, again)


def test_a_picture_is_painted_in_a_moment_on_one_core(painter: Painter) -> None:
    """Half a second of a core with 50 GFLOP/s, however busy it is."""
    with FlopCounterMode(display=False) as counted:
        painter.paint(["a red house"], [1], steps=20)
    assert 0 < counted.get_total_flops() <= 25e9
