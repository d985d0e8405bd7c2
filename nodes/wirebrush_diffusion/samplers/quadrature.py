"""Integrals of interpolating polynomials, for multistep coefficients. Floats, before the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def interpolated(
    nodes: Sequence[float],
    start: float,
    end: float,
    *,
    points: int,
    time: Callable[[float], float] = float,
    density: Callable[[float], float] = lambda place: 1.0,
) -> list[float]:
    """What each node's value weighs in the mean over [start, end] of the polynomial through all.

    The polynomial is one in `time(place)`, in which the nodes are given; the mean of it times the
    density is over place, by Gauss-Legendre quadrature with so many points. Of equal nodes only the
    first counts.
    """
    places, weights = np.polynomial.legendre.leggauss(points)
    middle, half = (start + end) / 2, (end - start) / 2
    rule = [
        (time(middle + half * place), density(middle + half * place) * weight / 2)
        for place, weight in zip(places.tolist(), weights.tolist(), strict=True)
    ]
    distinct = list(dict.fromkeys(nodes))
    found = {
        node: sum(weight * _lagrange(distinct, node, at) for at, weight in rule)
        for node in distinct
    }
    return [found.pop(node, 0.0) for node in nodes]


def _lagrange(nodes: Sequence[float], node: float, at: float) -> float:
    """The polynomial that is 1 at one of the nodes and 0 at the others."""
    value = 1.0
    for other in nodes:
        if other != node:
            value *= (at - other) / (node - other)
    return value
