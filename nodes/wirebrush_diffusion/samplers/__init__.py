"""Samplers by the field's names: pure `(model, x, sigmas, *, on_step, noise, space) -> x`.

`x` `[B,C,h,w]` (or `[B,C,t,h,w]`) starts at noise level `sigmas[0]`; the result is at `sigmas[-1]`.
A sampler calls `model(x, sigma)` for clean estimates and `on_step` after each, and knows nothing
else. To add one, write such a function and name it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

from wirebrush_diffusion.samplers.adams import deis, ipndm, ipndm_v, lms
from wirebrush_diffusion.samplers.cfgpp import (
    dpmpp_2m_cfg_pp,
    dpmpp_2s_ancestral_cfg_pp,
    euler_ancestral_cfg_pp,
    euler_cfg_pp,
    euler_cfg_pp_alternative,
    gradient_estimation_cfg_pp,
    res_multistep_ancestral_cfg_pp,
    res_multistep_cfg_pp,
)
from wirebrush_diffusion.samplers.dpm import dpm_2, dpm_2_ancestral
from wirebrush_diffusion.samplers.dpm_solver import dpm_adaptive, dpm_fast
from wirebrush_diffusion.samplers.dpmpp import (
    dpmpp_2m,
    dpmpp_2m_sde,
    dpmpp_2m_sde_heun,
    dpmpp_3m_sde,
)
from wirebrush_diffusion.samplers.dpmpp_singlestep import dpmpp_2s_ancestral, dpmpp_sde
from wirebrush_diffusion.samplers.er_sde import er_sde
from wirebrush_diffusion.samplers.euler import euler, euler_ancestral, heun, heunpp2
from wirebrush_diffusion.samplers.lcm import lcm, lcm_upscale
from wirebrush_diffusion.samplers.res import (
    gradient_estimation,
    res_multistep,
    res_multistep_ancestral,
)
from wirebrush_diffusion.samplers.sa_solver import sa_solver, sa_solver_pece
from wirebrush_diffusion.samplers.seeds import seeds_2, seeds_3
from wirebrush_diffusion.samplers.space import Space
from wirebrush_diffusion.samplers.step import OnStep, SampleFunction, Step
from wirebrush_diffusion.samplers.uni_pc import uni_pc, uni_pc_bh2

NoiseKind = Literal["none", "independent", "brownian"]


@dataclass(frozen=True, slots=True)
class Sampler:
    """A sampling function and what it needs around it.

    `pairs`: it wants the unconditional estimate too (CFG++). `fresh_mask_noise`: outside an
    inpainting mask, new noise instead of the run's own is laid over the original.
    `skip_penultimate`: one more step is planned and the last but one level left out. `resizes`: x
    may change its size on the way.
    """

    function: SampleFunction
    noise: NoiseKind = "none"
    pairs: bool = False
    fresh_mask_noise: bool = False
    skip_penultimate: bool = False
    resizes: bool = False

    def with_settings(self, **settings: Any) -> Sampler:
        """The same with other settings of its function."""
        return replace(self, function=partial(self.function, **settings))


def _fresh(function: SampleFunction, **about: Any) -> Sampler:
    return Sampler(function, noise="independent", **about)


def _path(function: SampleFunction) -> Sampler:
    return Sampler(function, noise="brownian")


SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "euler": Sampler(euler),
        "euler_cfg_pp": Sampler(euler_cfg_pp, pairs=True),
        "euler_ancestral": _fresh(euler_ancestral),
        "euler_ancestral_cfg_pp": _fresh(euler_ancestral_cfg_pp, pairs=True),
        "heun": Sampler(heun),
        "heunpp2": Sampler(heunpp2),
        "dpm_2": Sampler(dpm_2, skip_penultimate=True),
        "dpm_2_ancestral": _fresh(dpm_2_ancestral, skip_penultimate=True),
        "lms": Sampler(lms),
        "dpm_fast": Sampler(dpm_fast),
        "dpm_adaptive": Sampler(dpm_adaptive),
        "dpmpp_2s_ancestral": _fresh(dpmpp_2s_ancestral),
        "dpmpp_2s_ancestral_cfg_pp": _fresh(dpmpp_2s_ancestral_cfg_pp, pairs=True),
        "dpmpp_sde": _path(dpmpp_sde),
        "dpmpp_sde_gpu": _path(dpmpp_sde),
        "dpmpp_2m": Sampler(dpmpp_2m),
        "dpmpp_2m_cfg_pp": Sampler(dpmpp_2m_cfg_pp, pairs=True),
        "dpmpp_2m_sde": _path(dpmpp_2m_sde),
        "dpmpp_2m_sde_gpu": _path(dpmpp_2m_sde),
        "dpmpp_2m_sde_heun": _path(dpmpp_2m_sde_heun),
        "dpmpp_2m_sde_heun_gpu": _path(dpmpp_2m_sde_heun),
        "dpmpp_3m_sde": _path(dpmpp_3m_sde),
        "dpmpp_3m_sde_gpu": _path(dpmpp_3m_sde),
        # DDPM's step (Ho et al. 2020) is the ancestral one with eta = 1, in sigma space.
        "ddpm": _fresh(euler_ancestral),
        "lcm": _fresh(lcm),
        "ipndm": Sampler(ipndm),
        "ipndm_v": Sampler(ipndm_v),
        "deis": Sampler(deis),
        "res_multistep": Sampler(res_multistep),
        "res_multistep_cfg_pp": Sampler(res_multistep_cfg_pp, pairs=True),
        "res_multistep_ancestral": _fresh(res_multistep_ancestral),
        "res_multistep_ancestral_cfg_pp": _fresh(res_multistep_ancestral_cfg_pp, pairs=True),
        "gradient_estimation": Sampler(gradient_estimation),
        "gradient_estimation_cfg_pp": Sampler(gradient_estimation_cfg_pp, pairs=True),
        "er_sde": _fresh(er_sde),
        "seeds_2": _fresh(seeds_2),
        "seeds_3": _fresh(seeds_3),
        "sa_solver": _fresh(sa_solver),
        "sa_solver_pece": _fresh(sa_solver_pece),
        # DDIM (eta = 0) is Euler's step in sigma space; the field's differs in inpainting only.
        "ddim": Sampler(euler, fresh_mask_noise=True),
        "uni_pc": Sampler(uni_pc, skip_penultimate=True),
        "uni_pc_bh2": Sampler(uni_pc_bh2, skip_penultimate=True),
    }
)
"""In the field's order. Those named `_gpu` draw the same noise as the others: from the CPU."""

EULER_CFG_PP_ALTERNATIVE = Sampler(euler_cfg_pp_alternative, pairs=True)
"""Only by a node of its own."""

LCM_UPSCALE = Sampler(lcm_upscale, noise="independent", resizes=True)
"""Only with settings of its own, and so without a name among the others."""

__all__ = [
    "EULER_CFG_PP_ALTERNATIVE",
    "LCM_UPSCALE",
    "SAMPLERS",
    "NoiseKind",
    "OnStep",
    "SampleFunction",
    "Sampler",
    "Space",
    "Step",
]
