"""Pictures that a model looks at while it paints: FLUX Kontext, Qwen-Image-Edit."""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Clip, Cond, Conditioning, Image, Latent, NodeError, Run, Text, Vae, node
from wirebrush_diffusion.families.qwen_image import read_edit
from wirebrush_diffusion.families.references import METHOD, REFERENCES
from wirebrush_diffusion.pictures.sheets import resized
from wirebrush_nodes.live import explained, live_autoencoder, live_text_encoder
from wirebrush_nodes.text import encoded

Prompt = Annotated[str, Text(multiline=True)]
LOOKED_AT, PAINTED = 384 * 384, 1024 * 1024  # pixels
STEP = 8


@node(id="ReferenceLatent", category="advanced/conditioning/edit_models")
def reference_latent(conditioning: Conditioning, latent: Latent | None = None) -> Conditioning:
    """Show the model a picture while it paints, as editing models want it. Several add up.

    Args:
        conditioning: The instruction.
        latent: The picture, through the VAE of the model.
    """
    return conditioning if latent is None else _showing(conditioning, latent)


@node(
    id="FluxKontextMultiReferenceLatentMethod",
    category="advanced/conditioning/flux",
    experimental=True,
)
def flux_kontext_multi_reference_latent_method(
    conditioning: Conditioning,
    reference_latents_method: Literal["offset", "index", "uxo/uno"] = "offset",
) -> Conditioning:
    """Say where several reference pictures stand beside the one that is painted.

    Args:
        conditioning: The instruction, with its reference pictures.
        reference_latents_method: "offset" lays them side by side, as FLUX Kontext knows it; "index"
            each on a sheet of its own, as Qwen-Image-Edit knows it; "uxo/uno" down the diagonal.
    """
    return tuple(cond.with_options(**{METHOD: reference_latents_method}) for cond in conditioning)


@node(id="TextEncodeQwenImageEdit", category="advanced/conditioning")
def text_encode_qwen_image_edit(
    clip: Clip,
    prompt: Prompt,
    vae: Vae | None = None,
    image: Image | None = None,
    *,
    run: Run,
) -> Conditioning:
    """Turn an instruction about a picture into what Qwen-Image-Edit understands.

    Args:
        clip: The text encoder, Qwen2.5-VL: it looks at the picture, too.
        prompt: What to change.
        vae: The VAE of the model: with it, the model sees the picture while it paints.
        image: The picture, which is scaled to about a million pixels.
    """
    if image is None:
        encoding = encoded(clip, prompt, run)
        return (Cond(encoding.context, encoding.pooled),)
    picture = _sized(image, PAINTED, 1)
    conditioning = _instructed(clip, prompt, [picture], run, named=False)
    return conditioning if vae is None else _shown(conditioning, picture, vae, "image", run)


@node(id="TextEncodeQwenImageEditPlus", category="advanced/conditioning")
def text_encode_qwen_image_edit_plus(
    clip: Clip,
    prompt: Prompt,
    vae: Vae | None = None,
    image1: Image | None = None,
    image2: Image | None = None,
    image3: Image | None = None,
    *,
    run: Run,
) -> Conditioning:
    """Turn an instruction about up to three pictures into what Qwen-Image-Edit 2509 understands.

    Args:
        clip: The text encoder, Qwen2.5-VL: it looks at the pictures, too.
        prompt: What to do; "Picture 1" is the first of them, and so on.
        vae: The VAE of the model: with it, the model sees the pictures while it paints.
        image1: A picture.
        image2: Another.
        image3: A third.
    """
    given = {"image1": image1, "image2": image2, "image3": image3}
    pictures = {port: image for port, image in given.items() if image is not None}
    seen = [_sized(image, LOOKED_AT, 1) for image in pictures.values()]
    conditioning = _instructed(clip, prompt, seen, run, named=True)
    if vae is not None:
        for port, image in pictures.items():
            conditioning = _shown(conditioning, _sized(image, PAINTED, STEP), vae, port, run)
    return conditioning


def _instructed(
    clip: Clip, prompt: str, pictures: list[Image], run: Run, *, named: bool
) -> Conditioning:
    with explained("clip"), live_text_encoder(clip, run) as reader, explained("clip"):
        encoding = read_edit(reader, prompt, pictures, named=named)
    return (Cond(encoding.context, encoding.pooled),)


def _shown(conditioning: Conditioning, image: Image, vae: Vae, port: str, run: Run) -> Conditioning:
    """With the picture as the model sees it."""
    with explained("vae"):
        autoencoder = live_autoencoder(vae, run)
    run.check()
    with explained(port):
        return _showing(conditioning, Latent(autoencoder.encode(image)))


def _showing(conditioning: Conditioning, latent: Latent) -> Conditioning:
    return tuple(
        cond.with_options(**{REFERENCES: (*cond.options.get(REFERENCES, ()), latent.samples)})
        for cond in conditioning
    )


def _sized(image: Image, pixels: int, step: int) -> Image:
    """The picture with about so many pixels, in sides of whole steps."""
    height, width = image.shape[1:3]
    factor = (pixels / (height * width)) ** 0.5
    tall, wide = (max(step, round(side * factor / step) * step) for side in (height, width))
    if max(tall, wide) > 200 * min(tall, wide):
        raise NodeError(f"The picture is {width}x{height}: too narrow to be read.", "Cut it first.")
    return resized(image, wide, tall, "area")
