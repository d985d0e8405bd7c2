"""Guiders: a model, and how the answers to its conditions are weighed."""

from __future__ import annotations

from typing import Annotated

from wirebrush.api import Choice, Conditioning, Guider, Model, Range, node
from wirebrush_nodes.painting import cfg_guider
from wirebrush_nodes.perpendicular import carrying_empty

Cfg = Annotated[float, Range(0.0, 100.0, 0.1)]


@node(id="BasicGuider", category="sampling/custom_sampling/guiders")
def basic_guider(model: Model, conditioning: Conditioning) -> Guider:
    """One text and no negative: for models that have guidance built in, like FLUX.

    Args:
        model: The model that paints.
        conditioning: What the picture should show.
    """
    return Guider("cfg", model, {"positive": conditioning})


@node(id="CFGGuider", category="sampling/custom_sampling/guiders")
def cfg_guider_node(
    model: Model, positive: Conditioning, negative: Conditioning, cfg: Cfg = 8.0
) -> Guider:
    """Towards the positive text and away from the negative one.

    Args:
        model: The model that paints.
        positive: What the picture should show.
        negative: What it should not show.
        cfg: How closely to follow the texts; 1 ignores the negative one.
    """
    return cfg_guider(model, positive, negative, cfg)


@node(id="DualCFGGuider", category="sampling/custom_sampling/guiders")
def dual_cfg_guider(
    model: Model,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: Cfg = 8.0,
    cfg_cond2_negative: Cfg = 8.0,
    style: Annotated[str, Choice(("regular", "nested"))] = "regular",
) -> Guider:
    """Two conditions with a scale each, as InstructPix2Pix has for the text and the picture.

    Args:
        model: The model that paints.
        cond1: The condition that counts most, for example text and picture.
        cond2: What it is measured against, for example the picture alone.
        negative: What the picture should not show.
        cfg_conds: How far to go from the second condition to the first.
        cfg_cond2_negative: How far to go from the negative to the second condition.
        style: regular adds both ways up; nested guides the result of the first by the second.
    """
    sides = {"positive": cond1, "middle": cond2, "negative": negative}
    scales = (("cfg_conds", cfg_conds), ("cfg_cond2_negative", cfg_cond2_negative))
    return Guider("dual", model, sides, (*scales, ("style", style)))


@node(id="PerpNegGuider", category="_for_testing", experimental=True)
def perp_neg_guider(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    empty_conditioning: Conditioning,
    cfg: Cfg = 8.0,
    neg_scale: Annotated[float, Range(0.0, 100.0, 0.01)] = 1.0,
) -> Guider:
    """A negative text that counts only where it does not contradict the positive one.

    Args:
        model: The model that paints.
        positive: What the picture should show.
        negative: What it should not show.
        empty_conditioning: The encoding of an empty text, from which both are measured.
        cfg: How closely to follow the texts.
        neg_scale: How much the negative text counts.
    """
    sides = {"positive": positive, "negative": negative, "empty": empty_conditioning}
    return Guider("perp_neg", model, sides, (("cfg", cfg), ("neg_scale", neg_scale)))


@node(
    id="PerpNeg",
    category="_for_testing",
    title="Perp-Neg (DEPRECATED by PerpNegGuider)",
    deprecated=True,
    experimental=True,
)
def perp_neg(
    model: Model,
    empty_conditioning: Conditioning,
    neg_scale: Annotated[float, Range(0.0, 100.0, 0.01)] = 1.0,
) -> Model:
    """Let the negative text count only where it does not contradict the positive one.

    PerpNegGuider does the same with SamplerCustomAdvanced.

    Args:
        model: The model.
        empty_conditioning: The encoding of an empty text, from which both are measured.
        neg_scale: How much the negative text counts.
    """
    return carrying_empty(model, empty_conditioning, neg_scale)
