"""Tensors by name, wherever they are: in a file, or in memory under a file's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor


class TensorSource(Protocol):
    """What a reader of small files needs; `WeightFile` is one."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """What it says of itself."""
        ...

    def names(self) -> Iterable[str]:
        """All tensor names."""
        ...

    def tensor(self, name: str) -> Tensor:
        """One of them."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TensorTable:
    """Tensors in memory."""

    name: str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])

    def names(self) -> Iterable[str]:
        return self.tensors.keys()

    def tensor(self, name: str) -> Tensor:
        return self.tensors[name]
