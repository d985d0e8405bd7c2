"""LoRA files and their kin as patches for a network's weights.

Read are the layouts in use: kohya's and LyCORIS' (`lora_unet_..._to_q.lora_up.weight` with
`.alpha`, with diffusers' or the original block names) and diffusers' and peft's
(`unet...to_q.lora_A.weight`, `...to_q.lora.down.weight`, `...processor.to_q_lora.down.weight`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.tensor_source import TensorSource
from wirebrush_diffusion.patches.lora_kinds import (
    Butterfly,
    Cut,
    Decomposed,
    Factors,
    Full,
    Hadamard,
    Kronecker,
    LowRank,
    Rotation,
)
from wirebrush_diffusion.patches.lora_names import Modules, Place
from wirebrush_diffusion.patches.weights import Delta

Parts = dict[str, str]
"""A part's name -> the tensor's name in the file."""

_PART = re.compile(
    r"(?P<base>.+?)"
    r"(?:[._]lora[._](?P<way>up|down|mid)|\.lora_(?P<letter>[AB])|\.(?P<alpha>(?:lora_)?alpha)"
    r"|\.(?P<dora>dora_scale|lora_magnitude_vector)|\.(?P<diff>diff(?:_b)?)"
    r"|\.(?P<other>hada_[wt][12](?:_[ab])?|lokr_[wt][12](?:_[ab])?|oft_R|boft_[Rs]))"
    r"(?:\.default)?(?:\.weight)?"
)
_PROCESSOR = re.compile(r"\.processor\.(to_[qkv]|to_out)$")
KINDS: tuple[tuple[str, type[Factors], tuple[tuple[str, ...], ...]], ...] = (
    ("LoRA", LowRank, (("up", "down"),)),
    ("LoHa", Hadamard, (("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"),)),
    (
        "LoKr",
        Kronecker,
        (
            ("lokr_w1", "lokr_w2"),
            ("lokr_w1", "lokr_w2_a", "lokr_w2_b"),
            ("lokr_w1_a", "lokr_w1_b", "lokr_w2"),
            ("lokr_w1_a", "lokr_w1_b", "lokr_w2_a", "lokr_w2_b"),
        ),
    ),
    ("OFT", Rotation, (("oft_R",),)),
    ("BOFT", Butterfly, (("boft_R", "boft_s"),)),
    ("difference", Full, (("diff",),)),
)
"""Name, class, and the parts that it cannot do without: one of these sets."""
RANKS = ("down", "hada_w1_b", "lokr_w2_b", "lokr_w1_b")
"""Whose first side is the rank."""
MAGNITUDE = "lora_magnitude_vector"
"""peft's name for DoRA's lengths, which are always those of rows."""
NOT_READ: Mapping[str, str] = {
    ".oft_blocks": "a LyCORIS OFT",
    ".oft_diag": "a LyCORIS OFT",
    ".a1.weight": "a GLoRA",
    ".on_input": "an (IA)3",
    ".ia3_l": "an (IA)3",
    ".lora_B.bias": "a LoRA with biases",
    ".set_weight": "a file that replaces weights",
    ".vera_lambda_b": "a VeRA",
    "_lora1.down.weight": "a LoRA in XLabs' layout",
}


def read_lora(file: TensorSource, modules: Modules) -> dict[str, Delta]:
    """What a file changes in a network with these modules; empty if nothing.

    Raises when the file has parts for this network that do not fit it: then it was made for
    another model.
    """
    groups = _checked(file)
    deltas: dict[str, Delta] = {}
    strangers: list[str] = []
    known = 0
    for base, parts in sorted(groups.items()):
        places = modules.places.get(_PROCESSOR.sub(r".\1", base))
        if places is not None:
            known += 1
            deltas |= _deltas(file, base, parts, places, modules)
        elif base.startswith(modules.marks) and not base.startswith(_text_marks(modules)):
            strangers.append(base)
    if len(strangers) > known:
        raise DiffusionError(
            f"{file.name} was made for another model: {len(strangers)} of its parts do not exist "
            f"in this one, e.g. {strangers[0][:80]}.",
            "Use a LoRA of the same family as the checkpoint.",
        )
    return deltas


def check_lora(file: TensorSource) -> None:
    """Raise if the file holds no LoRA that can be read; from names alone."""
    _checked(file)


def _text_marks(modules: Modules) -> tuple[str, ...]:
    """Text encoders inside a whole pipeline's peft names are not the network's."""
    inside = ("base_model.model.text_encoder", "base_model.model.text_model")
    return () if any(mark.startswith(inside) for mark in modules.marks) else inside


def _checked(file: TensorSource) -> dict[str, Parts]:
    """The file's modules with their parts, each complete."""
    for mark, kind in NOT_READ.items():
        if any(mark in name for name in file.names()):
            raise DiffusionError(
                f"{file.name} is {kind}, which is not read.",
                "Read are LoRA, LoHa, LoKr, DoRA, and peft's OFT and BOFT.",
            )
    groups = _groups(file.names())
    if not groups:
        raise DiffusionError(
            f"{file.name} is no LoRA: it has no pairs of up and down weights, and none of the "
            "parts of its kin.",
            "Choose a LoRA file; checkpoints have a loader of their own.",
        )
    for base, parts in groups.items():
        if _kind(parts) is None and parts.keys() != {"diff_b"}:
            raise DiffusionError(
                f"{file.name}: {base[:80]} is incomplete, it has only {', '.join(sorted(parts))}.",
                "Get the file again.",
            )
    return groups


