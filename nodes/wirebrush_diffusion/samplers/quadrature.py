"""Integrals of interpolating polynomials, for multistep coefficients; in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from operator import mul
from typing import Any

import numpy as np

SHORT = 0.05  # of the rate's own length

Curve = Callable[[Any], Any]
"""A function of floats and numpy arrays alike."""


@cache
def _rule(points: int) -> tuple[Any, Any]:
    """Gauss-Legendre places in -1..1, and weights that add up to 1."""
    places, weights = np.polynomial.legendre.leggauss(points)
    return places, weights / 2


def interpolated(
    nodes: Sequence[float],
    start: float,
    end: float,
    *,
    points: int,
    time: Curve | None = None,
    density: Curve | None = None,
) -> list[float]:
    """What each node's value weighs in the mean over [start, end] of the polynomial through all.

    The polynomial is one in `time(place)`, in which the nodes are given; the mean of it times the
    density is over place, by Gauss-Legendre quadrature with so many points. Of equal nodes only the
    first counts.
    """
    places, weights = _rule(points)
    at = (start + end) / 2 + (end - start) / 2 * places
    weights = weights if density is None else weights * density(at)
    at = at if time is None else time(at)
    distinct = list(dict.fromkeys(nodes))
    if len(distinct) == 1:
        return [float(weights.sum()), *[0.0] * (len(nodes) - 1)]
    pairs = list(zip(weights.tolist(), at.tolist(), strict=True))  # so few go faster one by one
    found = {node: _mean(pairs, distinct, node) for node in distinct}
    return [found.pop(node, 0.0) for node in nodes]


def decaying(nodes: Sequence[float], start: float, end: float, rate: float) -> list[float]:
    """The integral over [start, end] of `rate * e^(rate * (place - end))` times the polynomial
    through all nodes: what each node's value weighs.

    In closed form, by powers of `place - end`; by quadrature where that would lose digits, and
    where nodes are equal.
    """
    h = end - start
    if rate * h < SHORT or len(set(nodes)) < len(nodes):
        means = interpolated(
            nodes, start, end, points=16, density=lambda at: rate * np.exp(rate * (at - end))
        )
        return [h * mean for mean in means]
    left = math.exp(-rate * h)
    powers = [-math.expm1(-rate * h)]
    for power in range(1, len(nodes)):
        powers.append(-((-h) ** power) * left - power / rate * powers[-1])
    weights: list[float] = []
    for i, node in enumerate(nodes):
        factors, scale = [1.0], 1.0  # of the polynomial that is 1 at the node, 0 at the others
        for other in (*nodes[:i], *nodes[i + 1 :]):
            scale *= node - other
            moved = [-(other - end) * factor for factor in factors]
            factors = [a + b for a, b in zip([*moved, 0.0], [0.0, *factors], strict=True)]
        weights.append(sum(map(mul, factors, powers)) / scale)
    return weights


def _mean(pairs: Sequence[tuple[float, float]], nodes: Sequence[float], node: float) -> float:
    """Of the polynomial that is 1 at one of the nodes and 0 at the others."""
    others = [other for other in nodes if other != node]
    total = 0.0
    for weight, at in pairs:
        for other in others:
            weight *= at - other
        total += weight
    return total / math.prod(node - other for other in others)
