"""From what a network predicts to a denoised picture, in sigma space.

All samplers see one thing: a callable `denoised = model(x, sigma)` where `x = data + sigma * noise`
(or `(1 - sigma) * data + sigma * noise` for flows). What differs between models is four numbers per
noise level, and they are Python floats, so that no device waits for them.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple, Protocol

from torch import Tensor


class Denoiser(Protocol):
    """Estimates the clean data: `x` `[B,C,h,w]` at noise level `sigma` -> `[B,C,h,w]`."""

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor: ...


class Scaling(NamedTuple):
    """The network reads `input * x`; the clean estimate is `skip * x + output * prediction`."""

    input: float
    skip: float
    output: float

    def denoised(self, x: Tensor, prediction: Tensor) -> Tensor:
        """The clean estimate from the network's raw output; in place on `prediction`."""
        if self.skip == 0.0:
            return prediction if self.output == 1.0 else prediction.mul_(self.output)
        if self.skip == 1.0:
            return x.add(prediction, alpha=self.output)
        return prediction.mul_(self.output).add_(x, alpha=self.skip)


EDM_DEVIATION = 0.5


class Prediction(StrEnum):
    """What a network was trained to predict; the first values are diffusers' `prediction_type`."""

    EPS = "epsilon"
    V = "v_prediction"
    X0 = "sample"
    FLOW = "flow_prediction"
    EDM = "edm"
    IMAGE = "image"
    SCALED_FLOW = "scaled_flow"

    def scaling(self, sigma: float) -> Scaling:
        """The coefficients at a noise level.

        eps: Ho et al. 2020. v: Salimans & Ho 2022, appendix D, for x scaled to unit variance.
        flow: Lipman et al. 2022; x is not scaled. edm: Karras et al. 2022, table 1, for data of
        deviation 1/2. image: the picture itself, from x as it is. scaled_flow: a flow's network
        for x = data + sigma * noise, whose time is sigma / (1 + sigma).
        """
        if self is Prediction.FLOW:
            return Scaling(1.0, 1.0, -sigma)
        if self is Prediction.IMAGE:
            return Scaling(1.0, 0.0, 1.0)
        if self is Prediction.SCALED_FLOW:
            share = 1.0 / (1.0 + sigma)
            return Scaling(share, share, -sigma * share)
        if self is Prediction.EDM:
            spread = math.sqrt(sigma * sigma + EDM_DEVIATION**2)
            data = EDM_DEVIATION / spread
            return Scaling(1.0 / spread, data * data, sigma * data)
        variance = sigma * sigma + 1.0
        unit = 1.0 / math.sqrt(variance)
        if self is Prediction.EPS:
            return Scaling(unit, 1.0, -sigma)
        if self is Prediction.V:
            return Scaling(unit, 1.0 / variance, -sigma * unit)
        return Scaling(unit, 0.0, 1.0)

    def noised(self, data: Tensor, noise: Tensor, sigma: float, *, pure: bool = False) -> Tensor:
        """Data with noise of that level.

        `pure` says that this is the noisiest level a model knows: training then saw
        `sqrt(1 + sigma^2)` of variance where we would give `sigma`, so noise is scaled up to it.
        """
        if self is Prediction.FLOW:
            return noise.mul(sigma).add_(data, alpha=1.0 - sigma)
        return noise.mul(math.sqrt(1.0 + sigma * sigma) if pure else sigma).add_(data)

    def unnoised(self, x: Tensor, sigma: float) -> Tensor:
        """The result of a run that ended at `sigma`, back in the data's scale."""
        if self is Prediction.FLOW and 0.0 < sigma < 1.0:
            return x / (1.0 - sigma)
        return x
