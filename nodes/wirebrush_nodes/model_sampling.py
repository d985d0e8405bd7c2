"""What a model predicts and on which noise levels: for models that were fine-tuned for others."""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Latent, Model, Optional, Range, node

Sigma = Annotated[float, Range(0.0, 1000.0, 0.001)]
Shift = Annotated[float, Range(0.0, 100.0, 0.01)]
Side = Annotated[int, Range(16, 16384, 8)]


@node(id="ModelSamplingDiscrete", category="advanced/model")
def model_sampling_discrete(
    model: Model,
    sampling: Literal["eps", "v_prediction", "lcm", "x0", "img_to_img"] = "eps",
    zsnr: bool = False,
) -> Model:
    """Say what a Stable Diffusion model predicts, if its file does not.

    Args:
        model: The model.
        sampling: eps for most, v_prediction for some fine-tunes, lcm for latent consistency.
        zsnr: Whether it was trained up to pure noise (zero terminal SNR).
    """
    return model.tweaked("ModelSamplingDiscrete", sampling=sampling, zsnr=zsnr)


@node(id="ModelSamplingContinuousEDM", category="advanced/model")
def model_sampling_continuous_edm(
    model: Model,
    sampling: Literal["v_prediction", "edm", "eps", "cosmos_rflow"] = "v_prediction",
    sigma_max: Sigma = 120.0,
    sigma_min: Sigma = 0.002,
) -> Model:
    """Noise levels evenly in log sigma, for models trained as by Karras et al. (EDM).

    Args:
        model: The model.
        sampling: What the network predicts.
        sigma_max: The noisiest level.
        sigma_min: The cleanest level.
    """
    return model.tweaked(
        "ModelSamplingContinuousEDM", sampling=sampling, sigma_max=sigma_max, sigma_min=sigma_min
    )


@node(id="ModelSamplingContinuousV", category="advanced/model")
def model_sampling_continuous_v(
    model: Model,
    sampling: Literal["v_prediction"] = "v_prediction",
    sigma_max: Sigma = 500.0,
    sigma_min: Sigma = 0.03,
) -> Model:
    """Noise levels told as an angle between data and noise.

    Args:
        model: The model.
        sampling: What the network predicts.
        sigma_max: The noisiest level.
        sigma_min: The cleanest level.
    """
    return model.tweaked(
        "ModelSamplingContinuousV", sampling=sampling, sigma_max=sigma_max, sigma_min=sigma_min
    )


@node(id="ModelSamplingStableCascade", category="advanced/model")
def model_sampling_stable_cascade(model: Model, shift: Shift = 2.0) -> Model:
    """Stable Cascade's noise levels.

    Args:
        model: The model.
        shift: More noise for larger pictures.
    """
    return model.tweaked("ModelSamplingStableCascade", shift=shift)


@node(id="ModelSamplingSD3", category="advanced/model")
def model_sampling_sd3(model: Model, shift: Shift = 3.0) -> Model:
    """How far a flow model's levels are bent towards noise: more for larger pictures.

    Args:
        model: The model, of a flow family such as SD3.
        shift: 1 is not bent, 3 is usual for SD3.
    """
    return model.tweaked("ModelSamplingSD3", shift=shift)


@node(id="ModelSamplingAuraFlow", category="advanced/model")
def model_sampling_aura_flow(model: Model, shift: Shift = 1.73) -> Model:
    """The same for AuraFlow, Lumina and others.

    Args:
        model: The model, of a flow family.
        shift: 1 is not bent.
    """
    return model.tweaked("ModelSamplingAuraFlow", shift=shift)


@node(id="ModelSamplingFlux", category="advanced/model")
def model_sampling_flux(
    model: Model,
    max_shift: Shift = 1.15,
    base_shift: Shift = 0.5,
    width: Side = 1024,
    height: Side = 1024,
) -> Model:
    """FLUX's bend towards noise, by the size of the picture.

    Args:
        model: The model, of the FLUX family.
        max_shift: The bend (as a logarithm) at 1024 x 1024 pixels.
        base_shift: The bend at 256 x 256 pixels.
        width: The picture's width in pixels.
        height: The picture's height in pixels.
    """
    return model.tweaked(
        "ModelSamplingFlux",
        max_shift=max_shift,
        base_shift=base_shift,
        width=width,
        height=height,
    )


@node(id="ModelSamplingLTXV", category="advanced/model")
def model_sampling_ltxv(
    model: Model,
    max_shift: Shift = 2.05,
    base_shift: Shift = 0.95,
    latent: Annotated[Latent, Optional()] | None = None,
) -> Model:
    """LTX-Video's bend towards noise, by the size of the latent.

    Args:
        model: The model, of the LTXV family.
        max_shift: The bend (as a logarithm) for 4096 latent positions.
        base_shift: The bend for 1024 latent positions.
        latent: The latent whose size counts; without one it is 4096 positions.
    """
    positions = 4096 if latent is None else latent.samples[0, 0].numel()
    return model.tweaked(
        "ModelSamplingLTXV", positions=positions, max_shift=max_shift, base_shift=base_shift
    )
