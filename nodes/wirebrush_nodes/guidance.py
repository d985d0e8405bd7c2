"""How the two texts are weighed against each other: rules for the guidance of a model."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wirebrush.api import Model, Range, Unit, node

Scale = Annotated[float, Range(0.0, 100.0, 0.01)]
Percent = Annotated[float, Range(0.0, 1.0, 0.001)]


class Patched(NamedTuple):
    """The model with another guidance."""

    patched_model: Model


@node(id="RescaleCFG", category="advanced/model")
def rescale_cfg(model: Model, multiplier: Unit = 0.7) -> Model:
    """Keep a high cfg from burning contrast and colours: for v-prediction models above all.

    Args:
        model: The model.
        multiplier: How much of the positive text's own contrast is restored.
    """
    return model.tweaked("RescaleCFG", multiplier=multiplier)


@node(id="RenormCFG", category="advanced/model")
def renorm_cfg(model: Model, cfg_trunc: Scale = 100.0, renorm_cfg: Scale = 1.0) -> Model:
    """Keep guidance from making the result stronger than the positive text's: for Lumina 2.

    Args:
        model: The model.
        cfg_trunc: From this noise level on, the positive text alone counts; 100 is never.
        renorm_cfg: How many times as strong the result may be; 0 is no limit.
    """
    return model.tweaked("RenormCFG", cfg_trunc=cfg_trunc, renorm_cfg=renorm_cfg)


@node(id="DynamicThresholdingSimple", category="advanced/guidance")
def dynamic_thresholding_simple(
    model: Model,
    mimic_scale: Annotated[float, Range(0.0, 100.0, 0.5)] = 7.0,
    threshold_percentile: Unit = 1.0,
) -> Model:
    """Follow the text as with a high cfg, in the colours of a low one (dynamic thresholding).

    Args:
        model: The model.
        mimic_scale: The cfg whose range of values is kept.
        threshold_percentile: The part of the values that is not cut off.
    """
    return model.tweaked(
        "DynamicThresholdingSimple",
        mimic_scale=mimic_scale,
        threshold_percentile=threshold_percentile,
    )


@node(id="GuidanceInterval", category="advanced/guidance")
def guidance_interval(model: Model, start: Percent = 0.0, end: Percent = 1.0) -> Model:
    """Guide only in a part of the run: often better pictures, and elsewhere twice as fast.

    Args:
        model: The model.
        start: The part of the run before which the positive text alone counts, 0 to 1.
        end: The part of the run after which it does.
    """
    return model.tweaked("GuidanceInterval", start=start, end=end)


@node(id="CFGZeroStar", category="advanced/guidance")
def cfg_zero_star(model: Model) -> Patched:
    """Scale the negative text's answer to fit the positive one's (CFG-Zero*): for flow models.

    Args:
        model: The model.
    """
    return Patched(model.tweaked("CFGZeroStar"))


@node(id="CFGNorm", category="advanced/guidance", experimental=True)
def cfg_norm(model: Model, strength: Scale = 1.0) -> Patched:
    """Keep guidance at each position from being stronger than the positive text's answer.

    Args:
        model: The model.
        strength: What the result is multiplied by.
    """
    return Patched(model.tweaked("CFGNorm", strength=strength))


@node(id="TCFG", category="advanced/guidance", title="Tangential Damping CFG")
def tcfg(model: Model) -> Patched:
    """Leave of the negative text's answer what it shares with the positive one's.

    Args:
        model: The model.
    """
    return Patched(model.tweaked("TCFG"))


@node(id="APG", category="sampling/custom_sampling", title="Adaptive Projected Guidance")
def apg(
    model: Model,
    eta: Annotated[float, Range(-10.0, 10.0, 0.01)] = 1.0,
    norm_threshold: Annotated[float, Range(0.0, 50.0, 0.1)] = 5.0,
    momentum: Annotated[float, Range(-5.0, 1.0, 0.01)] = 0.0,
) -> Model:
    """Guide across the picture rather than along it: a high cfg without burnt colours.

    Args:
        model: The model.
        eta: How much of the guidance along the picture stays; 1 is all of it.
        norm_threshold: How strong guidance may get; 0 is no limit.
        momentum: How much earlier steps' guidance counts; negative takes it away.
    """
    return model.tweaked("APG", eta=eta, norm_threshold=norm_threshold, momentum=momentum)


@node(
    id="Mahiro",
    category="_for_testing",
    title="Mahiro is so cute that she deserves a better guidance function!! (。・ω・。)",
    experimental=True,
)
def mahiro(model: Model) -> Patched:
    """Lean on the scaled positive text where guidance would lead away from it.

    Args:
        model: The model.
    """
    return Patched(model.tweaked("Mahiro"))


@node(id="FreSca", category="_for_testing", experimental=True)
def fre_sca(
    model: Model,
    scale_low: Annotated[float, Range(0.0, 10.0, 0.01)] = 1.0,
    scale_high: Annotated[float, Range(0.0, 10.0, 0.01)] = 1.25,
    freq_cutoff: Annotated[int, Range(1, 10000, 1)] = 20,
) -> Model:
    """Guide coarse shapes and fine detail with strengths of their own.

    Args:
        model: The model.
        scale_low: How much of the guidance coarse shapes get.
        scale_high: How much of it fine detail gets.
        freq_cutoff: Up to which frequency shapes are coarse; small latents have few above 20.
    """
    return model.tweaked(
        "FreSca", scale_low=scale_low, scale_high=scale_high, freq_cutoff=freq_cutoff
    )


@node(id="Epsilon Scaling", category="model_patches/unet")
def epsilon_scaling(
    model: Model, scaling_factor: Annotated[float, Range(0.5, 1.5, 0.001)] = 1.005
) -> Model:
    """Take a little less noise away at each step, against errors that add up.

    Args:
        model: The model.
        scaling_factor: By what the noise is divided; 1 changes nothing.
    """
    return model.tweaked("Epsilon Scaling", scaling_factor=scaling_factor)


@node(id="VideoLinearCFGGuidance", category="sampling/video_models")
def video_linear_cfg_guidance(
    model: Model, min_cfg: Annotated[float, Range(0.0, 100.0, 0.5)] = 1.0
) -> Model:
    """A cfg for each frame: from the lowest at the first to the sampler's at the last.

    Args:
        model: The model.
        min_cfg: The first frame's cfg.
    """
    return model.tweaked("VideoLinearCFGGuidance", min_cfg=min_cfg)


@node(id="VideoTriangleCFGGuidance", category="sampling/video_models")
def video_triangle_cfg_guidance(
    model: Model, min_cfg: Annotated[float, Range(0.0, 100.0, 0.5)] = 1.0
) -> Model:
    """A cfg for each frame: the lowest at both ends, the sampler's in the middle.

    Args:
        model: The model.
        min_cfg: The first and the last frame's cfg.
    """
    return model.tweaked("VideoTriangleCFGGuidance", min_cfg=min_cfg)
