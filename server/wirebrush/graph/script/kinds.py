"""The families of models as diffusers has them. A new family begins with a name and a row here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Family: TypeAlias = Literal[
    "sd15",
    "sd2",
    "sdxl",
    "sd3",
    "flux",
    "schnell",
    "refiner",
    "qwen_image",
    "z_image",
    "lumina2",
]


Sight: TypeAlias = Literal["", "hole", "picture"]
"""What a network sees beside what it paints: a picture with a hole in it, or a whole one."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How a family's noise levels are counted: bent by `shift` towards noise, in a table of
    `resolution` levels."""

    shift: float
    resolution: int = 1000


@dataclass(frozen=True, slots=True)
class Kind:
    """A family.

    `pipeline` begins the names of its pipelines, followed by `fills` or `follows` for networks
    that see a hole or a picture, or by `edits` for those that edit one (empty: such are not
    known). `over`: one of them paints over pictures. `network` and `vae` are the classes of parts
    that are in files of their own, and `encoders` the node that loads its texts' ones (and the
    type that it must have, if any). `published` are patterns of files' names, and the repositories
    in which such models were published; none where diffusers knows by a file how it is built.
    `whole`: diffusers reads a checkpoint that is one file; else only its network, as where
    `encoders` are loaded apart. `own_vae` is a pattern for names of the published VAE, where
    diffusers cannot read it from one file. `speaks`: a language model reads the texts.
    """

    pipeline: str
    published: tuple[tuple[str, str], ...] = ()
    flow: Flow | None = None
    network: str = ""
    vae: str = "AutoencoderKL"
    own_vae: str = ""
    encoders: tuple[str, str] = ("", "")
    whole: bool = True
    speaks: bool = False
    fills: str = ""
    follows: str = ""
    edits: str = ""
    over: bool = True

    def pipeline_for(self, sight: Sight) -> str:
        """The class of the pipeline for networks that see this, or empty."""
        if sight == "":
            return f"{self.pipeline}Pipeline"
        more = self.fills if sight == "hole" else self.follows
        return f"{self.pipeline}{more}Pipeline" if more else ""

    def repository(self, name: str) -> str:
        """Where a model in a file of that name was published, or empty."""
        places = (place for pattern, place in self.published if re.search(pattern, name.lower()))
        return next(places, "")


_FLUX = "FluxTransformer2DModel"
_TWO = ("DualCLIPLoader", "")
KINDS: Mapping[Family, Kind] = {
    "sd15": Kind("StableDiffusion", fills="Inpaint"),
    "sd2": Kind("StableDiffusion", fills="Inpaint"),
    "sdxl": Kind(
        "StableDiffusionXL",
        ((r"", "stabilityai/stable-diffusion-xl-base-1.0"),),
        fills="Inpaint",
    ),
    "sd3": Kind(
        "StableDiffusion3",
        (
            (r"3[._]?5.*large.*turbo", "stabilityai/stable-diffusion-3.5-large-turbo"),
            (r"3[._]?5.*medium", "stabilityai/stable-diffusion-3.5-medium"),
            (r"medium", "stabilityai/stable-diffusion-3-medium-diffusers"),
            (r"", "stabilityai/stable-diffusion-3.5-large"),
        ),
        Flow(3.0),
        "SD3Transformer2DModel",
        encoders=("TripleCLIPLoader", ""),
    ),
    "flux": Kind(
        "Flux",
        (
            (r"kontext", "black-forest-labs/FLUX.1-Kontext-dev"),
            (r"fill", "black-forest-labs/FLUX.1-Fill-dev"),
            (r"canny", "black-forest-labs/FLUX.1-Canny-dev"),
            (r"depth", "black-forest-labs/FLUX.1-Depth-dev"),
            (r"", "black-forest-labs/FLUX.1-dev"),
        ),
        Flow(3.1581929096897676, 10_000),  # e to the 1.15
        _FLUX,
        encoders=_TWO,
        fills="Fill",
        follows="Control",
        edits="Kontext",
    ),
    "schnell": Kind(
        "Flux",
        ((r"", "black-forest-labs/FLUX.1-schnell"),),
        Flow(1.0, 10_000),
        _FLUX,
        encoders=_TWO,
    ),
    "qwen_image": Kind(
        "QwenImage",
        ((r"2512", "Qwen/Qwen-Image-2512"), (r"", "Qwen/Qwen-Image")),
        Flow(3.1581929096897676, 10_000),
        "QwenImageTransformer2DModel",
        "AutoencoderKLQwenImage",
        r"^qwen_image_vae\.",
        ("CLIPLoader", "qwen_image"),
        whole=False,
        speaks=True,
    ),
    "z_image": Kind(
        "ZImage",
        ((r"turbo", "Tongyi-MAI/Z-Image-Turbo"), (r"", "Tongyi-MAI/Z-Image")),
        Flow(3.0),
        "ZImageTransformer2DModel",
        encoders=("CLIPLoader", "lumina2"),
        whole=False,
        speaks=True,
    ),
    "lumina2": Kind(
        "Lumina2",
        ((r"", "Alpha-VLLM/Lumina-Image-2.0"),),
        Flow(6.0),
        "Lumina2Transformer2DModel",
        encoders=("CLIPLoader", "lumina2"),
        whole=False,
        speaks=True,
        over=False,
    ),
}
"""By their names. SDXL's refiner only goes on with what SDXL has begun."""

FLUX = frozenset[Family]({"flux", "schnell"})
FLOWS = frozenset(family for family, kind in KINDS.items() if kind.flow is not None)
SPEAKING = frozenset(family for family, kind in KINDS.items() if kind.speaks)


def is_one_file(name: str) -> bool:
    """Whether a model's name is that of a file, and not of a folder in diffusers' layout."""
    return name.lower().endswith((".safetensors", ".sft", ".ckpt", ".gguf"))
