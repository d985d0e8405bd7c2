"""What all loaded networks share: where they are, in which precision, and what they weigh."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.lean import make_lean


class Loaded:
    """A record around one `network` that only ever computes answers."""

    network: nn.Module

    __slots__ = ()

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The precision that the network computes in, which may be finer than it is stored in."""
        computed = getattr(self.network, "dtype", None)
        return computed if computed is not None else next(self.network.parameters()).dtype

    @property
    def config(self) -> Any:
        """The network's diffusers or transformers configuration."""
        return self.network.config

    def parameters(self) -> Iterator[nn.Parameter]:
        """The weights, for whoever accounts for memory."""
        return self.network.parameters()

    def buffers(self) -> Iterator[Tensor]:
        """What lies beside the weights."""
        return self.network.buffers()

    def freeze(self) -> None:
        """No dropout, no gradients."""
        self.network.eval().requires_grad_(False)
        make_lean(self.network)
