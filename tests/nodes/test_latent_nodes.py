"""Latent and conditioning nodes: batches, places in them, masks that go along, conditions."""

from __future__ import annotations

import pytest
import torch

from wirebrush.api import Cond, Conditioning, Latent, NodeError
from wirebrush_nodes.conditioning import (
    conditioning_average,
    conditioning_combine,
    conditioning_concat,
    conditioning_set_timestep_range,
    conditioning_zero_out,
)
from wirebrush_nodes.conditioning_area import (
    conditioning_set_area,
    conditioning_set_area_percentage,
    conditioning_set_area_strength,
    conditioning_set_mask,
)
from wirebrush_nodes.latent import latent_upscale_by
from wirebrush_nodes.latent_batch import (
    latent_batch,
    latent_batch_seed_behavior,
    latent_from_batch,
    rebatch_latents,
    repeat_latent_batch,
)
from wirebrush_nodes.latent_math import (
    latent_add,
    latent_blend,
    latent_composite,
    latent_composite_masked,
    latent_concat,
    latent_cut,
    latent_interpolate,
    latent_multiply,
    latent_subtract,
)
from wirebrush_nodes.latent_transform import latent_crop, latent_flip, latent_rotate


def latent(count: int = 2, height: int = 8, width: int = 12, seed: int = 0) -> Latent:
    generator = torch.Generator().manual_seed(seed)
    return Latent(torch.randn((count, 4, height, width), generator=generator))


def masked(one: Latent, count: int = 1) -> Latent:
    height, width = one.samples.shape[-2:]
    mask = torch.rand((count, height * 8, width * 8), generator=torch.Generator().manual_seed(5))
    return Latent(one.samples, mask, one.batch_index)


def text(seed: int = 0, tokens: int = 3) -> Conditioning:
    generator = torch.Generator().manual_seed(seed)
    return (
        Cond(
            torch.randn((1, tokens, 6), generator=generator),
            torch.randn((1, 5), generator=generator),
        ),
    )


def test_batches_come_apart_as_they_were_put_together() -> None:
    first, second = masked(latent(2)), latent(1, seed=1)
    both = latent_batch(first, second)

    assert both.samples.shape == (3, 4, 8, 12)
    assert both.batch_index == (0, 1, 0)
    assert both.noise_mask is not None
    assert both.noise_mask.shape == (3, 64, 96)
    assert both.noise_mask[2].eq(1).all()
    again = latent_from_batch(both, 2, 5)
    assert torch.equal(again.samples, second.samples)
    assert again.batch_index == (0,)
    assert latent_from_batch(latent(3), 1, 2).batch_index == (1, 2)
    assert latent_from_batch(latent(3), 63, 1).batch_index == (2,)
    assert latent_batch(latent(1), latent(3, 4, 4)).samples.shape == (4, 4, 8, 12)
    with pytest.raises(NodeError, match="16 channels") as caught:
        latent_batch(first, Latent(torch.zeros((1, 16, 8, 12))))
    assert caught.value.port == "samples2"


def test_copies_draw_other_noise() -> None:
    cut = latent_from_batch(latent(4), 1, 2)
    copies = repeat_latent_batch(cut, 2)

    assert copies.samples.shape[0] == 4
    assert copies.batch_index == (1, 2, 3, 4)
    assert repeat_latent_batch(latent(2), 3).batch_index is None
    repeated = repeat_latent_batch(masked(latent(2), 2), 2).noise_mask
    assert repeated is not None
    assert torch.equal(repeated[:2], repeated[2:])


def test_dividing_batches_anew() -> None:
    batches = rebatch_latents([latent(3), latent(2, seed=1), latent(1, 4, 4)], 2)

    assert [len(batch.samples) for batch in batches] == [2, 2, 1, 1]
    assert [batch.batch_index for batch in batches] == [(0, 1), (2, 0), (1,), (0,)]
    assert rebatch_latents([], 4) == []


def test_seeds_of_a_batch() -> None:
    fixed = latent_batch_seed_behavior(latent_from_batch(latent(4), 2, 2), "fixed")
    assert fixed.batch_index == (2, 2)
    assert latent_batch_seed_behavior(fixed, "random").batch_index is None
    assert latent_batch_seed_behavior(latent(2), "fixed").batch_index == (0, 0)


def test_arithmetic() -> None:
    first, second = latent(), latent(seed=1)

    assert torch.equal(latent_add(first, second).samples, first.samples + second.samples)
    assert torch.equal(latent_subtract(first, second).samples, first.samples - second.samples)
    assert torch.equal(latent_multiply(first, -2.0).samples, first.samples * -2)
    assert torch.equal(latent_blend(first, second, 1.0).samples, first.samples)
    mixed = latent_interpolate(first, second, 0.0).samples
    assert torch.allclose(mixed, second.samples, atol=1e-6)
    joined = latent_concat(first, second, "y")
    assert torch.equal(latent_cut(joined, "y", -8, 8).samples, second.samples)
    with pytest.raises(NodeError, match="no frames") as caught:
        latent_cut(first, "t")
    assert caught.value.port == "dim"


