"""Integrals of interpolating polynomials, for multistep coefficients; in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

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
    found = {node: float(weights @ _lagrange(distinct, node, at)) for node in distinct}
    return [found.pop(node, 0.0) for node in nodes]


def _lagrange(nodes: Sequence[float], node: float, at: Any) -> Any:
    """The polynomial that is 1 at one of the nodes and 0 at the others."""
    value = np.ones_like(at)
    for other in nodes:
        if other != node:
            value *= (at - other) / (node - other)
    return value
