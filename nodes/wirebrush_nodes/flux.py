"""Texts for FLUX, and its built-in guidance."""

from __future__ import annotations

from typing import Annotated

from wirebrush.api import Clip, Conditioning, Range, Run, Text, node
from wirebrush_nodes.text import conditioned, mentioned

Prompt = Annotated[str, Text(multiline=True)]
Guidance = Annotated[float, Range(0.0, 100.0, 0.1)]


@node(
    id="CLIPTextEncodeFlux",
    category="advanced/conditioning/flux",
    files=mentioned("clip_l", "t5xxl"),
)
def clip_text_encode_flux(
    clip: Clip, clip_l: Prompt, t5xxl: Prompt, guidance: Guidance = 3.5, *, run: Run
) -> Conditioning:
    """Give each of FLUX's text encoders a text of its own, and say how closely to follow it.

    Args:
        clip: The text encoders of the model.
        clip_l: For CLIP: key words.
        t5xxl: For T5, which understands whole sentences.
        guidance: How closely to follow the text; 3.5 is usual, fill models like 30.
    """
    return conditioned(clip, {"l": clip_l, "t5xxl": t5xxl}, run, guidance=guidance)


@node(id="FluxGuidance", category="advanced/conditioning/flux")
def flux_guidance(conditioning: Conditioning, guidance: Guidance = 3.5) -> Conditioning:
    """Say how closely FLUX should follow its text. FLUX dev needs no second, negative pass for it.

    Args:
        conditioning: The text.
        guidance: 3.5 is usual, 2 looks more natural, fill models like 30.
    """
    return tuple(cond.with_options(guidance=guidance) for cond in conditioning)


@node(id="FluxDisableGuidance", category="advanced/conditioning/flux")
def flux_disable_guidance(conditioning: Conditioning) -> Conditioning:
    """Leave FLUX's own guidance out, for models that were trained on without it.

    Args:
        conditioning: The text.
    """
    return tuple(cond.with_options(guidance=None) for cond in conditioning)
