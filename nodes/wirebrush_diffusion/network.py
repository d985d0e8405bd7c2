"""What all loaded networks share: where they are, in which precision, and what they weigh."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from wirebrush_diffusion.lean import make_lean
from wirebrush_diffusion.memory.placement import Leaf, Placement, device_of, placement_of
from wirebrush_diffusion.memory.plans import Portion
from wirebrush_diffusion.memory.room import Room
from wirebrush_diffusion.memory.using import within

T = TypeVar("T")


class Loaded:
    """A record around one `network` that only ever computes answers."""

    network: nn.Module

    __slots__ = ()

    @property
    def device(self) -> torch.device:
        """Where the network computes: inputs have to be there."""
        return device_of(self.network)

    @property
    def placements(self) -> Sequence[Placement]:
        """Which of its weights are on the device."""
        return [placement_of(self.network)]

    def leaves(self) -> Sequence[Leaf]:
        """The parts that leave a device by themselves when others need the room."""
        return [leaf for placement in self.placements for leaf in placement.every]

    def live_in(self, room: Room) -> None:
        """Use no more memory than this for computing, from now on."""
        for placement in self.placements:
            placement.room = room

    def within(
        self,
        portions: Sequence[Portion],
        work: Callable[[Portion], T],
        what: str,
        *,
        beside: Sequence[Loaded] = (),
    ) -> T:
        """`work(portion)` with the network on its device, as much at once as there is room for.

        `beside`: others that work along with it, such as ControlNets.
        """
        return within(self.placements[0].room, [self, *beside], portions, work, what)

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
        """What lies beside the weights: the homes of those that are away, and the originals of
        those that are changed."""
        yield from self.network.buffers()
        for placement in self.placements:
            yield from placement.homes()
        patches = getattr(self, "patches", None)
        if patches is not None:
            yield from patches.originals()

    def freeze(self) -> None:
        """No dropout, no gradients."""
        self.network.eval().requires_grad_(False)
        make_lean(self.network)
