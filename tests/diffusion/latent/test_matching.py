"""Latents, pictures and masks put together, against the formulas written out."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latent import arithmetic
from wirebrush_diffusion.latent.matching import (
    fitted,
    in_number,
    in_size,
    joined_masks,
    mask_planes,
)
from wirebrush_diffusion.pictures import masks
from wirebrush_diffusion.pictures.placing import composited, feather_for
from wirebrush_diffusion.pictures.turning import cropped, flipped, rotated
from wirebrush_diffusion.text import arithmetic as textual

SIDES = st.integers(1, 9)
quick = settings(max_examples=30, deadline=None)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@quick
@given(SIDES, SIDES, st.sampled_from(["90 degrees", "180 degrees", "270 degrees"]))
def test_turning_four_times_and_mirroring_twice_change_nothing(h: int, w: int, turn: str) -> None:
    x = noise(2, 3, h, w)
    turned = x
    for _ in range(4):
        turned = rotated(turned, turn)

    assert torch.equal(turned, x)
    for method in ("x-axis: vertically", "y-axis: horizontally"):
        assert torch.equal(flipped(flipped(x, method), method), x)
    both = flipped(flipped(x, "x-axis: vertically"), "y-axis: horizontally")
    assert torch.equal(both, rotated(x, "180 degrees"))


def test_a_quarter_turn_is_clockwise() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])

    assert rotated(x, "90 degrees").tolist() == [[3.0, 1.0], [4.0, 2.0]]
    assert flipped(x, "x-axis: vertically").tolist() == [[3.0, 4.0], [1.0, 2.0]]


@quick
@given(SIDES, SIDES, st.integers(0, 12), st.integers(0, 12), SIDES, SIDES)
def test_a_rectangle_is_never_empty(h: int, w: int, x: int, y: int, wide: int, tall: int) -> None:
    whole = noise(1, 2, h, w)
    part = cropped(whole, x, y, wide, tall)

    left, top = min(x, w - 1), min(y, h - 1)
    assert torch.equal(part, whole[..., top : top + tall, left : left + wide])
    assert part.numel() > 0
    part.zero_()
    assert whole.count_nonzero() == whole.numel()


@quick
@given(st.integers(1, 6), st.integers(1, 6))
def test_numbers_of_items(have: int, want: int) -> None:
    x = torch.arange(have).reshape(have, 1, 1, 1)
    assert in_number(x, want).flatten().tolist() == [i % have for i in range(want)]


def test_sums_take_the_first_ones_size() -> None:
    first, second = noise(2, 4, 6, 8), noise(1, 4, 3, 4, seed=1)
    same = noise(2, 4, 6, 8, seed=2)

    assert arithmetic.added(first, second).shape == first.shape
    assert torch.equal(arithmetic.added(first, same), first + same)
    assert torch.allclose(arithmetic.subtracted(arithmetic.added(first, same), same), first)
    assert torch.equal(arithmetic.blended(first, same, 1.0), first)
    assert torch.equal(arithmetic.blended(first, same, 0.0), same)
    with pytest.raises(DiffusionError, match="samples2 has 16 channels, the other latent 4 ch"):
        arithmetic.added(first, noise(2, 16, 6, 8))
    with pytest.raises(DiffusionError, match="samples2 has 3 frames, the other latent 2"):
        arithmetic.added(noise(1, 4, 2, 6, 8), noise(1, 4, 3, 6, 8))


@quick
@given(st.floats(0, 1))
def test_interpolating_keeps_lengths(ratio: float) -> None:
    first, second = noise(1, 4, 3, 3), noise(1, 4, 3, 3, seed=1)
    mixed = arithmetic.interpolated(first, second, ratio)

    lengths = first.norm(dim=1) * ratio + second.norm(dim=1) * (1 - ratio)
    assert torch.allclose(mixed.norm(dim=1), lengths, atol=1e-5)
    assert torch.allclose(arithmetic.interpolated(first, second, 1.0), first, atol=1e-6)
    assert torch.allclose(arithmetic.interpolated(first, second, 0.0), second, atol=1e-6)
    assert not arithmetic.interpolated(first * 0, second * 0, ratio).any()


def test_joining_and_cutting_undo_each_other() -> None:
    first, second = noise(1, 4, 6, 3), noise(1, 4, 6, 5, seed=1)
    joined = arithmetic.concatenated(first, second, "x")

    assert torch.equal(arithmetic.cut(joined, "x", 0, 3), first)
    assert torch.equal(arithmetic.cut(joined, "x", -5, 99), second)
    assert torch.equal(arithmetic.concatenated(second, first, "-x"), joined)
    assert arithmetic.cut(joined, "y", 99, 4).shape == (1, 4, 1, 8)
    video = noise(1, 4, 5, 2, 2)
    assert torch.equal(arithmetic.cut(video, "t", -2, 2), video[:, :, 3:])
    with pytest.raises(DiffusionError, match="no frames"):
        arithmetic.cut(first, "t", 0, 1)
    with pytest.raises(DiffusionError, match="1x4x6x3 and 1x4x6x5 do not fit together along y"):
        arithmetic.concatenated(first, second, "y")


def test_places_of_copies_never_meet() -> None:
    assert arithmetic.repeated_positions((2, 5), 3) == (2, 5, 6, 9, 10, 13)
    assert arithmetic.behind(None, 3) == (0, 1, 2)


@quick
@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 9), st.integers(0, 9))
def test_composites(h: int, w: int, sh: int, sw: int, x: int, y: int) -> None:
    below, above = noise(2, 3, h, w), noise(1, 3, sh, sw, seed=1)
    kept = below.clone()
    result = composited(below, above, x, y)

    wanted = below.clone()
    for row in range(sh):
        for column in range(sw):
            if y + row < h and x + column < w:
                wanted[:, :, y + row, x + column] = above[:, :, row, column]
    assert torch.equal(result, wanted)
    assert torch.equal(below, kept)
    nothing, everything = torch.zeros((1, 1, 2, 2)), torch.ones((1, 1, 2, 2))
    assert torch.allclose(composited(below, above, x, y, nothing), below)
    assert torch.allclose(composited(below, above, x, y, everything), wanted, atol=1e-5)


def test_composites_stretch_and_explain() -> None:
    below, above = noise(1, 3, 4, 6), noise(1, 3, 2, 3, seed=1)
    stretched = composited(below, above, 0, 0, resize_source=True)
    assert stretched.shape == below.shape
    assert not (stretched == below).any()
    with pytest.raises(DiffusionError, match="not the same channels"):
        composited(below, noise(1, 4, 2, 2), 0, 0)


def test_feathers_fade_at_inner_edges_only() -> None:
    below, above = torch.zeros((1, 4, 8, 8)), torch.ones((1, 4, 4, 4))
    corner = feather_for(below, above, 0, 0, 2)[0, 0]
    middle = feather_for(below, above, 2, 2, 2)[0, 0]

    assert corner[0].tolist() == [1.0, 1.0, 1.0, 0.5]
    assert middle[1].tolist() == [0.5, 1.0, 1.0, 0.5]
    assert feather_for(below, above, 2, 2, 0).eq(1).all()
    assert torch.isfinite(feather_for(below, above, 2, 2, 99)).all()


def test_masks_of_latents_in_a_row() -> None:
    one, two = noise(1, 4, 2, 2), noise(2, 4, 2, 2)
    mask = torch.zeros((1, 8, 8))

    assert joined_masks([(None, one), (None, two)]) is None
    joined = joined_masks([(None, one), (mask, two)])
    assert joined is not None
    assert joined.mean(dim=(1, 2)).tolist() == [1.0, 0.0, 0.0]
    assert mask_planes(torch.ones(3, 5)).shape == (1, 1, 3, 5)
    with pytest.raises(DiffusionError, match=r"A mask is \[B,H,W\], this is 0x3x3"):
        mask_planes(torch.ones(0, 3, 3))


def test_videos_are_resized_frame_by_frame() -> None:
    video = noise(1, 4, 3, 4, 4)
    resized = in_size(video, torch.empty(6, 8))

    assert resized.shape == (1, 4, 3, 6, 8)
    assert torch.equal(resized[:, :, 1], in_size(video[:, :, 1], torch.empty(6, 8)))
    assert fitted(video, noise(2, 4, 3, 4, 4), "it").shape == (2, 4, 3, 4, 4)


def test_texts_mixed_and_chained() -> None:
    to, other = noise(1, 4, 6), noise(1, 2, 6, seed=1)
    mixed = textual.averaged(to, other, 0.25)

    assert torch.allclose(mixed[:, :2], 0.25 * to[:, :2] + 0.75 * other)
    assert torch.allclose(mixed[:, 2:], 0.25 * to[:, 2:])
    assert torch.equal(textual.averaged(to, other, 1.0), to)
    assert textual.averaged(other, to, 0.5).shape == other.shape
    assert torch.equal(textual.chained(to, other), torch.cat([to, other], 1))
    pooled = noise(1, 5)
    assert textual.averaged_pooled(None, pooled, 0.5) is pooled
    assert textual.averaged_pooled(pooled, None, 0.5) is pooled
    with pytest.raises(DiffusionError, match="6 wide, the other 7"):
        textual.chained(to, noise(1, 2, 7))


@quick
@given(st.integers(-4, 4), st.booleans(), st.integers(0, 99))
def test_growing_is_the_brightest_neighbour(pixels: int, tapered: bool, seed: int) -> None:
    mask = torch.rand((1, 6, 7), generator=torch.Generator().manual_seed(seed))
    grown = masks.grown(mask, pixels, tapered=tapered)

    pick = max if pixels > 0 else min
    for row in range(6):
        for column in range(7):
            near = [
                float(mask[0, r, c])
                for r in range(6)
                for c in range(7)
                if (
                    abs(r - row) + abs(c - column) <= abs(pixels)
                    if tapered
                    else max(abs(r - row), abs(c - column)) <= abs(pixels)
                )
            ]
            assert float(grown[0, row, column]) == pytest.approx(pick(near), abs=1e-6)


def test_growing_far_is_quick_and_fills_all() -> None:
    mask = torch.zeros((1, 40, 30))
    mask[0, 3, 3] = 1
    for tapered in (True, False):
        assert masks.grown(mask, 16384, tapered=tapered).eq(1).all()


def test_masks_combined() -> None:
    low, high = torch.full((1, 4, 4), 0.25), torch.full((2, 2, 2), 0.75)

    def corner(operation: str) -> float:
        result = masks.combined(low, high, 3, 3, operation)
        assert result.shape == (2, 4, 4)
        assert result[:, :3].eq(0.25).all()
        return float(result[0, 3, 3])

    found = [corner(name) for name in masks.OPERATIONS]
    assert found == [0.1875, 1.0, 0.0, 0.0, 1.0, 1.0]
    assert torch.equal(masks.combined(low, high, 99, 0, "add")[:1], low)
    with pytest.raises(DiffusionError, match="2 masks, the source 3"):
        masks.combined(high, torch.ones(3, 2, 2), 0, 0, "add")


def test_feathering_bounds_and_colours() -> None:
    soft = masks.feathered(torch.ones((1, 4, 6)), 2, 0, 1, 4)
    assert soft[0, 0].tolist() == [0.5, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert soft[0, :, 2].tolist() == [1.0, 0.75, 0.5, 0.25]
    spot = torch.zeros((2, 5, 5))
    assert masks.bounds(spot) is None
    spot[1, 2, 3] = 0.1
    assert masks.bounds(spot) == (3, 2, 4, 3)
    picture = torch.tensor([1.0, 128 / 255, 0.0]).repeat(1, 2, 2, 1)
    assert masks.colour_mask(picture, 0xFF8000).eq(1).all()
    assert masks.colour_mask(picture, 0xFF8001).eq(0).all()
    assert masks.channel(picture, "alpha").eq(1).all()
    assert masks.channel(picture, "red").eq(1).all()
