"""What is learnt from, and in which order: decided by the seed and the step's number alone.

Nothing is remembered between steps, so a training that goes on somewhere goes on exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import torch
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.condition import Condition


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A picture's latent `[C,h,w]`, unscaled, and the text (as a condition) that belongs to it."""

    latent: Tensor
    condition: Condition


def generator_for(seed: int, *place: int | str) -> torch.Generator:
    """The randomness of one place in a training, e.g. `generator_for(seed, "noise", 12)`."""
    name = ":".join(map(str, (seed, *place)))
    digest = blake2b(name.encode(), digest_size=8).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest, "little") >> 1)


class Order:
    """Endless batches of example numbers; each round shows every example once, in a new order.

    Only examples of one size, with texts of one length, share a batch.
    """

    def __init__(self, examples: Sequence[Example], batch_size: int, seed: int) -> None:
        if not examples:
            raise DiffusionError(
                "There is nothing to learn from.", "Connect at least one picture with its text."
            )
        self._groups: dict[object, list[int]] = {}
        for number, example in enumerate(examples):
            self._groups.setdefault(_shape(example), []).append(number)
        self._size = batch_size
        self._seed = seed
        self._round: tuple[int, list[tuple[int, ...]]] = (-1, [])

    @cached_property
    def length(self) -> int:
        """Batches of one round."""
        return sum(-(-len(group) // self._size) for group in self._groups.values())

    def batch(self, number: int) -> tuple[int, ...]:
        """The examples of batch `number`, counted from 0."""
        turn, place = divmod(number, self.length)
        if self._round[0] != turn:
            self._round = (turn, self._shuffled(turn))
        return self._round[1][place]

    def _shuffled(self, turn: int) -> list[tuple[int, ...]]:
        generator = generator_for(self._seed, "order", turn)
        parts: list[tuple[int, ...]] = []
        for group in self._groups.values():
            lot = [group[place] for place in torch.randperm(len(group), generator=generator)]
            parts += [tuple(lot[at : at + self._size]) for at in range(0, len(lot), self._size)]
        return [parts[place] for place in torch.randperm(len(parts), generator=generator).tolist()]


def _shape(example: Example) -> object:
    condition = example.condition
    extra = tuple(sorted((name, tensor.shape[1:]) for name, tensor in condition.extra.items()))
    return example.latent.shape, condition.context.shape[1:], extra
