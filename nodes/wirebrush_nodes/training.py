"""Training: a LoRA from pictures with captions, and how it went."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wirebrush.api import (
    Choice,
    Conditioning,
    File,
    Latent,
    Model,
    Optional,
    Range,
    Run,
    node,
)
from wirebrush.api.widgets import MAX_SEED
from wirebrush_diffusion.pictures.files import encode_png
from wirebrush_diffusion.training.adapters import ALGORITHMS
from wirebrush_diffusion.training.loop import DECAYS, OPTIMIZERS, LoopSettings
from wirebrush_diffusion.training.lora import LoraSettings
from wirebrush_diffusion.training.objective import LOSSES
from wirebrush_diffusion.training.plot import loss_plot
from wirebrush_nodes.image_io import PNG
from wirebrush_nodes.lora_values import LoraModel, LossMap
from wirebrush_nodes.teaching import Lesson, Taught, Wishes, teach

NO_LORA = "[None]"
Precision = Annotated[str, Choice(("bf16", "fp32"))]


class Trained(NamedTuple):
    """What a training gives."""

    model_with_lora: Model
    lora: LoraModel
    loss: LossMap
    steps: int


@node(id="TrainLoraNode", category="training", title="Train LoRA", experimental=True)
def train_lora_node(
    model: Model,
    latents: Latent,
    positive: Conditioning,
    batch_size: Annotated[int, Range(1, 10_000)] = 1,
    grad_accumulation_steps: Annotated[int, Range(1, 1024)] = 1,
    steps: Annotated[int, Range(1, 100_000)] = 16,
    learning_rate: Annotated[float, Range(1e-7, 1.0, 1e-6)] = 5e-4,
    rank: Annotated[int, Range(1, 128)] = 8,
    optimizer: Annotated[str, Choice(tuple(OPTIMIZERS))] = "AdamW",
    loss_function: Annotated[str, Choice(tuple(LOSSES))] = "MSE",
    seed: Annotated[int, Range(0, MAX_SEED)] = 0,
    training_dtype: Precision = "bf16",
    lora_dtype: Precision = "bf16",
    algorithm: Annotated[str, Choice(tuple(ALGORITHMS))] = "LoRA",
    gradient_checkpointing: bool = True,
    existing_lora: Annotated[str, File("loras", none=NO_LORA)] = NO_LORA,
    negative: Conditioning | None = None,
    caption_dropout: Annotated[float, Range(0.0, 1.0, 0.01), Optional()] = 0.0,
    sample_every: Annotated[int, Range(0, 10_000), Optional()] = 25,
    lr_schedule: Annotated[str, Choice(tuple(DECAYS)), Optional()] = "constant",
    lr_warmup_steps: Annotated[int, Range(0, 100_000), Optional()] = 0,
    *,
    run: Run,
) -> Trained:
    """Teach a model something from pictures: a style, a person, a thing. Makes a LoRA.

    The model itself stays as it is. A training that was cancelled or cut off goes on where it was
    when it is run again, and one with more steps goes on where the shorter one ended, if its
    learning rate stays constant.

    Args:
        model: The model that learns.
        latents: The pictures, encoded with the model's VAE.
        positive: A text for each picture, in their order, or one text for all.
        batch_size: Pictures that are looked at together in one step.
        grad_accumulation_steps: Batches per step: as a larger batch, with less memory and slower.
        steps: How often the LoRA is improved. Some hundreds for real models.
        learning_rate: How far each step goes; too far, and pictures fall apart.
        rank: How much the LoRA can hold; 4 to 32 are usual.
        optimizer: How steps follow from errors; AdamW suits nearly always.
        loss_function: How errors are measured.
        seed: Which noise and which order of pictures.
        training_dtype: Precision of the model while it learns. The processor always uses fp32.
        lora_dtype: Precision of the LoRA that is kept; it learns in fp32.
        algorithm: LoRA is what every program reads; LoHa and LoKr are smaller, OFT turns features.
        gradient_checkpointing: Needs much less memory and about a third more time.
        existing_lora: A LoRA to train further, of the same algorithm; its rank stays.
        negative: The empty text: for `caption_dropout`, and to guide the samples.
        caption_dropout: How often a picture is shown with the empty text instead of its own.
        sample_every: After how many steps a sample of the first text is shown; 0 shows none.
        lr_schedule: The course of the learning rate: constant, or falling to 0 at the last step,
            slowly at first (cosine) or evenly (linear).
        lr_warmup_steps: Over how many steps it rises from 0 first, which calms the beginning.
    """
    fall = steps if lr_schedule != "constant" else 0
    loop = LoopSettings(
        optimizer,
        learning_rate,
        grad_accumulation_steps,
        decay=lr_schedule,
        decay_steps=fall,
        warmup=lr_warmup_steps,
    )
    settings = LoraSettings(
        algorithm=algorithm,
        rank=rank,
        batch_size=batch_size,
        seed=seed,
        loss=loss_function,
        caption_dropout=caption_dropout,
        gradient_checkpointing=gradient_checkpointing,
        loop=loop,
    )
    existing = "" if existing_lora == NO_LORA else existing_lora
    lesson = Lesson(model, latents, positive, negative, existing)
    wishes = Wishes(steps, training_dtype, lora_dtype, sample_every)
    return _trained(teach(lesson, settings, wishes, run), model, run)


def _trained(taught: Taught, model: Model, run: Run) -> Trained:
    """The outputs, and a sentence on how it went."""
    first, last = taught.ends
    run.show_text(f"{len(taught.losses)} steps: the loss went from {first:.4f} to {last:.4f}.")
    lora = taught.lora
    return Trained(lora.on(model, 1.0), lora, LossMap(taught.losses), taught.steps)


@node(id="LossGraphNode", category="training", title="Plot Loss Graph", experimental=True)
def loss_graph_node(loss: LossMap, filename_prefix: str = "loss_graph", *, run: Run) -> None:
    """Draw how a training went: the loss of each step, and its course without the noise.

    It should fall quickly at first and then slowly. If it rises, the learning rate is too large.

    Args:
        loss: The losses, from Train LoRA.
        filename_prefix: The picture's name.
    """
    picture = loss_plot(loss.losses)
    height, width = picture.shape[:2]
    data = encode_png(picture, run.metadata)
    run.save(
        data, name=f"{filename_prefix}.png", mime=PNG, kind="preview", width=width, height=height
    )
