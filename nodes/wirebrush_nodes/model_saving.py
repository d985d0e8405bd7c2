"""Models to files: what a workflow made of them, as others' programs read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from wirebrush.api import Clip, Model, NodeError, Run, Vae, node
from wirebrush_diffusion.families.family import Family
from wirebrush_diffusion.families.unet import V_NAMES, UNetFamily
from wirebrush_diffusion.files.layout import FileTensors
from wirebrush_diffusion.files.saving import Outgoing, write_model
from wirebrush_diffusion.files.stored import (
    StoredModel,
    stored_model,
    stored_texts,
    stored_vae,
    text_places,
)
from wirebrush_diffusion.text.reading import TextPart
from wirebrush_nodes.live import explained, live_model, live_text_encoder

FOLDERS: Mapping[str, tuple[str, ...]] = {"text_encoders": ("clip",), "diffusion_models": ("unet",)}
"""What the field's prefixes call the folders."""
ROLES: Mapping[str, str] = {"l": "clip_l", "g": "clip_g"}
"""What the field's files call encoders that are known by a letter here."""
NETWORK, VAE = "model.diffusion_model.", "first_stage_model."
CATEGORY = "advanced/model_merging"
RESAMPLED = "ModelSamplingDiscrete"
Changes = Mapping[str, Tensor]


@node(id="CheckpointSave", category=CATEGORY, title="Save Checkpoint")
def checkpoint_save(
    model: Model,
    clip: Clip,
    vae: Vae,
    filename_prefix: str = "checkpoints/ComfyUI",
    *,
    run: Run,
) -> None:
    """Keep a model with its text encoders and VAE as one file, merges and LoRAs baked in.

    The file lies in `models/checkpoints` and is read like any other, also by other programs.
    Nothing is written over: each file gets a number.

    Args:
        model: The model.
        clip: Its text encoders.
        vae: Its VAE.
        filename_prefix: How the file's name begins; "/" makes a folder.
    """
    with explained("model"):
        source = stored_model(run.path(model.source))
    with explained("vae"):
        eye = stored_vae(run.path(vae.source))
    with explained("clip"):
        texts = {_part(part, source.family): found for part, found in _stored(clip, run).items()}
    with _changed(model, run) as changes, _changed_texts(clip, run) as words:
        networks = [_network(source, changes), Outgoing(eye.tensors, eye.places, VAE)]
        for part, tensors in texts.items():
            prefix, changed = part.prefixes[0], words.get(part.role, {})
            places = text_places(tensors, part, prefix)
            networks.append(Outgoing(tensors, places, prefix, changed.get))
        _store("checkpoints", filename_prefix, networks, run, _marks(source, model))


@node(id="ModelSave", category=CATEGORY)
def model_save(
    model: Model, filename_prefix: str = "diffusion_models/ComfyUI", *, run: Run
) -> None:
    """Keep a model without text encoders and VAE, merges and LoRAs baked in.

    The file lies in `models/diffusion_models`, for UNETLoader.

    Args:
        model: The model.
        filename_prefix: How the file's name begins; "/" makes a folder.
    """
    with explained("model"):
        source = stored_model(run.path(model.source))
    with _changed(model, run) as changes:
        networks = [_network(source, changes)]
        _store("diffusion_models", filename_prefix, networks, run, _marks(source, model))


@node(id="CLIPSave", category=CATEGORY)
def clip_save(clip: Clip, filename_prefix: str = "clip/ComfyUI", *, run: Run) -> None:
    """Keep text encoders, each as a file of its own, merges and LoRAs baked in.

    The files lie in `models/text_encoders`, for CLIPLoader and its relatives.

    Args:
        clip: The text encoders.
        filename_prefix: How the files' names begin; the encoder's name is added.
    """
    with explained("clip"):
        found = _stored(clip, run)
    with _changed_texts(clip, run) as changes:
        for part, tensors in found.items():
            changed = changes.get(part.role, {})
            network = Outgoing(tensors, text_places(tensors, part, ""), "", changed.get)
            name = f"{filename_prefix}_{ROLES.get(part.role, part.role)}"
            _store("text_encoders", name, [network], run)


@node(id="VAESave", category=CATEGORY)
def vae_save(vae: Vae, filename_prefix: str = "vae/ComfyUI_vae", *, run: Run) -> None:
    """Keep a VAE as a file of its own, in `models/vae`, for VAELoader.

    Args:
        vae: The VAE.
        filename_prefix: How the file's name begins; "/" makes a folder.
    """
    with explained("vae"):
        eye = stored_vae(run.path(vae.source))
    _store("vae", filename_prefix, [Outgoing(eye.tensors, eye.places)], run)


def _network(source: StoredModel, changes: Changes) -> Outgoing:
    return Outgoing(source.network.tensors, source.network.places, NETWORK, changes.get)


def _stored(clip: Clip, run: Run) -> dict[TextPart, FileTensors]:
    clip_type = clip.option("type")
    paths = [run.path(file) for file in (clip.source, *clip.others)]
    return stored_texts(paths, None if clip_type is None else str(clip_type))


def _part(part: TextPart, family: Family) -> TextPart:
    """The family's own encoder of that role."""
    own = next((own for own in family.texts if own.role == part.role), None)
    if own is None or own.kind != part.kind:
        raise NodeError(
            f"{family.title} reads with {' and '.join(p.role for p in family.texts)}; this CLIP is "
            f"{part.role}.",
            "Connect the text encoders that belong to the model.",
            port="clip",
        )
    return own


@contextmanager
def _changed(model: Model, run: Run) -> Iterator[Changes]:
    """The weights that merges and LoRAs change; without any, nothing is loaded."""
    if not model.patches:
        yield {}
        return
    with live_model(replace(model, tweaks=()), run) as live:
        yield live.patches.in_force()


@contextmanager
def _changed_texts(clip: Clip, run: Run) -> Iterator[Mapping[str, Changes]]:
    """The same of the text encoders, by role."""
    if not clip.patches:
        yield {}
        return
    with live_text_encoder(clip, run) as reader:
        yield {role: part.patches.in_force() for role, part in reader.parts.items()}


def _marks(source: StoredModel, model: Model) -> tuple[str, ...]:
    """Names of empty tensors by which the field tells what a UNet predicts."""
    if not isinstance(source.family, UNetFamily):
        return ()
    hints = dict(source.hints)
    for tweak in model.tweaks:
        if tweak.kind == RESAMPLED:
            told = dict(tweak.settings)
            hints["prediction_type"] = told.get("sampling")
            hints["rescale_betas_zero_snr"] = told.get("zsnr")
    marks = ("v_pred",) if hints.get("prediction_type") in V_NAMES else ()
    return (*marks, "ztsnr") if hints.get("rescale_betas_zero_snr") else marks


def _store(
    kind: str, prefix: str, networks: list[Outgoing], run: Run, marks: tuple[str, ...] = ()
) -> None:
    """Write the file, in the folder of its kind, and say what it is called."""
    head, _, rest = prefix.partition("/")
    name = rest if rest and head in (kind, *FOLDERS.get(kind, ())) else prefix
    metadata = {"modelspec.sai_model_spec": "1.0.0", **run.metadata}
    if "v_pred" in marks:
        metadata["modelspec.prediction_type"] = "v"

    def write(path: Path) -> None:
        with explained():
            write_model(path, networks, metadata, marks, run.step)

    found = run.store(kind, f"{name}.safetensors", write)
    size = run.path(found).stat().st_size
    run.show_text(f"{kind}/{found.name}, {size / 2**20:.1f} MB")
