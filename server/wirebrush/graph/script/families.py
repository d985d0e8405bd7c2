"""Which family of models a file belongs to, by what it says of itself, else by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from wirebrush.graph.script.plan import Family

_PIPELINES: Mapping[str, Family] = {
    "StableDiffusionPipeline": "sd15",
    "StableDiffusionXLPipeline": "sdxl",
    "StableDiffusionXLImg2ImgPipeline": "refiner",
    "StableDiffusion3Pipeline": "sd3",
    "FluxPipeline": "flux",
}
_NAMES: tuple[tuple[str, Family], ...] = (
    (r"schnell", "schnell"),
    (r"flux[-_. ]?1?[-_. ]?(krea[-_.])?dev", "flux"),
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

    def has(part: str) -> bool:
        return any(part in name for name in names)

    if has("double_blocks.0.img_attn"):
        return "flux" if has("guidance_in.in_layer") else "schnell"
    if has("joint_blocks.0."):
        return "sd3"
    if has("input_blocks.0.0."):
        if has("conditioner.embedders.0.model."):  # the large encoder comes first, and is alone
            return "refiner"
        if has("conditioner.embedders.1.") or has("label_emb.0.0."):
            return "sdxl"
        return "sd2" if has("cond_stage_model.model.") else "sd15"
    return None


def family_of_name(name: str) -> Family | None:
    """By the usual names."""
    for pattern, family in _NAMES:
        if re.search(pattern, name.lower()):
            return family
    return None
