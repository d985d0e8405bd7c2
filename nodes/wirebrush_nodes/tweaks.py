"""What tweaks of a model handle mean: each kind's noise levels, guidance rule or altered layers.

The kind is the id of the node that makes it, the settings are that node's inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from types import MappingProxyType
from typing import Any

from wirebrush.api import Model, Tweak
from wirebrush_diffusion.alterations import Alteration, FreeU, SkippedLayers
from wirebrush_diffusion.altering.shrinking import Shrink
from wirebrush_diffusion.attention import AttentionBackend
from wirebrush_diffusion.compiling import Compiled
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.inner import DeepShrink, HyperTile, TokenMerging
from wirebrush_diffusion.guidance.perturbed import (
    PerturbedAttention,
    SelfAttention,
    SkipLayers,
    SkipNegativeLayers,
)
from wirebrush_diffusion.guidance.rules import (
    CfgNorm,
    CfgZeroStar,
    DynamicThresholding,
    EpsilonScaling,
    FrameRamp,
    GuidanceInterval,
    Mahiro,
    ProjectedGuidance,
    RenormCfg,
    RescaleCfg,
    Rule,
    TangentialDamping,
)
from wirebrush_diffusion.latent.operations import FrequencyScaling, OperatedGuidance
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise import model_sampling
from wirebrush_diffusion.noise.model_sampling import Sampled, resampled
from wirebrush_diffusion.step_cache import StepCache


def layers_named(text: str) -> tuple[int, ...]:
    """`7, 8, 9` -> numbers; anything but digits separates them."""
    return tuple(int(number) for number in re.findall(r"\d{1,4}", text))


def _skipped_sd3(layers: str, scale: float, start_percent: float, end_percent: float) -> Rule:
    return SkipLayers(SkippedLayers(layers_named(layers)), scale, start_percent, end_percent)


def _skipped_dit(
    double_layers: str,
    single_layers: str,
    scale: float,
    start_percent: float,
    end_percent: float,
    rescaling_scale: float,
) -> Rule:
    layers = SkippedLayers(layers_named(double_layers), layers_named(single_layers))
    return SkipLayers(layers, scale, start_percent, end_percent, rescaling_scale)


def _skipped_simple(
    double_layers: str, single_layers: str, start_percent: float, end_percent: float
) -> Rule:
    layers = SkippedLayers(layers_named(double_layers), layers_named(single_layers))
    return SkipNegativeLayers(layers, start_percent, end_percent)


def _deep_shrink(
    block_number: int,
    downscale_factor: float,
    start_percent: float,
    end_percent: float,
    downscale_after_skip: bool,
    downscale_method: str,
    upscale_method: str,
) -> Rule:
    shrink = Shrink(
        block_number, downscale_factor, downscale_after_skip, downscale_method, upscale_method
    )
    return DeepShrink(shrink, start_percent, end_percent)


def _operated(operation: str, **settings: Any) -> Rule:
    return OperatedGuidance(operation, settings)


RULES: Mapping[str, Callable[..., Rule]] = MappingProxyType(
    {
        "RescaleCFG": RescaleCfg,
        "RenormCFG": RenormCfg,
        "DynamicThresholdingSimple": DynamicThresholding,
        "GuidanceInterval": GuidanceInterval,
        "CFGZeroStar": CfgZeroStar,
        "CFGNorm": CfgNorm,
        "TCFG": TangentialDamping,
        "APG": ProjectedGuidance,
        "Mahiro": Mahiro,
        "FreSca": FrequencyScaling,
        "LatentApplyOperationCFG": _operated,
        "Epsilon Scaling": EpsilonScaling,
        "VideoLinearCFGGuidance": FrameRamp,
        "VideoTriangleCFGGuidance": partial(FrameRamp, triangle=True),
        "PerturbedAttentionGuidance": PerturbedAttention,
        "SelfAttentionGuidance": SelfAttention,
        "SkipLayerGuidanceSD3": _skipped_sd3,
        "SkipLayerGuidanceDiT": _skipped_dit,
        "SkipLayerGuidanceDiTSimple": _skipped_simple,
        "PatchModelAddDownscale": _deep_shrink,
        "HyperTile": HyperTile,
        "TomePatchModel": TokenMerging,
    }
)
ALTERATIONS: Mapping[str, Callable[..., Alteration]] = MappingProxyType(
    {
        "FreeU": FreeU,
        "FreeU_V2": partial(FreeU, version=2),
        "AttentionBackend": AttentionBackend,
        "TorchCompileModel": Compiled,
    }
)
SAMPLINGS: Mapping[str, Callable[..., Sampled]] = MappingProxyType(
    {
        "ModelSamplingDiscrete": model_sampling.discrete,
        "ModelSamplingContinuousEDM": model_sampling.continuous_edm,
        "ModelSamplingContinuousV": model_sampling.continuous_v,
        "ModelSamplingStableCascade": model_sampling.cascade,
        "ModelSamplingSD3": model_sampling.flow,
        "ModelSamplingAuraFlow": model_sampling.flow,
        "ModelSamplingFlux": model_sampling.flux,
        "ModelSamplingLTXV": model_sampling.ltxv,
    }
)
GRADUAL_MASK = "DifferentialDiffusion"
STEP_CACHE, LAZY_CACHE = "EasyCache", "LazyCache"
IMAGE_PROMPT, PERP_NEG, HYPERNETWORK = "IPAdapter", "PerpNeg", "HypernetworkLoader"
BLOCKWISE, STYLE = "QwenImageDiffsynthControlnet", "USOStyleReference"
USED_ELSEWHERE = (
    GRADUAL_MASK,
    STEP_CACHE,
    LAZY_CACHE,
    IMAGE_PROMPT,
    PERP_NEG,
    HYPERNETWORK,
    BLOCKWISE,
    STYLE,
)


def rules_of(model: Model) -> list[Rule]:
    """The guidance rules among a handle's tweaks, in their order."""
    return [RULES[tweak.kind](**_settings(tweak)) for tweak in model.tweaks if tweak.kind in RULES]


