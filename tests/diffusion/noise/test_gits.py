"""GITS' dynamic programming, against trying everything out and against what was measured."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.gits import _best_path, gits


@pytest.mark.parametrize("coeff", [0.8, 1.0, 1.3])
@pytest.mark.parametrize("steps", [2, 3, 4])
def test_the_path_is_the_cheapest_of_all(coeff: float, steps: int) -> None:
    errors = np.random.default_rng(1).random((8, 8))

    def cost(path: list[int]) -> float:
        return sum(errors[i, j] * coeff**k for k, (i, j) in enumerate(itertools.pairwise(path)))

    ways = [[0, *middle, 7] for middle in itertools.combinations(range(1, 7), steps - 1)]
    found = _best_path(errors, steps, coeff)

    assert cost(found) == pytest.approx(min(map(cost, ways)))


@pytest.mark.parametrize(
    ("steps", "measured"),
    [(2, [0.803]), (3, [1.563, 0.524]), (4, [2.363, 0.922, 0.366])],
)
def test_levels_are_near_those_measured_on_stable_diffusion(
    steps: int, measured: list[float]
) -> None:
    levels = gits(steps, 1.2)

    assert levels[0] == pytest.approx(14.6146, rel=1e-4)
    assert levels[1:-1] == pytest.approx(measured, rel=0.12)


@pytest.mark.parametrize("steps", [2, 5, 20, 21, 200])
@pytest.mark.parametrize("coeff", [0.8, 1.2, 1.5])
def test_levels_descend_to_0(steps: int, coeff: float) -> None:
    levels = gits(steps, coeff)

    assert len(levels) == steps + 1
    assert levels[-1] == 0.0
    assert all(before > after for before, after in itertools.pairwise(levels))


def test_a_higher_coefficient_gives_lower_levels() -> None:
    assert sum(gits(8, 1.5)) < sum(gits(8, 1.0)) < sum(gits(8, 0.8))


def test_one_step_is_too_few() -> None:
    with pytest.raises(DiffusionError, match="at least 2"):
        gits(1)
