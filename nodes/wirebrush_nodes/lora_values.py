"""What training nodes hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

import torch
from torch import Tensor

from wirebrush.api import FileRef, Model, Patch
from wirebrush.api import value as wire_value


@wire_value("LORA_MODEL")
@dataclass(frozen=True, eq=False, slots=True)
class LoraModel:
    """A LoRA that is in no file yet: tensors by the names that files have, and what the file says.

    `digest` stands for the tensors.
    """

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]
    digest: str

    def on(self, model: Model, strength: float) -> Model:
        """The model with it on top."""
        file = FileRef("loras", "the LoRA that was trained", self.digest)
        return model.patched(Patch("lora", file, strength, tensors=self.tensors))


@wire_value("LOSS_MAP")
@dataclass(frozen=True, slots=True)
class LossMap:
    """The loss of each step of a training."""

    losses: tuple[float, ...]


def digest_of(*things: Tensor | Mapping[str, Tensor] | str) -> str:
    """A short name for exactly this content."""
    digest = blake2b(digest_size=16)
    for thing in things:
        if isinstance(thing, str):
            digest.update(f"{len(thing)}:{thing}".encode())
            continue
        table = {"": thing} if isinstance(thing, Tensor) else thing
        for name, tensor in sorted(table.items()):
            plain = tensor.detach().cpu().contiguous()
            digest.update(f"{name} {plain.dtype} {tuple(plain.shape)}".encode())
            digest.update(cast(Any, plain.reshape(-1).view(torch.uint8).numpy()))
    return digest.hexdigest()
