"""DPM-Solver++ (Lu et al. 2022, arXiv:2211.01095): multistep solvers in lambda = log(alpha/sigma).

A step from s to t with h = lambda_t - lambda_s is
`x_t = sigma_t/sigma_s * e^(-eta h) * x_s + alpha_t * (1 - e^(-(1 + eta) h)) * D` plus noise, where
D is the clean estimate extrapolated from the last ones and eta is 0 for the ODE.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from wirebrush_diffusion.noise.denoiser import Denoiser
from wirebrush_diffusion.noise.sources import StepNoise
from wirebrush_diffusion.samplers.multistep import LAST, Mix, run_plan
from wirebrush_diffusion.samplers.space import DIFFUSION, Space
from wirebrush_diffusion.samplers.step import OnStep, no_noise, silent

SolverType = Literal["midpoint", "heun"]


def dpmpp_2m(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """Second order, deterministic, one model call per step.

    In lambda = -log sigma for flows as well: their ODE has the same form in sigma.
    """
    plan = [_ode_step(sigmas, i) for i in range(len(sigmas) - 1)]
    return run_plan(model, x, sigmas, plan, on_step, noise)


def dpmpp_2m_sde(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    eta: float = 1.0,
    s_noise: float = 1.0,
    solver_type: SolverType = "midpoint",
) -> Tensor:
    """Second order, stochastic, with the noise of a Brownian path."""
    sigmas = space.finite(sigmas)
    plan = [_sde_step(sigmas, i, space, eta, s_noise, solver_type) for i in range(len(sigmas) - 1)]
    return run_plan(model, x, sigmas, plan, on_step, noise)


def dpmpp_2m_sde_heun(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
) -> Tensor:
    """The same, with the extrapolation of exponential integrators instead of the midpoint's."""
    return dpmpp_2m_sde(
        model, x, sigmas, on_step=on_step, noise=noise, space=space, solver_type="heun"
    )


def dpmpp_3m_sde(
    model: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    *,
    on_step: OnStep = silent,
    noise: StepNoise = no_noise,
    space: Space = DIFFUSION,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Third order, stochastic: a parabola through the last three estimates."""
    sigmas = space.finite(sigmas)
    plan = [_sde_step_3(sigmas, i, space, eta, s_noise) for i in range(len(sigmas) - 1)]
    return run_plan(model, x, sigmas, plan, on_step, noise)


def _ode_step(sigmas: Sequence[float], i: int) -> Mix:
    sigma, after = sigmas[i], sigmas[i + 1]
    if after == 0:
        return LAST
    lambdas = [-math.log(level) for level in sigmas[max(i - 1, 0) : i + 2]]
    gain = -math.expm1(lambdas[-2] - lambdas[-1])
    slope = 0.5 * gain / _earlier(lambdas)[0] if _earlier(lambdas) else 0.0
    return Mix(after / sigma, gain + slope, (-slope,))


def _sde_step(
    sigmas: Sequence[float],
    i: int,
    space: Space,
    eta: float,
    s_noise: float,
    solver_type: SolverType,
) -> Mix:
    after = sigmas[i + 1]
    if after == 0:
        return LAST
    lambdas = [space.half_log_snr(level) for level in sigmas[max(i - 1, 0) : i + 2]]
    keep, gain, spread = _sde_frame(sigmas, i, space, eta)
    reach = (lambdas[-1] - lambdas[-2]) * (1 + eta)
    half = 0.5 * gain if solver_type == "midpoint" else space.alpha(after) * phi_2(reach)
    slope = half / _earlier(lambdas)[0] if _earlier(lambdas) else 0.0
    return Mix(keep, gain + slope, (-slope,), spread * s_noise)


def _sde_step_3(sigmas: Sequence[float], i: int, space: Space, eta: float, s_noise: float) -> Mix:
    after = sigmas[i + 1]
    if after == 0:
        return LAST
    lambdas = [space.half_log_snr(level) for level in sigmas[max(i - 2, 0) : i + 2]]
    keep, now, spread = _sde_frame(sigmas, i, space, eta)
    reach, alpha = (lambdas[-1] - lambdas[-2]) * (1 + eta), space.alpha(after)
    ratios = _earlier(lambdas)
    if not ratios:
        return Mix(keep, now, (), spread * s_noise)
    second = phi_2(reach)
    first = alpha * second / ratios[0]  # of the difference between the last two estimates
    if len(ratios) == 1:
        return Mix(keep, now + first, (-first,), spread * s_noise)
    near, far = ratios
    bend = alpha * (second * near - second / reach + 0.5) / (near + far)
    first += bend / near
    return Mix(keep, now + first, (-first - bend / far, bend / far), spread * s_noise)


def _sde_frame(
    sigmas: Sequence[float], i: int, space: Space, eta: float
) -> tuple[float, float, float]:
    """What a step keeps of x, takes of a constant estimate, and adds of noise."""
    sigma, after = sigmas[i], sigmas[i + 1]
    h = space.half_log_snr(after) - space.half_log_snr(sigma)
    keep = after / sigma * math.exp(-h * eta)
    gain = -space.alpha(after) * math.expm1(-h * (1 + eta))
    return keep, gain, after * math.sqrt(max(-math.expm1(-2 * h * eta), 0.0))


def phi_2(reach: float) -> float:
    """`1 + (e^-r - 1) / r`: the weight of a slope in an exponential integrator; 0 for r = 0."""
    return 1.0 + math.expm1(-reach) / reach if reach else 0.0


def _earlier(lambdas: Sequence[float]) -> list[float]:
    """Earlier steps in units of the one to make, latest first.

    They end at a step of size zero (more steps than levels): there is nothing to extrapolate from.
    """
    *past, step = [after - before for before, after in itertools.pairwise(lambdas)]
    ratios = [size / step if step else 0.0 for size in reversed(past)]
    return list(itertools.takewhile(lambda ratio: ratio != 0.0, ratios))
