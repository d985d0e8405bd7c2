"""Texts for Lumina 2."""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import Clip, Conditioning, Run, Text, node
from wirebrush_diffusion.families.lumina2 import PROMPT_START, SYSTEM_PROMPTS
from wirebrush_nodes.text import conditioned


@node(id="CLIPTextEncodeLumina2", category="conditioning", title="CLIP Text Encode for Lumina2")
def clip_text_encode_lumina2(
    system_prompt: Literal["superior", "alignment"],
    user_prompt: Annotated[str, Text(multiline=True)],
    clip: Clip,
    *,
    run: Run,
) -> Conditioning:
    """Turn a text into what Lumina 2 understands, after the sentence that it was trained with.

    Args:
        system_prompt: What it is told before the text: to paint well ("superior"), or to keep close
            to the text ("alignment").
        user_prompt: What the picture should show.
        clip: Gemma 2, from CLIPLoader with type lumina2.
    """
    text = f"{SYSTEM_PROMPTS[system_prompt]}{PROMPT_START}{user_prompt}"
    return conditioned(clip, text, run)
