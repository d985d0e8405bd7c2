"""Pictures in place of words: Stable Diffusion 2.1 unCLIP."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wirebrush.api import Clip, Conditioning, File, Model, NodeError, Range, Run, Vae, node
from wirebrush_diffusion.families.shown import SEEN, Shown
from wirebrush_diffusion.vision.files import check_vision, vision_weights
from wirebrush_nodes.live import explained, open_source
from wirebrush_nodes.style import ClipVision, VisionOutput


class UnclipCheckpoint(NamedTuple):
    """The parts of a checkpoint that has eyes."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae
    CLIP_VISION: ClipVision


@node(id="unCLIPCheckpointLoader", category="loaders")
def unclip_checkpoint_loader(
    ckpt_name: Annotated[str, File("checkpoints")], *, run: Run
) -> UnclipCheckpoint:
    """Choose a model that paints variations of pictures, with the vision encoder it knows.

    Args:
        ckpt_name: A file in `models/checkpoints`, such as sd21-unclip-h.
    """
    source = run.file("checkpoints", ckpt_name)
    path = run.path(source)
    with explained("ckpt_name"):
        open_source(path).check()
        check_vision(vision_weights(path))
    return UnclipCheckpoint(
        Model(source, "model"), Clip(source, "clip"), Vae(source, "vae"), ClipVision(source, "eyes")
    )


class ImageOnlyCheckpoint(NamedTuple):
    """The parts of a checkpoint that is shown pictures, and never told words."""

    MODEL: Model
    CLIP_VISION: ClipVision
    VAE: Vae


@node(
    id="ImageOnlyCheckpointLoader",
    title="Image Only Checkpoint Loader (img2vid model)",
    category="loaders/video_models",
)
def image_only_checkpoint_loader(
    ckpt_name: Annotated[str, File("checkpoints")], *, run: Run
) -> ImageOnlyCheckpoint:
    """Choose a model that starts from a picture, with the vision encoder it knows.

    Video models are not read yet; those that paint variations of pictures (unCLIP) are.

    Args:
        ckpt_name: A file in `models/checkpoints` with a vision encoder in it.
    """
    parts = unclip_checkpoint_loader(ckpt_name, run=run)
    return ImageOnlyCheckpoint(parts.MODEL, parts.CLIP_VISION, parts.VAE)


@node(id="unCLIPConditioning", category="conditioning")
def unclip_conditioning(
    conditioning: Conditioning,
    clip_vision_output: VisionOutput,
    strength: Annotated[float, Range(-10.0, 10.0, 0.01)] = 1.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, 0.01)] = 0.0,
) -> Conditioning:
    """Let the picture resemble another one. Several are mixed.

    For unCLIP models, and for SDXL with a CLIP vision encoder as wide as its pooled text (bigG).

    Args:
        conditioning: The text; it may be empty.
        clip_vision_output: What the checkpoint's CLIP_VISION saw.
        strength: How strongly the picture counts; 0 leaves it out.
        noise_augmentation: How freely it is taken: 0 keeps close, 1 hardly resembles it.
    """
    if strength == 0.0:
        return conditioning
    seen = clip_vision_output.projected
    if seen is None:
        raise NodeError(
            "This vision encoder does not put pictures beside texts, which unCLIP wants.",
            "Use the CLIP_VISION of unCLIPCheckpointLoader.",
            port="clip_vision_output",
        )
    shown = tuple(Shown(row.unsqueeze(0), strength, noise_augmentation) for row in seen)
    return tuple(
        cond.with_options(**{SEEN: (*cond.options.get(SEEN, ()), *shown)}) for cond in conditioning
    )
