"""Which of two networks can be mixed, and in which proportion each of their weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from wirebrush_diffusion.errors import DiffusionError

LEAST_ALIKE = 0.9
"""Inpainting models differ from others in one weight; other families in nearly all."""
PROJECTIONS: Mapping[str, str] = MappingProxyType(
    {f"to_{part}": part for part in "qkv"}
    | {f"{part}_proj": part for part in "qkv"}
    | {"to_out.0": "out", "out_proj": "out"}
)
"""What attention's layers are called, and their part."""
Shapes = Mapping[str, tuple[int, ...]]


def check_alike(ours: Shapes, theirs: Shapes, label: str) -> None:
    """Raise unless nearly all weights are there in both, in the same shapes."""
    alike = sum(theirs.get(name) == shape for name, shape in ours.items())
    if alike < LEAST_ALIKE * len(ours):
        raise DiffusionError(
            f"{label} is a model of another kind: of {len(ours)} weights only {alike} are the same "
            "size in both.",
            "Merge models of one family.",
        )


def shares(
    settings: Mapping[str, float], name: str, author: Mapping[str, str] = MappingProxyType({})
) -> tuple[float, float]:
    """What of the first and of the second network makes the weight of that name.

    `settings` are "keep" and "add" for all weights; or the first one's part in a UNet's "input",
    "middle" and "out"; or, with "blocks", its part in weights whose `author`'s name begins so: the
    longest beginning counts, and without any the first setting.
    """
    if "keep" in settings:
        return settings["keep"], settings["add"]
    if "blocks" in settings:
        first = _share_of(author.get(name, name), settings)
        return first, 1.0 - first
    if name.startswith("mid_block."):
        first = settings["middle"]
    elif name.startswith(("up_blocks.", "conv_norm_out.", "conv_out.")):
        first = settings["out"]
    else:
        first = settings["input"]
    return first, 1.0 - first


def _share_of(name: str, settings: Mapping[str, float]) -> float:
    blocks = [block for block in settings if block != "blocks"]
    fitting = [block for block in blocks if name.startswith(block)]
    return settings[max(fitting, key=len, default=blocks[0])]


def attention_factors(
    names: Iterable[str], layer: str, factors: Mapping[str, float]
) -> dict[str, float]:
    """By what each weight of attention layers called `layer` is multiplied, where that is not 1.

    `factors` are for "q", "k", "v" (their matrices) and "out" (its bias too), in the names of
    diffusers' UNets and of transformers' text encoders.
    """
    found: dict[str, float] = {}
    for name in names:
        _, inside, rest = name.rpartition(f".{layer}.")
        part = PROJECTIONS.get(rest.removesuffix(".weight").removesuffix(".bias"), "")
        weighed = rest.endswith(".weight") or part == "out" or layer == "self_attn"
        if inside and part and weighed and factors[part] != 1.0:
            found[name] = factors[part]
    return found
