"""Perp-Neg on a model: the handle carries the encoding of the empty text, until a sampler asks."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import Any

from torch import Tensor

from wirebrush.api import Cond, Conditioning, Guider, Model, NodeError, Tweak
from wirebrush_nodes.tweaks import PERP_NEG

EMBEDDING, POOLED = "embedding", "pooled"


def carrying_empty(model: Model, empty: Conditioning, neg_scale: float) -> Model:
    """The model with Perp-Neg: numbers and texts only, as a tweak can carry no more."""
    settings: list[tuple[str, str | float | int | bool | None]] = [("neg_scale", neg_scale)]
    tensors: dict[str, Tensor] = {}
    for i, cond in enumerate(empty):
        tensors[f"{i}.{EMBEDDING}"] = cond.embedding
        if cond.pooled is not None:
            tensors[f"{i}.{POOLED}"] = cond.pooled
        for name, option in cond.options.items():
            if not isinstance(option, str | float | int | bool | None):
                raise NodeError(
                    f"The empty condition has {name!r}, which a model cannot carry.",
                    "Connect the text encoding itself, or use PerpNegGuider.",
                    port="empty_conditioning",
                )
            settings.append((f"{i}.{name}", option))
    content = blake2b(digest_size=16)
    for name, tensor in tensors.items():
        content.update(f"{name} {tuple(tensor.shape)}".encode())
        content.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    tweak = Tweak(PERP_NEG, (*settings, ("content", content.hexdigest())), tensors)
    return replace(model, tweaks=(*model.tweaks, tweak))


def with_perp_neg(guider: Guider) -> Guider:
    """The guider that the model's Perp-Neg asks for; itself if there is none, or no negative."""
    found = [tweak for tweak in guider.model.tweaks if tweak.kind == PERP_NEG]
    if guider.kind != "cfg" or not found or not guider.conditions.get("negative"):
        return guider
    settings: dict[str, Any] = dict(found[-1].settings)
    scales = (*guider.settings, ("neg_scale", settings["neg_scale"]))
    conditions = {**guider.conditions, "empty": _empty(found[-1], settings)}
    return Guider("perp_neg", guider.model, conditions, scales)


def _empty(tweak: Tweak, settings: dict[str, Any]) -> Conditioning:
    tensors = tweak.tensors or {}
    conds: list[Cond] = []
    while (key := f"{len(conds)}.{EMBEDDING}") in tensors:
        lead = f"{len(conds)}."
        options = {n.removeprefix(lead): v for n, v in settings.items() if n.startswith(lead)}
        conds.append(Cond(tensors[key], tensors.get(f"{lead}{POOLED}"), options))
    return tuple(conds)
