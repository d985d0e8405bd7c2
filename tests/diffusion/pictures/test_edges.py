"""Edges of pictures, against scikit-like expectations that can be worked out by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.pictures.edges import canny


def _square(level: float = 1.0) -> torch.Tensor:
    picture = torch.zeros(1, 40, 40, 3)
    picture[:, 10:30, 10:30] = level
    return picture


def test_a_square_has_an_outline_one_pixel_wide_and_nothing_inside() -> None:
    edges = canny(_square())
    assert edges.shape == (1, 40, 40)
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    assert edges[:, 14:26, 14:26].sum() == 0
    assert edges[:, :7].sum() == 0
    for line in (edges[0, 20], edges[0, :, 20]):
        assert line.sum() == 2  # each side of the square once
        first, last = line.nonzero().flatten().tolist()
        assert abs(first - 9.5) <= 1
        assert abs(last - 29.5) <= 1


def test_weak_edges_count_only_where_they_touch_strong_ones() -> None:
    picture = torch.zeros(1, 40, 80, 1)
    picture[:, 10:30, 10:30] = 1.0
    picture[:, 10:30, 50:70] = 0.3
    assert canny(picture, 0.1, 0.2)[:, :, 45:].sum() > 0
    assert canny(picture, 0.1, 0.95)[:, :, 45:].sum() == 0
    assert canny(picture, 0.1, 0.95)[:, :, :40].sum() > 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 0.5), st.floats(0.0, 0.5))
def test_higher_thresholds_never_find_more(seed: int, low: float, more: float) -> None:
    picture = torch.rand(1, 24, 24, 3, generator=torch.Generator().manual_seed(seed))
    loose, strict = canny(picture, low, low + 0.1), canny(picture, low + more, low + 0.1 + more)
    assert bool((strict <= loose).all())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_picture_upside_down_and_mirrored_has_as_many_edges(seed: int) -> None:
    picture = torch.rand(1, 20, 20, 1, generator=torch.Generator().manual_seed(seed))
    edges, turned = canny(picture, 0.2, 0.5), canny(picture.flip(1, 2), 0.2, 0.5).flip(1, 2)
    # Only ties may fall the other way, and what hangs on them.
    assert abs(float(edges.sum() - turned.sum())) <= 0.1 * float(edges.sum())


def test_batches_are_taken_one_by_one() -> None:
    pictures = torch.cat([_square(), _square(0.6), torch.zeros(1, 40, 40, 3)])
    both = canny(pictures)
    assert torch.equal(both[:1], canny(pictures[:1]))
    assert both[2].sum() == 0


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 2), (1, 9), (9, 2), (3, 3)])
def test_the_smallest_pictures_have_edges_too(height: int, width: int) -> None:
    assert canny(torch.rand((1, height, width, 3))).shape == (1, height, width)
    assert not canny(torch.full((1, height, width, 3), 0.5)).any()
