"""Noise levels from nothing but their ends and their number, and levels that others have published.

All give lists that descend, in float64. Those between two ends have `steps` levels and a 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from wirebrush_diffusion.errors import DiffusionError

LAPLACE_EPSILON = 1e-5

ALIGN_YOUR_STEPS: Mapping[str, Sequence[float]] = {
    "SD1": (
        14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092,
        0.9642583904, 0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582,
    ),
    "SDXL": (
        14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141,
        0.5550693289, 0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582,
    ),
    "SVD": (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}  # fmt: skip
"""Sabour et al. 2024, arXiv:2404.14507: the ten steps found best for these models."""

OPTIMAL_STEPS: Mapping[str, Sequence[float]] = {
    "FLUX": (
        0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158, 0.8287, 0.5512, 0.2808, 0.001,
    ),
    "Wan": (
        1.0, 0.997, 0.995, 0.993, 0.991, 0.989, 0.987, 0.985, 0.98, 0.975, 0.973, 0.968, 0.96,
        0.946, 0.927, 0.902, 0.864, 0.776, 0.539, 0.208, 0.001,
    ),
    "Chroma": (
        0.992, 0.99, 0.988, 0.985, 0.982, 0.978, 0.973, 0.968, 0.961, 0.953, 0.943, 0.931, 0.917,
        0.9, 0.881, 0.858, 0.832, 0.802, 0.769, 0.731, 0.69, 0.646, 0.599, 0.55, 0.501, 0.451,
        0.402, 0.355, 0.311, 0.27, 0.232, 0.199, 0.169, 0.143, 0.12, 0.101, 0.084, 0.07, 0.058,
        0.048, 0.001,
    ),
}  # fmt: skip
"""Pei et al. 2025, arXiv:2503.21774: levels found by dynamic programming for these models."""


def linspace(start: float, end: float, count: int) -> list[float]:
    """`count` evenly spaced numbers, both ends included; a single one is `start`."""
    if count == 1:
        return [start]
    return [start + (end - start) * i / (count - 1) for i in range(count)]


def karras(steps: int, low: float, high: float, rho: float = 7.0) -> list[float]:
    """Evenly spaced in sigma^(1/rho) (Karras et al. 2022, eq. 5)."""
    if rho <= 0:
        raise DiffusionError(f"rho is {rho}; it must be greater than 0.", "7 is usual.")
    roots = linspace(high ** (1 / rho), low ** (1 / rho), steps)
    return [*(root**rho for root in roots), 0.0]


def exponential(steps: int, low: float, high: float) -> list[float]:
    """Evenly spaced in log sigma."""
    return polyexponential(steps, low, high, 1.0)


def polyexponential(steps: int, low: float, high: float, rho: float = 1.0) -> list[float]:
    """Log sigma as the power `rho` of an even ramp: above 1, more levels are near the low end."""
    start, end = math.log(_positive(low)), math.log(_positive(high))
    return [*(math.exp(start + ramp**rho * (end - start)) for ramp in linspace(1, 0, steps)), 0.0]


def kl_optimal(steps: int, low: float, high: float) -> list[float]:
    """Evenly spaced in arctan sigma (Sabour et al. 2024, arXiv:2404.14507, eq. 11)."""
    angles = linspace(math.atan(high), math.atan(low), steps)
    return [*(math.tan(angle) for angle in angles), 0.0]


def laplace(steps: int, low: float, high: float, mu: float = 0.0, beta: float = 0.5) -> list[float]:
    """Log sigma spread as a Laplace distribution (Hang et al. 2024, arXiv:2407.03297).

    Without a final 0, as in the whole field: `steps` levels are one step less, and a little noise
    stays. Levels are kept between the ends, so that several may be equal to one.
    """
    levels: list[float] = []
    for place in linspace(0, 1, steps):
        side = math.copysign(1.0, 0.5 - place) if place != 0.5 else 0.0
        log = mu - beta * side * math.log(1 - 2 * abs(0.5 - place) + LAPLACE_EPSILON)
        levels.append(min(max(math.exp(log), low), high))
    return levels


def vp(steps: int, beta_d: float = 19.9, beta_min: float = 0.1, first: float = 1e-3) -> list[float]:
    """The continuous variance-preserving process (Song et al. 2020) at even times 1..`first`."""
    exponents = [beta_d * t * t / 2 + beta_min * t for t in linspace(1, first, steps)]
    if max(exponents) > 700:
        raise DiffusionError(
            f"beta_d = {beta_d} and beta_min = {beta_min} give levels beyond all numbers.",
            "19.9 and 0.1 are usual.",
        )
    return [*(math.sqrt(math.expm1(exponent)) for exponent in exponents), 0.0]


def resampled(published: Sequence[float], steps: int) -> list[float]:
    """Published levels for `steps` steps: interpolated in log sigma, the last one put to 0."""
    if steps + 1 == len(published):
        return [*published[:-1], 0.0]
    logs = [math.log(level) for level in published]
    levels: list[float] = []
    for place in linspace(0, len(logs) - 1, steps + 1):
        low = min(int(place), len(logs) - 2)
        levels.append(math.exp(logs[low] + (place - low) * (logs[low + 1] - logs[low])))
    return [*levels[:-1], 0.0]


def last_part(levels: Sequence[float], steps: int, denoise: float) -> list[float]:
    """The end of a run, `denoise` (0..1) of its steps; nothing for 0."""
    if denoise <= 0:
        return []
    kept = steps if denoise >= 1 else round(steps * denoise)
    return list(levels[-(kept + 1) :])


def linear_quadratic(steps: int, high: float, threshold: float = 0.025) -> list[float]:
    """Half of the steps take `threshold` of the way in a straight line, the rest a parabola.

    Of equal slope where they meet (Genmo's Mochi, 2024).
    """
    straight = steps // 2
    if straight == 0:
        return [high, 0.0]
    slope = threshold / straight
    bent = steps - straight
    curve = (1 - threshold - slope * bent) / bent**2
    gone = [slope * i for i in range(straight)]
    gone += [threshold + slope * k + curve * k * k for k in range(bent)]
    return [*(high * (1 - part) for part in gone), 0.0]


def ltxv(
    steps: int,
    positions: int,
    max_shift: float = 2.05,
    base_shift: float = 0.95,
    *,
    stretch: bool = True,
    terminal: float = 0.1,
) -> list[float]:
    """A flow's levels, moved towards noise by the number of latent positions (Lightricks' LTXV).

    `stretch` makes the last level above 0 be `terminal`.
    """
    shift = math.exp(token_shift(positions, 1024, 4096, base_shift, max_shift))
    levels = [shift / (shift + (1 / level - 1)) for level in linspace(1, 0, steps + 1)[:-1]]
    if stretch and levels[-1] < 1.0:
        scale = (1 - levels[-1]) / (1 - terminal)
        levels = [1 - (1 - level) / scale for level in levels]
    return [*levels, 0.0]


def token_shift(tokens: float, few: int, many: int, base: float, top: float) -> float:
    """A straight line: `base` for few tokens, `top` for many, and on beyond both."""
    slope = (top - base) / (many - few)
    return base + slope * (tokens - few)


def extended(
    levels: Sequence[float], parts: int, highest: float, lowest: float, spacing: str
) -> list[float]:
    """Each step that starts between `lowest` and `highest` cut into `parts`; -1: no upper limit.

    `spacing` by the field's names: linear, cosine (long parts first), sine (short ones first).
    """
    ramps = {
        "linear": lambda t: t,
        "cosine": lambda t: math.sin(t * math.pi / 2),
        "sine": lambda t: 1 - math.cos(t * math.pi / 2),
    }
    ramp = ramps[spacing]
    found: list[float] = []
    for level, after in itertools.pairwise(levels):
        found.append(level)
        if lowest <= level <= (math.inf if highest < 0 else highest):
            found += [level + ramp(k / parts) * (after - level) for k in range(1, parts)]
    return [*found, *levels[-1:]]


def _positive(level: float) -> float:
    if level <= 0:
        raise DiffusionError(
            f"A level is {level}; evenly in log sigma works for levels above 0 only.",
            "Take 0.0291675 for the lowest level of Stable Diffusion.",
        )
    return level
