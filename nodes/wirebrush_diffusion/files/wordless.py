"""A text encoder of OpenCLIP ViT-H/14 among a person's files, for models that are told nothing.

Lotus looks at what Stable Diffusion 2's text encoder says to an empty text. That encoder was frozen
in all models of that line, so any of their files will do.
"""

from __future__ import annotations

from pathlib import Path

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families import recognised
from wirebrush_diffusion.families.family import Family
from wirebrush_diffusion.families.sd2 import StableDiffusion2
from wirebrush_diffusion.files.folder import FolderCheckpoint, read_config
from wirebrush_diffusion.files.separate import H_WIDTH
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.encoder_files import find_text

SAID_TO_NOTHING = 2
"""Places of an empty text that is not filled up: its beginning and its end."""


def is_h_file(path: Path) -> bool:
    """Whether a file of its own is that encoder; from names and shapes alone."""
    try:
        text = None if path.is_dir() else find_text(WeightFile(path))
    except (DiffusionError, OSError):
        return False
    return text is not None and text.kind == "clip" and text.width == H_WIDTH


def has_h_encoder(path: Path) -> bool:
    """Whether a checkpoint, a file or a diffusers folder, has that encoder in it."""
    try:
        return _folder_has(path) if path.is_dir() else _file_has(WeightFile(path))
    except (DiffusionError, OSError):
        return False


def _folder_has(path: Path) -> bool:
    if not _reads_so(FolderCheckpoint(path).family):
        return False
    (part,) = StableDiffusion2.texts
    return read_config(path / part.folder / "config.json").get("hidden_size") == H_WIDTH


def _file_has(file: WeightFile) -> bool:
    (part,) = StableDiffusion2.texts
    text = find_text(file, *part.prefixes)
    return text is not None and text.width == H_WIDTH and _reads_so(recognised(file)[0])


def _reads_so(family: Family) -> bool:
    return family.texts == StableDiffusion2.texts
