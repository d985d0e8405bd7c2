"""Weights that come when they are needed and leave when they were: while one part computes, the
next one travels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn

from wirebrush_diffusion.memory.placement import Leaf
from wirebrush_diffusion.memory.transfer import Fetched, Transfer


class Part:
    """A module and the leaves that its call needs."""

    __slots__ = ("leaves", "module", "weight")

    def __init__(self, module: nn.Module, leaves: Sequence[Leaf]) -> None:
        self.module, self.leaves = module, leaves
        self.weight = sum(leaf.weight for leaf in leaves)

    def fetch(self, transfer: Transfer) -> list[tuple[Leaf, Fetched]]:
        """Begin to bring what is not here."""
        return [(leaf, leaf.fetch(transfer)) for leaf in self.leaves if not leaf.here]

    def leave(self) -> None:
        """Let all of it go."""
        for leaf in self.leaves:
            leaf.leave()


class Stream:
    """Parts of networks that are on the device only while they compute.

    Which part follows which is learnt from the calls; at first it is their order in the network.
    """

    def __init__(self, parts: Sequence[Part], transfer: Transfer) -> None:
        self._parts, self._transfer = parts, transfer
        self._next = {id(part): parts[(i + 1) % len(parts)] for i, part in enumerate(parts)}
        self._last: Part | None = None
        self._coming: tuple[Part, list[tuple[Leaf, Fetched]]] | None = None

    @contextmanager
    def on(self) -> Iterator[None]:
        """In force while the block runs; afterwards all of it has left."""
        for part in self._parts:
            for leaf in part.leaves:
                leaf.pin(self._transfer)
        handles = [handle for part in self._parts for handle in self._hooked(part)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            self._coming = None
            for part in self._parts:
                part.leave()

    def _hooked(self, part: Part) -> list[Any]:
        def enter(module: nn.Module, args: object) -> None:
            self._enter(part)

        def leave(module: nn.Module, args: object, answer: object) -> None:
            part.leave()

        return [
            part.module.register_forward_pre_hook(enter, prepend=True),
            part.module.register_forward_hook(leave),
        ]

    def _enter(self, part: Part) -> None:
        coming, self._coming = self._coming, None
        if coming is None or coming[0] is not part:
            coming = None  # it was another's turn: what travels is dropped before more is brought
            arriving = part.fetch(self._transfer)
        else:
            arriving = coming[1]
        for leaf, fetched in arriving:
            leaf.arrive(fetched, self._transfer)
        if self._last is not None:
            self._next[id(self._last)] = part
        self._last = part
        following = self._next[id(part)]
        if following is not part:
            self._coming = following, following.fetch(self._transfer)
