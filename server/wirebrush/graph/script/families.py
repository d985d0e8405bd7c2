"""Which family of models a file belongs to, by what it says of itself, else by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from wirebrush.graph.script.kinds import Family

_PIPELINES: Mapping[str, Family] = {
    "StableDiffusionPipeline": "sd15",
    "StableDiffusionXLPipeline": "sdxl",
    "StableDiffusionXLImg2ImgPipeline": "refiner",
    "StableDiffusion3Pipeline": "sd3",
    "FluxPipeline": "flux",
    "QwenImagePipeline": "qwen_image",
    "ZImagePipeline": "z_image",
    "Lumina2Pipeline": "lumina2",
}
_UNET = "input_blocks.0.0."
_TENSORS: tuple[tuple[tuple[str, ...], Family], ...] = (
    (("double_blocks.0.img_attn", "guidance_in.in_layer"), "flux"),
    (("double_blocks.0.img_attn",), "schnell"),
    (("joint_blocks.0.",), "sd3"),
    (("transformer_blocks.0.img_mod.1.",), "qwen_image"),
    (("noise_refiner.0.adaLN_modulation.0.",), "z_image"),
    (("noise_refiner.0.adaLN_modulation.1.",), "lumina2"),
    # the refiner has SDXL's large encoder alone, and first
    ((_UNET, "conditioner.embedders.0.model."), "refiner"),
    ((_UNET, "conditioner.embedders.1."), "sdxl"),
    ((_UNET, "label_emb.0.0."), "sdxl"),
    ((_UNET, "cond_stage_model.model."), "sd2"),
    ((_UNET,), "sd15"),
)
"""What names are found in a family's files; the first that fits."""

_NAMES: tuple[tuple[str, Family], ...] = (
    (r"schnell", "schnell"),
    (r"flux[-_. ]?1?[-_. ]?(krea[-_.])?dev", "flux"),
    (r"qwen[-_]image(?!.*(edit|layered|distill))", "qwen_image"),
    (r"z[-_]image(?!.*(edit|omni))", "z_image"),
    (r"lumina[-_](image[-_])?2|neta_?yume", "lumina2"),
    (r"sd_?3|stable[-_]diffusion[-_]3", "sd3"),
    (r"xl[-_.]?(base[-_.]?)?refiner", "refiner"),
    (r"sd_?xl|[-_]xl[-_.]", "sdxl"),
    (r"v2-[01][-_]|sd_?2[-_.][01]|768-v-ema|512-base-ema", "sd2"),
    (r"v1-5|sd_?1[-_.]?5|sd15", "sd15"),
)


def family_of_pipeline(class_name: str) -> Family | None:
    """By the class that a folder in diffusers' layout names."""
    return _PIPELINES.get(class_name)


def family_of_tensors(names: Collection[str]) -> Family | None:
    """By the names of a file's tensors, as the authors of the models published them."""
    for parts, family in _TENSORS:
        if all(any(part in name for name in names) for part in parts):
            return family
    return None


def family_of_name(name: str) -> Family | None:
    """By the usual names."""
    for pattern, family in _NAMES:
        if re.search(pattern, name.lower()):
            return family
    return None
