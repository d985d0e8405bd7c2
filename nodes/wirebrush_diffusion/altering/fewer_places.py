"""Self-attention of UNets that computes less: in tiles, or with alike places merged. *Lossy.*

Both choose at random, so that no seam stays; the choice is a function of the noise level and the
layer, so that a picture is the same however its batch is divided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError

STRIDE = 2  # one place of 2 x 2 is kept, and others may join it


class Grid(NamedTuple):
    """How many rows and columns of places a level has; `depth` 0 is the finest."""

    rows: int
    columns: int
    depth: int


Answer = Callable[[Tensor, Tensor], Tensor]
"""`answer(asking, seen)`: attention's, `[N, asking, D]`."""
Way = Callable[[Tensor, Grid, Random, Answer], Tensor]
"""`way(states, grid, chance, answer)`: another way to the answers for `[N, places, D]`."""


@dataclass(frozen=True, slots=True)
class TiledPlaces:
    """An alteration: places look around in their tile only, at levels down to `max_depth`.

    Tiles are at least `side` places long (with `scale_depth` as many more as the level is coarser);
    one of the `swaps` smallest such divisions is taken at random.
    """

    side: int
    swaps: int
    max_depth: int = 0
    scale_depth: bool = False
    moment: str = ""

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        with _looking_around(network, self._answer, self.moment):
            yield

    def _answer(self, states: Tensor, grid: Grid, chance: Random, answer: Answer) -> Tensor:
        if grid.depth > self.max_depth:
            return answer(states, states)
        least = self.side * 2**grid.depth if self.scale_depth else self.side
        down = chance.choice(divisions(grid.rows, least)[: self.swaps])
        across = chance.choice(divisions(grid.columns, least)[: self.swaps])
        if down * across == 1:
            return answer(states, states)
        count, _, width = states.shape
        tall, wide = grid.rows // down, grid.columns // across
        tiles = states.reshape(count, down, tall, across, wide, width).transpose(2, 3)
        tiles = tiles.reshape(-1, tall * wide, width)
        said = answer(tiles, tiles).reshape(count, down, across, tall, wide, width)
        return said.transpose(2, 3).reshape(states.shape)


