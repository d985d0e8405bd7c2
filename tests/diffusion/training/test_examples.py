"""Every round shows every example once, in an order that the seed decides alone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.training.examples import Example, Order, generator_for


def example(side: int, places: int = 7) -> Example:
    return Example(torch.zeros(4, side, side), Condition(torch.zeros(1, places, 8)))


@given(
    sides=st.lists(st.sampled_from([8, 16, 24]), min_size=1, max_size=12),
    size=st.integers(1, 5),
    seed=st.integers(0, 2**64 - 1),
)
def test_rounds_are_whole_and_batches_are_of_one_size(
    sides: list[int], size: int, seed: int
) -> None:
    order = Order([example(side) for side in sides], size, seed)
    for turn in range(3):
        batches = [order.batch(turn * order.length + place) for place in range(order.length)]
        assert sorted(number for batch in batches for number in batch) == list(range(len(sides)))
        assert all(len({sides[number] for number in batch}) == 1 for batch in batches)
        assert all(1 <= len(batch) <= size for batch in batches)


def test_any_batch_can_be_asked_for_at_any_time() -> None:
    order = Order([example(8) for _ in range(7)], 2, 9)
    forward = [order.batch(number) for number in range(12)]
    assert [order.batch(number) for number in reversed(range(12))] == forward[::-1]
    assert forward[:4] != forward[4:8]
    assert [Order([example(8)] * 7, 2, 10).batch(n) for n in range(12)] != forward


def test_texts_of_other_lengths_do_not_share_a_batch() -> None:
    order = Order([example(8), example(8, 14)], 2, 0)
    assert order.length == 2


def test_nothing_to_learn_from() -> None:
    with pytest.raises(DiffusionError, match="nothing to learn from"):
        Order([], 1, 0)


def test_places_have_their_own_randomness() -> None:
    drawn = {
        torch.rand((), generator=generator_for(seed, name, place)).item()
        for seed in (0, 2**64 - 1)
        for name in ("noise", "order")
        for place in range(50)
    }
    assert len(drawn) == 200
