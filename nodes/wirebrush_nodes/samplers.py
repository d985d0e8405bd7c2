"""Samplers as values: by name, or with settings of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any, Literal

from wirebrush.api import Choice, NodeError, Range, Sampler, Scalar, node
from wirebrush_diffusion import samplers as library
from wirebrush_diffusion.samplers.er_sde import er_scale, power_scale
from wirebrush_diffusion.samplers.sa_solver import Adams

Amount = Annotated[float, Range(0.0, 100.0, 0.01)]


def _er_sde(solver_type: str, max_stage: int, eta: float, s_noise: float) -> dict[str, Any]:
    if solver_type == "ER-SDE":
        return {"scale": er_scale, "max_stage": max_stage, "s_noise": s_noise}
    still = solver_type == "ODE" or eta == 0
    eta, s_noise = (0.0, 0.0) if still else (eta, s_noise)
    return {"scale": power_scale(eta), "max_stage": max_stage, "s_noise": s_noise}


def _adams(**settings: Any) -> dict[str, Any]:
    return {"adams": Adams(**settings)}


TRANSLATED: Mapping[str, Callable[..., dict[str, Any]]] = MappingProxyType(
    {"er_sde": _er_sde, "sa_solver": _adams}
)
"""Samplers whose settings on wires are not their function's."""

ALTERNATIVE = "euler_cfg_pp_alternative"
NAMED = MappingProxyType(
    {
        **library.SAMPLERS,
        "lcm_upscale": library.LCM_UPSCALE,
        ALTERNATIVE: library.EULER_CFG_PP_ALTERNATIVE,
    }
)


def sampler_from(sampler: Sampler) -> library.Sampler:
    """The library's sampler with the settings of the value."""
    found = NAMED.get(sampler.name)
    if found is None:
        raise NodeError(
            f"There is no sampler {sampler.name!r}.", "Use KSamplerSelect.", port="sampler"
        )
    settings: dict[str, Any] = dict(sampler.settings)
    if not settings:
        return found
    if settings.get("eta") and found.noise == "none":
        found = replace(found, noise="independent")
    translate = TRANSLATED.get(sampler.name)
    return found.with_settings(**(translate(**settings) if translate else settings))


def sampler_with(name: str, **settings: Scalar) -> Sampler:
    """A sampler with settings of its own."""
    return Sampler(name, tuple(settings.items()))


@node(id="KSamplerSelect", category="sampling/custom_sampling/samplers")
def ksampler_select(
    sampler_name: Annotated[str, Choice(tuple(library.SAMPLERS))] = "euler",
) -> Sampler:
    """Choose how steps are taken.

    Args:
        sampler_name: euler and dpmpp_2m are good first choices.
    """
    return Sampler(sampler_name)


@node(id="SamplerEulerAncestral", category="sampling/custom_sampling/samplers")
def sampler_euler_ancestral(eta: Amount = 1.0, s_noise: Amount = 1.0) -> Sampler:
    """Euler's steps with fresh noise in each.

    Args:
        eta: How much of the noise is renewed; 0 is Euler.
        s_noise: How strong the fresh noise is.
    """
    return sampler_with("euler_ancestral", eta=eta, s_noise=s_noise)


@node(id="SamplerEulerCFGpp", category="_for_testing", title="SamplerEulerCFG++", experimental=True)
def sampler_euler_cfg_pp(version: Literal["regular", "alternative"] = "regular") -> Sampler:
    """Euler's step by CFG++, which keeps guidance from leading away from the data.

    Args:
        version: "alternative" is an earlier form, which overshoots.
    """
    return Sampler("euler_cfg_pp" if version == "regular" else ALTERNATIVE)


@node(
    id="SamplerEulerAncestralCFGPP",
    category="sampling/custom_sampling/samplers",
    title="SamplerEulerAncestralCFG++",
)
def sampler_euler_ancestral_cfg_pp(
    eta: Annotated[float, Range(0.0, 1.0, 0.01)] = 1.0,
    s_noise: Annotated[float, Range(0.0, 10.0, 0.01)] = 1.0,
) -> Sampler:
    """The same for CFG++, which wants a cfg near 1.

    Args:
        eta: How much of the noise is renewed.
        s_noise: How strong the fresh noise is.
    """
    return sampler_with("euler_ancestral_cfg_pp", eta=eta, s_noise=s_noise)


@node(id="SamplerLMS", category="sampling/custom_sampling/samplers")
def sampler_lms(order: Annotated[int, Range(1, 100)] = 4) -> Sampler:
    """Linear multistep.

    Args:
        order: How many of the last steps count; above 4 it gets unstable.
    """
    return sampler_with("lms", order=order)


@node(id="SamplerDPMPP_2S_Ancestral", category="sampling/custom_sampling/samplers")
def sampler_dpmpp_2s_ancestral(eta: Amount = 1.0, s_noise: Amount = 1.0) -> Sampler:
    """DPM++ 2S, ancestral: two model calls per step.

    Args:
        eta: How much of the noise is renewed.
        s_noise: How strong the fresh noise is.
    """
    return sampler_with("dpmpp_2s_ancestral", eta=eta, s_noise=s_noise)


@node(id="SamplerER_SDE", category="sampling/custom_sampling/samplers")
def sampler_er_sde(
    solver_type: Literal["ER-SDE", "Reverse-time SDE", "ODE"] = "ER-SDE",
    max_stage: Annotated[int, Range(1, 3)] = 3,
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """Extended reverse-time SDE solvers.

    Args:
        solver_type: Which equation is solved: the authors', the usual one, or without noise.
        max_stage: The order.
        eta: How stochastic the usual reverse-time SDE is; 0 is the ODE.
        s_noise: How strong the fresh noise is.
    """
    return sampler_with(
        "er_sde", solver_type=solver_type, max_stage=max_stage, eta=eta, s_noise=s_noise
    )
