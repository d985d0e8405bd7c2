"""Samplers with settings: the DPM family, SA-Solver, and LCM that enlarges.

Where a node asks for a noise device, both answers draw the same noise: from the CPU, so that every
device paints the same picture.
"""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Model, Range, Sampler, node
from wirebrush_nodes.samplers import sampler_with

Amount = Annotated[float, Range(0.0, 100.0, 0.01)]
NoiseDevice = Literal["gpu", "cpu"]


@node(id="SamplerDPMPP_2M_SDE", category="sampling/custom_sampling/samplers")
def sampler_dpmpp_2m_sde(
    solver_type: Literal["midpoint", "heun"] = "midpoint",
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
    noise_device: NoiseDevice = "gpu",
) -> Sampler:
    """DPM++ 2M SDE: one model call per step, stochastic, second order.

    Args:
        solver_type: How the last two estimates are continued.
        eta: How stochastic it is; 0 is DPM++ 2M.
        s_noise: How strong the fresh noise is.
        noise_device: No difference here: noise always comes from the CPU.
    """
    return sampler_with("dpmpp_2m_sde", solver_type=solver_type, eta=eta, s_noise=s_noise)


@node(id="SamplerDPMPP_3M_SDE", category="sampling/custom_sampling/samplers")
def sampler_dpmpp_3m_sde(
    eta: Amount = 1.0, s_noise: Amount = 1.0, noise_device: NoiseDevice = "gpu"
) -> Sampler:
    """DPM++ 3M SDE: one model call per step, stochastic, third order.

    Args:
        eta: How stochastic it is.
        s_noise: How strong the fresh noise is.
        noise_device: No difference here: noise always comes from the CPU.
    """
    return sampler_with("dpmpp_3m_sde", eta=eta, s_noise=s_noise)


@node(id="SamplerDPMPP_SDE", category="sampling/custom_sampling/samplers")
def sampler_dpmpp_sde(
    eta: Amount = 1.0, s_noise: Amount = 1.0, r: Amount = 0.5, noise_device: NoiseDevice = "gpu"
) -> Sampler:
    """DPM++ SDE: two model calls per step.

    Args:
        eta: How stochastic it is.
        s_noise: How strong the fresh noise is.
        r: Where within a step the second call looks, 0 to 1.
        noise_device: No difference here: noise always comes from the CPU.
    """
    return sampler_with("dpmpp_sde", eta=eta, s_noise=s_noise, r=r)


@node(id="SamplerDPMAdaptative", category="sampling/custom_sampling/samplers")
def sampler_dpm_adaptative(
    order: Annotated[int, Range(2, 3)] = 3,
    rtol: Amount = 0.05,
    atol: Amount = 0.0078,
    h_init: Amount = 0.05,
    pcoeff: Amount = 0.0,
    icoeff: Amount = 1.0,
    dcoeff: Amount = 0.0,
    accept_safety: Amount = 0.81,
    eta: Amount = 0.0,
    s_noise: Amount = 1.0,
) -> Sampler:
    """DPM-Solver that chooses its own steps: only the ends of the sigmas count.

    Args:
        order: The order of the solver.
        rtol: How exact it is, against the size of what it works on.
        atol: How exact it is at least.
        h_init: The first step's size, in log sigma.
        pcoeff: How the size follows the last error.
        icoeff: How the size follows all errors.
        dcoeff: How the size follows the errors' change.
        accept_safety: A step is made again if the size would shrink to below this part.
        eta: How stochastic it is; 0 is the ODE.
        s_noise: How strong the fresh noise is.
    """
    return sampler_with(
        "dpm_adaptive",
        order=order,
        rtol=rtol,
        atol=atol,
        h_init=h_init,
        pcoeff=pcoeff,
        icoeff=icoeff,
        dcoeff=dcoeff,
        accept_safety=accept_safety,
        eta=eta,
        s_noise=s_noise,
    )


@node(id="SamplerSASolver", category="sampling/custom_sampling/samplers")
def sampler_sa_solver(
    model: Model,
    eta: Annotated[float, Range(0.0, 10.0, 0.01)] = 1.0,
    sde_start_percent: Annotated[float, Range(0.0, 1.0, 0.001)] = 0.2,
    sde_end_percent: Annotated[float, Range(0.0, 1.0, 0.001)] = 0.8,
    s_noise: Amount = 1.0,
    predictor_order: Annotated[int, Range(1, 6)] = 3,
    corrector_order: Annotated[int, Range(0, 6)] = 4,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> Sampler:
    """Stochastic Adams: a predictor and a corrector over the last estimates.

    Args:
        model: The model that will paint; the percents are of its run, whichever samples.
        eta: How stochastic it is between the percents.
        sde_start_percent: The part of the run before which no noise is added.
        sde_end_percent: The part of the run after which no noise is added.
        s_noise: How strong the fresh noise is.
        predictor_order: How many estimates the predictor continues.
        corrector_order: How many estimates the corrector uses; 0 is no correction.
        use_pece: Ask the model again after correcting: twice the time.
        simple_order_2: The shorter formulas where two estimates are used.
    """
    return sampler_with(
        "sa_solver",
        eta=eta,
        sde_start=sde_start_percent,
        sde_end=sde_end_percent,
        s_noise=s_noise,
        predictor_order=predictor_order,
        corrector_order=corrector_order,
        pece=use_pece,
        simple_order_2=simple_order_2,
    )


@node(id="SamplerLCMUpscale", category="sampling/custom_sampling/samplers")
def sampler_lcm_upscale(
    scale_ratio: Annotated[float, Range(0.1, 20.0, 0.01)] = 1.0,
    scale_steps: Annotated[int, Range(-1, 1000)] = -1,
    upscale_method: Literal["bislerp", "nearest-exact", "bilinear", "area", "bicubic"] = "bislerp",
) -> Sampler:
    """LCM that enlarges the picture while it paints.

    Args:
        scale_ratio: How many times as large the picture becomes.
        scale_steps: Over how many steps it grows; -1 takes half of them.
        upscale_method: How positions between positions are filled; bislerp is the gentlest.
    """
    return sampler_with(
        "lcm_upscale",
        scale_ratio=scale_ratio,
        scale_steps=scale_steps,
        upscale_method=upscale_method,
    )
