"""Weights that can be changed and taken back exactly.

The tensors that were loaded are never written to: a patched weight is a new tensor put in their
place, computed in float32 from the original. So removal is bit-identical, switching never reloads,
and the result does not depend on what was applied before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Protocol

from torch import Tensor, nn


class Delta(Protocol):
    """A change of one weight, known in some compact form (low rank, full...)."""

    def dense(self, like: Tensor) -> Tensor:
        """The change of the weight `like` (float32) at strength 1: its shape, on its device."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class WeightPatch:
    """A named set of changes with a strength; `name` identifies its content (a file's digest)."""

    name: str
    deltas: Mapping[str, Delta]
    strength: float = 1.0


class PatchedWeights:
    """The parameters of one module and the patches that lie on them."""

    def __init__(self, module: nn.Module) -> None:
        self._parameters = dict(module.named_parameters())
        self._originals: dict[str, Tensor] = {}
        self._applied: tuple[tuple[str, float], ...] = ()
        self._lock = RLock()

    @property
    def applied(self) -> tuple[tuple[str, float], ...]:
        """Names and strengths now in force, in canonical order."""
        return self._applied

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each parameter."""
        return {name: tuple(weight.shape) for name, weight in self._parameters.items()}

    @contextmanager
    def held(self, patches: Sequence[WeightPatch]) -> Iterator[None]:
        """These patches, and no others, while the block runs; other threads wait.

        They stay afterwards, because the next run usually wants the same.
        """
        with self._lock:
            self.apply(patches)
            yield

    def apply(self, patches: Sequence[WeightPatch]) -> None:
        """Make exactly these patches be in force, whatever was before.

        Each is worked out from the original weight, and they are added up in an order of their
        own, so that the same set gives the same bits.
        """
        wanted = sorted(
            (patch for patch in patches if patch.strength != 0.0),
            key=lambda patch: (patch.name, patch.strength),
        )
        state = tuple((patch.name, patch.strength) for patch in wanted)
        if state == self._applied:
            return
        self.remove()
        changed = {name for patch in wanted for name in patch.deltas}
        for name in sorted(changed):
            self._replace(name, wanted)
        self._applied = state

    def remove(self) -> None:
        """Put every original tensor back."""
        for name, original in self._originals.items():
            self._parameters[name].data = original
        self._originals.clear()
        self._applied = ()

    def _replace(self, name: str, patches: Sequence[WeightPatch]) -> None:
        parameter = self._parameters[name]
        original = parameter.data
        weight = original.float()
        total = weight.clone()
        for patch in patches:
            delta = patch.deltas.get(name)
            if delta is not None:
                total.add_(delta.dense(weight), alpha=patch.strength)
        self._originals[name] = original
        parameter.data = total.to(original.dtype)
