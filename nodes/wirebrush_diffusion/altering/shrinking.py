"""Deep shrink (Kohya 2023): a UNet sees a large picture smaller than it is, inside.

From one of its blocks on the way down, pictures are scaled down, and on the way up back to the size
of what they meet there. So a picture of twice the usual size is laid out like one of the usual.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.pictures.resize import resize

Size = tuple[int, int]
"""Rows and columns."""
DOWN, INSIDE = "down_block_additional_residuals", "down_intrablock_additional_residuals"
MIDDLE = "mid_block_additional_residual"


@dataclass(frozen=True, slots=True)
class Shrink:
    """An alteration: what block `block` of the way down says is `factor` times smaller.

    Blocks are counted as their authors do: 0 reads the latent, then each level's layers and what
    scales down to the next. `after_skip`: what goes straight to the way up keeps its size.
    """

    block: int
    factor: float
    after_skip: bool = True
    down: str = "bicubic"
    up: str = "bicubic"

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        blocks = _blocks(network)
        if not 1 <= self.block < len(blocks):
            raise DiffusionError(
                f"There is no block {self.block} on the way down; this model has "
                f"{len(blocks) - 1}, from 1.",
                "Choose a smaller block_number, such as 3.",
            )
        sizes: list[Size] = []
        handles = [
            network.register_forward_pre_hook(partial(self._sized, sizes), with_kwargs=True),
            self._shrunk(blocks, network),
        ]
        ways = list(network.get_submodule("up_blocks").children())
        for way, skips in zip(ways, _skips(ways, len(blocks)), strict=True):
            way.forward = partial(self._up, way, sizes, skips)
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            for way in ways:
                del way.forward

    def sizes(self, blocks: Sequence[nn.Module], size: Size) -> list[Size]:
        """How large each block's skip is, and last the middle."""
        found: list[Size] = []
        for number, block in enumerate(blocks):
            if _halves(block):
                size = -(-size[0] // 2), -(-size[1] // 2)
            small = self._smaller(size) if number == self.block else size
            found.append(size if self.after_skip else small)
            size = small
        return [*found, size]

    def _smaller(self, size: Size) -> Size:
        height, width = (max(1, round(side / self.factor)) for side in size)
        return height, width

    def _shrunk(self, blocks: Sequence[nn.Module], network: Any) -> Any:
        """What makes the block's answer smaller: for all who read it, or for the next block."""

        def small(planes: Tensor) -> Tensor:
            return _resized(planes, self._smaller((planes.shape[-2], planes.shape[-1])), self.down)

        def answer(module: nn.Module, given: Any, answer: Any) -> Any:
            return (small(answer[0]), *answer[1:]) if isinstance(answer, tuple) else small(answer)

        def read(module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
            return (small(given[0]), *given[1:])

        if not self.after_skip:
            return blocks[self.block].register_forward_hook(answer)
        return _reader(self.block, network).register_forward_pre_hook(read)

    def _sized(
        self, sizes: list[Size], network: Any, given: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Before the network reads: which size things will have; controls are brought to it."""
        blocks = _blocks(network)
        height, width = given[0].shape[-2:]
        sizes[:] = self.sizes(blocks, (height, width))
        changed = dict(named)
        if named.get(DOWN):
            pairs = zip(named[DOWN], sizes, strict=False)
            changed[DOWN] = tuple(_resized(added, size, "bilinear") for added, size in pairs)
        if named.get(MIDDLE) is not None:
            changed[MIDDLE] = _resized(named[MIDDLE], sizes[-1], "bilinear")
        if named.get(INSIDE):
            ends = [sizes[number] for number in _ends(network)]
            ends += [sizes[-1]] * len(named[INSIDE])
            pairs = zip(named[INSIDE], ends, strict=False)
            changed[INSIDE] = [_resized(added, size, "bilinear") for added, size in pairs]
        return given, changed

    def _up(
        self,
        block: Any,
        sizes: Sequence[Size],
        first: int,
        hidden_states: Tensor,
        temb: Tensor | None = None,
        res_hidden_states_tuple: Sequence[Tensor] = (),
        encoder_hidden_states: Tensor | None = None,
        cross_attention_kwargs: Any = None,
        **unused: Any,
    ) -> Tensor:
        """A level of the way up, as diffusers computes it: each skip finds things in its size."""
        skips = list(res_hidden_states_tuple)
        for i, resnet in enumerate(block.resnets):
            skip = skips.pop()
            hidden_states = _resized(hidden_states, (skip.shape[-2], skip.shape[-1]), self.up)
            hidden_states = resnet(torch.cat([hidden_states, skip], dim=1), temb)
            if getattr(block, "has_cross_attention", False):
                hidden_states = block.attentions[i](
                    hidden_states,
                    encoder_hidden_states=encoder_hidden_states,
                    cross_attention_kwargs=cross_attention_kwargs,
                    return_dict=False,
                )[0]
        for upsampler in block.upsamplers or ():
            hidden_states = upsampler(hidden_states, sizes[first - 1])
        return hidden_states


def _blocks(network: Any) -> list[nn.Module]:
    """The blocks of the way down, as authors count them: what says the last word in each."""
    if not hasattr(network, "down_blocks"):
        raise DiffusionError(
            f"This changes the inside of UNets; this model is a {type(network).__name__}.",
            "Use it with Stable Diffusion 1, 2 or XL.",
        )
    found: list[nn.Module] = [network.conv_in]
    for level in network.down_blocks:
        found += level.attentions if getattr(level, "has_cross_attention", False) else level.resnets
        found += level.downsamplers or ()
    return found


def _reader(number: int, network: Any) -> nn.Module:
    """What reads the answer of a block."""
    readers: list[nn.Module] = []
    for level in network.down_blocks:
        readers += [*level.resnets, *(level.downsamplers or ())]
    return readers[number] if number < len(readers) else network.mid_block.resnets[0]


def _halves(block: Any) -> bool:
    return type(block).__name__ == "Downsample2D"


def _ends(network: Any) -> Iterator[int]:
    """The number of the block on the way down at which each level's adapter adds."""
    number = 0
    for level in network.down_blocks:
        last = number + len(level.resnets)
        number = last + len(level.downsamplers or ())
        # with attention it adds before what scales down, else behind it
        yield last if getattr(level, "has_cross_attention", False) else number


def _skips(ways: Sequence[Any], count: int) -> list[int]:
    """The number of the last skip that each level of the way up joins."""
    found: list[int] = []
    for way in ways:
        count -= len(way.resnets)
        found.append(count)
    return found


def _resized(planes: Tensor, size: Size, method: str) -> Tensor:
    if tuple(planes.shape[-2:]) == size:
        return planes
    return resize(planes.float(), size[1], size[0], method).to(planes.dtype)
