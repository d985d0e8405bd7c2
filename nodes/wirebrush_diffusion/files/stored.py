"""A model's weights as they lie in its files, before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wirebrush_diffusion.autoencoder.files import current_name, planned_vae, vae_places
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families import recognised
from wirebrush_diffusion.families.family import Family
from wirebrush_diffusion.files.build import build_diffusers
from wirebrush_diffusion.files.folder import FolderCheckpoint, folder_tensors, read_config
from wirebrush_diffusion.files.layout import FileTensors, Stored, places_by_rules
from wirebrush_diffusion.files.separate import assigned_texts
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.encoder_files import OPEN_CLIP, find_text, text_layout
from wirebrush_diffusion.text.language_files import language_place
from wirebrush_diffusion.text.reading import TextPart

OPEN_CLIP_PREFIX = ".model."
"""Files that keep CLIP below such a prefix call its weights as OpenCLIP does."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredNetwork:
    """One network: its tensors by its own names, and where its authors' files keep each."""

    tensors: FileTensors
    places: Mapping[str, Stored]


@dataclass(frozen=True, slots=True, eq=False)
class StoredModel:
    """A diffusion network with its family and what its files say about sampling."""

    network: StoredNetwork
    family: Family
    hints: Mapping[str, Any]


def stored_model(path: Path) -> StoredModel:
    """The diffusion network of a single file or a diffusers folder."""
    if path.is_dir():
        return _model_of_folder(FolderCheckpoint(path))
    file = WeightFile(path)
    family, prefix, plan = recognised(file)
    network = build_diffusers(family.network, plan.config)
    tensors = plan.layout.tensors()
    places = _complete(family.places(network), tensors)
    return StoredModel(StoredNetwork(tensors, places), family, family.hints(file, prefix))


def _model_of_folder(source: FolderCheckpoint) -> StoredModel:
    family, folder = source.family, source.network_folder
    network = build_diffusers(family.network, read_config(folder / "config.json"))
    _check_ordinary(source)
    tensors = folder_tensors(folder, current_name)
    places = _complete(family.places(network), tensors)
    hints = read_config(source.path / "scheduler" / "scheduler_config.json")
    return StoredModel(StoredNetwork(tensors, places), family, hints)


def _check_ordinary(source: FolderCheckpoint) -> None:
    """Raise if a file could not say what the folder's configurations do."""
    found, usual = source.latent_format(), source.family.latent
    if (found.channels, found.scale) != (usual.channels, usual.scale):
        raise DiffusionError(
            f"{source.path.name} has latents of its own kind ({found.channels} channels, scale "
            f"{found.scale:g}), which a single file cannot say.",
            "Keep it as the folder that it is; LoRAs of it can be saved.",
        )


def stored_vae(path: Path) -> StoredNetwork:
    """The VAE of a single file, of a diffusers folder, or of a file of its own."""
    if path.is_dir():
        config = read_config(path / "vae" / "config.json")
        kind = str(config.get("_class_name", "AutoencoderKL"))
        network, tensors = build_diffusers(kind, config), folder_tensors(path / "vae", current_name)
        own: Mapping[str, Stored] = {}
    else:
        network, layout, prefix = planned_vae(WeightFile(path))
        kind, tensors = type(network).__name__, layout.tensors()
        own = _without(layout.entries, prefix)
    places = vae_places(network) if kind == "AutoencoderKL" else own
    return StoredNetwork(tensors, _complete(places, tensors))


def stored_texts(paths: Sequence[Path], clip_type: str | None) -> dict[TextPart, FileTensors]:
    """The text encoders of a checkpoint, or of the files that are one `clip_type`'s."""
    if clip_type is not None:
        _, assigned = assigned_texts([WeightFile(path) for path in paths], clip_type)
        return {part: text_layout(text, part).tensors() for part, text in assigned}
    (path,) = paths
    if path.is_dir():
        source = FolderCheckpoint(path)
        present = [part for part in source.family.texts if (path / part.folder).is_dir()]
        return {part: source.text_tensors(part) for part in present}
    file = WeightFile(path)
    found = {part: find_text(file, *part.prefixes) for part in recognised(file)[0].texts}
    return {p: text_layout(text, p).tensors() for p, text in found.items() if text}


def text_places(tensors: FileTensors, part: TextPart, prefix: str) -> dict[str, Stored]:
    """Where a file that keeps the encoder below `prefix` has its weights."""
    shapes = tensors.shapes()
    if part.kind == "t5":
        return {name: Stored(name) for name in shapes}
    if part.kind != "clip":
        return {name: Stored(language_place(name)) for name in shapes}
    if prefix.endswith(OPEN_CLIP_PREFIX):
        return places_by_rules(shapes, OPEN_CLIP)
    outside = "text_projection."
    return {n: Stored(n if n.startswith(outside) else f"text_model.{n}") for n in shapes}


def _complete(places: Mapping[str, Stored], tensors: FileTensors) -> dict[str, Stored]:
    return {name: places.get(name, Stored(name)) for name in tensors}


def _without(entries: Mapping[str, Stored], prefix: str) -> dict[str, Stored]:
    return {
        name: replace(place, name=place.name.removeprefix(prefix))
        for name, place in entries.items()
    }
