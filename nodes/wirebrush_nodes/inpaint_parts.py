"""Painting inside masks: holes for any model, grey masks, and parts of large pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from wirebrush.api import Image, Latent, Mask, Model, Optional, Range, Run, Unit, Vae, node
from wirebrush.api import value as wire_value
from wirebrush_diffusion.pictures.crop_stitch import Seam, cut_out, put_back
from wirebrush_diffusion.pictures.filters import dilated
from wirebrush_nodes.inpaint import mask_like, whole_positions
from wirebrush_nodes.live import explained, live_autoencoder


@wire_value("STITCH")
@dataclass(frozen=True, eq=False, slots=True)
class Stitch:
    """A picture that a piece was cut out of, where, and how much of the piece is seen there."""

    image: Image
    left: int
    top: int
    weight: Mask


class CutOut(NamedTuple):
    """What is needed to put the piece back, the piece, and the mask in it."""

    stitch: Stitch
    image: Image
    mask: Mask


@node(id="VAEEncodeForInpaint", category="latent/inpaint", title="VAE Encode (for Inpainting)")
def vae_encode_for_inpaint(
    pixels: Image,
    vae: Vae,
    mask: Mask,
    grow_mask_by: Annotated[int, Range(0, 64, 1)] = 6,
    *,
    run: Run,
) -> Latent:
    """Turn a picture with a hole in it into a latent; paint the hole with a denoise of 1.

    Args:
        pixels: The picture.
        vae: The VAE of the model that will paint.
        mask: 1 (white) where new content is wanted; what was there is not seen any more.
        grow_mask_by: How many pixels wider than the hole is painted, so that it fits in.
    """
    with explained("vae"):
        autoencoder = live_autoencoder(vae, run)
    pixels = whole_positions(pixels[..., :3], autoencoder.downscale)
    with explained("mask"):
        hole = mask_like(mask, pixels).round()[..., None]
    run.check()
    with explained("pixels"):
        latent = autoencoder.encode((pixels - 0.5) * (1.0 - hole) + 0.5)
    wide = dilated(hole, grow_mask_by) if grow_mask_by > 1 else hole
    return Latent(latent, noise_mask=wide[..., 0])


@node(
    id="DifferentialDiffusion",
    category="_for_testing",
    title="Differential Diffusion",
    experimental=True,
)
def differential_diffusion(model: Model, strength: Annotated[Unit, Optional()] = 1.0) -> Model:
    """Let a grey noise mask say from when on each place is painted: darker is changed less.

    Args:
        model: The model.
        strength: 1 is this alone, 0 the usual meaning of the mask.
    """
    return model.tweaked("DifferentialDiffusion", strength=strength)


@node(id="InpaintCrop", category="inpaint", title="Crop for Inpainting")
def inpaint_crop(
    image: Image,
    mask: Mask,
    resolution: Annotated[int, Range(64, 16384, 8)] = 1024,
    context: Annotated[float, Range(1.0, 10.0, 0.05)] = 1.5,
    blend: Annotated[int, Range(0, 512, 1)] = 32,
) -> CutOut:
    """Cut out what is masked, with its surroundings, at a size that the model likes.

    Args:
        image: The picture, of any size.
        mask: 1 (white) where new content is wanted.
        resolution: About this number squared is how many pixels the piece will have.
        context: How many times as large as the mask the piece is, so that the model sees where
            it paints.
        blend: Over how many pixels around the mask the piece will fade into the picture.
    """
    with explained("mask"):
        piece, hole, seam = cut_out(image, mask, resolution=resolution, margin=context, blend=blend)
    return CutOut(Stitch(image, *seam), piece, hole)


@node(id="InpaintStitch", category="inpaint", title="Stitch after Inpainting")
def inpaint_stitch(stitch: Stitch, image: Image) -> Image:
    """Put a painted piece back into its picture. Away from the mask not a bit changes.

    Args:
        stitch: What InpaintCrop remembered.
        image: The piece, painted; of any size.
    """
    with explained("image"):
        return put_back(stitch.image, image, Seam(stitch.left, stitch.top, stitch.weight))
