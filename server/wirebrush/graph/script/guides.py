"""Functions of scripts that lead away from what is to be avoided as ComfyUI does, as text."""

from __future__ import annotations

import re
from collections.abc import Mapping

GUIDES: Mapping[str, str] = {
    "lead_away": '''

def lead_away(pipe, scale, **avoided):
    """Let the network read what to avoid, too, and go `scale` times as far as from there to its
    answer. Diffusers' pipeline would bring the result to the answer's length as well."""
    forward = pipe.transformer.forward

    def led(encoder_hidden_states, encoder_hidden_states_mask=None, **given):
        toward = forward(
            encoder_hidden_states=encoder_hidden_states,
            encoder_hidden_states_mask=encoder_hidden_states_mask,
            **given,
        )[0]
        away = forward(**avoided, **given)[0]
        return (away + scale * (toward - away),)

    pipe.transformer.forward = led
''',
    "lead_away_at_most": '''

def lead_away_at_most(pipe, scale, most, **avoided):
    """Let the network read what to avoid, too, and go `scale` times as far as from there to its
    answer, but make pictures no more than `most` times as strong (ComfyUI's RenormCFG)."""
    forward = pipe.transformer.forward

    def led(hidden_states, timestep, **given):
        level = (1 - timestep).view(-1, 1, 1, 1)  # how much of it is noise
        toward, away = (
            hidden_states
            + level * forward(hidden_states, timestep, **(given | texts))[0]
            for texts in ({}, avoided)
        )
        both = away + scale * (toward - away)
        strengths = [picture.flatten(1).norm(dim=1) for picture in (toward, both)]
        factor = (most * strengths[0] / strengths[1]).clamp(max=1)
        both = both * factor.view(-1, 1, 1, 1)
        return (((both - hidden_states) / level).to(hidden_states.dtype),)

    pipe.transformer.forward = led
''',
}
"""By their names. They take the place of the network's `forward`."""


def guide_functions(body: str) -> str:
    """Those that a script calls."""
    return "".join(text for name, text in GUIDES.items() if re.search(rf"\b{name}\(", body))
