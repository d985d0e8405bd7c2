"""The family of a model that is not here, from its well-known name or from the graph around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wirebrush.api import Link
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.script.families import family_of_name
from wirebrush.graph.script.kinds import Family

_OTHERS = re.compile(
    r"inpaint|[-_]fill|kontext|(canny|depth)-dev|v2-[01]|sd_?2|512-depth|unclip|svd"
    r"|hidream|cascade|pixart|hunyuan|wan2|qwen|lumina|z_image|cosmos|ltx|mochi|aura_?flow|chroma"
    r"|sd_?3|flux|refiner|pix2pix|zero123|stable_?audio|lotus|omnigen|kandinsky|hyper|lcm|vpred"
)
"""Names of models that no family of a script stands for, or that do not fit into the one that a
graph looks like."""

_SD15 = re.compile(r"sd_?1[-_.]?5|sd15|_v11[pfe]_|t2iadapter_\w+_sd1")
_SDXL = re.compile(r"sd_?xl|[-_]xl[-_.]")
_SMALL, _LARGE = 768 * 768, 900_000
"""Pictures of up to the one many pixels are what Stable Diffusion 1.5 paints, those from the
other on SDXL."""


def guessed_family(prompt: Prompt, kind: str, name: str) -> tuple[Family, str] | None:
    """The family of a file that nobody can look into, and what says so."""
    named = family_of_name(name)
    if named is not None:
        return named, "its name"
    if kind != "checkpoints" or _OTHERS.search(name.lower()):
        return None
    kinds = {node.class_type for node in prompt.nodes.values()}
    if "EmptySD3LatentImage" in kinds or "FluxGuidance" in kinds:
        return ("flux", "the FluxGuidance in the graph") if "FluxGuidance" in kinds else None
    others = " ".join(_other_files(prompt.nodes.values())).lower()
    if _SDXL.search(others) or _SD15.search(others):
        return "sdxl" if _SDXL.search(others) else "sd15", "the files that the graph adds to it"
    sizes = list(_sizes(prompt.nodes.values()))
    if sizes and max(sizes) <= _SMALL:
        return "sd15", "the size of the picture that it begins with"
    if sizes and min(sizes) >= _LARGE:
        return "sdxl", "the size of the picture that it begins with"
    return None


def _other_files(nodes: Iterable[PromptNode]) -> Iterator[str]:
    for node in nodes:
        for name in ("lora_name", "control_net_name"):
            value = node.inputs.get(name)
            if isinstance(value, str):
                yield value


def _sizes(nodes: Iterable[PromptNode]) -> Iterator[float]:
    """How many pixels new pictures have."""
    for node in nodes:
        if node.class_type == "EmptyLatentImage":
            width, height = node.inputs.get("width"), node.inputs.get("height")
            if isinstance(width, int) and isinstance(height, int):
                yield width * height
        elif node.class_type == "ImageScaleToTotalPixels":
            megapixels = node.inputs.get("megapixels")
            if isinstance(megapixels, int | float) and not isinstance(megapixels, Link):
                yield megapixels * 1024 * 1024
