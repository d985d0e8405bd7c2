"""Batches of latents: put together, cut, repeated, divided anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import torch

from wirebrush.api import Latent, Range, node
from wirebrush_diffusion.latent.arithmetic import behind, repeated_positions
from wirebrush_diffusion.latent.matching import fitted, in_number, joined_masks
from wirebrush_nodes.live import explained


@node(id="LatentBatch", category="latent/batch")
def latent_batch(samples1: Latent, samples2: Latent) -> Latent:
    """Put two latents into one batch.

    Each keeps the noise that it would draw alone, and its own noise mask.

    Args:
        samples1: The first pictures.
        samples2: The others; resized to the first if need be.
    """
    first, second = samples1.samples, samples2.samples
    with explained("samples2"):
        second = in_number(fitted(second, in_number(first, len(second)), "samples2"), len(second))
        mask = joined_masks([(samples1.noise_mask, first), (samples2.noise_mask, second)])
    places = behind(samples1.batch_index, len(first)) + behind(samples2.batch_index, len(second))
    return Latent(torch.cat([first, second]), mask, places)


@node(id="RepeatLatentBatch", category="latent/batch", title="Repeat Latent Batch")
def repeat_latent_batch(samples: Latent, amount: Annotated[int, Range(1, 64)] = 1) -> Latent:
    """Repeat a batch, so that it is painted several times, each time with other noise.

    Args:
        samples: The latents.
        amount: How many times each is there afterwards.
    """
    x, mask = samples.samples, samples.noise_mask
    if mask is not None and mask.ndim == 3 and len(mask) > 1:
        mask = in_number(in_number(mask, len(x)), len(x) * amount)
    places = samples.batch_index
    if places is not None:
        places = repeated_positions(places, amount)
    with explained("amount"):
        return Latent(x.repeat(amount, *[1] * (x.ndim - 1)), mask, places)


@node(id="LatentFromBatch", category="latent/batch", title="Latent From Batch")
def latent_from_batch(
    samples: Latent,
    batch_index: Annotated[int, Range(0, 63)] = 0,
    length: Annotated[int, Range(1, 64)] = 1,
) -> Latent:
    """Take some latents out of a batch. They draw the noise that they had in it.

    Args:
        samples: The batch.
        batch_index: The first one, counted from 0.
        length: How many.
    """
    start = min(batch_index, len(samples.samples) - 1)
    return _cut(samples, slice(start, start + length))


@node(id="RebatchLatents", category="latent/batch", title="Rebatch Latents")
def rebatch_latents(
    latents: list[Latent], batch_size: Annotated[int, Range(1, 4096)] = 1
) -> list[Latent]:
    """Divide batches anew: smaller ones need less memory, larger ones are faster.

    Args:
        latents: One batch or a list of them; only those of one size come together.
        batch_size: How many latents a batch has; the last may have fewer.
    """
    items = [_cut(one, slice(i, i + 1)) for one in latents for i in range(len(one.samples))]
    groups: list[list[Latent]] = []
    for item in items:
        last = groups[-1] if groups else []
        alike = bool(last) and last[0].samples.shape == item.samples.shape
        if alike and len(last) < batch_size:
            last.append(item)
        else:
            groups.append([item])
    with explained("latents"):
        return [_together(group) for group in groups]


@node(id="LatentBatchSeedBehavior", category="latent/advanced")
def latent_batch_seed_behavior(
    samples: Latent, seed_behavior: Literal["random", "fixed"] = "fixed"
) -> Latent:
    """Choose whether the pictures of a batch draw the same noise.

    Args:
        samples: The batch.
        seed_behavior: "random" gives each picture noise of its own, "fixed" all the same.
    """
    if seed_behavior == "random":
        return replace(samples, batch_index=None)
    first = behind(samples.batch_index, 1)[0]
    return replace(samples, batch_index=(first,) * len(samples.samples))


def _cut(latent: Latent, part: slice) -> Latent:
    """Some items of a batch, with their part of the mask and their old places."""
    x, mask = latent.samples, latent.noise_mask
    if mask is not None and mask.ndim == 3 and len(mask) > 1:
        mask = in_number(mask, len(x))[part]
    return Latent(x[part].clone(), mask, behind(latent.batch_index, len(x))[part])


def _together(group: Sequence[Latent]) -> Latent:
    mask = joined_masks([(one.noise_mask, one.samples) for one in group])
    places = tuple(place for one in group for place in behind(one.batch_index, len(one.samples)))
    return Latent(torch.cat([one.samples for one in group]), mask, places)
