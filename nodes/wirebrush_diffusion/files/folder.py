"""Checkpoints as diffusers folders: unet, vae, text_encoder, tokenizer and scheduler."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from wirebrush_diffusion.autoencoder.files import current_name
from wirebrush_diffusion.autoencoder.frames import framed
from wirebrush_diffusion.autoencoder.vae import Autoencoder
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families import fitting
from wirebrush_diffusion.families.family import Family
from wirebrush_diffusion.files.build import build_clip, build_diffusers, build_t5
from wirebrush_diffusion.files.layout import FileTensors, Layout, Stored
from wirebrush_diffusion.files.precision import mapped_precision, precision_for, set_precision
from wirebrush_diffusion.files.weights import WeightFile, fill, refuse_pickles
from wirebrush_diffusion.latent.space import LatentFormat, known_format
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.text.encoder import TextEncoder
from wirebrush_diffusion.text.language import LanguageEncoder
from wirebrush_diffusion.text.language_files import language_from, language_name
from wirebrush_diffusion.text.pieces import find_pieces, has_pieces
from wirebrush_diffusion.text.reading import PartEncoder, Reader, TextKind, TextPart
from wirebrush_diffusion.text.t5 import T5Encoder
from wirebrush_diffusion.text.tokens import Tokenizer
from wirebrush_diffusion.text.vocabulary import load_vocabulary

NETWORKS = ("unet", "transformer")
STEMS = ("diffusion_pytorch_model", "model")
VARIANTS = ("", ".fp16", ".bf16", ".non_ema")
CLIP_CLASSES = ("CLIPTextModel", "CLIPTextModelWithProjection")
T5_CLASSES = ("T5EncoderModel", "T5ForConditionalGeneration")
LANGUAGE_CLASSES: Mapping[TextKind, tuple[str, ...]] = {
    "gemma2": ("Gemma2Model", "Gemma2ForCausalLM"),
    "qwen3": ("Qwen3Model", "Qwen3ForCausalLM"),
    "qwen25vl": ("Qwen2_5_VLForConditionalGeneration", "Qwen2_5_VLModel"),
    "llama": ("LlamaForCausalLM", "LlamaModel"),
}
MAX_JSON = 4 * 1024 * 1024


@dataclass
class FolderCheckpoint:
    """A diffusers folder of any family that is known."""

    path: Path

    @cached_property
    def network_folder(self) -> Path:
        """Where the diffusion network lies."""
        for part in NETWORKS:
            if (self.path / part).is_dir():
                return self.path / part
        read_config(self.path / NETWORKS[0] / "config.json")
        raise DiffusionError(f"{self.path.name} is no diffusers folder.")

    @cached_property
    def family(self) -> Family:
        """The family of the folder's network."""
        config = read_config(self.network_folder / "config.json")
        return fitting(config, _label(self.network_folder))

    def check(self) -> None:
        """Raise if a part is not there."""
        _ = self.family
        folders = [part.folder for part in self.family.texts]
        for part in ("vae", *(folder for folder in folders[:1])):
            read_config(self.path / part / "config.json")

    def model(
        self,
        device: str = "cpu",
        dtype: torch.dtype | None = torch.float32,
        storage: str | None = None,
    ) -> DiffusionModel:
        self.check()
        precision = precision_for(device, self.family.half, dtype)
        network = load_network(
            self.network_folder,
            self.family.network,
            device,
            precision,
            storage,
            self.family.complete,
        )
        self.family.gather(network, self.path)
        scheduler = read_config(self.path / "scheduler" / "scheduler_config.json")
        sampling = self.family.sampling(scheduler)
        return self.family.model(network, sampling, self.latent_format())

    def latent_format(self) -> LatentFormat:
        """Channels and scale, from the VAE's configuration."""
        config = read_config(self.path / "vae" / "config.json")
        own = self.family.latent
        if own.means:
            means, spreads = config.get("latents_mean"), config.get("latents_std")
            if not means or not spreads:
                return own
            return replace(own, means=tuple(means), spreads=tuple(spreads))
        channels = config.get("latent_channels", own.channels)
        scale = config.get("scaling_factor", own.scale)
        if (channels, scale) == (own.channels, own.scale):
            return own
        levels = len(config.get("block_out_channels", (0,) * 4))
        return known_format(channels, scale) or LatentFormat(
            channels=channels,
            scale=scale,
            shift=config.get("shift_factor") or 0.0,
            downscale=2 ** (levels - 1),
        )

    def text_encoder(
        self, device: str = "cpu", dtype: torch.dtype | None = torch.float32
    ) -> Reader:
        precision = precision_for(device, self.family.half, dtype)
        present = [
            part
            for part in self.family.texts
            if part is self.family.texts[0] or (self.path / part.folder).is_dir()
        ]
        parts = {part.role: self._text(part, device, precision) for part in present}
        return Reader(parts, self.family.read)

    def _text(self, part: TextPart, device: str, dtype: torch.dtype) -> PartEncoder:
        folder = self.path / part.folder
        config = read_config(folder / "config.json")
        found = config.get("architectures", ["CLIPTextModel"])[0]
        if part.kind in LANGUAGE_CLASSES:
            _check_class(folder, found, *LANGUAGE_CLASSES[part.kind])
            return self._language(part, device, dtype)
        _check_class(folder, found, *(CLIP_CLASSES if part.kind == "clip" else T5_CLASSES))
        if part.kind == "clip":
            return self._clip(part, config, device, dtype)
        return self._t5(part, config, device, dtype)

    def _language(self, part: TextPart, device: str, dtype: torch.dtype) -> LanguageEncoder:
        """Its shapes tell the same as its configuration, and are the same for every spelling."""
        tensors = self.text_tensors(part, mapped_precision(device, dtype))
        where = _label(self.path / part.folder)
        return language_from(tensors, part, where, (self.path / part.tokenizer,), device, dtype)

    def _clip(
        self, part: TextPart, config: dict[str, Any], device: str, dtype: torch.dtype
    ) -> TextEncoder:
        tensors = self.text_tensors(part, mapped_precision(device, dtype))
        network = build_clip(config | {"with_projection": "text_projection.weight" in tensors})
        where = _label(self.path / part.folder)
        fill(network, tensors, where=where, device=torch.device(device), dtype=dtype)
        vocabulary = load_vocabulary(self.path / part.tokenizer)
        tokenizer = Tokenizer(vocabulary, config.get("max_position_embeddings", 77))
        return TextEncoder(network.to(device), tokenizer, part.norm_hidden, part.layer, part.cut)

    def _t5(
        self, part: TextPart, config: dict[str, Any], device: str, dtype: torch.dtype
    ) -> T5Encoder:
        network = build_t5(config)
        where = _label(self.path / part.folder)
        tensors = self.text_tensors(part, mapped_precision(device, dtype))
        fill(network, tensors, where=where, device=torch.device(device), dtype=dtype)
        places = [self.path / part.tokenizer]
        pieces = find_pieces([place for place in places if has_pieces(place)], config["vocab_size"])
        return T5Encoder(network.to(device), pieces, part.places, masked=part.masked)

    def text_tensors(self, part: TextPart, mapped: torch.dtype | None = None) -> FileTensors:
        """A text encoder's tensors, by its network's names."""
        named = partial(_text_name, part)
        return folder_tensors(self.path / part.folder, named, mapped)

    def autoencoder(
        self, device: str = "cpu", dtype: torch.dtype | None = torch.float32
    ) -> Autoencoder:
        precision = precision_for(device, torch.bfloat16, dtype)
        kind = self.family.autoencoder
        return framed(load_network(self.path / "vae", kind, device, precision))


