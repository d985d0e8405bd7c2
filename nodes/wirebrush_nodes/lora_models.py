"""LoRAs that were just trained or worked out of models: used, and kept as files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from torch import Tensor

from wirebrush.api import Clip, Handle, Model, NodeError, Range, Run, node
from wirebrush_diffusion.training.extract import Form, differences, lora_of, stem_for
from wirebrush_diffusion.training.files import write_tensors
from wirebrush_nodes.live import explained, live_text_encoder, weights_of
from wirebrush_nodes.loaders import Strength
from wirebrush_nodes.lora_values import LoraModel
from wirebrush_nodes.patching import Weights, patches_of

KIND = "loras"


@node(id="LoraModelLoader", category="loaders", title="Load LoRA Model", experimental=True)
def lora_model_loader(model: Model, lora: LoraModel, strength_model: Strength = 1.0) -> Model:
    """Lay a LoRA that was just trained over a model.

    Args:
        model: The model to change, of the family it was trained with.
        lora: The LoRA, from Train LoRA.
        strength_model: How strongly it changes the painting; 1 as trained, negative is opposite.
    """
    return lora.on(model, strength_model) if strength_model else model


@node(
    id="SaveLoRANode",
    category="loaders",
    title="Save LoRA Weights",
    experimental=True,
    cache="never",
)
def save_lora_node(
    lora: LoraModel,
    prefix: str = "loras/ComfyUI_trained_lora",
    steps: int | None = None,
    *,
    run: Run,
) -> None:
    """Keep a trained LoRA as a file in `models/loras`, for Load LoRA and for other programs.

    Nothing is ever written over, and the same LoRA is not stored twice.

    Args:
        lora: The LoRA, from Train LoRA.
        prefix: How the file's name begins; "/" makes a folder.
        steps: How long it was trained, for its name.
    """
    told = "" if steps is None else f"_{steps}_steps"
    _store(f"{prefix}{told}", lora.tensors, lora.metadata, run)


@node(
    id="LoraSave",
    category="_for_testing",
    title="Extract and Save Lora",
    experimental=True,
    cache="never",
)
def lora_save(
    filename_prefix: str = "loras/ComfyUI_extracted_lora",
    rank: Annotated[int, Range(1, 4096)] = 8,
    lora_type: Literal["standard", "full_diff"] = "standard",
    bias_diff: bool = True,
    model_diff: Model | None = None,
    text_encoder_diff: Clip | None = None,
    *,
    run: Run,
) -> None:
    """Make a LoRA file of the difference between two models, or of LoRAs laid over each other.

    Args:
        filename_prefix: How the file's name begins; "/" makes a folder.
        rank: How much of the difference is kept.
        lora_type: standard keeps the largest parts, full_diff keeps all in a large file.
        bias_diff: Whether single rows of numbers (biases, norms) are kept too.
        model_diff: The difference, from ModelMergeSubtract; or a model with LoRAs.
        text_encoder_diff: The same of a text encoder, from CLIPMergeSubtract.
    """
    form = Form(rank, full=lora_type == "full_diff", vectors=bias_diff)
    tensors: dict[str, Tensor] = {}
    if model_diff is not None:
        weights = weights_of(model_diff, "", run)
        assert weights is not None
        stem = stem_for("", 1, 0)
        tensors |= _extracted(model_diff, weights, stem, form, "model_diff", run)
    if text_encoder_diff is not None:
        with explained("text_encoder_diff"), live_text_encoder(text_encoder_diff, run) as reader:
            roles = list(reader.parts)
        for place, role in enumerate(roles):
            weights = weights_of(text_encoder_diff, role, run)
            assert weights is not None
            stem = stem_for(role, len(roles), place)
            port = "text_encoder_diff"
            tensors |= _extracted(text_encoder_diff, weights, stem, form, port, run)
    if not tensors:
        raise NodeError(
            "There is no difference to keep.",
            "Connect ModelMergeSubtract to model_diff, or a model with LoRAs.",
        )
    metadata = {"format": "pt", "ss_network_dim": str(rank), "ss_network_module": "networks.lora"}
    _store(filename_prefix, tensors, metadata, run)


def _extracted(
    handle: Handle, weights: Weights, stem: str, form: Form, port: str, run: Run
) -> dict[str, Tensor]:
    """A handle's difference as a LoRA's tensors."""
    if not handle.patches:
        raise NodeError(
            "This is a whole model, and no difference of two.",
            "Connect ModelMergeSubtract (CLIPMergeSubtract for texts), or a model with LoRAs.",
            port=port,
        )
    patches = patches_of(handle, weights, weights_of, run)
    with explained(port):
        found = differences(weights.patches, patches)
        total = len(weights.patches.shapes())
        tensors: dict[str, Tensor] = {}
        for place, (name, difference) in enumerate(found):
            run.step(place + 1, total)
            tensors |= lora_of(name, difference, stem, form)
    return tensors


def _store(
    prefix: str, tensors: Mapping[str, Tensor], metadata: Mapping[str, str], run: Run
) -> None:
    """Into `models/loras`, under a name that begins so."""
    name = f"{prefix.strip().removeprefix(f'{KIND}/')}.safetensors"
    stored = run.store(KIND, name, lambda path: write_tensors(path, tensors, metadata))
    size = sum(tensor.nbytes for tensor in tensors.values())
    run.show_text(f"{KIND}/{stored.name}, {size / 2**20:.1f} MB")
