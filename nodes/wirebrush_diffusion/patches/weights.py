"""Weights that can be changed and taken back exactly.

The tensors that were loaded are never written to: a patched weight is a new tensor put in their
place, computed in float32 from the original. So removal is bit-identical, switching never reloads,
and the result does not depend on what was applied before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from wirebrush_diffusion.lean import forget_texts
from wirebrush_diffusion.memory.placement import placement_of

KEPT = 3  # what switching may keep, in sizes of the network


class Delta(Protocol):
    """A change of one weight, known in some compact form (low rank, full...)."""

    def dense(self, like: Tensor) -> Tensor:
        """The change of the weight `like` (float32) at strength 1: its shape, on its device."""
        ...


@runtime_checkable
class Adding(Protocol):
    """A change that can be added without being spelled out first."""

    def added(self, total: Tensor, base: Tensor, strength: float, spare: Tensor | None) -> Tensor:
        """`total` with the change of the weight `base` on it.

        In place unless the two are the same; then in the memory of `spare`, if there is one.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class WeightPatch:
    """A named set of changes with a strength; `name` identifies its content (a file's digest)."""

    name: str
    deltas: Mapping[str, Delta]
    strength: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """Another network's weights mixed in: `keep * ours + add * theirs`, `shares(name)` each.

    Patches before it are part of ours, patches after it lie on the mixture. `other` gives a weight
    of the other network in float32, and None where it has none of that name; it is first asked when
    the mixture is made. `name` identifies the other, its patches and the shares. `names` are the
    weights that it may change; None is all.
    """

    name: str
    other: Callable[[str], Tensor | None]
    shares: Callable[[str], tuple[float, float]]
    names: frozenset[str] | None = None

    @property
    def strength(self) -> float:
        """A merge is never half in force: its shares are in its name."""
        return 1.0

    def blend(self, name: str, weight: Tensor) -> Tensor:
        """The mixture at one weight, float32; what only one of the two has stays."""
        theirs = self.other(name)
        if theirs is None or theirs.shape != weight.shape:
            return weight
        keep, add = self.shares(name)
        return (weight * keep).add_(theirs.to(weight.device), alpha=add)


State = tuple[tuple[str, float], ...]
"""Names and strengths of patches, in the order in which they are worked out."""
BETWEEN: State = (("", 0.0),)
"""Some weights are as one set of patches makes them, some as another."""


