"""Quantiles of the beta distribution, for schedules that spread their times by it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from wirebrush_diffusion.errors import DiffusionError

HALVINGS = 60
TERMS = 200  # of the continued fraction; it needs about sqrt(max(a, b)) of them
TINY = 1e-300


def beta_quantiles(shares: Sequence[float], a: float, b: float) -> list[float]:
    """Where the distribution function of beta(a, b) reaches each share (0..1)."""
    if a <= 0 or b <= 0:
        raise DiffusionError(
            f"alpha is {a} and beta is {b}; both must be greater than 0.", "0.6 is usual for both."
        )
    wanted = np.array(shares, dtype=np.float64)
    low, high = np.zeros_like(wanted), np.ones_like(wanted)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = _share_below(middle, a, b) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found = np.where(wanted <= 0, 0.0, np.where(wanted >= 1, 1.0, (low + high) / 2))
    return found.tolist()


def _share_below(x: Any, a: float, b: float) -> Any:
    """The regularised incomplete beta function I_x(a, b), 0 < x < 1."""
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    inside = np.minimum(x, 1 - 2.0**-53)
    scale = np.exp(front + a * np.log(inside) + b * np.log1p(-inside))
    near = x < (a + 1) / (a + b + 2)  # where the fraction converges fast; else by symmetry
    fraction = _fraction(np.where(near, x, 1 - x), np.where(near, a, b), np.where(near, b, a))
    part = scale * fraction / np.where(near, a, b)
    return np.where(near, part, 1 - part)


def _fraction(x: Any, a: Any, b: Any) -> Any:
    """The continued fraction (DLMF 8.17.22), by Lentz's method."""
    c = np.ones_like(x)
    d = 1 / _away_from_0(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, TERMS + 1):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_0(1 + term * d)
            c = _away_from_0(1 + term / c)
            value = value * c * d
        if np.abs(c * d - 1).max(initial=0.0) < 1e-15:
            break
    return value


def _away_from_0(numbers: Any) -> Any:
    return np.where(np.abs(numbers) < TINY, TINY, numbers)
