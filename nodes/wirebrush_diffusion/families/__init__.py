"""The families of models that are known: one file each, all behind `family.Family`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.chroma import Chroma
from wirebrush_diffusion.families.family import NETWORK_PREFIXES, Family, Plan
from wirebrush_diffusion.families.flux import Flux
from wirebrush_diffusion.families.hidream import HiDream
from wirebrush_diffusion.families.lotus import Lotus
from wirebrush_diffusion.families.lumina2 import Lumina2
from wirebrush_diffusion.families.pixart import PixArtAlpha, PixArtSigma
from wirebrush_diffusion.families.qwen_image import QwenImage
from wirebrush_diffusion.families.sd1 import StableDiffusion1
from wirebrush_diffusion.families.sd2 import StableDiffusion2
from wirebrush_diffusion.families.sd3 import StableDiffusion3
from wirebrush_diffusion.families.sdxl import SDXLRefiner, StableDiffusionXL
from wirebrush_diffusion.families.unclip import Unclip
from wirebrush_diffusion.families.x4 import X4Upscaler
from wirebrush_diffusion.families.z_image import ZImage
from wirebrush_diffusion.files.kinds import NETWORK, kind_of
from wirebrush_diffusion.files.layout import Stored
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.reading import TextKind

FAMILIES: tuple[Family, ...] = (
    StableDiffusion1(),
    StableDiffusion2(),
    StableDiffusionXL(),
    SDXLRefiner(),
    X4Upscaler(),
    Lotus(),  # before unCLIP, which is shown more than four numbers
    Unclip(),
    StableDiffusion3(),
    Flux(),
    Chroma(),
    PixArtSigma(),
    PixArtAlpha(),
    Lumina2(),
    ZImage(),
    QwenImage(),
    HiDream(),
)

CLIP_TYPES: Mapping[str, Family] = {
    "sdxl": StableDiffusionXL(),
    "sd3": StableDiffusion3(),
    "flux": Flux(),
    "chroma": Chroma(),
    "pixart": PixArtSigma(),
    "lumina2": Lumina2(),
    "qwen_image": QwenImage(),
    "hidream": HiDream(),
}
"""The field's names for which family a set of text encoders is put together for."""

LANGUAGE_FAMILIES: Mapping[TextKind, Family] = {
    "gemma2": Lumina2(),
    "qwen3": ZImage(),
    "qwen25vl": QwenImage(),
}
"""Language models that only one family reads with, whatever the type says."""
LANGUAGE_TYPES = ("stable_diffusion", "lumina2", "qwen_image")


def recognised(file: WeightFile) -> tuple[Family, str, Plan]:
    """The family of a file's diffusion network, the prefix of its names, and how to build it."""
    for prefix in NETWORK_PREFIXES:
        if prefix and file.with_prefix(prefix) is None:
            continue
        for family in FAMILIES:
            plan = family.plan(file, prefix)
            if plan is not None:
                return family, prefix, plan
    kind, hint = kind_of(file)
    if kind == NETWORK:
        raise DiffusionError(
            f"{file.name} is a diffusion model of a family that is not known here.",
            f"Known are {', '.join(titles())}.",
        )
    raise DiffusionError(
        f"{file.name} is {kind}; a diffusion model was expected.", hint or "Choose another file."
    )


def fitting(config: Mapping[str, Any], label: str) -> Family:
    """The family of a diffusers configuration of a network."""
    for family in FAMILIES:
        if family.fits(config):
            return family
    raise DiffusionError(
        f"{label} holds a {config.get('_class_name', 'network')} of a family that is not known "
        "here.",
        f"Known are {', '.join(titles())}.",
    )


def author_places(network: nn.Module) -> dict[str, Stored]:
    """Where the authors of a network's family keep each of its weights, without a prefix."""
    kind = type(network).__name__
    config: Any = network.config
    return fitting({**config, "_class_name": kind}, f"This {kind}").places(network)


def titles() -> list[str]:
    """The names of all families."""
    return [family.title for family in FAMILIES]