class Kept:
    """Weights as sets of patches make them: the last used sets, in about `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sets: dict[State, Mapping[str, Tensor]] = {}
        self.names: set[str] = set()

    def keep(self, state: State, weights: Mapping[str, Tensor]) -> None:
        """Keep these; of others as many as there is room for."""
        self.names |= weights.keys()
        self._sets.pop(state, None)
        self._sets[state] = weights
        size = sum(tensor.nbytes for kept in self._sets.values() for tensor in kept.values())
        for old in list(self._sets)[:-1]:
            if size <= self._limit:
                break
            size -= sum(tensor.nbytes for tensor in self._sets.pop(old).values())

    def weights(self, state: State) -> Mapping[str, Tensor]:
        """What is kept of a set; all of it, a part, or nothing."""
        return self._sets.get(state, {})

    def drop(self) -> bool:
        """Let all go; whether there was any."""
        had = bool(self._sets)
        self._sets, self.names = {}, set()
        return had


class PatchedWeights:
    """The parameters of one module and the patches that lie on them."""

    def __init__(self, module: nn.Module) -> None:
        self._parameters = dict(module.named_parameters())
        self._placement = placement_of(module)
        self._network = module
        self._originals: dict[str, Tensor] = {}
        self._applied: State = ()
        self._held: tuple[WeightPatch | Merge, ...] = ()
        self._kept = Kept(KEPT * sum(weight.nbytes for weight in self._parameters.values()))
        self._lock = RLock()

    @property
    def applied(self) -> State:
        """Names and strengths now in force, in canonical order."""
        return self._applied

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each parameter."""
        return {name: tuple(weight.shape) for name, weight in self._parameters.items()}

    @contextmanager
    def held(self, patches: Sequence[WeightPatch | Merge]) -> Iterator[None]:
        """These patches, and no others, while the block runs; other threads wait.

        They stay afterwards, because the next run usually wants the same.
        """
        with self._lock:
            before, self._held = self._held, tuple(patches)
            self.apply(patches)
            try:
                yield
            finally:
                if self._kept.drop():
                    self.remove()
                    self.apply(patches)
                self._held = before

    def lay(self, more: Sequence[WeightPatch]) -> None:
        """Let these lie beside the patches that are held; for a block that holds some.

        What they make is kept until the block ends, so that going to and fro costs next to nothing.
        Who calls this also forgets what was made of texts, where a text meets other weights.
        """
        wanted = _ordered([*self._held, *more])
        state = _state(wanted)
        if state == self._applied:
            return
        names = set(self._changed(wanted)) | self._kept.names
        if self._applied != BETWEEN:
            self._kept.keep(self._applied, {name: self._parameters[name].data for name in names})
        found = self._kept.weights(state)
        self._applied = BETWEEN  # if memory runs out now, the next time starts with all of them
        with torch.inference_mode(mode=False), torch.no_grad():
            for name in sorted(names):
                if (tensor := found.get(name)) is None:
                    self._change(name, wanted)
                else:
                    self._placement.swap(self._parameters[name], tensor)
        self._applied = state

    def apply(self, patches: Sequence[WeightPatch | Merge]) -> None:
        """Make exactly these patches be in force, whatever was before.

        Each is worked out from the weight that the last merge before it left (the original, if
        there is none), and they are added up in an order of their own, so that the same set gives
        the same bits.
        """
        wanted = _ordered(patches)
        state = _state(wanted)
        if state == self._applied:
            return
        names = set(self._changed(wanted))
        try:
            self._restore([name for name in self._originals if name not in names])
            for name in sorted(names):
                self._change(name, wanted)
        except BaseException:  # half of them would be in force
            self.remove()
            raise
        self._applied = state
        forget_texts(self._network)

    def patched(self, name: str, patches: Sequence[WeightPatch | Merge]) -> Tensor | None:
        """What a weight would be under these patches, float32; None if there is none so called.

        The weights in force stay as they are.
        """
        if name not in self._parameters:
            return None
        # not under the lock, which another run may hold for as long as it paints: the table that
        # was in force before the weight is looked at has the original, if it was changed then
        changed = self._originals
        found = self._parameters[name].data
        original = changed.get(name, self._originals.get(name, found))
        return self._with(name, original, _ordered(patches))

    def in_force(self) -> Mapping[str, Tensor]:
        """The weights that are changed now, as they are used; for a block that holds them."""
        return {name: self._parameters[name].data for name in self._originals}

    def originals(self) -> Iterator[Tensor]:
        """The weights as loaded, of those that are changed now."""
        yield from self._originals.values()

    def _changed(self, patches: Sequence[WeightPatch | Merge]) -> Iterable[str]:
        if any(isinstance(patch, Merge) and patch.names is None for patch in patches):
            return self._parameters
        merged = {name for p in patches if isinstance(p, Merge) for name in p.names or ()}
        return merged | {n for p in patches if isinstance(p, WeightPatch) for n in p.deltas}

    def remove(self) -> None:
        """Put every original tensor back."""
        self._restore(list(self._originals))
        self._applied = ()
        forget_texts(self._network)

    def _restore(self, names: Iterable[str]) -> None:
        for name in names:
            self._placement.restore(self._parameters[name], self._originals.pop(name))

    def _change(self, name: str, patches: Sequence[WeightPatch | Merge]) -> None:
        """One weight as these patches make it, worked out from the original."""
        parameter = self._parameters[name]
        original = self._originals.get(name, parameter.data)
        changed = self._with(name, original, patches, self._spare(name)).to(parameter.dtype)
        self._originals.setdefault(name, self._placement.change(parameter, changed))

    def _spare(self, name: str) -> Tensor | None:
        """The memory of a changed weight that is about to be changed again, if it will do: new
        memory costs more time than the numbers in it."""
        weight = self._parameters[name].data
        reusable = name in self._originals and not self._kept.names
        return weight if reusable and weight.dtype == torch.float32 else None

    def _with(
        self,
        name: str,
        original: Tensor,
        patches: Sequence[WeightPatch | Merge],
        spare: Tensor | None = None,
    ) -> Tensor:
        """One weight with patches in order, float32; in the memory of `spare`, if that helps."""
        base = original.to(self._placement.workplace or original.device).float()
        total = base
        for patch in patches:
            if isinstance(patch, Merge):
                base = total = patch.blend(name, total)
            elif (delta := patch.deltas.get(name)) is not None:
                total = _added(delta, total, base, patch.strength, spare)
        return total.clone() if total is original else total


def _added(
    delta: Delta, total: Tensor, base: Tensor, strength: float, spare: Tensor | None
) -> Tensor:
    if isinstance(delta, Adding):
        fits = spare is not None and spare.device == base.device and spare is not base
        return delta.added(total, base, strength, spare if fits else None)
    change = delta.dense(base)
    if total is base:
        return torch.add(base, change, alpha=strength)
    return total.add_(change, alpha=strength)


def _state(patches: Sequence[WeightPatch | Merge]) -> State:
    return tuple((patch.name, patch.strength) for patch in patches)


def _ordered(patches: Sequence[WeightPatch | Merge]) -> list[WeightPatch | Merge]:
    """Merges keep their places; between them patches stand in an order of their own."""
    ordered: list[WeightPatch | Merge] = []
    group: list[WeightPatch | Merge] = []
    for patch in patches:
        if isinstance(patch, Merge):
            ordered += [*sorted(group, key=lambda p: (p.name, p.strength)), patch]
            group = []
        elif patch.strength != 0.0:
            group.append(patch)
    return ordered + sorted(group, key=lambda p: (p.name, p.strength))
