"""Steps left out around the whole guidance. *Lossy*; see `step_cache`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor

from wirebrush_diffusion.guidance.guide import GuidedDenoiser, Guider
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.step_cache import StepCache


class LazyDenoiser:
    """A guided denoiser that leaves steps out: the direction of the last step is taken again.

    The same idea outside the guidance, so that it works with every model: what is kept is
    `(x - denoised) / sigma`.
    """

    def __init__(self, inner: GuidedDenoiser, cache: StepCache, prediction: Prediction) -> None:
        self._inner, self._cache, self._prediction = inner, cache, prediction

    def prepare(self, sigmas: Iterable[float]) -> None:
        """As the denoiser inside."""
        self._inner.prepare(sigmas)

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        computed: list[Tensor] = []

        def direction() -> Tensor:
            computed.append(self._inner(x, sigma))
            return (x - computed[0]) / sigma

        seen = x * self._prediction.scaling(sigma).input  # as large as the direction is
        slope = self._cache.answer("guided", seen, sigma, direction)
        return computed[0] if computed else x - sigma * slope

    def both(self, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        """Nothing is left out for samplers that need both estimates."""
        return self._inner.both(x, sigma)


def lazily(guider: Guider, cache: StepCache, prediction: Prediction) -> Guider:
    """A guider whose denoiser leaves steps out; `prediction` is its model's."""

    def make(shape: Sequence[int], *, pairs: bool) -> GuidedDenoiser:
        return LazyDenoiser(guider(shape, pairs=pairs), cache, prediction)

    return make
