"""The precision that a model computes in."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from wirebrush.api import Model, node
from wirebrush_nodes.patching import COMPUTED

NAMES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}


@node(id="ModelComputeDtype", category="advanced/debug/model")
def model_compute_dtype(
    model: Model, dtype: Literal["default", "fp32", "fp16", "bf16"] = "default"
) -> Model:
    """Choose the precision that a model computes in. It is loaded once for each that is used.

    Args:
        model: The model.
        dtype: default is the family's own for the device; fp32 is exact, in twice the memory.
    """
    if dtype == "default":
        return replace(model, options=tuple(o for o in model.options if o[0] != COMPUTED))
    return model.with_option(COMPUTED, NAMES[dtype])
