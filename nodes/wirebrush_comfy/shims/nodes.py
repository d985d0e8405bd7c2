"""`nodes`: ComfyUI's own classes, as far as we have the nodes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from torch import Tensor

from wirebrush.api import NodeError
from wirebrush_comfy.border import from_pack
from wirebrush_comfy.shims.builtin import as_class, builtin_nodes
from wirebrush_comfy.shims.devices import InterruptProcessingException
from wirebrush_comfy.world import World
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.pictures.files import encode_png, read_picture

MAX_RESOLUTION = 16384


def _paths() -> Any:
    """`folder_paths` as packs see it, with the folders that they have added."""
    return import_module("folder_paths")


class SaveImage:
    """Writes pictures as PNG files, with the workflow inside."""

    __module__ = "nodes"
    RETURN_TYPES = ()
    FUNCTION = "save_images"
    OUTPUT_NODE = True
    CATEGORY = "image"
    DESCRIPTION = "Keeps pictures as PNG files, with the workflow inside."

    def __init__(self) -> None:
        self.output_dir: str = _paths().get_output_directory()
        self.type = "output"
        self.prefix_append = ""
        self.compress_level = 4

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """Pictures, and how the names of their files begin."""
        return {
            "required": {
                "images": ("IMAGE",),
                "filename_prefix": ("STRING", {"default": "ComfyUI"}),
            },
            "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    def save_images(
        self,
        images: Tensor,
        filename_prefix: str = "ComfyUI",
        prompt: Any = None,
        extra_pnginfo: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Write the pictures; gives what to report as `ui`."""
        prefix = f"{filename_prefix}{self.prefix_append}"
        height, width = images[0].shape[:2]
        folder, stem, number, subfolder, _ = _paths().get_save_image_path(
            prefix, self.output_dir, width, height
        )
        entries: list[dict[str, str]] = []
        for index, image in enumerate(images):
            batch_stem = stem.replace("%batch_num%", str(index))
            name = f"{batch_stem}_{number + index:05}_.png"
            data = encode_png(image, png_texts(prompt, extra_pnginfo), level=self.compress_level)
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
            entries.append({"filename": name, "subfolder": subfolder, "type": self.type})
        return {"ui": {"images": entries}}


class PreviewImage(SaveImage):
    """Shows pictures without keeping them."""

    __module__ = "nodes"

    def __init__(self) -> None:
        super().__init__()
        self.output_dir = _paths().get_temp_directory()
        self.type = "temp"
        self.prefix_append = "_temp"
        self.compress_level = 1

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """Pictures."""
        hidden = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
        return {"required": {"images": ("IMAGE",)}, "hidden": hidden}


class LoadImage:
    """Reads a picture and its transparency."""

    __module__ = "nodes"
    CATEGORY = "image"
    RETURN_TYPES = ("IMAGE", "MASK")
    FUNCTION = "load_image"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        """An uploaded picture."""
        files = sorted(os.listdir(_paths().get_input_directory()))
        return {"required": {"image": (files, {"image_upload": True})}}

    def load_image(self, image: str) -> tuple[Tensor, Tensor]:
        """The picture `[B,H,W,3]` and its mask."""
        try:
            return read_picture(_paths().get_annotated_filepath(image))
        except DiffusionError as error:
            raise NodeError(error.message, error.hint, port="image") from error


def png_texts(prompt: Any, extra_pnginfo: Mapping[str, Any] | None) -> dict[str, str]:
    """The text entries of a picture file: the prompt, and what else packs were given to embed."""
    texts = {} if prompt is None else {"prompt": json.dumps(prompt)}
    return texts | {name: json.dumps(part) for name, part in (extra_pnginfo or {}).items()}


def _sampling(classes: Mapping[str, type[Any]]) -> Any:
    """`nodes.common_ksampler`, by our own samplers."""

    def common_ksampler(
        model: Any,
        seed: int,
        steps: int,
        cfg: float,
        sampler_name: str,
        scheduler: str,
        positive: Any,
        negative: Any,
        latent: Any,
        denoise: float = 1.0,
        disable_noise: bool = False,
        start_step: int | None = None,
        last_step: int | None = None,
        force_full_denoise: bool = False,
    ) -> tuple[Any, ...]:
        """Paint, as the KSampler does, or some of its steps."""
        shared = {
            "model": model, "steps": steps, "cfg": cfg, "sampler_name": sampler_name,
            "scheduler": scheduler, "positive": positive, "negative": negative,
            "latent_image": from_pack(latent, "LATENT"),
        }  # fmt: skip
        if start_step is None and last_step is None and not disable_noise:
            return classes["KSampler"]().sample(**shared, seed=seed, denoise=denoise)
        return classes["KSamplerAdvanced"]().sample(
            **shared,
            noise_seed=seed,
            add_noise="disable" if disable_noise else "enable",
            start_at_step=start_step or 0,
            end_at_step=10_000 if last_step is None else last_step,
            return_with_leftover_noise="disable" if force_full_denoise else "enable",
        )

    return common_ksampler


def _interrupt(value: bool = True) -> None:
    """`nodes.interrupt_processing`: ends the node that calls it."""
    if value:
        raise InterruptProcessingException


def nodes(world: World) -> Mapping[str, Any]:
    """The module `nodes`."""
    own = {kind.__name__: kind for kind in (SaveImage, PreviewImage, LoadImage)}
    built = {item.spec.id: item for item in builtin_nodes()}
    classes = {name: as_class(item) for name, item in built.items()} | own
    world.classes.update(classes)
    return {
        **classes,
        "MAX_RESOLUTION": MAX_RESOLUTION,
        "NODE_CLASS_MAPPINGS": world.classes,
        "NODE_DISPLAY_NAME_MAPPINGS": {name: item.spec.title for name, item in built.items()},
        "EXTENSION_WEB_DIRS": {},
        "LOADED_MODULE_DIRS": {},
        "common_ksampler": _sampling(classes),
        "interrupt_processing": _interrupt,
        "before_node_execution": lambda: None,
    }
