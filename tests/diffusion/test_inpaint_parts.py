"""Masks in time, tiles, and pieces cut out and put back."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.inpaint import differential
from wirebrush_diffusion.noise.schedules import DiscreteSchedule
from wirebrush_diffusion.pictures.crop_stitch import cut_out, put_back
from wirebrush_diffusion.pictures.tiling import starts, tiled

quick = settings(max_examples=30, deadline=None)


def picture(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def test_a_grey_mask_is_a_time() -> None:
    schedule = DiscreteSchedule.from_betas()
    mask = torch.tensor([0.0, 0.25, 0.5, 1.0])
    sigmas = [schedule.sigma(t) for t in (999, 600, 300)] + [0.0]
    at = differential(mask, sigmas, schedule)

    assert at(sigmas[0]).tolist() == [0, 0, 0, 1]
    assert at(schedule.sigma(499)).tolist() == [0, 0, 1, 1]
    assert at(schedule.sigma(200)).tolist() == [0, 1, 1, 1]
    assert at(schedule.sigmas[0]).tolist() == [1, 1, 1, 1]
    half = differential(mask, sigmas, schedule, 0.5)
    assert half(sigmas[0]).tolist() == [0, 0.125, 0.25, 1]
    assert differential(mask, sigmas, schedule, 0.0)(sigmas[0]) is mask
    assert differential(mask, [1.0, 1.0], schedule)(1.0).tolist() == [1, 1, 1, 1]


@quick
@given(st.integers(1, 60), st.integers(1, 30), st.integers(0, 14))
def test_tiles_cover_and_overlap(length: int, tile: int, overlap: int) -> None:
    overlap = min(overlap, tile // 2)
    places = starts(length, tile, overlap)

    assert places[0] == 0
    assert places[-1] + tile >= length
    if length > tile:
        assert places[-1] + tile == length
    for first, second in pairwise(places):
        assert 0 < second - first <= max(1, tile - overlap)


@quick
@given(st.integers(1, 20), st.integers(1, 20), st.integers(2, 9), st.integers(0, 4))
def test_what_looks_at_single_pixels_does_not_notice_tiles(
    h: int, w: int, tile: int, overlap: int
) -> None:
    x = picture(2, 3, h, w)
    seen: list[tuple[int, int]] = []

    def doubled(part: torch.Tensor) -> torch.Tensor:
        return part.repeat_interleave(2, -1).repeat_interleave(2, -2) * 3

    result = tiled(doubled, x, tile, overlap, 2, lambda done, total: seen.append((done, total)))

    assert torch.allclose(result, doubled(x), atol=1e-5)
    assert seen[-1][0] == seen[-1][1] == len(seen)


@quick
@given(st.integers(0, 50), st.integers(0, 40), st.integers(1, 20), st.integers(0, 12))
def test_a_piece_put_back_unchanged_changes_nothing_far_away(
    x: int, y: int, size: int, blend: int
) -> None:
    whole = picture(2, 48, 64, 3)
    mask = torch.zeros((1, 48, 64))
    mask[:, y : y + size, x : x + size] = 1
    piece, hole, seam = cut_out(whole, mask, resolution=64, blend=blend)
    before = whole.clone()
    painted = put_back(whole, torch.ones_like(piece), seam)

    assert piece.shape[1] % 8 == piece.shape[2] % 8 == 0
    assert hole.shape == piece.shape[:3]
    assert painted.shape == whole.shape
    assert painted[:, y : y + size, x : x + size].ge(1 - 1e-4).all()
    far = torch.ones((48, 64), dtype=torch.bool)
    far[max(0, y - blend) : y + size + blend, max(0, x - blend) : x + size + blend] = False
    assert torch.equal(painted[:, far], whole[:, far])
    assert torch.equal(whole, before)


def test_pieces_of_pictures_without_masks_and_with_alpha() -> None:
    whole = picture(1, 20, 40, 4)
    piece, hole, seam = cut_out(whole, torch.zeros(1, 5, 5), resolution=32)

    assert piece.shape == (1, 24, 48, 4)
    assert not hole.any()
    assert torch.equal(put_back(whole, piece[..., :3], seam), whole)
    mask = torch.ones(1, 20, 40)
    piece, _, seam = cut_out(whole, mask, resolution=32)
    painted = put_back(whole, torch.zeros_like(piece[..., :3]), seam)
    assert not painted[..., :3].any()
    assert torch.equal(painted[..., 3], whole[..., 3])


@pytest.mark.parametrize("count", [1, 3])
def test_several_painted_pieces_for_one_picture(count: int) -> None:
    whole, mask = picture(1, 32, 32, 3), torch.ones(1, 32, 32)
    piece, _, seam = cut_out(whole, mask, resolution=64)
    assert put_back(whole, piece.repeat(count, 1, 1, 1), seam).shape[0] == count
