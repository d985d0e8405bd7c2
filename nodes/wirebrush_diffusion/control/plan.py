"""How to build a control's network from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from wirebrush_diffusion.files.architectures import Config


def _nothing(network: nn.Module) -> None:
    """For networks that are complete as diffusers builds them."""


@dataclass(frozen=True, slots=True)
class ControlPlan:
    """diffusers' class and its configuration; where the tensors are, by the network's names.

    `stored` gives them all, or `named` those of the built network. `complete` changes the empty
    network to what diffusers has no setting for.
    """

    kind: str
    config: Config
    stored: Callable[[], Mapping[str, Tensor]] | None = None
    named: Callable[[nn.Module], Mapping[str, Tensor]] | None = None
    complete: Callable[[nn.Module], None] = _nothing

    def read(self, network: nn.Module) -> Mapping[str, Tensor]:
        """The tensors, read when asked for."""
        if self.named is not None:
            return self.named(network)
        return {} if self.stored is None else self.stored()
