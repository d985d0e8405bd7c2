"""Which family of models a file belongs to, by what it says of itself, else by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from wirebrush.graph.script.kinds import Family, Sight

_PIPELINES: Mapping[str, Family] = {
    "StableDiffusionPipeline": "sd15",
    "StableDiffusionXLPipeline": "sdxl",
    "StableDiffusionXLImg2ImgPipeline": "refiner",
    "StableDiffusion3Pipeline": "sd3",
    "StableDiffusionInpaintPipeline": "sd15",
    "StableDiffusionXLInpaintPipeline": "sdxl",
    "FluxPipeline": "flux",
    "FluxFillPipeline": "flux",
    "FluxControlPipeline": "flux",
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
    (r"flux[-_. ]?1?[-_. ]?((krea|fill|canny|depth)[-_.])?dev(?!.*lora)", "flux"),
    (r"qwen[-_]image(?!.*(edit|layered|distill))", "qwen_image"),
    (r"z[-_]image(?!.*(edit|omni))", "z_image"),
    (r"lumina[-_](image[-_])?2|neta_?yume", "lumina2"),
    (r"sd_?3|stable[-_]diffusion[-_]3", "sd3"),
    (r"xl[-_.]?(base[-_.]?)?refiner", "refiner"),
    (r"sd_?xl|[-_]xl[-_.]", "sdxl"),
    (r"v2-[01][-_]|sd_?2[-_.][01]|768-v-ema|512-(base|inpainting)-ema", "sd2"),
    (r"v1-5|sd_?1[-_.]?5|sd15", "sd15"),
)


_CHANNELS: Mapping[str, Mapping[int, Sight]] = {
    "flux": {64: "", 128: "picture", 384: "hole"},
    "sd15": {4: "", 9: "hole"},
    "sd2": {4: "", 9: "hole"},
    "sdxl": {4: "", 9: "hole"},
}
"""What networks see, by how many numbers they are given for each place."""


def sight_of_channels(family: Family, channels: int | None) -> Sight | None:
    """What a network sees beside what it paints; None if nobody knows. `channels` is None if a
    file does not say how many it is given."""
    return _CHANNELS[family].get(channels) if channels and family in _CHANNELS else ""


def channels_of_tensors(shapes: Mapping[str, Sequence[int]]) -> int | None:
    """How many numbers a network is given for each place, by the shapes of a file's tensors."""
    first = ("input_blocks.0.0.weight", "img_in.weight")
    found = (shape for name, shape in shapes.items() if name.endswith(first) and len(shape) > 1)
    return next((shape[1] for shape in found), None)


def sight_of_name(name: str) -> Sight:
    """What the network in a file of that name sees beside what it paints."""
    if re.search(r"inpaint|[-_.]fill[-_.]", name.lower()):
        return "hole"
    return "picture" if re.search(r"flux.*(canny|depth)[-_.]dev", name.lower()) else ""


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
