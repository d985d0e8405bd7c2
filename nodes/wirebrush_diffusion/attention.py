"""Which kernel computes attention: torch's choice, or one that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.memory.placement import placement_of

BACKENDS: Mapping[str, SDPBackend | None] = {
    "auto": None,
    "math": SDPBackend.MATH,
    "flash": SDPBackend.FLASH_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
}
USUAL_HEAD = 64


@dataclass(frozen=True)
class AttentionBackend:
    """An alteration: all attention of the network is computed by that backend.

    "math" is plain matrix products, which run everywhere and need memory for every pair of places.
    """

    backend: str = "auto"

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        if self.backend not in BACKENDS:
            raise DiffusionError(
                f"There is no attention backend {self.backend!r}.",
                f"Known are {', '.join(BACKENDS)}.",
            )
        chosen = BACKENDS[self.backend]
        if chosen is None:
            yield
            return
        device = torch.device(placement_of(network).room.device)
        dtype = getattr(network, "dtype", torch.float32)
        with sdpa_kernel(chosen):
            _check(self.backend, device, dtype)
            yield


def _check(backend: str, device: torch.device, dtype: torch.dtype) -> None:
    """Raise if the backend cannot run there: before a run rather than in it."""
    sample = torch.zeros((1, 2, 16, USUAL_HEAD), device=device, dtype=dtype)
    try:
        scaled_dot_product_attention(sample, sample, sample)
    except RuntimeError as error:
        raise DiffusionError(
            f"The attention backend {backend!r} cannot run here: {device.type}, "
            f"{str(dtype).removeprefix('torch.')}, {_build()}.",
            "Choose auto, which takes the fastest that can, or math, which runs everywhere.",
        ) from error


def _build() -> str:
    return f"torch {torch.__version__}"
