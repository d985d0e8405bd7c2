"""Model folders: which files there are by kind, and where. No torch; both processes use it.

Roots are laid out as ComfyUI's `models/` folder (`<root>/<kind>/<name>`), so an existing one can
be used as it is; single folders of one kind may lie elsewhere. Packages may ship models through
the entry point group `wirebrush.models`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

_FORBIDDEN = frozenset("/\\:\0")
ALIASES = {
    "text_encoders": ("text_encoders", "clip"),
    "diffusion_models": ("diffusion_models", "unet"),
    "controlnet": ("controlnet", "t2i_adapter"),
}
DATASETS = "datasets"
"""Folders of pictures with captions, to learn from."""
TINY_VAES = ("taesd", "taesdxl", "taesd3", "taef1")
"""VAEs by name that are two files of `vae_approx`, as in ComfyUI."""
TINY_SUFFIXES = (".safetensors", ".pth")
MODEL_SUFFIXES = frozenset({".safetensors", ".sft", ".gguf", ".latent"})
PICTURE_ENDINGS = tuple(
    middle + suffix for suffix in (".png", ".jpg", ".jpeg", ".webp") for middle in ("", ".preview")
)
PICKLE_SUFFIXES = frozenset({".ckpt", ".pt", ".pt2", ".bin", ".pth", ".pkl"})


@dataclass(frozen=True, slots=True)
class KindFolder:
    """A folder for models of one kind. `first`: it goes before all roots, else after them."""

    kind: str
    path: Path
    first: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> KindFolder:
        """Read what `to_json` wrote."""
        return cls(str(data["kind"]), Path(data["path"]), bool(data["first"]))

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON data."""
        return {"kind": self.kind, "path": str(self.path), "first": self.first}


@dataclass(frozen=True)
class ModelFolders:
    """The model roots in order of precedence; earlier ones win when names repeat."""

    roots: Sequence[Path]
    single: Sequence[KindFolder] = ()

    def names(self, kind: str) -> list[str]:
        """All models of a kind: safetensors files and diffusers folders, by relative name.

        Data sets are folders with files in them.
        """
        found: dict[str, None] = {}
        below = LISTED.get(kind, _models_below)
        for base in self.bases(kind):
            for name in below(base):
                found.setdefault(name)
        if kind == "vae":
            found |= dict.fromkeys(name for name in TINY_VAES if self._tiny(name) is not None)
        return sorted(found, key=str.casefold)

    def find(self, kind: str, name: str) -> Path | None:
        """Where a model lies, or None. Names that leave the folder find nothing."""
        parts = name.replace("\\", "/").split("/")
        if any(part in ("", ".", "..") or "\0" in part or ":" in part for part in parts):
            return None
        if kind == "vae" and name in TINY_VAES:
            return self._tiny(name)
        for base in self.bases(kind):
            path = base.joinpath(*parts)
            # Links are fine: people keep large models elsewhere. Path.exists raises for long names.
            if os.path.exists(path):
                return path
        return None

    def _tiny(self, name: str) -> Path | None:
        """The decoder of a tiny VAE, if both its halves are there."""
        for suffix in TINY_SUFFIXES:
            halves = (f"{name}_{half}{suffix}" for half in ("decoder", "encoder"))
            decoder, encoder = (self.find("vae_approx", half) for half in halves)
            if decoder is not None and encoder is not None:
                return decoder
        return None

    def own_root(self) -> Path | None:
        """The first root that is the person's own, not an installed package's: for new files."""
        shipped = set(packaged_roots())
        return next((root for root in self.roots if root not in shipped), None)

    def picture(self, kind: str, name: str) -> Path | None:
        """The picture that lies beside a model: `x.png` or `x.preview.png` for `x.safetensors`,
        also as JPEG or WebP; None if there is none."""
        model = self.find(kind, name)
        if model is None:
            return None
        stem = model.name if model.is_dir() else model.stem
        beside = (model.with_name(stem + ending) for ending in PICTURE_ENDINGS)
        return next((path for path in beside if os.path.isfile(path)), None)

    def bases(self, kind: str) -> list[Path]:
        """Where models of a kind may lie, in order of precedence; not all need exist."""
        if not kind or kind.startswith(".") or not _FORBIDDEN.isdisjoint(kind):
            return []
        names = ALIASES.get(kind, (kind,))
        single = [folder for folder in self.single if folder.kind in names]
        return [
            *(folder.path for folder in reversed(single) if folder.first),  # as ComfyUI has it
            *(root / name for root in self.roots for name in names),
            *(folder.path for folder in single if not folder.first),
        ]


def packaged_roots() -> list[Path]:
    """Model roots that installed packages offer, such as the embedded Postcards model."""
    return [Path(entry.load()()) for entry in entry_points(group="wirebrush.models")]


def is_model_folder(path: Path) -> bool:
    """True for a diffusers folder: a pipeline or one of its parts."""
    return (path / "model_index.json").is_file() or (path / "config.json").is_file()


def _models_below(base: Path) -> Iterable[str]:
    for folder, subfolders, files in os.walk(base):  # does not follow links: no loops
        here = Path(folder)
        models = [name for name in subfolders if is_model_folder(here / name)]
        subfolders[:] = [n for n in subfolders if n not in models and not n.startswith(".")]
        suffixes = MODEL_SUFFIXES | PICKLE_SUFFIXES  # pickles are listed, and refused with a reason
        names = [name for name in files if Path(name).suffix.lower() in suffixes]
        for name in (*models, *names):
            yield (here / name).relative_to(base).as_posix()


def _folders_below(base: Path) -> Iterable[str]:
    for folder, subfolders, files in os.walk(base):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        if files and Path(folder) != base:
            yield Path(folder).relative_to(base).as_posix()


def _configs_below(base: Path) -> Iterable[str]:
    """Configuration files; they are small and lie flat."""
    return sorted(path.name for path in base.glob("*.yaml") if path.is_file())


LISTED = MappingProxyType({DATASETS: _folders_below, "configs": _configs_below})
"""What else than models there is in a folder, by its kind."""
