"""The picture of a training shows its course, whatever the losses are."""

from __future__ import annotations

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.training.plot import COURSE, loss_plot, nice_ticks, smoothed

LOSSES = st.lists(
    st.one_of(st.floats(0, 1e6), st.sampled_from([math.nan, math.inf, 0.0])), max_size=60
)


@settings(max_examples=25)
@given(losses=LOSSES)
def test_every_training_can_be_drawn(losses: list[float]) -> None:
    picture = loss_plot(losses)
    assert picture.shape == (450, 800, 3)
    assert 0 <= picture.min() <= picture.max() <= 1


def test_a_course_that_falls_is_drawn_falling() -> None:
    picture = loss_plot([1.0 - 0.009 * step for step in range(100)])
    colour = torch.tensor(COURSE) / 255
    drawn = ((picture - colour).abs().amax(-1) < 0.2)[64:386]

    rows = [drawn[:, column].nonzero().float().mean().item() for column in (110, 330, 580, 750)]

    assert rows == sorted(rows)
    assert rows[-1] - rows[0] > 200


@given(losses=st.lists(st.floats(0, 10), min_size=1, max_size=200))
def test_smoothing_keeps_within_what_it_smooths(losses: list[float]) -> None:
    course = smoothed(losses)
    assert len(course) == len(losses)
    assert all(min(losses) - 1e-6 <= value <= max(losses) + 1e-6 for value in course)


@given(high=st.floats(1e-6, 1e9))
def test_ticks_are_few_round_and_inside(high: float) -> None:
    ticks = nice_ticks(0.0, high)
    assert 3 <= len(ticks) <= 11
    assert ticks[0] == 0
    assert ticks[-1] <= high * (1 + 1e-9)
    step = ticks[1]
    assert f"{step:.0e}"[0] in "125"