def _text_name(part: TextPart, stored: str) -> str | None:
    """The network's name for a stored tensor; None for what is never read."""
    if part.kind in LANGUAGE_CLASSES:
        return language_name(part.kind, stored)
    if part.kind == "t5":
        if stored.startswith(("decoder.", "lm_head")):
            return None
        return "shared.weight" if stored == "encoder.embed_tokens.weight" else stored
    unread = stored.endswith("position_ids") or (
        stored == "text_projection.weight" and not part.projected
    )
    return None if unread else stored.removeprefix("text_model.")


def load_network(
    folder: Path,
    kind: str,
    device: str,
    dtype: torch.dtype,
    storage: str | None = None,
    complete: Callable[[nn.Module], None] = lambda network: None,
) -> nn.Module:
    """A diffusers model of class `kind` from its folder (config.json and safetensors).

    `complete` adds what the files do not hold.
    """
    config = read_config(folder / "config.json")
    _check_class(folder, config.get("_class_name", kind), kind)
    network = build_diffusers(kind, config)
    complete(network)
    set_precision(network, dtype, storage)
    fill(
        network,
        folder_tensors(folder, current_name, mapped_precision(device, dtype)),
        where=_label(folder),
        device=torch.device(device),
        dtype=None,
    )
    return network.to(device)


def read_config(path: Path) -> dict[str, Any]:
    """A JSON table from a model's folder."""
    label = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    if not path.is_file():
        raise DiffusionError(
            f"{label} is missing, so this is no complete diffusers folder.",
            "Get the whole folder again.",
        )
    if path.stat().st_size > MAX_JSON:
        raise DiffusionError(f"{label} is far too large for a configuration.")
    try:
        data = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DiffusionError(f"{label} is damaged: {error}.", "Get the file again.") from error
    if not isinstance(data, dict):
        raise DiffusionError(f"{label} is not a JSON table.", "Get the file again.")
    return data


def folder_tensors(
    folder: Path,
    rename: Callable[[str], str | None] = lambda name: name,
    mapped: torch.dtype | None = None,
) -> FileTensors:
    """All tensors of a model's folder, whether in one file or several, read when asked for.

    `rename` gives the network's name for a stored one; None leaves it out. Those of precision
    `mapped` stay in their files.
    """
    files = [WeightFile(path) for path in _weight_paths(folder)]
    layouts: list[Layout] = []
    for file in files:
        named = {rename(name): Stored(name) for name in file.names()}
        layouts.append(Layout(file, {name: at for name, at in named.items() if name is not None}))
    return FileTensors(*layouts, mapped=mapped)


def _weight_paths(folder: Path) -> list[Path]:
    for stem in STEMS:
        for variant in VARIANTS:
            single = folder / f"{stem}{variant}.safetensors"
            if single.is_file():
                return [single]
            index = folder / f"{stem}.safetensors.index{variant}.json"
            if index.is_file():
                return _shards(folder, index)
    for pickled in sorted(folder.glob("*.bin")):
        refuse_pickles(pickled)
    raise DiffusionError(
        f"{_label(folder)} has no weights.",
        f"Expected {STEMS[0]}.safetensors (or .fp16.safetensors) there.",
    )


def _shards(folder: Path, index: Path) -> list[Path]:
    names = sorted(set(read_config(index).get("weight_map", {}).values()))
    for name in names:
        if Path(name).name != name:
            raise DiffusionError(f"{_label(index)} names a file elsewhere: {name[:80]!r}.")
    return [folder / name for name in names]


def _check_class(folder: Path, found: object, *expected: str) -> None:
    if found not in expected:
        raise DiffusionError(
            f"{_label(folder)} holds a {found}; a {' or '.join(expected)} was expected.",
            "Models of this family are not read yet, or the folder is of another kind.",
        )


def _label(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"
