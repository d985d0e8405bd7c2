"""Lotus: the depth or the normals of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from wirebrush.api import Clip, Cond, Conditioning, FileRef, ModelFiles, NodeError, Run, node
from wirebrush_diffusion.files.wordless import SAID_TO_NOTHING, has_h_encoder, is_h_file
from wirebrush_nodes.text import encoded

TEXTS, CHECKPOINTS = "text_encoders", "checkpoints"


class Told(NamedTuple):
    """What a Lotus model is told."""

    conditioning: Conditioning


def encoder_file(models: ModelFiles) -> Sequence[FileRef]:
    """The first file by name that holds Stable Diffusion 2's text encoder; empty if none does.

    Names and shapes of each are read, no weights; checkpoints, of which there are many, come last.
    """
    for kind, fits in ((TEXTS, is_h_file), (CHECKPOINTS, has_h_encoder)):
        for name in models.names(kind):
            ref = FileRef(kind, name)
            if fits(models.path(ref)):
                return [ref]
    return []


@node(id="LotusConditioning", category="conditioning/lotus", finds=encoder_file)
def lotus_conditioning(*, run: Run) -> Told:
    """What Lotus models (depth, normals) are told: nothing, as Stable Diffusion 2 understands it.

    Stable Diffusion 2's text encoder says it once; it is looked for in `models/text_encoders`, then
    in `models/checkpoints`.
    """
    found = encoder_file(run)
    if not found:
        raise NodeError(
            "Lotus needs what Stable Diffusion 2's text encoder says to an empty text, and that "
            f"encoder is in no file of {TEXTS} or {CHECKPOINTS}.",
            "Get text_encoder/model.safetensors of Lotus or of Stable Diffusion 2 and put it into "
            f"models/{TEXTS}, as clip_h.safetensors. A checkpoint of Stable Diffusion 2 in "
            f"models/{CHECKPOINTS} will do, too.",
        )
    source = run.file(found[0].kind, found[0].name)
    clip = Clip(source, "clip")
    if source.kind == TEXTS:
        clip = clip.with_option("type", "stable_diffusion")
    context = encoded(clip, "", run).context
    return Told((Cond(context[:, :SAID_TO_NOTHING].clone()),))