def divisions(length: int, least: int) -> list[int]:
    """Into how many equal parts a length can be cut that are at least so long; the most first."""
    sides = range(min(least, length), length + 1)
    return [length // side for side in sides if length % side == 0]


@dataclass(frozen=True, slots=True)
class MergedPlaces:
    """An alteration of the finest level: the `ratio` of places that are most like a neighbour ask
    together with it, and share the answer. All places are still looked at."""

    ratio: float
    moment: str = ""

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        with _looking_around(network, self._answer, self.moment):
            yield

    def _answer(self, states: Tensor, grid: Grid, chance: Random, answer: Answer) -> Tensor:
        count = int(states.shape[1] * self.ratio)
        if grid.depth > 0 or count == 0 or min(grid.rows, grid.columns) < STRIDE:
            return answer(states, states)
        kept, others = _kept(grid, chance, states.device)
        match = _Match(states, kept, others, min(count, len(others)))
        return match.spread(answer(match.merged(states), states))


def _kept(grid: Grid, chance: Random, device: torch.device) -> tuple[Tensor, Tensor]:
    """One place of each 2 x 2 at random, and all others."""
    columns = grid.columns
    chosen = [
        (STRIDE * row + chance.randrange(STRIDE)) * columns
        + STRIDE * column
        + chance.randrange(STRIDE)
        for row in range(grid.rows // STRIDE)
        for column in range(columns // STRIDE)
    ]
    taken = set(chosen)
    rest = [place for place in range(grid.rows * columns) if place not in taken]
    return torch.tensor(chosen, device=device), torch.tensor(rest, device=device)


class _Match:
    """Which places join which."""

    def __init__(self, states: Tensor, kept: Tensor, others: Tensor, count: int) -> None:
        self._kept, self._others = kept, others
        directions = states / states.norm(dim=-1, keepdim=True).clamp_min(1e-12)
        alike = directions[:, others] @ directions[:, kept].transpose(1, 2)
        best, partner = alike.max(dim=-1)
        order = best.argsort(dim=-1, descending=True)
        self._joining, self._alone = order[:, :count], order[:, count:]
        self._partner = partner.gather(1, self._joining)

    def merged(self, states: Tensor) -> Tensor:
        """The places that stay: those alone, then those kept, each the mean of who joins it."""
        rest, width = states[:, self._others], states.shape[-1]
        joining = rest.gather(1, _wide(self._joining, width))
        kept = states[:, self._kept].scatter_reduce(
            1, _wide(self._partner, width), joining, "mean", include_self=True
        )
        return torch.cat([rest.gather(1, _wide(self._alone, width)), kept], dim=1)

    def spread(self, answers: Tensor) -> Tensor:
        """Answers of those that stay -> of all places."""
        width, alone = answers.shape[-1], self._alone.shape[1]
        kept = answers[:, alone:]
        places = len(self._kept) + len(self._others)
        said = answers.new_empty((answers.shape[0], places, width))
        said[:, self._kept] = kept
        rest = answers.new_empty((answers.shape[0], len(self._others), width))
        rest.scatter_(1, _wide(self._alone, width), answers[:, :alone])
        shared = kept.gather(1, _wide(self._partner, width))
        rest.scatter_(1, _wide(self._joining, width), shared)
        said[:, self._others] = rest
        return said


def _wide(places: Tensor, width: int) -> Tensor:
    return places.unsqueeze(-1).expand(-1, -1, width)


@contextmanager
def _looking_around(network: nn.Module, way: Way, moment: str) -> Iterator[None]:
    """Self-attention in a UNet goes another way while the block runs."""
    if not hasattr(network, "down_blocks"):
        raise DiffusionError(
            f"This changes the attention of UNets; this model is a {type(network).__name__}.",
            "Use it with Stable Diffusion 1, 2 or XL.",
        )
    layers: list[tuple[str, Any]] = [
        (name, layer) for name, layer in network.named_modules() if name.endswith(".attn1")
    ]
    size: list[int] = [0, 0]

    def look(module: nn.Module, given: tuple[Any, ...]) -> None:
        size[:] = given[0].shape[-2:]

    handle = network.register_forward_pre_hook(look)
    before = [layer.processor for _, layer in layers]
    for name, layer in layers:
        layer.processor = _Around(layer.processor, way, size, f"{moment} {name}")
    try:
        yield
    finally:
        handle.remove()
        for (_, layer), processor in zip(layers, before, strict=True):
            layer.processor = processor


@dataclass(frozen=True, slots=True, eq=False)
class _Around:
    """A layer's way of computing, gone another way. `size` is that of the latent."""

    processor: Callable[..., Tensor]
    way: Way
    size: list[int]
    moment: str

    def __call__(
        self,
        layer: Any,
        hidden_states: Tensor,
        seen: Tensor | None = None,
        *more: Any,
        **named: Any,
    ) -> Tensor:
        """`hidden_states` `[N, places, D]` -> the same shape."""
        text = named.pop("encoder_hidden_states", seen)
        grid = _grid(self.size, hidden_states.shape[1])
        if text is not None or grid is None:
            return self.processor(layer, hidden_states, text, *more, **named)

        def answer(asking: Tensor, seen: Tensor) -> Tensor:
            return self.processor(layer, asking, seen, *more, **named)

        return self.way(hidden_states, grid, Random(self.moment), answer)


def _grid(size: list[int], places: int) -> Grid | None:
    """The level of a latent that has so many places; None if there is none."""
    rows, columns = size
    depth = 0
    while rows * columns > places:
        rows, columns, depth = -(-rows // 2), -(-columns // 2), depth + 1
    return Grid(rows, columns, depth) if rows * columns == places else None
