"""diffusers' layers, without what they find out anew at every step.

An attention layer asks its processor's signature each time it is called; ours does not. The text
stays the same over a run, so what is made of it alone, its keys and values, is computed once and
remembered as long as that text lives. And a norm that torch has as one operation is one operation.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, TypeVar
from weakref import ref

import torch
from torch import Tensor, nn
from torch.nn.functional import rms_norm, scaled_dot_product_attention

T = TypeVar("T")
TEXT_LAYERS = ("context_embedder", "time_text_embed.text_embedder")
"""Layers that read nothing but the text."""


def make_lean(network: nn.Module) -> None:
    """Give the attention layers of a diffusers network our way of being called."""
    from diffusers.models.attention import FeedForward
    from diffusers.models.attention_processor import (
        Attention,
        AttnProcessor2_0,
        JointAttnProcessor2_0,
    )
    from diffusers.models.normalization import RMSNorm
    from diffusers.models.transformers.transformer_flux import FluxAttention

    for name, layer in network.named_modules():
        if name in TEXT_LAYERS:
            layer.forward = TextLayer(layer)
        if isinstance(layer, RMSNorm) and layer.weight is not None and layer.bias is None:
            layer.forward = MethodType(_rms_norm, layer)
        if isinstance(layer, FeedForward):
            layer.forward = MethodType(_feed_forward, layer)
        if type(layer).forward in (Attention.forward, FluxAttention.forward):
            layer.forward = MethodType(_forward, layer)
        if (
            isinstance(layer, Attention)
            and type(layer.processor) is AttnProcessor2_0
            and _is_plain(layer)
        ):
            layer.processor = TextAttention() if name.endswith("attn2") else PlainAttention()
        elif isinstance(layer, Attention) and type(layer.processor) is JointAttnProcessor2_0:
            layer.processor = JointAttention()


def _forward(layer: Any, *given: Any, **named: Any) -> Any:
    """As diffusers' attention layers, without a look at the processor's signature."""
    return layer.processor(layer, *given, **named)


def _is_plain(layer: Any) -> bool:
    """No norms, no residual, no scale: what UNets' transformers have."""
    norms = (layer.spatial_norm, layer.group_norm, layer.norm_q, layer.norm_k, layer.norm_cross)
    plain = not any(norm is not None and norm is not False for norm in norms)
    return plain and not layer.residual_connection and layer.rescale_output_factor == 1.0


def _feed_forward(layer: Any, hidden_states: Tensor, *unused: Any, **named: Any) -> Tensor:
    """As diffusers' `FeedForward.forward`; dropout does nothing here."""
    widen, _, narrow, *_ = layer.net
    return narrow(widen(hidden_states))


class PlainAttention:
    """Attention of a picture's places to each other, or to a text."""

    def __call__(
        self,
        layer: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **unused: Any,
    ) -> Tensor:
        """`hidden_states` `[N, places, D]` -> the same shape."""
        rows, _, _ = hidden_states.shape
        seen = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        key, value = self.seen(layer, seen)
        query = _heads(layer.to_q(hidden_states), layer.heads)
        mask = attention_mask
        if mask is not None:
            mask = layer.prepare_attention_mask(mask, seen.shape[1], rows)
            mask = mask.view(rows, layer.heads, -1, mask.shape[-1])
        answer = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        answer = answer.transpose(1, 2).flatten(2)
        return layer.to_out[0](answer)  # what follows is dropout, which does nothing here

    def seen(self, layer: Any, states: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values `[N, heads, places, width]`."""
        return _heads(layer.to_k(states), layer.heads), _heads(layer.to_v(states), layer.heads)


class Remembered:
    """What was made of texts, as long as they live. A run has as many texts as parts of a batch."""

    def __init__(self) -> None:
        self._answers: dict[int, tuple[ref[Tensor], Any]] = {}

    def get(self, text: Tensor, make: Callable[[Tensor], T]) -> T:
        """The answer for this very tensor, made now unless it is known."""
        key = id(text)
        known = self._answers.get(key)
        if known is not None and known[0]() is text:
            return known[1]
        answer = make(text)
        if not torch.is_grad_enabled():
            self._answers[key] = ref(text, lambda gone: self._forget(key, gone)), answer
        return answer

    def clear(self) -> None:
        """Forget all: the weights have changed."""
        self._answers.clear()

    def _forget(self, key: int, text: ref[Tensor]) -> None:
        known = self._answers.get(key)
        if known is not None and known[0] is text:
            del self._answers[key]


class TextAttention(PlainAttention):
    """Attention to a text, whose keys and values are remembered."""

    def __init__(self) -> None:
        self.known = Remembered()

    def seen(self, layer: Any, states: Tensor) -> tuple[Tensor, Tensor]:
        return self.known.get(states, lambda text: PlainAttention.seen(self, layer, text))


class TextLayer:
    """A layer's `forward` that remembers what it made of the text."""

    def __init__(self, layer: nn.Module) -> None:
        self._make = layer.forward
        self.known = Remembered()

    def __call__(self, text: Tensor) -> Tensor:
        return self.known.get(text, self._make)


def forget_texts(network: nn.Module) -> None:
    """Nothing that was made of texts holds any longer. Whoever changes weights calls this."""
    for layer in network.modules():
        for owner in (layer.__dict__.get("processor"), layer.__dict__.get("forward")):
            if isinstance(owner, TextAttention | TextLayer):
                owner.known.clear()


def _rms_norm(layer: Any, hidden_states: Tensor) -> Tensor:
    """As diffusers' `RMSNorm.forward`, in one operation."""
    states = hidden_states.to(layer.weight.dtype)
    return rms_norm(states, layer.dim, layer.weight, layer.eps)


class JointAttention:
    """Attention of picture and text to each other, as in Stable Diffusion 3.

    Norms are taken before places and heads change sides: the same numbers, in the order they lie.
    """

    def __call__(
        self,
        layer: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **unused: Any,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Both `[N, places, D]` -> both, or the picture alone if there is no text."""
        picture = (layer.to_q, layer.to_k, layer.to_v)
        parts = _projected(hidden_states, picture, (layer.norm_q, layer.norm_k), layer.heads)
        places = hidden_states.shape[1]
        if encoder_hidden_states is not None:
            text = (layer.add_q_proj, layer.add_k_proj, layer.add_v_proj)
            norms = (layer.norm_added_q, layer.norm_added_k)
            more = _projected(encoder_hidden_states, text, norms, layer.heads)
            parts = [torch.cat(pair, dim=1) for pair in zip(parts, more, strict=True)]
        query, key, value = (part.transpose(1, 2) for part in parts)
        answer = scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        if encoder_hidden_states is None:
            return layer.to_out[0](answer)
        said = answer[:, places:]
        said = said if layer.context_pre_only else layer.to_add_out(said)
        return layer.to_out[0](answer[:, :places]), said


def _projected(
    states: Tensor, layers: tuple[Any, Any, Any], norms: tuple[Any, Any], heads: int
) -> list[Tensor]:
    """Queries, keys and values `[N, places, heads, width]`, the first two normed if they are."""
    parts = [layer(states).unflatten(-1, (heads, -1)) for layer in layers]
    for place, norm in enumerate(norms):
        if norm is not None:
            parts[place] = norm(parts[place])
    return parts


def _heads(states: Tensor, heads: int) -> Tensor:
    return states.unflatten(-1, (heads, -1)).transpose(1, 2)
