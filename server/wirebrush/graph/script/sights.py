"""Reading what a network sees beside what it paints."""

from __future__ import annotations

from dataclasses import replace

from wirebrush.graph.prompt import PromptNode
from wirebrush.graph.script.kinds import FLOWS, KINDS, Sight
from wirebrush.graph.script.plan import Latents, Made, NotPlain, Stage
from wirebrush.graph.script.reading import called
from wirebrush.graph.script.wording import Condition, TextReader


def with_sight(reader: TextReader, stage: Stage, positive: Condition, negative: Condition) -> Stage:
    """The stage with it, if its network sees something."""
    sight = reader.models.sight if reader.models is not None else ""
    if not sight:
        return stage
    if stage.cfg != 1 and negative.shown != positive.shown:
        raise NotPlain("its two texts go with different pictures.")
    if isinstance(stage.start, Latents):
        raise NotPlain("its model is shown what another sampler has left.")
    node, flow = reader.prompt.nodes.get(positive.shown), reader.family in FLOWS
    if node is not None:
        return _shown(reader, stage, node, sight)
    if flow or stage.mask is None:
        raise NotPlain("its model is shown no picture.")
    return replace(stage, seen=stage.start, hole=stage.mask)


def with_edited(reader: TextReader, stage: Stage, positive: Condition) -> Stage:
    """The stage with the picture that it edits, if any. It begins with noise of some size."""
    if not positive.edited:
        return stage
    if reader.family is None or not KINDS[reader.family].edits or positive.shown:
        raise NotPlain("diffusers does not edit pictures so with this family of models.")
    if stage.cfg != 1 or stage.denoise < 1 or stage.mask is not None:
        raise NotPlain("it edits a picture in a way that diffusers does not.")
    encoded, _ = reader.above(reader.prompt.nodes[positive.edited], "latent")
    if encoded.class_type != "VAEEncode":
        raise NotPlain(f"it edits what {called(encoded)} makes.")
    reader.vae(encoded, refiner=False)
    edited = reader.picture(encoded, "pixels")
    if stage.start not in (None, edited):
        raise NotPlain("it begins with another picture than it edits.")
    return replace(stage, start=None, edited=edited)


def _shown(reader: TextReader, stage: Stage, node: PromptNode, sight: Sight) -> Stage:
    """What a node of the conditions shows."""
    if (node.class_type == "InpaintModelConditioning") != (sight == "hole"):
        raise NotPlain("its model is shown something else than it was made for.")
    reader.vae(node, refiner=False)
    pixels = reader.picture(node, "pixels")
    if sight == "picture":
        return replace(stage, seen=pixels)
    mask = reader.picture(node, "mask")
    if reader.family not in FLOWS:
        hollow, hole = Made("hollow", (pixels, mask, 0), 0), Made("like", (mask, pixels))
        return replace(stage, seen=hollow, hole=hole)
    if stage.start != pixels:
        raise NotPlain("it paints over another picture than its model is shown.")
    return replace(stage, seen=pixels, hole=mask)
