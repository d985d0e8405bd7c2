"""Patches of one family's network: DiffSynth's ControlNets for Qwen-Image, USO's style for FLUX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import torch
from torch import Tensor

from wirebrush.api import File, Handle, Image, Mask, Model, NodeError, Range, Run, Vae, node
from wirebrush.api import value as wire_value
from wirebrush_diffusion.control import blockwise, style_words
from wirebrush_diffusion.control.blockwise import BlockwiseControl, check_blockwise, load_blockwise
from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.control.style_words import (
    StyleReference,
    StyleWords,
    check_style_words,
    load_style_words,
)
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_nodes.carried import carried, carrying, file_of
from wirebrush_nodes.live import (
    explained,
    live_autoencoder,
    picture_reader,
    settled,
    weights_place,
)
from wirebrush_nodes.style import VisionOutput
from wirebrush_nodes.tweaks import BLOCKWISE, STYLE

M = TypeVar("M", BlockwiseControl, StyleWords)


@wire_value("MODEL_PATCH")
@dataclass(frozen=True, slots=True)
class ModelPatch(Handle):
    """A patch of a diffusion network. `part` says of which kind."""


@node(id="ModelPatchLoader", category="advanced/loaders", experimental=True)
def model_patch_loader(name: Annotated[str, File("model_patches")], *, run: Run) -> ModelPatch:
    """Choose a patch for QwenImageDiffsynthControlnet or USOStyleReference.

    Args:
        name: A file in `models/model_patches`.
    """
    source = run.file("model_patches", name)
    with explained("name"):
        return ModelPatch(source, _kind(WeightFile(run.path(source))))


@node(id="QwenImageDiffsynthControlnet", category="advanced/loaders/qwen", experimental=True)
def qwen_image_diffsynth_controlnet(
    model: Model,
    model_patch: ModelPatch,
    vae: Vae,
    image: Image,
    strength: Annotated[float, Range(-10.0, 10.0, 0.01)] = 1.0,
    mask: Mask | None = None,
    *,
    run: Run,
) -> Model:
    """Let a picture steer the composition of Qwen-Image.

    Args:
        model: The model that paints, of the Qwen-Image family.
        model_patch: A DiffSynth ControlNet, from ModelPatchLoader.
        vae: The model's VAE.
        image: The steering picture, of the kind the patch was trained on (edges, depth...).
        strength: How strongly it steers; 0 leaves it out.
        mask: White (1) where the picture is not known: for the patch for inpainting.
    """
    _check_kind(model_patch, BLOCKWISE, "a DiffSynth ControlNet for Qwen-Image")
    if strength == 0.0:
        return model
    with explained("vae"):
        live_autoencoder(vae, run)
    tensors: dict[str, Tensor] = {"image": image}
    if mask is not None:
        tensors["mask"] = mask
    files = {"file": model_patch.source, "vae": vae.source}
    return carrying(model, BLOCKWISE, {"strength": strength}, tensors, **files)


@node(id="USOStyleReference", category="advanced/model_patches/flux", experimental=True)
def uso_style_reference(
    model: Model, model_patch: ModelPatch, clip_vision_output: VisionOutput, *, run: Run
) -> Model:
    """Let FLUX paint in the style of a picture, as USO does. Several can be chained.

    Args:
        model: FLUX.1 dev, with USO's LoRA.
        model_patch: USO's projector, from ModelPatchLoader.
        clip_vision_output: What sigclip_vision_patch14_384 saw in the picture.
    """
    _check_kind(model_patch, STYLE, "USO's projector")
    seen = clip_vision_output
    if seen.early is None:
        raise NodeError(
            "USO reads three layers of a SigLIP vision encoder; this one has not got them.",
            "Use sigclip_vision_patch14_384 in CLIPVisionLoader.",
            port="clip_vision_output",
        )
    live = _live(model_patch, load_style_words, run)
    levels = _levels(seen.penultimate, seen.early)
    with explained("clip_vision_output"):
        live.check_seen(levels)
    return carrying(model, STYLE, {}, {"levels": levels}, file=model_patch.source)


def patching_controls(handle: Model, run: Run) -> list[Control]:
    """The patches on a model, with live networks."""
    made: list[Control] = []
    for settings, tensors in carried(handle, BLOCKWISE):
        patch = ModelPatch(file_of(settings, "file"), BLOCKWISE)
        vae = Vae(file_of(settings, "vae"), "vae")
        made.append(
            Control(
                _live(patch, load_blockwise, run),
                tensors["image"],
                settings["strength"],
                mask=tensors.get("mask"),
                encode=picture_reader(vae, run),
            )
        )
    for settings, tensors in carried(handle, STYLE):
        patch = ModelPatch(file_of(settings, "file"), STYLE)
        made.append(StyleReference(_live(patch, load_style_words, run), tensors["levels"]))
    return made


def _live(patch: ModelPatch, load: Callable[[WeightFile, str], M], run: Run) -> M:
    path, place = run.path(patch.source), weights_place(run)
    with explained("model_patch"):
        found = run.resident(patch.key, lambda: load(WeightFile(path), place))
    return settled(found, run)


def _kind(file: WeightFile) -> str:
    """By the marks of each kind; DiffusionError for other files."""
    if blockwise.MARK in file:
        check_blockwise(file)
        return BLOCKWISE
    if style_words.PREFIX + style_words.MARK in file or style_words.MARK in file:
        check_style_words(file)
        return STYLE
    kind, hint = kind_of(file)
    raise DiffusionError(
        f"{file.name} is {kind}; a model patch was expected.",
        hint or "Read are DiffSynth's ControlNets for Qwen-Image, and USO's projector.",
    )


def _check_kind(patch: ModelPatch, kind: str, wanted: str) -> None:
    if patch.part != kind:
        raise NodeError(
            f"{patch.source.name} is for {patch.part}; {wanted} was expected.",
            "Choose another file in ModelPatchLoader.",
            port="model_patch",
        )


def _levels(penultimate: Tensor, early: Tensor) -> Tensor:
    """Three layers of what was seen, the last first: `[B, 3, T, D]`."""
    return torch.cat([penultimate.unsqueeze(1), early], dim=1)
