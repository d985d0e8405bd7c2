"""GITS: where a run should step, by how its path bends (Chen et al. 2024, arXiv:2405.11326).

The paths of all pictures bend alike. So levels are chosen on one known path, by dynamic programming
over the error of each possible Euler step. The authors measure it on a model's own samples; here
the path is the exact one of data with the power spectrum of natural pictures, for Stable
Diffusion's noise levels. Levels are within some percent of those that were measured, and can be had
for any coefficient.
"""

from __future__ import annotations

import numpy as np

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.noise.schedules import DiscreteSchedule
from wirebrush_diffusion.noise.spacings import linspace, resampled

FINE = 100  # steps of the path that is approximated
MOST = 20  # steps that are searched for; more are interpolated
SPECTRUM_TOP, SPECTRUM_FALL = 300.0, 0.75  # variance of the k-th component: top / k^fall
COMPONENTS = 4096


def gits(steps: int, coeff: float = 1.2) -> list[float]:
    """Levels for so many steps, the last one 0.

    A later step's error counts `coeff` times the one before it: above 1 levels are lower.
    """
    if steps < 2:
        raise DiffusionError(f"steps is {steps}; GITS needs at least 2.", "Use another scheduler.")
    schedule = DiscreteSchedule.from_betas()
    levels = np.array([schedule.sigma(time) for time in linspace(999, 0, FINE + 1)])
    chosen = _best_path(_errors(levels), min(steps, MOST), coeff)
    return resampled(levels[chosen].tolist(), steps)


def _errors(levels: np.ndarray) -> np.ndarray:
    """How far an Euler step from level i to level j ends from the exact path, `[N, N]`."""
    places = np.unique(np.geomspace(1, COMPONENTS, 48).round())
    shares = np.gradient(places)  # how many components each place stands for
    variances = SPECTRUM_TOP / places**SPECTRUM_FALL
    sigma = levels[:, None]
    spread = np.sqrt(variances + sigma**2)
    slope = sigma / spread
    steps = levels[None, :, None] - levels[:, None, None]
    off = spread[:, None] + steps * slope[:, None] - spread[None]
    return np.sqrt((shares * off**2).sum(axis=-1) / shares.sum())


def _best_path(errors: np.ndarray, steps: int, coeff: float) -> list[int]:
    """The cheapest way of `steps` steps from the first level to the last."""
    count = len(errors)
    onward = np.triu(np.ones((count, count), dtype=bool), 1) & (np.arange(count) < count - 1)
    cost = np.where(np.arange(count) < count - 1, errors[:, -1], np.inf)
    turns: list[np.ndarray] = []
    for _ in range(steps - 1):
        ways = np.where(onward, errors + coeff * cost[None], np.inf)
        turns.append(ways.argmin(axis=1))
        cost = ways.min(axis=1)
    path = [0]
    for turn in reversed(turns):
        path.append(int(turn[path[-1]]))
    return [*path, count - 1]
