"""Models from files. What these nodes give are handles: nothing is loaded before it is used."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wirebrush.api import Clip, ControlNet, File, FileRef, Model, Patch, Range, Run, Vae, node
from wirebrush_diffusion.control.files import check_controlnet
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.patches.lora import check_lora
from wirebrush_nodes.live import explained, open_source

Strength = Annotated[float, Range(-100.0, 100.0, 0.01)]


class Checkpoint(NamedTuple):
    """The three parts of a model."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae


class Patched(NamedTuple):
    """A model and its text encoder."""

    MODEL: Model
    CLIP: Clip


@node(id="CheckpointLoaderSimple", category="loaders", title="Load Checkpoint")
def checkpoint_loader_simple(
    ckpt_name: Annotated[str, File("checkpoints")], *, run: Run
) -> Checkpoint:
    """Choose a model: its painter (MODEL), its reader of texts (CLIP) and its eye (VAE).

    Reads safetensors files and diffusers folders of Stable Diffusion 1, 2, 3 and XL (with refiner),
    FLUX.1, Chroma, PixArt, Lumina 2, Z-Image, Qwen-Image and their variants. The weights are loaded
    when a node uses them, and stay in memory while there is room.

    Args:
        ckpt_name: A file or folder in `models/checkpoints`.
    """
    source = run.file("checkpoints", ckpt_name)
    with explained("ckpt_name"):
        open_source(run.path(source)).check()
    return Checkpoint(Model(source, "model"), Clip(source, "clip"), Vae(source, "vae"))


@node(id="LoraLoader", category="loaders", title="Load LoRA")
def lora_loader(
    model: Model,
    clip: Clip,
    lora_name: Annotated[str, File("loras")],
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    *,
    run: Run,
) -> Patched:
    """Lay a LoRA over a model: a small file that teaches it a style, a person or a thing.

    Several can be chained; their order does not matter. Changing a strength reloads nothing, and
    strength 0 is exactly the model without it.

    Args:
        model: The model to change.
        clip: Its text encoder, which many LoRAs change too.
        lora_name: A file in `models/loras`, made for the same family of models.
        strength_model: How strongly it changes the painting; 1 as trained, negative is opposite.
        strength_clip: How strongly it changes the reading of texts.
    """
    source = _lora(lora_name, run)
    if strength_model:
        model = model.patched(Patch("lora", source, strength_model))
    if strength_clip:
        clip = clip.patched(Patch("lora", source, strength_clip))
    return Patched(model, clip)


@node(id="LoraLoaderModelOnly", category="loaders")
def lora_loader_model_only(
    model: Model,
    lora_name: Annotated[str, File("loras")],
    strength_model: Strength = 1.0,
    *,
    run: Run,
) -> Model:
    """Lay a LoRA over a model alone; texts are read as without it.

    Args:
        model: The model to change.
        lora_name: A file in `models/loras`, made for the same family of models.
        strength_model: How strongly it changes the painting; 1 as trained, negative is opposite.
    """
    source = _lora(lora_name, run)
    return model.patched(Patch("lora", source, strength_model)) if strength_model else model


def _lora(name: str, run: Run) -> FileRef:
    """The file, after a look at what it is."""
    source = run.file("loras", name)
    with explained("lora_name"):
        check_lora(WeightFile(run.path(source)))
    return source


@node(id="ControlNetLoader", category="loaders", title="Load ControlNet Model")
def control_net_loader(
    control_net_name: Annotated[str, File("controlnet")], *, run: Run
) -> ControlNet:
    """Choose a ControlNet: it makes pictures follow the edges, depth or pose of another picture.

    Reads ControlNets for Stable Diffusion 1, 2, XL (also unions), 3 and FLUX.1, and T2I-Adapters,
    as safetensors files and diffusers folders.

    Args:
        control_net_name: A file or folder in `models/controlnet`, of the model's family.
    """
    source = run.file("controlnet", control_net_name)
    with explained("control_net_name"):
        check_controlnet(run.path(source))
    return ControlNet(source, "controlnet")


@node(id="DiffControlNetLoader", category="loaders", title="Load ControlNet Model (diff)")
def diff_control_net_loader(
    model: Model, control_net_name: Annotated[str, File("controlnet")], *, run: Run
) -> ControlNet:
    """Choose a ControlNet that is told as a change of a model, and the model that it changes.

    Control-loras and difference files that are loaded with Load ControlNet Model change the model
    that paints. Other ControlNets are the same with both.

    Args:
        model: The model that the file was made from; its LoRAs are left out.
        control_net_name: A file or folder in `models/controlnet`.
    """
    net = control_net_loader(control_net_name, run=run)
    return net.patched(Patch("difference", net.source, other=model))
