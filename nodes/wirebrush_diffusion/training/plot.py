"""A picture of how a training went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

WIDTH, HEIGHT = 800, 450
FINE = 2
"""Drawn so many times larger, then reduced: lines without stairs."""
LEFT, RIGHT, TOP, BOTTOM = 84, 36, 64, 64
PAPER, GRID, WORDS, TITLE = (22, 23, 26), (42, 44, 49), (150, 153, 160), (228, 229, 232)
EACH, COURSE = (92, 74, 44), (240, 174, 72)
TICKS = 5
LEAST_SMOOTHING = 8

Point = tuple[float, float]


class Scale(NamedTuple):
    """Values from `low` to `high` at places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value is drawn."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def loss_plot(losses: Sequence[float]) -> Tensor:
    """The loss of each step, and its running mean, as a picture `[450,800,3]` 0..1."""
    image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), PAPER)
    draw = ImageDraw.Draw(image)
    known = [loss for loss in losses if math.isfinite(loss)] or [0.0, 1.0]
    course = smoothed(losses)
    top = max(max(course, default=1.0), float(np.quantile(known, 0.98))) * 1.05
    ticks = nice_ticks(0.0, top or 1.0)
    across = Scale(1, max(len(losses), 2), LEFT, WIDTH - RIGHT)
    upward = Scale(0.0, max(top, ticks[-1]), HEIGHT - BOTTOM, TOP)
    _axes(draw, across, upward, ticks)
    _line(draw, _points(losses, across, upward), EACH, 1.0)
    _line(draw, _points(course, across, upward), COURSE, 3.0)
    _titles(draw, losses, course)
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(small, dtype=np.float32) / 255.0)


def smoothed(losses: Sequence[float]) -> list[float]:
    """The mean over about a twentieth of all steps around each; what is not finite is left out."""
    count = len(losses)
    reach = max(count // 20, min(LEAST_SMOOTHING, count // 4)) // 2
    sums, counts = [0.0], [0]
    for loss in losses:
        finite = math.isfinite(loss)
        sums.append(sums[-1] + (loss if finite else 0.0))
        counts.append(counts[-1] + finite)
    course: list[float] = []
    for place in range(len(losses)):
        start, end = max(0, place - reach), min(len(losses), place + reach + 1)
        many = counts[end] - counts[start]
        course.append((sums[end] - sums[start]) / many if many else 0.0)
    return course


def nice_ticks(low: float, high: float, many: int = TICKS) -> list[float]:
    """Round numbers from `low` to `high`: in steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / many
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _axes(draw: ImageDraw.ImageDraw, across: Scale, upward: Scale, ticks: Sequence[float]) -> None:
    for tick in ticks:
        y = upward.at(tick)
        _line(draw, [(LEFT, y), (WIDTH - RIGHT, y)], GRID, 1.0)
        _text(draw, (LEFT - 12, y), f"{tick:.4g}", "rm")
    for tick in nice_ticks(0.0, across.high, 6):
        if tick >= 1 and tick == round(tick):
            _text(draw, (across.at(tick), HEIGHT - BOTTOM + 20), f"{tick:,.0f}", "mm")
    _text(draw, (WIDTH - RIGHT, HEIGHT - 16), "steps", "rm")


def _titles(draw: ImageDraw.ImageDraw, losses: Sequence[float], course: Sequence[float]) -> None:
    _text(draw, (LEFT, 32), "Loss", "lm", TITLE, 26)
    if losses:
        said = f"{len(losses):,} steps    from {course[0]:.4g} to {course[-1]:.4g}"
        _text(draw, (WIDTH - RIGHT, 32), said, "rm", COURSE, 20)


def _points(values: Sequence[float], across: Scale, upward: Scale) -> list[Point]:
    """A point for each value; what is beyond the top is cut there."""
    return [
        (across.at(step), max(upward.at(value), upward.end - 6))
        for step, value in enumerate(values, 1)
        if math.isfinite(value)
    ]


def _line(
    draw: ImageDraw.ImageDraw, points: Sequence[Point], colour: tuple[int, int, int], width: float
) -> None:
    fine = [(x * FINE, y * FINE) for x, y in points]
    if len(fine) == 1:
        ((x, y),) = fine
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
    elif fine:
        draw.line(fine, fill=colour, width=round(width * FINE), joint="curve")


def _text(
    draw: ImageDraw.ImageDraw,
    at: Point,
    text: str,
    anchor: str,
    colour: tuple[int, int, int] = WORDS,
    size: int = 18,
) -> None:
    font = ImageFont.load_default(size * FINE)
    draw.text((at[0] * FINE, at[1] * FINE), text, fill=colour, font=font, anchor=anchor)