def test_one_latent_in_another() -> None:
    below, above = latent(2), latent(1, 4, 4, seed=1)
    before = below.samples.clone()
    laid = latent_composite(below, above, 16, 8)

    assert torch.equal(laid.samples[:, :, 1:5, 2:6], above.samples.repeat(2, 1, 1, 1))
    assert torch.equal(below.samples, before)
    assert torch.equal(latent_composite_masked(below, above, 16, 8).samples, laid.samples)
    nothing = torch.zeros((1, 9, 9))
    assert torch.equal(latent_composite_masked(below, above, mask=nothing).samples, before)
    stretched = latent_composite_masked(below, above, resize_source=True).samples
    assert not torch.equal(stretched, before)
    soft = latent_composite(below, above, 16, 8, 16).samples
    middle = before[:, :, 1, 2] * 0.75 + above.samples[:, :, 0, 0] * 0.25
    assert torch.allclose(soft[:, :, 1, 2], middle)


def test_masks_turn_and_are_cut_with_their_latents() -> None:
    whole = masked(latent())
    turned = whole
    for _ in range(4):
        turned = latent_rotate(turned, "90 degrees")
    mirrored = latent_flip(latent_flip(whole, "y-axis: horizontally"), "y-axis: horizontally")

    for same in (turned, mirrored, latent_rotate(whole, "none")):
        assert torch.equal(same.samples, whole.samples)
        assert same.noise_mask is not None
        assert whole.noise_mask is not None
        assert torch.equal(same.noise_mask, whole.noise_mask)
    part = latent_crop(whole, 64, 64, 32, 0)
    assert torch.equal(part.samples, whole.samples[..., :8, 4:12])
    assert part.noise_mask is not None
    assert part.noise_mask.shape == (1, 8, 8)
    assert latent_crop(latent(), 512, 512, 16384, 16384).samples.shape == (2, 4, 1, 1)


def test_scaling_by_a_factor() -> None:
    assert latent_upscale_by(latent(), "bislerp", 1.5).samples.shape == (2, 4, 12, 18)
    assert latent_upscale_by(latent(), "area", 0.01).samples.shape == (2, 4, 1, 1)


def test_conditions_together() -> None:
    first, second = text(), text(1, 5)

    assert conditioning_combine(first, second) == (*first, *second)
    assert conditioning_concat(first, second)[0].embedding.shape == (1, 8, 6)
    same = conditioning_average(first, second, 1.0)[0]
    assert torch.equal(same.embedding, first[0].embedding)
    silent = conditioning_zero_out(first)[0]
    assert not silent.embedding.any()
    assert silent.pooled is not None
    assert not silent.pooled.any()
    with pytest.raises(NodeError, match="no condition in it"):
        conditioning_average(first, ())
    wide = (Cond(torch.zeros((1, 3, 7))),)
    with pytest.raises(NodeError, match="6 wide, the other 7") as caught:
        conditioning_concat(first, wide)
    assert caught.value.port == "conditioning_from"


def test_conditions_at_places_and_times() -> None:
    one = text()
    area = conditioning_set_area(one, 128, 64, 16, 8, 0.5)[0]
    assert area.options == {"area": (8, 16, 1, 2), "strength": 0.5}
    part = conditioning_set_area_percentage(one, 0.5, 0.25, 0.1, 0.2)[0]
    assert part.options["area"] == (0.25, 0.5, 0.2, 0.1, True)
    assert conditioning_set_area_strength(one, 2.0)[0].options["strength"] == 2.0
    timed = conditioning_set_timestep_range(one, 0.2, 0.7)[0]
    assert (timed.options["start"], timed.options["end"]) == (0.2, 0.7)
    assert one[0].options == {}


def test_conditions_under_masks() -> None:
    mask = torch.zeros((1, 10, 20))
    mask[:, 2:5, 10:20] = 1
    whole = conditioning_set_mask(text(), mask[0], 0.5)[0].options
    around = conditioning_set_mask(text(), mask, 1.0, "mask bounds")[0].options

    assert whole["mask"].shape == (1, 10, 20)
    assert whole["mask_strength"] == 0.5
    assert "area" not in whole
    assert around["area"] == (0.3, 0.5, 0.2, 0.5, True)
    empty = conditioning_set_mask(text(), mask * 0, 1.0, "mask bounds")[0].options
    assert empty["area"] == (0.1, 0.05, 0.0, 0.0, True)
    with pytest.raises(NodeError, match="A mask is") as caught:
        conditioning_set_mask(text(), torch.zeros(3))
    assert caught.value.port == "mask"
