"""What ComfyUI's page is told about editing values of its own node types, beside their bounds.

Without a word it rounds numbers to their step: a `cfg` of 7.55 would become 7.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wirebrush.api import NodeSpec, Port

_NOT_ROUNDED: Mapping[str, str] = {
    "BetaSamplingScheduler": "alpha beta",
    "ExponentialScheduler": "sigma_max sigma_min",
    "ExtendIntermediateSigmas": "start_at_sigma end_at_sigma",
    "KarrasScheduler": "sigma_max sigma_min rho",
    "LaplaceScheduler": "sigma_max sigma_min mu beta",
    "ModelSamplingContinuousEDM": "sigma_max sigma_min",
    "ModelSamplingContinuousV": "sigma_max sigma_min",
    "PolyexponentialScheduler": "sigma_max sigma_min rho",
    "SV3D_Conditioning": "elevation",
    "SamplerDPMAdaptative": "rtol atol h_init pcoeff icoeff dcoeff accept_safety eta s_noise",
    "SamplerDPMPP_2M_SDE": "eta s_noise",
    "SamplerDPMPP_2S_Ancestral": "eta s_noise",
    "SamplerDPMPP_3M_SDE": "eta s_noise",
    "SamplerDPMPP_SDE": "eta s_noise r",
    "SamplerER_SDE": "eta s_noise",
    "SamplerEulerAncestral": "eta s_noise",
    "SamplerEulerAncestralCFGPP": "eta s_noise",
    "SamplerSASolver": "eta s_noise",
    "SetFirstSigma": "sigma",
    "StableZero123_Conditioning": "elevation azimuth",
    "StableZero123_Conditioning_Batched": "elevation azimuth elevation_batch_increment "
    "azimuth_batch_increment",
    "VPScheduler": "beta_d beta_min eps_s",
}
_TO_A_HUNDREDTH: Mapping[str, str] = {
    "CFGGuider": "cfg",
    "DualCFGGuider": "cfg_conds cfg_cond2_negative",
    "KSampler": "cfg",
    "KSamplerAdvanced": "cfg",
    "PerpNegGuider": "cfg",
    "PerturbedAttentionGuidance": "scale",
    "SamplerCustom": "cfg",
    "VideoLinearCFGGuidance": "min_cfg",
    "VideoTriangleCFGGuidance": "min_cfg",
}
_OTHERS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("CLIPLoader", "device"): {"advanced": True},
    ("DualCLIPLoader", "device"): {"advanced": True},
    ("Epsilon Scaling", "scaling_factor"): {"display": "number"},
    ("SaveLoRANode", "steps"): {"forceInput": True},
}
OUTPUTS: Mapping[str, Any] = {
    "image_upload": True,
    "image_folder": "output",
    "remote": {
        "route": "/internal/files/output",
        "refresh_button": True,
        "control_after_refresh": "first",
    },
}
"""The options of a choice among outputs, whose names its page fetches."""


def page_options(spec: NodeSpec, port: Port) -> dict[str, Any]:
    """The options of an input that a type's declaration does not tell."""
    found = dict(_OTHERS.get((spec.id, port.name), {}))
    if port.name in _NOT_ROUNDED.get(spec.id, "").split():
        found["round"] = False
    if port.name in _TO_A_HUNDREDTH.get(spec.id, "").split():
        found["round"] = 0.01
    if port.widget is not None and port.widget.multiline and _is_prompted(spec):
        found["dynamicPrompts"] = True
    return found


def _is_prompted(spec: NodeSpec) -> bool:
    """Whether texts of a type are prompts, in which the page replaces `{a|b}` and takes comments
    out. It would do so with addresses and patterns as well."""
    return any(port.type == "CLIP" for port in spec.inputs)
