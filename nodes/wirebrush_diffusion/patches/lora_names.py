"""What LoRA files call the modules of a network: each spelling, and which weights it stands for.

Files speak of modules in diffusers' names or in the authors'; an author's module may be several of
ours one above the other (`qkv`), so that a change of it is cut into rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from wirebrush_diffusion.families import FAMILIES
from wirebrush_diffusion.families.flow import FlowFamily
from wirebrush_diffusion.files.layout import Rule, Rules
from wirebrush_diffusion.files.names import unet_name

SHAPES = Mapping[str, tuple[int, ...]]
KOHYA = ("lora_unet_", "lora_transformer_", "lycoris_")
DOTTED = (
    "unet.",
    "transformer.",
    "base_model.model.unet.",
    "base_model.model.transformer.",
    "base_model.model.",
    "diffusion_model.",
    "model.diffusion_model.",
    "",
)
CLIP_PLACES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "l": ("text_encoder", ("lora_te_", "lora_te1_")),
    "h": ("text_encoder", ("lora_te_", "lora_te1_")),
    "g": ("text_encoder_2", ("lora_te2_",)),
}
"""For a CLIP's role: diffusers' folder and kohya's beginnings."""
T5_PLACES = (
    ("text_encoder", "text_encoder_2", "text_encoder_3"),
    ("lora_te1_", "lora_te2_", "lora_te3_", "lora_te_"),
)
"""Families count T5 differently; its modules have names that no CLIP has."""


@dataclass(frozen=True, slots=True)
class Place:
    """A weight of the network, and its `rows` among the `total` of a module that files speak of.

    `swapped`: the file has its halves the other way round.
    """

    name: str
    rows: tuple[int, int]
    total: int
    swapped: bool = False

    @property
    def partial(self) -> bool:
        """Whether the file's module is more than this weight, or in another order."""
        return self.swapped or self.rows != (0, self.total)

    def pick(self, whole: Tensor) -> Tensor:
        """This weight's rows out of the module's."""
        rows = whole[self.rows[0] : self.rows[1]]
        return rows.roll(rows.shape[0] // 2, dims=0) if self.swapped else rows


@dataclass(frozen=True, slots=True)
class Modules:
    """A network's weights by the names that files have for them.

    A file's module that begins with one of `marks` and is not known was made for another network.
    """

    shapes: SHAPES
    places: Mapping[str, tuple[Place, ...]]
    marks: tuple[str, ...]


def network_modules(kind: str, shapes: SHAPES, layers: int = 2) -> Modules:
    """Spellings for a diffusion network of diffusers' class `kind`.

    `layers` is the `layers_per_block` of a UNet.
    """
    places: dict[str, tuple[Place, ...]] = {}
    for module, found in _modules(kind, shapes, layers):
        for prefix in KOHYA:
            places[prefix + module.replace(".", "_")] = found
        for prefix in DOTTED:
            places[prefix + module] = found
            places[prefix + module.removesuffix(".0")] = found  # to_out.0 is also to_out
    return Modules(shapes, places, (*KOHYA, *(prefix for prefix in DOTTED if prefix)))


def text_modules(role: str, shapes: SHAPES) -> Modules:
    """Spellings for a text encoder of that role ("l", "g", "t5xxl"...)."""
    if role in CLIP_PLACES:
        folder, kohya = CLIP_PLACES[role]
        folders, inside = (folder,), ("text_model.", "")
    else:
        (folders, kohya), inside = T5_PLACES, ("",)
    dotted = [f"{folder}." for folder in folders]
    dotted += [f"base_model.model.{folder}." for folder in folders]
    dotted += [f"text_encoders.{'clip_' * (role in CLIP_PLACES)}{role}.transformer."]
    places: dict[str, tuple[Place, ...]] = {}
    for name in _weights(shapes):
        module, place = name.removesuffix(".weight"), _whole(name, shapes)
        for inner in inside:
            for prefix in kohya:
                places[prefix + (inner + module).replace(".", "_")] = place
            for prefix in (*dotted, *((inner,) if inner else ())):
                lead = prefix if prefix == inner else prefix + inner
                places[lead + module] = place
                places[lead + _short_projection(module)] = place
    first = "text_model" if role in CLIP_PLACES else "encoder.block"
    marks = [prefix + first.replace(".", "_") for prefix in kohya]
    return Modules(shapes, places, (*marks, *(prefix + first for prefix in dotted)))


def _modules(kind: str, shapes: SHAPES, layers: int) -> Iterator[tuple[str, tuple[Place, ...]]]:
    """Each module by its own and by its authors' names."""
    attention = frozenset(
        int(m.group(1)) for name in shapes if (m := re.match(r"up_blocks\.(\d+)\.attentions", name))
    )
    for name in _weights(shapes):
        yield name.removesuffix(".weight"), _whole(name, shapes)
        if kind == "UNet2DConditionModel":
            yield unet_name(name, layers, attention).removesuffix(".weight"), _whole(name, shapes)
    for family in FAMILIES:
        if family.network == kind and isinstance(family, FlowFamily):
            yield from _by_rules(family.rules, shapes)


def _by_rules(rules: Rules, shapes: SHAPES) -> Iterator[tuple[str, tuple[Place, ...]]]:
    numbers = {part for name in shapes for part in name.split(".") if part.isdecimal()}
    for stored, found in rules.items():
        plain = (found,) if isinstance(found, str) else found
        rule = plain if isinstance(plain, Rule) else Rule(plain)
        for number in numbers if "#" in stored else ("",):
            names = [f"{target.replace('#', number)}.weight" for target in rule.targets]
            if all(name in shapes for name in names):
                yield stored.replace("#", number), _stacked(stored, names, rule.swapped, shapes)


def _stacked(stored: str, names: Iterable[str], swapped: bool, shapes: SHAPES) -> tuple[Place, ...]:
    names = list(names)
    total = sum(shapes[name][0] for name in names)
    places: list[Place] = []
    start = 0
    for name in names:
        rows, columns = shapes[name][0], shapes[name][-1]
        # a modulation of two parts is diffusers' AdaLayerNormContinuous: "scale, shift"
        halves = swapped or (stored.endswith("adaLN_modulation.1") and rows == 2 * columns)
        places.append(Place(name, (start, start + rows), total, halves))
        start += rows
    return tuple(places)


def _weights(shapes: SHAPES) -> list[str]:
    return [name for name in shapes if name.endswith(".weight")]


def _whole(name: str, shapes: SHAPES) -> tuple[Place, ...]:
    rows = shapes[name][0]
    return (Place(name, (0, rows), rows),)


def _short_projection(module: str) -> str:
    """diffusers once called a text encoder's q_proj "to_q"."""
    head, _, leaf = module.rpartition(".")
    short = {"q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out"}.get(leaf)
    return module if short is None else f"{head}.{short}"
