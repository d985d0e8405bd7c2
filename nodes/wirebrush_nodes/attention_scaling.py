"""Attention made stronger or weaker: what a model looks with, at, and takes, multiplied."""

from __future__ import annotations

from typing import Annotated, TypeVar

from wirebrush.api import Clip, Handle, Model, Patch, Range, node
from wirebrush_nodes.patching import SCALING

H = TypeVar("H", bound=Handle)
Factor = Annotated[float, Range(0.0, 10.0, 0.01)]
CATEGORY = "_for_testing/attention_experiments"
SELF, CROSS, TEXT = "attn1", "attn2", "self_attn"


@node(id="UNetSelfAttentionMultiply", category=CATEGORY, experimental=True)
def unet_self_attention_multiply(
    model: Model, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Model:
    """Multiply how strongly the picture's places look at each other.

    Args:
        model: A UNet: Stable Diffusion 1, 2 or XL.
        q: By what questions are multiplied: what a place looks for.
        k: Keys: what it is found by.
        v: Values: what is taken from it.
        out: What comes out of the attention.
    """
    return _scaled(model, SELF, q, k, v, out)


@node(id="UNetCrossAttentionMultiply", category=CATEGORY, experimental=True)
def unet_cross_attention_multiply(
    model: Model, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Model:
    """Multiply how strongly the picture looks at the text.

    Args:
        model: A UNet: Stable Diffusion 1, 2 or XL.
        q: By what questions are multiplied: what a place looks for.
        k: Keys: what a word is found by.
        v: Values: what is taken from it.
        out: What comes out of the attention.
    """
    return _scaled(model, CROSS, q, k, v, out)


@node(id="CLIPAttentionMultiply", category=CATEGORY, experimental=True)
def clip_attention_multiply(
    clip: Clip, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Clip:
    """Multiply how strongly the words of a text look at each other.

    Args:
        clip: The text encoders; those that are CLIPs change.
        q: By what questions are multiplied: what a word looks for.
        k: Keys: what it is found by.
        v: Values: what is taken from it.
        out: What comes out of the attention.
    """
    return _scaled(clip, TEXT, q, k, v, out)


@node(id="UNetTemporalAttentionMultiply", category=CATEGORY, experimental=True)
def unet_temporal_attention_multiply(
    model: Model,
    self_structural: Factor = 1.0,
    self_temporal: Factor = 1.0,
    cross_structural: Factor = 1.0,
    cross_temporal: Factor = 1.0,
) -> Model:
    """Multiply what comes out of attention, in a frame and between frames apart.

    Models of pictures have no attention between frames: the temporal factors do nothing for them.

    Args:
        model: A UNet.
        self_structural: For places of a frame that look at each other.
        self_temporal: For frames that look at each other, in models of videos.
        cross_structural: For places of a frame that look at the text.
        cross_temporal: For frames that look at the text, in models of videos.
    """
    structural = _scaled(model, SELF, 1.0, 1.0, 1.0, self_structural)
    return _scaled(structural, CROSS, 1.0, 1.0, 1.0, cross_structural)


def _scaled(handle: H, layer: str, q: float, k: float, v: float, out: float) -> H:
    """The handle itself if nothing changes."""
    if q == k == v == out == 1.0:
        return handle
    settings = (("layer", layer), ("q", q), ("k", k), ("v", v), ("out", out))
    return handle.patched(Patch(SCALING, handle.source, settings=settings))
