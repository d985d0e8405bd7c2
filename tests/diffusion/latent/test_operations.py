"""Operations on latents: exact where the answer is known, soft where it should be."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cosine_similarity

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.rules import Moment
from wirebrush_diffusion.latent.operations import (
    FrequencyScaling,
    OperatedGuidance,
    operate,
    sharpen,
    tonemap_reinhard,
)
from wirebrush_diffusion.noise.schedules import DiscreteSchedule


def latent(seed: int = 0, size: int = 24) -> torch.Tensor:
    return torch.randn((2, 4, size, size), generator=torch.Generator().manual_seed(seed))


def moment(negative: torch.Tensor | None) -> Moment:
    return Moment(latent(), 1.0, 4.0, latent(1), negative, DiscreteSchedule.from_betas())


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.floats(0.1, 10))
def test_tone_mapping_keeps_directions_and_shortens_the_longest_most(
    seed: int, multiplier: float
) -> None:
    before = latent(seed)
    after = tonemap_reinhard(before, multiplier)

    ratio = after.norm(dim=1) / before.norm(dim=1)
    assert cosine_similarity(before, after, dim=1).min() > 0.999
    assert ratio.max() < 1.0
    for item, lengths in zip(ratio, before.norm(dim=1), strict=True):
        order = lengths.flatten().argsort()
        assert (item.flatten()[order].diff() <= 1e-6).all()


def test_tone_mapping_halves_what_is_as_long_as_the_top() -> None:
    one = torch.zeros(1, 2, 1, 4)
    one[0, 0, 0] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    top = (one.norm(dim=1).std() * 5 + 2.5) * 2.0

    found = tonemap_reinhard(one, 2.0)

    expected = one[0, 0, 0] * top / (one[0, 0, 0] + top)
    assert torch.allclose(found[0, 0, 0], expected)


def test_sharpening_leaves_flat_places_and_strengthens_edges() -> None:
    flat = torch.ones(1, 4, 24, 24)
    assert torch.allclose(sharpen(flat), flat, atol=1e-4)
    assert torch.allclose(sharpen(latent(), alpha=0.0), latent(), atol=1e-5)
    edge = torch.ones(1, 2, 24, 24)
    edge[:, 1, :, 12:] = -1.0
    sharp = sharpen(edge, 5, 1.0, 0.5)
    assert sharp[0, 1, 12, 11] > 1.2
    assert sharp[0, 1, 12, 12] < -1.2


def test_what_cannot_be_sharpened_is_said() -> None:
    with pytest.raises(DiffusionError, match="6x6, too small to be sharpened over a radius of 9"):
        sharpen(latent(size=6))
    with pytest.raises(DiffusionError, match="5 dimensions"):
        sharpen(torch.zeros(1, 4, 1, 24, 24))
    with pytest.raises(DiffusionError, match="no latent operation 'Blur'"):
        operate(latent(), "Blur", {})


def test_guidance_is_operated_on_not_the_picture() -> None:
    rule = OperatedGuidance("LatentOperationTonemapReinhard", {"multiplier": 0.5})
    negative = latent(2)

    both = rule.before(moment(negative))
    alone = rule.before(moment(None))

    softened = tonemap_reinhard(latent(1) - negative, 0.5)
    assert torch.allclose(both.positive - negative, softened, atol=1e-5)
    assert torch.allclose(alone.positive, tonemap_reinhard(latent(1), 0.5))


def test_scales_of_one_change_nothing_and_equal_scales_are_a_scale() -> None:
    same = FrequencyScaling(1.0, 1.0, 3).before(moment(latent(2)))
    twice = FrequencyScaling(2.0, 2.0, 3).before(moment(latent(2)))

    assert torch.allclose(same.positive, latent(1), atol=1e-5)
    assert torch.allclose(twice.positive, 2 * latent(1) - latent(2), atol=1e-5)


def test_coarse_and_fine_are_scaled_apart() -> None:
    wave = torch.cos(torch.arange(24) * 2 * torch.pi * 8 / 24).expand(2, 4, 24, 24)  # 8 periods
    given = Moment(latent(), 1.0, 4.0, 1.0 + wave, torch.zeros(2, 4, 24, 24), moment(None).schedule)

    found = FrequencyScaling(0.5, 3.0, 4).before(given)

    assert torch.allclose(found.positive, 0.5 + 3.0 * wave, atol=1e-4)