def gradual_mask(model: Model) -> float:
    """How strongly a grey mask says when, not how much, each place is painted: 0 to 1."""
    strengths = [_settings(t)["strength"] for t in model.tweaks if t.kind == GRADUAL_MASK]
    return strengths[-1] if strengths else 0.0


@contextmanager
def tweaked(model: DiffusionModel, tweaks: Sequence[Tweak]) -> Iterator[DiffusionModel]:
    """The model with other noise levels and altered layers, while the block runs."""
    with ExitStack() as stack:
        for tweak in tweaks:
            settings = _settings(tweak)
            if tweak.kind in SAMPLINGS:
                sampled = SAMPLINGS[tweak.kind](model.schedule, **settings)
                model = resampled(model, sampled)
            elif tweak.kind in ALTERATIONS:
                stack.enter_context(ALTERATIONS[tweak.kind](**settings).on(model.network))
            elif tweak.kind not in RULES and tweak.kind not in USED_ELSEWHERE:
                raise DiffusionError(
                    f"The model has a tweak {tweak.kind!r} that the built-in samplers do not know.",
                    "Sample with the nodes of the pack that it comes from.",
                )
        cache = step_cache_of(STEP_CACHE, tweaks, model)
        yield model if cache is None else model.cached_by(cache)


def step_cache_of(kind: str, tweaks: Sequence[Tweak], model: DiffusionModel) -> StepCache | None:
    """A new step cache, if a tweak of that kind asks for one; of several the last."""
    found = [_settings(tweak) for tweak in tweaks if tweak.kind == kind]
    if not found:
        return None
    settings, schedule = found[-1], model.schedule
    return StepCache(
        settings["reuse_threshold"],
        schedule.at_percent(settings["start_percent"]),
        schedule.at_percent(settings["end_percent"]),
    )


def _settings(tweak: Tweak) -> dict[str, Any]:
    return dict(tweak.settings)
