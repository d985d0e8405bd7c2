"""What a model handle carries besides numbers: files and tensors of a tweak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from wirebrush.api import FileRef, Model, Tweak
from wirebrush.api.values import Scalar
from wirebrush_nodes.lora_values import digest_of


def carrying(
    model: Model,
    kind: str,
    settings: Mapping[str, Scalar],
    tensors: Mapping[str, Tensor] | None = None,
    **files: FileRef,
) -> Model:
    """The handle with one more tweak; a digest among the settings stands for the tensors."""
    told: dict[str, Scalar] = {}
    for name, file in files.items():
        told |= {f"{name}.kind": file.kind, f"{name}.name": file.name, f"{name}.at": file.digest}
    told |= settings
    if tensors:
        told["content"] = digest_of(tensors)
    tweak = Tweak(kind, tuple(told.items()), dict(tensors) if tensors else None)
    return replace(model, tweaks=(*model.tweaks, tweak))


def carried(model: Model, kind: str) -> list[tuple[dict[str, Any], Mapping[str, Tensor]]]:
    """The settings and tensors of each tweak of that kind."""
    return [(dict(t.settings), t.tensors or {}) for t in model.tweaks if t.kind == kind]


def file_of(settings: Mapping[str, Any], name: str) -> FileRef:
    """A file that `carrying` was given by that name."""
    return FileRef(settings[f"{name}.kind"], settings[f"{name}.name"], settings[f"{name}.at"])
