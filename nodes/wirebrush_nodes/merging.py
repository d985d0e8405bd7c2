"""Models mixed from models. What these nodes give are handles: weights are mixed when used."""

from __future__ import annotations

from typing import Annotated, TypeVar

from wirebrush.api import Clip, Handle, Model, Patch, Range, Unit, node

H = TypeVar("H", bound=Handle)
Multiplier = Annotated[float, Range(-10.0, 10.0, 0.01)]


@node(id="ModelMergeSimple", category="advanced/model_merging")
def model_merge_simple(model1: Model, model2: Model, ratio: Unit = 1.0) -> Model:
    """Mix two models of one family, everywhere in the same proportion.

    Args:
        model1: The first model.
        model2: The second.
        ratio: The first one's part; 1 is the first alone, 0 the second.
    """
    return mixed(model1, model2, ratio, 1.0 - ratio)


@node(id="ModelMergeBlocks", category="advanced/model_merging")
def model_merge_blocks(
    model1: Model, model2: Model, input: Unit = 1.0, middle: Unit = 1.0, out: Unit = 1.0
) -> Model:
    """Mix two models of one family, in a proportion for each part of the network.

    Only UNets have these parts (Stable Diffusion 1, 2 and XL); in others `input` counts for all.

    Args:
        model1: The first model.
        model2: The second.
        input: The first one's part in the blocks that shrink the picture, and in all else.
        middle: Its part in the middle block.
        out: Its part in the blocks that make the picture large again.
    """
    if input == middle == out:
        return mixed(model1, model2, input, 1.0 - input)
    patch = Patch(
        "merge",
        model2.source,
        other=model2,
        settings=(("input", input), ("middle", middle), ("out", out)),
    )
    return model1.patched(patch)


@node(id="ModelMergeAdd", category="advanced/model_merging")
def model_merge_add(model1: Model, model2: Model) -> Model:
    """Add two models' weights: mostly a difference to a model.

    Args:
        model1: The model.
        model2: What is added, as ModelMergeSubtract makes it.
    """
    return mixed(model1, model2, 1.0, 1.0)


@node(id="ModelMergeSubtract", category="advanced/model_merging")
def model_merge_subtract(model1: Model, model2: Model, multiplier: Multiplier = 1.0) -> Model:
    """What one model has more than another, to be added to a third.

    Args:
        model1: The model, for example a fine-tuned one.
        model2: What it was made from.
        multiplier: By what the difference is multiplied.
    """
    return mixed(model1, model2, multiplier, -multiplier)


@node(id="CLIPMergeSimple", category="advanced/model_merging")
def clip_merge_simple(clip1: Clip, clip2: Clip, ratio: Unit = 1.0) -> Clip:
    """Mix two models' text encoders.

    Args:
        clip1: The first.
        clip2: The second.
        ratio: The first one's part; 1 is the first alone, 0 the second.
    """
    return mixed(clip1, clip2, ratio, 1.0 - ratio)


@node(id="CLIPMergeAdd", category="advanced/model_merging")
def clip_merge_add(clip1: Clip, clip2: Clip) -> Clip:
    """Add two models' text encoders: mostly a difference to one.

    Args:
        clip1: The text encoder.
        clip2: What is added, as CLIPMergeSubtract makes it.
    """
    return mixed(clip1, clip2, 1.0, 1.0)


@node(id="CLIPMergeSubtract", category="advanced/model_merging")
def clip_merge_subtract(clip1: Clip, clip2: Clip, multiplier: Multiplier = 1.0) -> Clip:
    """What one text encoder has more than another, to be added to a third.

    Args:
        clip1: The text encoder.
        clip2: What is taken away.
        multiplier: By what the difference is multiplied.
    """
    return mixed(clip1, clip2, multiplier, -multiplier)


def mixed(first: H, second: H, keep: float, add: float) -> H:
    """`keep * first + add * second`; the first itself if nothing changes."""
    if (keep, add) == (1.0, 0.0):
        return first
    settings = (("keep", keep), ("add", add))
    return first.patched(Patch("merge", second.source, other=second, settings=settings))
