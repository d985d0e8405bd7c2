"""Samplers by the field's names: pure functions `(model, x, sigmas, *, on_step, noise) -> x`.

`x` `[B,C,h,w]` starts as noise of level `sigmas[0]`; the result is at level `sigmas[-1]`.
A sampler calls `model(x, sigma)` for clean estimates and `on_step` after each, and knows nothing
else. To add one, write such a function and name it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from wirebrush_diffusion.samplers.dpmpp import dpmpp_2m, dpmpp_2m_sde
from wirebrush_diffusion.samplers.euler import euler, euler_ancestral, heun
from wirebrush_diffusion.samplers.lcm import lcm
from wirebrush_diffusion.samplers.step import OnStep, SampleFunction, Step

NoiseKind = Literal["none", "independent", "brownian"]


@dataclass(frozen=True, slots=True)
class Sampler:
    """A sampling function and what it needs around it.

    `fresh_mask_noise`: outside an inpainting mask, new noise instead of the run's own is laid over
    the original. `skip_penultimate`: one more step is planned and the last but one level left out.
    """

    function: SampleFunction
    noise: NoiseKind = "none"
    fresh_mask_noise: bool = False
    skip_penultimate: bool = False


SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "euler": Sampler(euler),
        "euler_ancestral": Sampler(euler_ancestral, noise="independent"),
        "heun": Sampler(heun),
        "dpmpp_2m": Sampler(dpmpp_2m),
        "dpmpp_2m_sde": Sampler(dpmpp_2m_sde, noise="brownian"),
        "lcm": Sampler(lcm, noise="independent"),
        # DDIM (eta = 0) is Euler's step in sigma space; the field's differs in inpainting only.
        "ddim": Sampler(euler, fresh_mask_noise=True),
    }
)
"""In the field's order."""

__all__ = ["SAMPLERS", "NoiseKind", "OnStep", "SampleFunction", "Sampler", "Step"]
