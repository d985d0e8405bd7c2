"""One training for the training node: from values on wires to a LoRA, resumable, with samples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from statistics import fmean

import torch
from torch import Tensor

from wirebrush.api import Conditioning, Latent, Model, NodeError, Run
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.memory.portions import painting_portions
from wirebrush_diffusion.memory.using import placed
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.patches.lora import read_lora
from wirebrush_diffusion.patches.weights import Delta
from wirebrush_diffusion.training.examples import Example
from wirebrush_diffusion.training.lora import LoraSettings, LoraTraining
from wirebrush_nodes.conditions import Controls, condition_from
from wirebrush_nodes.live import explained, live_model, weights_of
from wirebrush_nodes.lora_values import LoraModel, digest_of
from wirebrush_nodes.patching import COMPUTED
from wirebrush_nodes.samples import Samples

STATE = "state.safetensors"
KEPT_ACTIVATIONS = 8
"""How many times what painting needs is kept for gradients, unless it is computed again."""
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
ENDS = 10
"""The losses at the beginning and the end are means of a tenth of the steps."""
STORED = "weight_dtype"
VERSION = "1"
"""Of the training's code: states of another are not used."""
_STEPS = re.compile(r"_(\d+)_steps")


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """The model, what it learns from, the empty text, and the LoRA file to go on from."""

    model: Model
    latents: Latent
    positive: Conditioning
    negative: Conditioning | None
    existing: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """How far, how exactly, and how often somebody wants to see a sample."""

    steps: int
    training_dtype: str
    lora_dtype: str
    sample_every: int


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A LoRA, the losses on the way, and all steps that are in it."""

    lora: LoraModel
    losses: tuple[float, ...]
    steps: int

    @property
    def ends(self) -> tuple[float, float]:
        """The loss at the beginning and at the end, without the noise."""
        part = max(1, len(self.losses) // ENDS)
        return fmean(self.losses[:part]), fmean(self.losses[-part:])


def teach(lesson: Lesson, settings: LoraSettings, wishes: Wishes, run: Run) -> Taught:
    """Train, or go on with a training of the same content that was not finished."""
    handle = in_precision(lesson.model, wishes.training_dtype, run)
    with explained("model"), live_model(handle, run) as network, ExitStack() as stack:
        texts = _texts(lesson, network, run)
        examples = _examples(lesson.latents, texts, network)
        kept = 1 if settings.gradient_checkpointing else KEPT_ACTIVATIONS
        rows = min(settings.batch_size, len(examples))
        stack.enter_context(wholly_there(network, examples[0].latent, rows, run, kept))
        empty = _empty(lesson, network, run)
        existing, before = _existing(lesson, handle, run)
        with explained("existing_lora" if existing else "model"):
            name = _name(lesson, settings, examples, empty, run)
            training = LoraTraining(network, examples, settings, empty, existing, name)
        state = run.workspace(name) / STATE
        sides, shape = (texts[0], empty), examples[0].latent.shape
        every = wishes.sample_every
        samples = Samples(network, handle, sides, shape, settings.seed, run, every)

        def on_step(step: int, loss: float) -> None:
            if every:
                samples.step(step)
            run.step(step, wishes.steps, samples.look if every else None)

        training.run(wishes.steps, state=state, on_step=on_step)
        trained = training.trained(DTYPES[wishes.lora_dtype])
    steps = before + wishes.steps
    metadata = {**trained.metadata, "ss_steps": str(steps)}
    tensors = dict(trained.tensors)
    return Taught(LoraModel(tensors, metadata, digest_of(tensors)), trained.losses, steps)


def in_precision(model: Model, dtype: str, run: Run) -> Model:
    """The handle for training in that precision; processors are slow at anything but float32.

    Weights that are kept in fp8 to save memory give no gradients: they are loaded whole.
    """
    if model.option(STORED) is not None:
        model = model.with_option(STORED, None)
    if run.device.startswith("cpu"):
        return model
    return model.with_option(COMPUTED, str(DTYPES[dtype]).removeprefix("torch."))


@contextmanager
def wholly_there(
    network: DiffusionModel, latent: Tensor, rows: int, run: Run, kept: int = KEPT_ACTIVATIONS
) -> Iterator[None]:
    """All weights are on the device while the block runs: gradients need them once more.

    `rows` latents `[C,h,w]` at once; `kept` is how many times what painting needs they take.
    """
    positions = latent[0].numel()
    plain = painting_portions(network.config, rows, positions, network.dtype.itemsize)[0]
    missing = 0
    for times in dict.fromkeys((kept, 1)):  # what is expected is no reason not to try with less
        portion = replace(plain, activations=plain.activations * times)
        with placed(run.memory, [network], portion):
            missing = sum(leaf.weight for leaf in network.leaves() if not leaf.here)
            if not missing or not run.memory.apart:
                yield
                return
    raise DiffusionError(
        f"{missing >> 20} MB of the model do not fit on {run.device} beside the work: training "
        "needs all of it there.",
        "Use bf16, gradient_checkpointing, a smaller batch or smaller pictures, or a smaller "
        "model.",
    )


def _texts(lesson: Lesson, network: DiffusionModel, run: Run) -> list[Condition]:
    texts = [_converted(lesson, network, place, run) for place in range(len(lesson.positive))]
    count = lesson.latents.samples.shape[0]
    if len(texts) == 1:
        return texts * count
    if len(texts) != count:
        raise NodeError(
            f"There are {count} pictures and {len(texts)} texts.",
            "Give one text for each picture, in their order, or one text for all.",
            port="positive",
        )
    return texts


def _converted(lesson: Lesson, network: DiffusionModel, place: int, run: Run) -> Condition:
    shape = lesson.latents.samples.shape
    given = (network, Controls(run), (1, *shape[1:]))
    cond = lesson.positive[place].with_options(controls=())
    return condition_from(cond, *given, port="positive", negative=False)


def _empty(lesson: Lesson, network: DiffusionModel, run: Run) -> Condition | None:
    if not lesson.negative:
        return None
    shape = (1, *lesson.latents.samples.shape[1:])
    cond = lesson.negative[0].with_options(controls=())
    return condition_from(cond, network, Controls(run), shape, port="negative", negative=True)


def _examples(latents: Latent, texts: list[Condition], network: DiffusionModel) -> list[Example]:
    samples = encoded_pictures(latents, network)
    return [Example(sample, text) for sample, text in zip(samples, texts, strict=True)]


def encoded_pictures(latents: Latent, network: DiffusionModel) -> Tensor:
    """The latents `[B,C,h,w]` to learn from; NodeError if they are no encoded pictures."""
    samples = latents.samples
    if samples.ndim != 4 or not torch.isfinite(samples).all() or not samples.any():
        raise NodeError(
            "The latents are no encoded pictures: they are empty, or not [B,C,h,w].",
            "Encode pictures with VAE Encode, with the VAE of the same model.",
            port="latents",
        )
    with explained("latents"):
        return network.latent.fit(samples).float()


def _existing(lesson: Lesson, handle: Model, run: Run) -> tuple[dict[str, Delta] | None, int]:
    """What the LoRA file changes, and its steps so far."""
    if not lesson.existing:
        return None, 0
    source = run.file("loras", lesson.existing)
    weights = weights_of(handle, "", run)
    assert weights is not None
    with explained("existing_lora"):
        file = WeightFile(run.path(source))
        deltas = read_lora(file, weights.modules())
        told = file.metadata.get("ss_steps", "")
        named = _STEPS.search(source.name)
        steps = told if told.isdecimal() else named[1] if named else "0"
        return deltas, min(int(steps), 10**9)


def _name(
    lesson: Lesson,
    settings: LoraSettings,
    examples: list[Example],
    empty: Condition | None,
    run: Run,
) -> str:
    """Names the training by all that decides it but the number of steps."""
    existing = run.file("loras", lesson.existing).digest if lesson.existing else ""
    parts = [VERSION, lesson.model.key, repr(settings), existing, run.device.partition(":")[0]]
    texts = [example.condition for example in examples] + ([] if empty is None else [empty])
    tensors = [example.latent for example in examples] + [text.context for text in texts]
    return digest_of(*parts, *tensors, *(dict(text.extra) for text in texts))
