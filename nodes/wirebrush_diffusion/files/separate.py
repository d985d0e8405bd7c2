"""Text encoders from files of their own, put together for a family."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families import CLIP_TYPES, LANGUAGE_FAMILIES, LANGUAGE_TYPES
from wirebrush_diffusion.families.family import Family
from wirebrush_diffusion.families.sd1 import StableDiffusion1
from wirebrush_diffusion.families.sd2 import StableDiffusion2
from wirebrush_diffusion.families.sdxl import SDXLRefiner
from wirebrush_diffusion.files.kinds import LANGUAGE, kind_of
from wirebrush_diffusion.files.precision import precision_for
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.encoder_files import KIND_NAMES, TextFile, find_text, load_text
from wirebrush_diffusion.text.reading import Reader, TextPart

H_WIDTH = 1024  # narrower is CLIP L, wider CLIP G


def check_texts(files: Sequence[WeightFile], clip_type: str) -> None:
    """Raise if the files are not the text encoders of that type; from names alone."""
    assigned_texts(files, clip_type)


def read_texts(
    files: Sequence[WeightFile],
    clip_type: str,
    *,
    vocabularies: tuple[Path, ...] = (),
    device: str = "cpu",
    dtype: torch.dtype | None = torch.float32,
) -> Reader:
    """The encoders in the files, in any order, as the family of `clip_type` reads with them.

    Types are the field's: "sdxl", "sd3", "flux"... The files' own folders and `vocabularies` are
    searched for tokenizers.
    """
    family, assigned = assigned_texts(files, clip_type)
    precision = precision_for(device, family.half, dtype)
    parts = {
        part.role: load_text(text, part, (text.file.path.parent, *vocabularies), device, precision)
        for part, text in assigned
    }
    return Reader(parts, family.read)


def assigned_texts(
    files: Sequence[WeightFile], clip_type: str
) -> tuple[Family, list[tuple[TextPart, TextFile]]]:
    """The family of `clip_type`, and which file is which of its encoders."""
    texts = [_text_of(file) for file in files]
    family = _family(clip_type, texts)
    free = list(family.texts)
    assigned: list[tuple[TextPart, TextFile]] = []
    for text in sorted(texts, key=lambda text: text.width):
        fitting = [part for part in free if part.kind == text.kind]
        if not fitting:
            wanted = ", ".join(f"{part.role} ({KIND_NAMES[part.kind]})" for part in family.texts)
            raise DiffusionError(
                f"{text.file.name} is one {KIND_NAMES[text.kind]} text encoder too many for "
                f"{family.title}, "
                f"which reads with {wanted}.",
                "Choose one file for each, or another type.",
            )
        lone = len(fitting) > 1 and sum(t.kind == text.kind for t in texts) == 1
        part = fitting[-1] if lone and text.width >= H_WIDTH else fitting[0]
        free.remove(part)
        assigned.append((part, text))
    order = {part.role: place for place, part in enumerate(family.texts)}
    return family, sorted(assigned, key=lambda pair: order[pair[0].role])


def _text_of(file: WeightFile) -> TextFile:
    text = find_text(file)
    if text is None:
        kind, hint = kind_of(file)
        if kind == LANGUAGE:
            known = ", ".join(KIND_NAMES[name] for name in LANGUAGE_FAMILIES)
            raise DiffusionError(
                f"{file.name} is a language model that no family here reads with.",
                f"Known are {known}.",
            )
        raise DiffusionError(
            f"{file.name} is {kind}; a text encoder was expected.", hint or "Choose another file."
        )
    return text


def _family(clip_type: str, texts: Sequence[TextFile]) -> Family:
    by_kind = LANGUAGE_FAMILIES.get(texts[0].kind)
    if by_kind is not None and clip_type in LANGUAGE_TYPES:
        return by_kind
    if clip_type == "stable_diffusion":
        width = texts[0].width
        if width < H_WIDTH:
            return StableDiffusion1()
        return StableDiffusion2() if width == H_WIDTH else SDXLRefiner()
    if clip_type not in CLIP_TYPES:
        raise DiffusionError(
            f"Text encoders of type {clip_type!r} are not read yet.",
            f"Known are stable_diffusion, {', '.join(CLIP_TYPES)}.",
        )
    return CLIP_TYPES[clip_type]
