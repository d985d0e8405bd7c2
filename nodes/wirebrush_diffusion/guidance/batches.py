"""Which conditions share a forward pass, and in which buffers: decided once, used every step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from wirebrush_diffusion.control.controlnet import Control, Question
from wirebrush_diffusion.guidance.condition import Area
from wirebrush_diffusion.guidance.regions import for_batch
from wirebrush_diffusion.lean import forget_texts
from wirebrush_diffusion.model import CONCAT, DiffusionModel, Residuals
from wirebrush_diffusion.patches.hooks import Hooks

Side = Literal["positive", "middle", "negative", "empty"]
MAX_REPEAT = 4  # a context is repeated at most so often to reach a longer one's length


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A condition made ready for one run: expanded to the batch, times as noise levels."""

    side: Side
    context: Tensor
    extra: Mapping[str, Tensor]
    area: Area | None
    weights: Tensor | float
    controls: tuple[Control, ...]
    start: float
    end: float
    hooks: Hooks | None = None
    """None if no condition of the run has any."""
    fallback: bool = False

    def cut(self, x: Tensor) -> Tensor:
        """The part of a latent that this condition is about."""
        return x if self.area is None else x[..., *self.area.window]

    def beside(self, name: str) -> Tensor:
        """An extra input; what stands beside the latent is cut like it."""
        return self.cut(self.extra[name]) if name == CONCAT else self.extra[name]

    def add_to(self, total: Tensor, count: Tensor, output: Tensor) -> None:
        """Add the weighted output, and the weight, at this condition's place."""
        if isinstance(self.weights, float):
            self.cut(total).add_(output, alpha=self.weights)
            self.cut(count).add_(self.weights)
        else:
            self.cut(total).add_(output * self.weights)
            self.cut(count).add_(self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows of a batch that go through the network together, with what is theirs.

    Made once for a run: what a network makes of a text is known by the tensor that it is.
    """

    rows: slice
    context: Tensor
    extra: Mapping[str, Tensor]
    hints: Sequence[Tensor]


class Batch:
    """Pieces of equal shape that go through the network together."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        shape: Sequence[int],
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.pieces = tuple(pieces)
        first = pieces[0]
        size = shape[-2:] if first.area is None else (int(first.area.height), int(first.area.width))
        self._rows = shape[0]
        total = self._rows * len(pieces)
        alike = self._rows == 1 and all(piece.area is None for piece in pieces)
        rows = 1 if alike else total
        buffer = torch.empty((rows, *shape[1:-2], *size), device=device, dtype=dtype)
        self._slices = buffer.split(self._rows)
        # One picture without areas: all rows are the same, and one is enough.
        self._input = buffer.expand(total, *buffer.shape[1:]) if alike else buffer
        self._total = total
        self._hooks = first.hooks
        self._laid: list[tuple[str, float]] | None = None
        self._times: dict[float, Tensor] = {}
        self._parts: dict[int, Sequence[Part]] = {}
        self._context = _joined([piece.context for piece in pieces]).to(device, dtype)
        self._extra = {
            name: torch.cat([piece.beside(name) for piece in pieces]).to(device, dtype)
            for name in first.extra
        }
        self._size = int(shape[-2]), int(shape[-1])
        self._hints = [self._hint(control).to(device, dtype) for control in first.controls]
        self._plain = not self._hints
        sides = [piece.side for piece in pieces]
        self.simple = len(set(sides)) == len(sides) and all(
            p.area is None and isinstance(p.weights, float) and p.weights for p in pieces
        )

    def _hint(self, control: Control) -> Tensor:
        """What a control reads for each row."""
        hints = (control.prepared(*self._size, p.area, p.side) for p in self.pieces)
        return torch.cat([for_batch(hint, self._rows) for hint in hints])

    def run(
        self, model: DiffusionModel, x: Tensor, scale: float, time: float, sigma: float
    ) -> tuple[Tensor, ...]:
        """The raw prediction of each piece, in order."""
        if self._hooks is not None:
            self._lay(self._hooks, model, sigma)
        self._fill(x, scale)
        times = self.times(time)
        if self._plain and model.step_cache is None and model.rows_at_once in (0, self._total):
            output = model.predict(self._input, times, self._context, self._extra)
            return output.chunk(len(self.pieces))
        outputs = [
            self._answer(model, part, self._input[part.rows], times[part.rows], sigma)
            for part in self._in_parts(model.rows_at_once)
        ]
        output = outputs[0] if len(outputs) == 1 else torch.cat(outputs)
        return output.chunk(len(self.pieces))

    def _in_parts(self, rows: int) -> Sequence[Part]:
        """The batch in parts of so many rows; 0: whole."""
        parts = self._parts.get(rows)
        if parts is None:
            size = min(rows or self._total, self._total)
            starts = range(0, self._total, size)
            parts = [self._part(slice(start, min(start + size, self._total))) for start in starts]
            self._parts[rows] = parts
        return parts

    def _part(self, rows: slice) -> Part:
        extra = {name: tensor[rows] for name, tensor in self._extra.items()}
        return Part(rows, self._context[rows], extra, [hint[rows] for hint in self._hints])

    def _answer(
        self, model: DiffusionModel, part: Part, x: Tensor, times: Tensor, sigma: float
    ) -> Tensor:
        cache = model.step_cache
        if cache is None:
            return self._computed(model, part, x, times, sigma)
        return cache.answer(part, x, sigma, lambda: self._computed(model, part, x, times, sigma))

    def _computed(
        self, model: DiffusionModel, part: Part, x: Tensor, times: Tensor, sigma: float
    ) -> Tensor:
        asked = Question(x, times, part.context, part.extra, self.pieces[0].area, self._size)
        residuals = self._residuals(asked, part.hints, sigma) if part.hints else None
        return model.predict(x, times, part.context, part.extra, residuals)

    def _lay(self, hooks: Hooks, model: DiffusionModel, sigma: float) -> None:
        """Put this batch's own weights in force."""
        patches = hooks.at(sigma)
        model.patches.lay(patches)
        laid = [(patch.name, patch.strength) for patch in patches]
        if self._laid not in (None, laid):  # its texts meet other weights than before
            forget_texts(model.network)
        self._laid = laid

    def times(self, time: float) -> Tensor:
        """The network's time for each row."""
        times = self._times.get(time)
        if times is None:
            device = self._context.device
            times = torch.full((self._total,), time, device=device, dtype=torch.float32)
            self._times[time] = times
        return times

    def _fill(self, x: Tensor, scale: float) -> None:
        whole: Tensor | None = None
        for piece, rows in zip(self.pieces, self._slices, strict=False):
            if piece.area is not None:
                torch.mul(piece.cut(x), scale, out=rows)
            elif whole is None:
                whole = torch.mul(x, scale, out=rows)
            else:
                rows.copy_(whole)

    def _residuals(
        self, asked: Question, hints: Sequence[Tensor], sigma: float
    ) -> Residuals | None:
        total: Residuals | None = None
        for control, hint in zip(self.pieces[0].controls, hints, strict=True):
            if not control.active(sigma):
                continue
            part = control.residuals(asked, hint)
            total = part if total is None else total + part
        return total


def make_batches(
    pieces: Sequence[Piece],
    shape: Sequence[int],
    device: torch.device,
    dtype: torch.dtype,
    *,
    repeatable: bool = True,
) -> list[Batch]:
    """Group the pieces so that as few forward passes as possible are made.

    `repeatable` lets contexts of different lengths share one, the shorter repeated.
    """
    groups: list[list[Piece]] = []
    for piece in pieces:
        for group in groups:
            same = group[0].context.shape[1] == piece.context.shape[1]
            if (same or repeatable) and _compatible([*group, piece]):
                group.append(piece)
                break
        else:
            groups.append([piece])
    return [Batch(group, shape, device, dtype) for group in groups]


def with_fallbacks(
    pieces: Sequence[Piece], shape: Sequence[int], device: torch.device
) -> list[Piece]:
    """Fallbacks with the weight that the others of their side leave them; without, if none."""
    found = [piece for piece in pieces if not piece.fallback]
    others = tuple(found)
    for piece in pieces:
        if not piece.fallback:
            continue
        left = torch.ones((shape[0], 1, *shape[-2:]), device=device)
        for other in others:
            if other.side == piece.side:
                other.cut(left).sub_(other.weights)
        left = piece.cut(left.clamp_(min=0.0)) * piece.weights
        if left.any():
            found.append(replace(piece, weights=left))
    return found


def _compatible(pieces: Sequence[Piece]) -> bool:
    first, last = pieces[0], pieces[-1]
    same_size = _size(first.area) == _size(last.area)
    same_controls = first.controls == last.controls and first.hooks is last.hooks
    if first.controls and first.area != last.area:
        return False
    extras = [{name: t.shape for name, t in piece.extra.items()} for piece in (first, last)]
    lengths = [piece.context.shape[1] for piece in pieces]
    repeatable = math.lcm(*lengths) <= MAX_REPEAT * min(lengths)
    same_width = first.context.shape[2] == last.context.shape[2]
    return same_size and same_controls and extras[0] == extras[1] and repeatable and same_width


def _size(area: Area | None) -> tuple[float, float] | None:
    return None if area is None else (area.height, area.width)


def _joined(contexts: Sequence[Tensor]) -> Tensor:
    """Stack contexts; shorter ones are repeated, which attention does not notice."""
    length = math.lcm(*(context.shape[1] for context in contexts))
    return torch.cat([c.repeat(1, length // c.shape[1], 1) for c in contexts])