def _groups(names: Iterable[str]) -> dict[str, Parts]:
    groups: dict[str, Parts] = {}
    for name in names:
        match = _PART.fullmatch(name)
        if match is None:
            continue
        found = match.groupdict()
        letter = {"A": "down", "B": "up"}.get(found["letter"] or "")
        part = found["way"] or letter or found["diff"] or found["other"]
        part = part or ("alpha" if found["alpha"] else found["dora"])
        groups.setdefault(found["base"], {})[str(part)] = name
    return {base: parts for base, parts in groups.items() if parts.keys() - {"alpha"}}


def _kind(parts: Parts) -> tuple[str, type[Factors]] | None:
    for name, kind, sets in KINDS:
        if any(parts.keys() >= set(needed) for needed in sets):
            return name, kind
    return None


def _deltas(
    file: TensorSource, base: str, parts: Parts, places: tuple[Place, ...], modules: Modules
) -> dict[str, Delta]:
    """The change of each weight that the module stands for."""
    tensors = {name: _sound(file, stored) for name, stored in parts.items() if name != "alpha"}
    deltas: dict[str, Delta] = {}
    bias = tensors.pop("diff_b", None)
    if bias is not None:
        deltas |= _biases(file, base, bias, places, modules)
    found = _kind(parts)
    if found is None:
        return deltas
    scale = _scale(file, base, parts, tensors)
    for place in places:
        shape = modules.shapes[place.name]
        try:
            delta = _placed(found[1], tensors, scale, place, shape)
            delta.dense(torch.empty(shape, device="meta"))
        except (RuntimeError, ValueError, IndexError, ZeroDivisionError) as error:
            raise DiffusionError(
                f"{file.name}: {base[:80]} is made of {_sizes(tensors)}; the model's {place.name} "
                f"is {_sides(shape)}.",
                "The LoRA was made for another model.",
            ) from error
        deltas[place.name] = delta
    return deltas


def _biases(
    file: TensorSource, base: str, bias: Tensor, places: tuple[Place, ...], modules: Modules
) -> dict[str, Delta]:
    deltas: dict[str, Delta] = {}
    for place in places:
        name = place.name.removesuffix("weight") + "bias"
        if modules.shapes.get(name) is None or bias.shape != (place.total,):
            raise DiffusionError(
                f"{file.name}: {base[:80]}.diff_b has {_sides(bias.shape)} numbers, and the "
                f"model's {name} has others.",
                "The file was made for another model.",
            )
        deltas[name] = Full({"diff": place.pick(bias)})
    return deltas


def _placed(
    kind: type[Factors],
    tensors: Mapping[str, Tensor],
    scale: float,
    place: Place,
    shape: tuple[int, ...],
) -> Delta:
    """The module's change as far as it concerns one weight."""
    if any(0 in tensor.shape for tensor in tensors.values()):
        raise ValueError("an empty factor")
    parts = {name: t for name, t in tensors.items() if name not in ("dora_scale", MAGNITUDE)}
    if kind is Butterfly:
        if parts["boft_R"].shape[0] != 1:
            raise ValueError("several butterfly factors")
        return Butterfly(parts | {"boft_s": place.pick(parts["boft_s"].reshape(place.total))})
    delta: Delta = kind(parts, scale)
    if place.partial and kind is not Rotation:  # rotations of inputs are the same for all rows
        delta = Cut(delta, place)
    magnitude = tensors.get(MAGNITUDE, tensors.get("dora_scale"))
    if magnitude is None:
        return delta
    learnt = magnitude.flatten()
    across = MAGNITUDE not in tensors and magnitude.ndim > 1 and magnitude.shape[0] == 1
    across = across and magnitude.shape[1] == shape[1] and shape[0] != 1
    if across and place.partial:
        raise ValueError("lengths of columns that only the whole has")
    if not across and learnt.shape != (place.total,):
        raise ValueError("other lengths than rows")
    return Decomposed(delta, learnt if across else place.pick(learnt), across)


def _sound(file: TensorSource, name: str) -> Tensor:
    tensor = file.tensor(name)
    if not torch.isfinite(tensor.float()).all():
        raise DiffusionError(
            f"{file.name}: {name[:80]} contains NaN or infinite numbers.", "Get another file."
        )
    return tensor


def _scale(file: TensorSource, base: str, parts: Parts, tensors: Mapping[str, Tensor]) -> float:
    """What the product is multiplied with: alpha by rank; 1 if the file does not say."""
    rank = next((tensors[name].shape[0] for name in RANKS if name in tensors), 0)
    if "alpha" not in parts:
        return _told(file, base)
    stored = file.tensor(parts["alpha"]).float()
    if stored.numel() != 1 or not torch.isfinite(stored).all():
        raise DiffusionError(f"{file.name}: {base[:80]}.alpha is no number.", "Get another file.")
    return stored.item() / rank if rank else 1.0


def _told(file: TensorSource, base: str) -> float:
    """The scale that diffusers writes into the file's metadata."""
    try:
        told: Any = json.loads(file.metadata.get("lora_adapter_metadata", "{}"))
        part, _, module = base.partition(".")
        alphas = told.get(f"{part}.alpha_pattern") or {}
        ranks = told.get(f"{part}.rank_pattern") or {}
        rank = float(ranks.get(module, told.get(f"{part}.r", 1)))
        alpha = float(alphas.get(module, told.get(f"{part}.lora_alpha", rank)))
        return alpha / (math.sqrt(rank) if told.get(f"{part}.use_rslora") else rank)
    except (ValueError, TypeError, AttributeError, ZeroDivisionError, RecursionError) as error:
        raise DiffusionError(
            f"{file.name}: its lora_adapter_metadata is damaged ({error}).", "Get another file."
        ) from error


def _sizes(tensors: Mapping[str, Tensor]) -> str:
    return " and ".join(_sides(tensor.shape) for tensor in tensors.values())


def _sides(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape))
