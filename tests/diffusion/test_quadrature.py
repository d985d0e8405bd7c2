"""Integrals of interpolating polynomials: closed form and quadrature agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush_diffusion.samplers.quadrature import decaying, interpolated


@given(
    start=st.floats(-3, 3),
    h=st.floats(0.001, 2.0),
    rate=st.floats(1.0, 2.0),
    gaps=st.lists(st.floats(0.05, 1.5), min_size=0, max_size=3),
    ahead=st.booleans(),
)
def test_the_closed_form_is_the_integral(
    start: float, h: float, rate: float, gaps: list[float], ahead: bool
) -> None:
    end = start + h
    nodes = [end if ahead else start]
    for gap in gaps:
        nodes.append(nodes[-1] - gap)
    found = decaying(nodes, start, end, rate)
    means = interpolated(
        nodes, start, end, points=32, density=lambda at: rate * np.exp(rate * (at - end))
    )
    assert found == pytest.approx([h * mean for mean in means], rel=1e-7, abs=1e-9)
    assert sum(found) == pytest.approx(-np.expm1(-rate * h), rel=1e-7, abs=1e-9)


def test_equal_nodes_count_once() -> None:
    twice = decaying([1.0, 1.0, 0.5], 1.0, 1.4, 1.0)
    once = decaying([1.0, 0.5], 1.0, 1.4, 1.0)
    assert twice == pytest.approx([once[0], 0.0, once[1]])
