"""Alterations of a network that can be taken back exactly: other attention, skipped layers.

    with alteration.on(model.network):
        ...  # the network as altered

Weights are never touched; what is put in the way is removed when the block ends, also by an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError

Pass = Callable[..., Any]


class Alteration(Protocol):
    """Something put in a network's way for a while."""

    def on(self, network: nn.Module) -> AbstractContextManager[None]:
        """In force while the block runs; DiffusionError if the network has no place for it."""
        ...


@dataclass(frozen=True)
class Together:
    """Several at once, in their order."""

    alterations: Sequence[Alteration]

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        with ExitStack() as stack:
            for alteration in self.alterations:
                stack.enter_context(alteration.on(network))
            yield


@dataclass(frozen=True)
class IdentityAttention:
    """Self-attention in the middle of a UNet looks at nothing but each position itself."""

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        with _processed(_middle_attention(network), _own_value):
            yield


@dataclass
class AttentionMap:
    """Listens to the middle of a UNet: how much each position is looked at, `[N, h, w]`."""

    seen: Tensor | None = field(default=None)

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        attention = _middle_attention(network)[:1]
        size: list[int] = []

        def look(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            size[:] = inputs[0].shape[-2:]

        def listen(attn: Any, hidden_states: Tensor, *rest: Any, **named: Any) -> Tensor:
            query, key, value = (
                layer(hidden_states).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
                for layer in (attn.to_q, attn.to_k, attn.to_v)
            )
            weights = (query @ key.transpose(-1, -2) * attn.scale).softmax(dim=-1)
            # a mean over heads, and over all positions that look
            self.seen = weights.float().mean(dim=1).sum(dim=1).unflatten(-1, size)
            return _out(attn, (weights @ value).transpose(1, 2).flatten(2))

        handle = network.get_submodule("mid_block.attentions.0").register_forward_pre_hook(look)
        try:
            with _processed(attention, listen):
                yield
        finally:
            handle.remove()


@dataclass(frozen=True)
class SkippedLayers:
    """Transformer blocks that hand on what they get: two-stream (`double`) and one-stream ones."""

    double: tuple[int, ...] = ()
    single: tuple[int, ...] = ()

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        chosen = _layers(network, "transformer_blocks", self.double)
        chosen += _layers(network, "single_transformer_blocks", self.single)
        for block in chosen:
            block.forward = _handed_on
        try:
            yield
        finally:
            for block in chosen:
                del block.forward


@dataclass(frozen=True)
class FreeU:
    """Stronger backbone, weaker skips in a UNet's way up (Si et al. 2023, arXiv:2309.11497).

    `b1`, `s1` where the backbone is as wide as the deepest level, `b2`, `s2` where it is as wide as
    the one above: the first two levels of the way up. Version 2 follows the picture: the backbone
    is strengthened where it is active.
    """

    b1: float
    b2: float
    s1: float
    s2: float
    version: Literal[1, 2] = 1

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        if not hasattr(network, "up_blocks"):
            raise DiffusionError(
                f"FreeU changes the skips of UNets; this model is a {type(network).__name__}.",
                "Take the FreeU node out of this workflow.",
            )
        config: Any = network.config
        first, *deeper = dict.fromkeys(config.block_out_channels)
        if not deeper:
            raise DiffusionError(
                "FreeU changes the wide levels of UNets; in this one all are "
                f"{first} channels wide.",
                "Take the FreeU node out of this workflow.",
            )
        pairs = ((self.b1, self.s1), (self.b2, self.s2))
        factors = dict(zip(reversed(deeper), pairs, strict=False))
        handles = [
            resnet.register_forward_pre_hook(self._hook(width, *factors[width]))
            for resnet, width in _joins(network)
            if width in factors
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _hook(self, width: int, backbone: float, skip: float) -> Pass:
        def change(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
            joined, *rest = inputs
            hidden, skipped = joined[:, :width], joined[:, width:]
            half = width // 2
            strong = hidden[:, :half] * self._strength(hidden, backbone)
            return (torch.cat([strong, hidden[:, half:], _damped(skipped, skip)], dim=1), *rest)

        return change

    def _strength(self, hidden: Tensor, backbone: float) -> Tensor | float:
        if self.version == 1:
            return backbone
        mean = hidden.mean(dim=1, keepdim=True)
        low, high = mean.amin(dim=(2, 3), keepdim=True), mean.amax(dim=(2, 3), keepdim=True)
        return 1 + (backbone - 1) * (mean - low) / (high - low).clamp(min=1e-12)


def _damped(skipped: Tensor, scale: float) -> Tensor:
    """The lowest frequencies (2 x 2 around zero) scaled."""
    spectrum = torch.fft.fftshift(torch.fft.fftn(skipped.float(), dim=(-2, -1)), dim=(-2, -1))
    row, column = spectrum.shape[-2] // 2, spectrum.shape[-1] // 2
    spectrum[..., row - 1 : row + 1, column - 1 : column + 1] *= scale
    spectrum = torch.fft.ifftshift(spectrum, dim=(-2, -1))
    return torch.fft.ifftn(spectrum, dim=(-2, -1)).real.to(skipped.dtype)


def _joins(network: Any) -> Iterator[tuple[nn.Module, int]]:
    """Each residual block on the way up that joins a skip, and how wide the backbone is there."""
    width = network.config.block_out_channels[-1]
    for block in network.up_blocks:
        for resnet in block.resnets:
            yield resnet, width
            width = resnet.out_channels


def _middle_attention(network: nn.Module) -> list[nn.Module]:
    middle = getattr(network, "mid_block", None)
    attentions = getattr(middle, "attentions", None)
    if not attentions:
        raise DiffusionError(
            f"This guidance needs attention in the middle of a UNet; {type(network).__name__} "
            "has none.",
            "Use it with Stable Diffusion 1, 2 or XL; SkipLayerGuidance is for transformers.",
        )
    return [block.attn1 for block in attentions[0].transformer_blocks]


@contextmanager
def _processed(attention: Sequence[Any], processor: Pass) -> Iterator[None]:
    """Another way of computing these layers' attention."""
    before = [layer.processor for layer in attention]
    for layer in attention:
        layer.processor = processor
    try:
        yield
    finally:
        for layer, own in zip(attention, before, strict=True):
            layer.processor = own


def _own_value(attn: Any, hidden_states: Tensor, *rest: Any, **named: Any) -> Tensor:
    return _out(attn, attn.to_v(hidden_states))


def _out(attn: Any, hidden_states: Tensor) -> Tensor:
    for layer in attn.to_out:
        hidden_states = layer(hidden_states)
    return hidden_states


def _layers(network: nn.Module, name: str, wanted: Sequence[int]) -> list[nn.Module]:
    if not wanted:
        return []
    blocks = getattr(network, name, None)
    if blocks is None:
        raise DiffusionError(
            f"{type(network).__name__} has no {name}; layers of it cannot be skipped.",
            "Skip-layer guidance is for transformers, as in SD3 and FLUX.",
        )
    wrong = [layer for layer in wanted if not 0 <= layer < len(blocks)]
    if wrong:
        raise DiffusionError(
            f"There is no layer {wrong[0]} in {name}; this model has {len(blocks)}, from 0.",
            "Name layers that exist, for example 7, 8, 9.",
        )
    return [blocks[layer] for layer in dict.fromkeys(wanted)]


def _handed_on(
    hidden_states: Tensor, encoder_hidden_states: Tensor, *rest: Any, **named: Any
) -> tuple[Tensor, Tensor]:
    return encoder_hidden_states, hidden_states
