"""Perp-Neg on a model: the handle carries the encoding of the empty text, until a sampler asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from wirebrush.api import Cond, Conditioning, Guider, Model, NodeError
from wirebrush.api.values import Scalar
from wirebrush_nodes.carried import carried, carrying
from wirebrush_nodes.tweaks import PERP_NEG

EMBEDDING, POOLED = "embedding", "pooled"


def carrying_empty(model: Model, empty: Conditioning, neg_scale: float) -> Model:
    """The model with Perp-Neg: numbers and texts only, as a tweak can carry no more."""
    settings: dict[str, Scalar] = {"neg_scale": neg_scale}
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
            settings[f"{i}.{name}"] = option
    return carrying(model, PERP_NEG, settings, tensors)


def with_perp_neg(guider: Guider) -> Guider:
    """The guider that the model's Perp-Neg asks for; itself if there is none, or no negative."""
    found = carried(guider.model, PERP_NEG)
    if guider.kind != "cfg" or not found or not guider.conditions.get("negative"):
        return guider
    settings, tensors = found[-1]
    scales = (*guider.settings, ("neg_scale", settings["neg_scale"]))
    conditions = {**guider.conditions, "empty": _empty(settings, tensors)}
    return Guider("perp_neg", guider.model, conditions, scales)


def _empty(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Conditioning:
    conds: list[Cond] = []
    while (key := f"{len(conds)}.{EMBEDDING}") in tensors:
        lead = f"{len(conds)}."
        options = {n.removeprefix(lead): v for n, v in settings.items() if n.startswith(lead)}
        conds.append(Cond(tensors[key], tensors.get(f"{lead}{POOLED}"), options))
    return tuple(conds)
