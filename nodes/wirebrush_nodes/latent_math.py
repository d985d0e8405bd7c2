"""Latents added, blended, joined and laid into each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from wirebrush.api import Latent, Mask, Range, Unit, node
from wirebrush_diffusion.latent import arithmetic
from wirebrush_diffusion.latent.matching import mask_planes
from wirebrush_diffusion.pictures.placing import composited, feather_for
from wirebrush_nodes.live import explained

Place = Annotated[int, Range(0, 16384, 8)]
STEP = 8  # pixels for each latent position


@node(id="LatentAdd", category="latent/advanced")
def latent_add(samples1: Latent, samples2: Latent) -> Latent:
    """Add two latents, position by position.

    Args:
        samples1: One latent.
        samples2: The other; resized to the first if need be.
    """
    with explained("samples2"):
        return replace(samples1, samples=arithmetic.added(samples1.samples, samples2.samples))


@node(id="LatentSubtract", category="latent/advanced")
def latent_subtract(samples1: Latent, samples2: Latent) -> Latent:
    """Take one latent from another, position by position.

    Args:
        samples1: The latent that is taken from.
        samples2: What is taken away; resized to the first if need be.
    """
    with explained("samples2"):
        return replace(samples1, samples=arithmetic.subtracted(samples1.samples, samples2.samples))


@node(id="LatentMultiply", category="latent/advanced")
def latent_multiply(
    samples: Latent, multiplier: Annotated[float, Range(-10.0, 10.0, 0.01)] = 1.0
) -> Latent:
    """Scale the numbers of a latent.

    Args:
        samples: The latent.
        multiplier: What every number is multiplied with.
    """
    return replace(samples, samples=samples.samples * multiplier)


@node(id="LatentInterpolate", category="latent/advanced")
def latent_interpolate(samples1: Latent, samples2: Latent, ratio: Unit = 1.0) -> Latent:
    """Mix two latents, direction and length apart, so that the mixture does not fade.

    Args:
        samples1: One latent.
        samples2: The other; resized to the first if need be.
        ratio: How much of the first there is: 1 is only it, 0 only the second.
    """
    with explained("samples2"):
        mixed = arithmetic.interpolated(samples1.samples, samples2.samples, ratio)
    return replace(samples1, samples=mixed)


@node(id="LatentBlend", category="_for_testing", title="Latent Blend")
def latent_blend(samples1: Latent, samples2: Latent, blend_factor: Unit = 0.5) -> Latent:
    """Blend two latents.

    Args:
        samples1: One latent.
        samples2: The other; resized to the first if need be.
        blend_factor: How much of the first there is: 1 is only it, 0 only the second.
    """
    with explained("samples2"):
        mixed = arithmetic.blended(samples1.samples, samples2.samples, blend_factor)
    return replace(samples1, samples=mixed)


@node(id="LatentConcat", category="latent/advanced")
def latent_concat(
    samples1: Latent, samples2: Latent, dim: Literal["x", "-x", "y", "-y", "t", "-t"] = "x"
) -> Latent:
    """Join two latents side by side.

    Args:
        samples1: One latent.
        samples2: The other, as high or as wide as the first.
        dim: x is beside, y is below, t is after; with a minus the second comes first.
    """
    with explained("samples2"):
        joined = arithmetic.concatenated(samples1.samples, samples2.samples, dim)
    return replace(samples1, samples=joined, noise_mask=None)


@node(id="LatentCut", category="latent/advanced")
def latent_cut(
    samples: Latent,
    dim: Literal["x", "y", "t"] = "x",
    index: Annotated[int, Range(-16384, 16384, 1)] = 0,
    amount: Annotated[int, Range(1, 16384, 1)] = 1,
) -> Latent:
    """Cut a slice out of a latent.

    Args:
        samples: The latent.
        dim: Along which side: x across, y down, t in time.
        index: Where the slice begins, in latent positions; below 0 it counts from the end.
        amount: How many positions it has.
    """
    with explained("dim"):
        part = arithmetic.cut(samples.samples, dim, index, amount)
    return replace(samples, samples=part, noise_mask=None)


@node(id="LatentComposite", category="latent", title="Latent Composite")
def latent_composite(
    samples_to: Latent, samples_from: Latent, x: Place = 0, y: Place = 0, feather: Place = 0
) -> Latent:
    """Lay one latent into another.

    Args:
        samples_to: The latent below.
        samples_from: The latent that is laid into it; what reaches beyond is cut off.
        x: Pixels from the left edge.
        y: Pixels from the upper edge.
        feather: Over how many pixels it fades at its edges inside the picture.
    """
    to, source = samples_to.samples, samples_from.samples
    left, top = x // STEP, y // STEP
    with explained("samples_from"):
        mask = feather_for(to, source, left, top, feather // STEP)
        return replace(samples_to, samples=composited(to, source, left, top, mask))


@node(id="LatentCompositeMasked", category="latent")
def latent_composite_masked(
    destination: Latent,
    source: Latent,
    x: Place = 0,
    y: Place = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Latent:
    """Lay one latent into another where a mask is white.

    Args:
        destination: The latent below.
        source: The latent that is laid into it; what reaches beyond is cut off.
        x: Pixels from the left edge.
        y: Pixels from the upper edge.
        resize_source: Stretch the source over the whole destination first.
        mask: 1 (white) where the source is seen; stretched over the source. Without one, all.
    """
    with explained("mask"):
        planes = None if mask is None else mask_planes(mask)
    with explained("source"):
        samples = composited(
            destination.samples,
            source.samples,
            x // STEP,
            y // STEP,
            planes,
            resize_source=resize_source,
        )
    return replace(destination, samples=samples)
