"""Nothing in a loop asks a tensor for its value, so that no device is ever waited for.

Tensors on the meta device have no values: whoever asks for one fails.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from wirebrush_diffusion.guidance import guided
from wirebrush_diffusion.guidance_rules import (
    CfgNorm,
    CfgZeroStar,
    DynamicThresholding,
    EpsilonScaling,
    FrameRamp,
    Mahiro,
    Moment,
    ProjectedGuidance,
    RenormCfg,
    RescaleCfg,
    Rule,
    TangentialDamping,
)
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.samplers.space import DIFFUSION, FLOW, Space
from wirebrush_diffusion.samplers.step import silent
from wirebrush_diffusion.schedules import DiscreteSchedule

X = torch.empty((2, 4, 8, 8), device="meta")


@pytest.mark.parametrize("space", [DIFFUSION, FLOW], ids=["diffusion", "flow"])
@pytest.mark.parametrize("name", sorted(set(SAMPLERS) - {"dpm_adaptive"}))
def test_no_sampler_waits(name: str, space: Space) -> None:
    """But dpm_adaptive, which must look at its error."""

    def model(x: Tensor, sigma: float) -> Tensor:
        return torch.empty_like(x)

    sigmas = [1.0, 0.8, 0.5, 0.3, 0.1, 0.0]
    result = SAMPLERS[name].function(
        model, X, sigmas, on_step=silent, noise=lambda sigma, after: X.clone(), space=space
    )
    assert result.is_meta
    assert result.shape == X.shape


RULES: list[Rule] = [
    Rule(),
    RescaleCfg(),
    RenormCfg(10_000.0),
    DynamicThresholding(),
    FrameRamp(),
    CfgZeroStar(),
    CfgNorm(),
    TangentialDamping(),
    ProjectedGuidance(momentum=0.5),
    Mahiro(),
    EpsilonScaling(),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_no_rule_waits(rule: Rule) -> None:
    moment = Moment(X, 2.0, 5.0, X.clone(), X.clone(), DiscreteSchedule.from_betas())
    result = guided(moment, [rule.begun()], lambda *asked: X)
    assert result.is_meta
