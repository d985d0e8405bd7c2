"""ControlNets: pictures that steer pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from wirebrush.api import Conditioning, ControlNet, Image, Mask, Range, Vae, node
from wirebrush.api import value as wire_value

Percent = Annotated[float, Range(0.0, 1.0, 0.001)]
Strength = Annotated[float, Range(0.0, 10.0, 0.01)]
MODE = "control_type"
"""The option of a handle that says what kind of hints it shall expect."""


@wire_value("CONTROL_USE")
@dataclass(frozen=True, eq=False, slots=True)
class ControlUse:
    """A ControlNet at work in a condition: which, on what picture, how strongly, and when.

    `vae` is for those that read latents, `mask` for those that paint inside one. With `everywhere`
    it also acts on the other side, where that has no controls of its own.
    """

    net: ControlNet
    image: Image
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    vae: Vae | None = None
    mask: Mask | None = None
    everywhere: bool = False


class Steered(NamedTuple):
    """Both conditions with the control in them."""

    positive: Conditioning
    negative: Conditioning


@node(
    id="ControlNetApply",
    category="conditioning/controlnet",
    title="Apply ControlNet (OLD)",
    deprecated=True,
)
def control_net_apply(
    conditioning: Conditioning, control_net: ControlNet, image: Image, strength: Strength = 1.0
) -> Conditioning:
    """Let a picture steer the composition, all the time and on both sides.

    Apply ControlNet does the same and says when.

    Args:
        conditioning: What the picture should show. The negative side is steered as well.
        control_net: The ControlNet, of the model's family.
        image: The steering picture, of the kind the ControlNet was trained on (edges, depth...).
        strength: How strongly it steers; 0 leaves it out.
    """
    if strength == 0.0:
        return conditioning
    return _with(conditioning, ControlUse(control_net, image, strength, everywhere=True))


@node(id="ControlNetApplyAdvanced", category="conditioning/controlnet", title="Apply ControlNet")
def control_net_apply_advanced(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    image: Image,
    strength: Strength = 1.0,
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
        vae: The model's VAE, for ControlNets that read latents (SD3, FLUX); others do without.
    """
    use = ControlUse(control_net, image, strength, start_percent, end_percent, vae)
    return _steered(positive, negative, use)


@node(
    id="ControlNetApplySD3",
    category="conditioning/controlnet",
    title="Apply Controlnet with VAE",
    deprecated=True,
)
def control_net_apply_sd3(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    vae: Vae,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> Steered:
    """The same as Apply ControlNet, with the VAE always connected.

    Args:
        positive: What the picture should show.
        negative: What it should not show.
        control_net: The ControlNet, of the model's family.
        vae: The model's VAE.
        image: The steering picture, of the kind the ControlNet was trained on (edges, depth...).
        strength: How strongly it steers; 0 leaves it out.
        start_percent: The part of the sampling before which it does nothing, 0 to 1.
        end_percent: The part of the sampling after which it does nothing.
    """
    use = ControlUse(control_net, image, strength, start_percent, end_percent, vae)
    return _steered(positive, negative, use)


@node(id="ControlNetInpaintingAliMamaApply", category="conditioning/controlnet")
def control_net_inpainting_apply(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    vae: Vae,
    image: Image,
    mask: Mask,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> Steered:
    """Let a ControlNet for inpainting (AliMama's, SD3 and FLUX) see a picture around a mask.

    Args:
        positive: What the picture should show.
        negative: What it should not show.
        control_net: The ControlNet, one for inpainting.
        vae: The model's VAE.
        image: The picture.
        mask: White (1) where it shall be painted anew.
        strength: How strongly it steers; 0 leaves it out.
        start_percent: The part of the sampling before which it does nothing, 0 to 1.
        end_percent: The part of the sampling after which it does nothing.
    """
    use = ControlUse(control_net, image, strength, start_percent, end_percent, vae, mask)
    return _steered(positive, negative, use)


@node(id="SetUnionControlNetType", category="conditioning/controlnet")
def set_union_control_net_type(
    control_net: ControlNet,
    type: Literal[
        "auto",
        "openpose",
        "depth",
        "hed/pidi/scribble/ted",
        "canny/lineart/anime_lineart/mlsd",
        "normal",
        "segment",
        "tile",
        "repaint",
    ] = "auto",
) -> ControlNet:
    """Tell a union ControlNet, which knows several kinds of pictures, what kind it will see.

    Args:
        control_net: A union ControlNet, for SDXL or FLUX.
        type: The kind. FLUX's know canny, tile, depth and openpose. "auto" tells it nothing.
    """
    return control_net.with_option(MODE, type)


def _steered(positive: Conditioning, negative: Conditioning, use: ControlUse) -> Steered:
    if use.strength == 0.0:
        return Steered(positive, negative)
    return Steered(_with(positive, use), _with(negative, use))


def _with(conditioning: Conditioning, use: ControlUse) -> Conditioning:
    return tuple(
        cond.with_options(controls=(*cond.options.get("controls", ()), use))
        for cond in conditioning
    )
