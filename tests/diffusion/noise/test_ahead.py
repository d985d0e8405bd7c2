"""Noise that is drawn beside the model's work is the noise that would have been drawn."""

from __future__ import annotations

import gc
import threading
import time
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.noise.ahead import DrawnAhead
from wirebrush_diffusion.noise.sources import StepNoise, brownian_noise

LIKE = torch.zeros(2, 4, 8, 8)
SIGMAS = [14.6, 7.0, 3.1, 1.2, 0.4, 0.03, 0.0]


def path() -> StepNoise:
    return brownian_noise(LIKE, 7, 0.03, 14.6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SIGMAS[:-1]), st.sampled_from(SIGMAS[:-1])), max_size=12))
def test_any_intervals_in_any_order(asked: list[tuple[float, float]]) -> None:
    plain, ahead = path(), DrawnAhead(path(), SIGMAS)
    for start, end in asked:
        assert torch.equal(ahead(start, end), plain(start, end))


def test_every_step_of_a_run_and_the_points_between() -> None:
    plain, ahead = path(), DrawnAhead(path(), SIGMAS)
    for start, end in pairwise(SIGMAS[:-1]):
        middle = (start * end) ** 0.5
        assert torch.equal(ahead(start, middle), plain(start, middle))
        assert torch.equal(ahead(start, end), plain(start, end))


def drawing_threads(wanted: int) -> int:
    """How many threads draw, once they are as many as wanted or a while is over."""
    until = time.monotonic() + 60
    while True:
        gc.collect()
        count = sum(thread.name == "noise-ahead" for thread in threading.enumerate())
        if count == wanted or time.monotonic() > until:
            return count
        time.sleep(0.01)


def test_the_thread_goes_with_the_run() -> None:
    assert drawing_threads(0) == 0
    ahead = DrawnAhead(path(), SIGMAS, window=1)  # two steps' noise fill it
    ahead(SIGMAS[0], SIGMAS[1])
    assert drawing_threads(1) == 1
    del ahead
    assert drawing_threads(0) == 0


def test_what_cannot_be_drawn_is_said_where_it_is_needed() -> None:
    def broken(sigma: float, sigma_next: float) -> torch.Tensor:
        raise MemoryError("no room")

    ahead = DrawnAhead(broken, SIGMAS)
    for _ in range(2):
        with pytest.raises(MemoryError, match="no room"):
            ahead(SIGMAS[0], SIGMAS[1])
