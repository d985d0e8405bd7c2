"""Modules of ComfyUI that are names, numbers and types only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum, StrEnum
from types import SimpleNamespace
from typing import Any, Literal, TypedDict

from wirebrush_comfy.shims.missing import not_there
from wirebrush_comfy.world import World
from wirebrush_diffusion.noise.schedules import SCHEDULES
from wirebrush_diffusion.samplers import SAMPLERS

VERSION = "0.3.64"
"""The ComfyUI whose ways are followed."""

_TYPES = (
    "STRING", "IMAGE", "MASK", "LATENT", "BOOLEAN", "INT", "FLOAT", "COMBO", "CONDITIONING",
    "SAMPLER", "SIGMAS", "GUIDER", "NOISE", "CLIP", "CONTROL_NET", "VAE", "MODEL", "LORA_MODEL",
    "LOSS_MAP", "CLIP_VISION", "CLIP_VISION_OUTPUT", "STYLE_MODEL", "GLIGEN", "UPSCALE_MODEL",
    "AUDIO", "WEBCAM", "POINT", "FACE_ANALYSIS", "BBOX", "SEGS", "VIDEO",
)  # fmt: skip


class FileLocator(TypedDict):
    """A file that a node reports."""

    filename: str
    subfolder: str
    type: Literal["output", "temp", "input"]


class ComfyNodeABC(ABC):
    """What V1 nodes may inherit from; it asks for no more than they have anyway."""

    DESCRIPTION: str
    CATEGORY: str
    EXPERIMENTAL: bool
    DEPRECATED: bool
    OUTPUT_NODE: bool
    INPUT_IS_LIST: bool
    OUTPUT_IS_LIST: tuple[bool, ...]
    RETURN_TYPES: tuple[str, ...]
    RETURN_NAMES: tuple[str, ...]
    FUNCTION: str

    @classmethod
    @abstractmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """The inputs by section and name."""


class CheckLazyMixin:
    """Lazy inputs that are all wanted."""

    def check_lazy_status(self, **inputs: Any) -> list[str]:
        """The names of those that are not there yet."""
        return [name for name, value in inputs.items() if value is None]


def comfy_types(_world: World) -> Mapping[str, Any]:
    """The modules `comfy.comfy_types` and `comfy.comfy_types.node_typing`."""
    names = {name: name for name in _TYPES}
    joined = {"ANY": "*", "NUMBER": "FLOAT,INT", "PRIMITIVE": "STRING,FLOAT,INT,BOOLEAN"}
    anything = ("InputTypeDict", "InputTypeOptions", "HiddenInputTypeDict", "RemoteInputOptions")
    return {
        "IO": StrEnum("IO", names | joined),
        "ComfyNodeABC": ComfyNodeABC,
        "CheckLazyMixin": CheckLazyMixin,
        "FileLocator": FileLocator,
        "MultiSelectOptions": dict,
        **dict.fromkeys(anything, dict),
    }


class LatentPreviewMethod(Enum):
    """How ComfyUI would show latents."""

    NoPreviews = "none"
    Auto = "auto"
    Latent2RGB = "latent2rgb"
    TAESD = "taesd"


class Arguments(SimpleNamespace):
    """ComfyUI's command line, on which nothing was given."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return False


def cli_args(world: World) -> Mapping[str, Any]:
    """The module `comfy.cli_args`."""
    arguments = Arguments(
        cpu=world.device == "cpu",
        listen="127.0.0.1",
        port=8188,
        preview_method=LatentPreviewMethod.NoPreviews,
        preview_size=512,
        disable_metadata=False,
        output_directory=None,
        temp_directory=None,
        input_directory=None,
        base_directory=None,
        extra_model_paths_config=None,
        front_end_version="",
        verbose="INFO",
    )
    return {"args": arguments, "LatentPreviewMethod": LatentPreviewMethod}


def samplers(_world: World) -> Mapping[str, Any]:
    """The name lists of `comfy.samplers`; its samplers are missing."""
    sampler_names, scheduler_names = list(SAMPLERS), list(SCHEDULES)
    special = ("ddim", "uni_pc", "uni_pc_bh2")
    lists = {"SAMPLERS": sampler_names, "SCHEDULERS": scheduler_names}
    return {
        "SAMPLER_NAMES": sampler_names,
        "SCHEDULER_NAMES": scheduler_names,
        "KSAMPLER_NAMES": [name for name in sampler_names if name not in special],
        "SCHEDULER_HANDLERS": dict.fromkeys(scheduler_names),
        "KSampler": type("KSampler", (_NamesOnly,), lists),
    }


class _NamesOnly:
    """`comfy.samplers.KSampler`, of which packs mostly want the names."""

    def __init__(self, *_arguments: Any, **_named: Any) -> None:
        raise not_there("comfy.samplers.KSampler")


def version(_world: World) -> Mapping[str, Any]:
    """The module `comfyui_version`."""
    return {"__version__": VERSION}


def options(_world: World) -> Mapping[str, Any]:
    """The module `comfy.options`."""
    return {"args_parsing": False, "enable_args_parsing": lambda enable=True: None}
