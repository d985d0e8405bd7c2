"""Textual inversion: a new word for prompts, learnt from pictures, and kept as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from torch import Tensor

from wirebrush.api import (
    Choice,
    Clip,
    Latent,
    Model,
    NodeError,
    Optional,
    Range,
    Run,
    Text,
    node,
)
from wirebrush.api import value as wire_value
from wirebrush.api.widgets import MAX_SEED
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.text.embeddings import MAX_VECTORS
from wirebrush_diffusion.training.files import write_tensors
from wirebrush_diffusion.training.inversion import (
    Captioned,
    InversionSettings,
    TrainedWord,
    WordTraining,
)
from wirebrush_diffusion.training.loop import DECAYS, OPTIMIZERS, LoopSettings
from wirebrush_nodes.live import explained, live_model, live_text_encoder
from wirebrush_nodes.lora_values import LossMap, digest_of
from wirebrush_nodes.teaching import STATE, encoded_pictures, in_precision, wholly_there
from wirebrush_nodes.text import EMBEDDINGS

WORD = "new-word"
"""What the word is called while it is learnt; its file names it afterwards."""
STANDS = "*"
VERSION = "1"
"""Of the training's code: states of another are not used."""


@wire_value("EMBEDDING")
@dataclass(frozen=True, eq=False, slots=True)
class Embedding:
    """A learnt word: tensors by the names that files have; `digest` stands for them."""

    tensors: Mapping[str, Tensor]
    digest: str


class Learnt(NamedTuple):
    """What a training gives."""

    embedding: Embedding
    loss: LossMap


@node(
    id="TrainTextualInversion",
    category="training",
    title="Train Textual Inversion",
    experimental=True,
)
def train_textual_inversion(
    model: Model,
    clip: Clip,
    latents: Latent,
    captions: Annotated[str, Text(multiline=True)] = "a picture of *",
    begin: str = "a",
    vectors: Annotated[int, Range(1, MAX_VECTORS)] = 4,
    steps: Annotated[int, Range(1, 100_000)] = 500,
    learning_rate: Annotated[float, Range(1e-7, 1.0, 1e-6)] = 5e-3,
    batch_size: Annotated[int, Range(1, 10_000)] = 1,
    optimizer: Annotated[str, Choice(tuple(OPTIMIZERS))] = "AdamW",
    seed: Annotated[int, Range(0, MAX_SEED)] = 0,
    lr_schedule: Annotated[str, Choice(tuple(DECAYS)), Optional()] = "constant",
    lr_warmup_steps: Annotated[int, Range(0, 100_000), Optional()] = 0,
    *,
    run: Run,
) -> Learnt:
    """Teach the text encoder a new word for what some pictures have in common.

    Model and text encoder stay as they are; the word is a few kilobytes. A training that was cut
    off goes on where it was when it is run again.

    Args:
        model: The model that paints, of a family that reads with CLIP.
        clip: Its text encoder.
        latents: The pictures, encoded with the model's VAE.
        captions: A line for each picture, in their order, or one for all. * is the new word.
        begin: What the word means at first: something near, such as cat or drawing.
        vectors: How many places the word takes in a text; more hold more.
        steps: How often the word is improved. Some hundreds.
        learning_rate: How far each step goes.
        batch_size: Pictures that are looked at together in one step.
        optimizer: How steps follow from errors; AdamW suits nearly always.
        seed: Which noise and which order of pictures.
        lr_schedule: The course of the learning rate: constant, or falling to 0 at the last step,
            slowly at first (cosine) or evenly (linear).
        lr_warmup_steps: Over how many steps it rises from 0 first.
    """
    fall = steps if lr_schedule != "constant" else 0
    loop = LoopSettings(
        optimizer, learning_rate, decay=lr_schedule, decay_steps=fall, warmup=lr_warmup_steps
    )
    told = InversionSettings(WORD, vectors, begin or "a", batch_size, seed, loop=loop)
    texts = _captions(captions, latents.samples.shape[0])
    handle = in_precision(model, "bf16", run)
    with (
        explained("model"),
        live_model(handle, run) as network,
        live_text_encoder(clip, run) as reader,
    ):
        pictures = _pictures(latents, texts, network)
        rows = min(batch_size, len(pictures))
        with wholly_there(network, pictures[0].latent, rows, run):
            name = digest_of(VERSION, handle.key, clip.key, repr(told), *texts, latents.samples)
            word = _trained(WordTraining(network, reader, pictures, told), steps, name, run)
    tensors = word.tensors()
    return Learnt(Embedding(tensors, digest_of(tensors)), LossMap(word.losses))


@node(
    id="SaveTextualInversion",
    category="training",
    title="Save Textual Inversion",
    experimental=True,
    cache="never",
)
def save_textual_inversion(embedding: Embedding, name: str = "my-word", *, run: Run) -> None:
    """Keep a learnt word as a file in `models/embeddings`, and say how prompts name it.

    Nothing is ever written over, and the same word is not stored twice.

    Args:
        embedding: The word, from Train Textual Inversion.
        name: How the file's name begins; "/" makes a folder.
    """
    path = f"{name.strip().removeprefix(f'{EMBEDDINGS}/')}.safetensors"
    told = {"format": "pt"}
    file = run.store(EMBEDDINGS, path, lambda at: write_tensors(at, embedding.tensors, told))
    run.show_text(f"In prompts: embedding:{file.name.removesuffix('.safetensors')}")


def _trained(training: WordTraining, steps: int, name: str, run: Run) -> TrainedWord:
    def on_step(step: int, loss: float) -> None:
        run.step(step, steps)

    training.run(steps, state=run.workspace(name) / STATE, on_step=on_step)
    word = training.trained()
    part = max(1, len(word.losses) // 10)
    first, last = (sum(losses) / part for losses in (word.losses[:part], word.losses[-part:]))
    run.show_text(f"{len(word.losses)} steps: the loss went from {first:.4f} to {last:.4f}.")
    return word


def _captions(captions: str, count: int) -> Sequence[str]:
    """A caption for each picture, the word written as prompts write it."""
    lines = [line.strip() for line in captions.splitlines() if line.strip()]
    if len(lines) not in (1, count):
        raise NodeError(
            f"There are {count} pictures and {len(lines)} captions.",
            "Write one line for each picture, in their order, or one for all.",
            port="captions",
        )
    silent = next((line for line in lines if STANDS not in line), None)
    if silent is not None:
        raise NodeError(
            f"The new word is not in the caption {silent[:60]!r}.",
            "Write * where it belongs: a picture of *",
            port="captions",
        )
    named = [line.replace(STANDS, f"embedding:{WORD}") for line in lines]
    return named * count if len(named) == 1 else named


def _pictures(latents: Latent, texts: Sequence[str], network: DiffusionModel) -> list[Captioned]:
    samples = encoded_pictures(latents, network)
    return [Captioned(sample, text) for sample, text in zip(samples, texts, strict=True)]
