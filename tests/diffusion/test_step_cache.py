"""Steps left out change the picture a little; by how little the threshold says, 0: not at all."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from wirebrush_diffusion.files.checkpoint import load
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.guide import Guided
from wirebrush_diffusion.guidance.lazy import lazily
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import run_sigmas, sample_guided
from wirebrush_diffusion.step_cache import StepCache
from wirebrush_postcards import models_path

STEPS = 20


@pytest.fixture(scope="module")
def postcards() -> Any:
    return load(models_path() / "checkpoints" / "postcards")


@pytest.fixture(scope="module")
def texts(postcards: Any) -> list[Condition]:
    said = ("a red house by day", "")
    return [Condition(postcards.text_encoder.encode(text).context) for text in said]


def painted(
    parts: Any, texts: list[Condition], *, inner: StepCache | None = None,
    outer: StepCache | None = None,
) -> Tensor:  # fmt: skip
    model: DiffusionModel = parts.model
    model = model if inner is None else model.cached_by(inner)
    empty = torch.zeros(1, 4, 16, 16)

    def guider(shape: Any, *, pairs: bool) -> Any:
        return Guided(model, texts[:1], texts[1:], 5.0, shape, pairs=pairs)

    sampler = SAMPLERS["euler"]
    latent = sample_guided(
        model, guider if outer is None else lazily(guider, outer, model.prediction), empty,
        initial_noise(empty, 1), run_sigmas(model, sampler, "normal", STEPS, 1.0),
        sampler=sampler, seed=1,
    ).samples  # fmt: skip
    return parts.autoencoder.decode(latent)


def cache(parts: Any, threshold: float) -> StepCache:
    schedule = parts.model.schedule
    return StepCache(threshold, schedule.at_percent(0.15), schedule.at_percent(0.95))


@pytest.mark.parametrize(("place", "bound"), [("inner", 1 / 255), ("outer", 4 / 255)])
def test_the_picture_changes_within_bounds(
    postcards: Any, texts: list[Condition], place: str, bound: float
) -> None:
    """At the usual threshold; a larger one leaves out more."""
    exact = painted(postcards, texts)
    usual, more = cache(postcards, 0.2), cache(postcards, 1.0)
    picture = painted(postcards, texts, **{place: usual})
    painted(postcards, texts, **{place: more})
    assert 0 < float((picture - exact).abs().mean()) <= bound
    assert STEPS // 4 <= usual.reused < more.reused
    assert usual.asked + usual.reused == STEPS


@pytest.mark.parametrize("place", ["inner", "outer"])
def test_without_a_threshold_nothing_is_left_out(
    postcards: Any, texts: list[Condition], place: str
) -> None:
    used = cache(postcards, 0.0)
    exact = painted(postcards, texts)
    assert torch.equal(painted(postcards, texts, **{place: used}), exact)
    assert (used.asked, used.reused) == (STEPS, 0)


def test_outside_its_window_every_step_is_computed(postcards: Any, texts: list[Condition]) -> None:
    used = StepCache(3.0, 1.0, 0.9)
    exact = painted(postcards, texts)
    assert (painted(postcards, texts, inner=used) - exact).abs().max() < 0.2
    assert used.reused <= 1


@given(
    threshold=st.floats(0.01, 2.0),
    steps=st.lists(st.floats(0.01, 0.5), min_size=3, max_size=20),
)
def test_what_is_expected_never_exceeds_the_threshold(threshold: float, steps: list[float]) -> None:
    """For a network whose answer is proportional to its input the expectation is exact."""
    used = StepCache(threshold, 100.0, 0.0)
    x = torch.ones(1, 2, 2, 2)
    computed = 2.0 * x
    for step in steps:
        x = x + step
        answer = used.answer("one", x, 1.0, lambda x=x: 2.0 * x)
        asked = bool(torch.equal(answer, 2.0 * x))
        computed = 2.0 * x if asked else computed
        assert float((2.0 * x - computed).abs().mean() / computed.abs().mean()) < 2 * threshold + 1
    assert used.asked + used.reused == len(steps)
    assert used.asked >= 2, "a rate is known after two"
