"""ControlNets: pictures that steer pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from wirebrush.api import Conditioning, ControlNet, Image, Range, Vae, node
from wirebrush.api import value as wire_value

Percent = Annotated[float, Range(0.0, 1.0, 0.001)]


@wire_value("CONTROL_USE")
@dataclass(frozen=True, eq=False, slots=True)
class ControlUse:
    """A ControlNet at work in a condition: which, on what picture, how strongly, and when."""

    net: ControlNet
    image: Image
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0


class Steered(NamedTuple):
    """Both conditions with the control in them."""

    positive: Conditioning
    negative: Conditioning


@node(id="ControlNetApplyAdvanced", category="conditioning/controlnet", title="Apply ControlNet")
def control_net_apply_advanced(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    image: Image,
    strength: Annotated[float, Range(0.0, 10.0, 0.01)] = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    vae: Vae | None = None,
) -> Steered:
    """Let a picture steer the composition. Several can be chained; their effects add up.

    Args:
        positive: What the picture should show.
        negative: What it should not show.
        control_net: The ControlNet, of the model's family.
        image: The steering picture, of the kind the ControlNet was trained on (edges, depth...).
        strength: How strongly it steers; 0 leaves it out.
        start_percent: The part of the sampling before which it does nothing, 0 to 1.
        end_percent: The part of the sampling after which it does nothing.
        vae: Only for ControlNets that work on latents (SD3, FLUX); not used by others.
    """
    if strength == 0.0:
        return Steered(positive, negative)
    use = ControlUse(control_net, image, strength, start_percent, end_percent)
    return Steered(_with(positive, use), _with(negative, use))


def _with(conditioning: Conditioning, use: ControlUse) -> Conditioning:
    return tuple(
        cond.with_options(controls=(*cond.options.get("controls", ()), use))
        for cond in conditioning
    )
