"""ComfyUI's `extra_model_paths.yaml`: folders of models of one kind each, anywhere on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from wirebrush.folders import KindFolder

FILE = "extra_model_paths.yaml"
"""Its usual name, beside the `models` folder."""
_PACKS = "custom_nodes"
_TODAY = {"unet": "diffusion_models", "clip": "text_encoders"}
_LONGEST = 1 << 20


class BadModelPaths(Exception):
    """A file that cannot be used; the sentence says where and why."""


@dataclass(frozen=True, slots=True)
class ModelPaths:
    """What such a file names: folders of models, and folders of packs."""

    models: tuple[KindFolder, ...] = ()
    packs: tuple[Path, ...] = ()


def read_model_paths(file: Path) -> ModelPaths:
    """The folders of a file, in its order; they need not exist.

    Each section may have a `base_path` that the others are relative to (itself relative to the
    file; `~` and variables of the environment are understood), and `is_default: true` if its
    folders go before all others. Several folders of a kind stand in lines below each other.
    """
    folders: list[KindFolder] = []
    for name, section in _object(_loaded(file), file, "The file").items():
        if section is not None:
            folders.extend(_folders(_object(section, file, f"{name!r}"), file, name))
    return ModelPaths(
        tuple(folder for folder in folders if folder.kind != _PACKS),
        tuple(folder.path for folder in folders if folder.kind == _PACKS),
    )


def _loaded(file: Path) -> Any:
    import yaml  # here, because most starts do not need it

    try:
        with file.open("rb") as source:
            return yaml.safe_load(source.read(_LONGEST))
    except OSError as error:
        raise BadModelPaths(f"{file} cannot be read: {error.strerror or error}.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f" in line {mark.line + 1}"
        what = error.problem or "it is no YAML"
        raise BadModelPaths(f"{file} cannot be read{line}: {what}.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadModelPaths(f"{file} is no YAML: {str(error).splitlines()[0]}.") from error


def _object(data: Any, file: Path, what: str) -> Mapping[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise BadModelPaths(
            f"{what} of {file} must have lines such as `checkpoints: models/checkpoints`."
        )
    return {str(name): item for name, item in cast("dict[Any, Any]", data).items()}


def _folders(section: Mapping[str, Any], file: Path, name: str) -> Iterator[KindFolder]:
    base = file.absolute().parent
    given = section.get("base_path")
    if given is not None:
        text = _text(given, file, f"{name}.base_path")
        base = base / os.path.expandvars(os.path.expanduser(text))
    first = section.get("is_default", False)
    if not isinstance(first, bool):
        raise BadModelPaths(f"{name}.is_default in {file} must be true or false.")
    for kind, lines in section.items():
        if kind not in ("base_path", "is_default") and lines is not None:
            for line in _text(lines, file, f"{name}.{kind}").splitlines():
                if line.strip():
                    path = Path(os.path.normpath(base / line.strip()))
                    yield KindFolder(_TODAY.get(kind, kind), path, first)


def _text(data: Any, file: Path, what: str) -> str:
    if not isinstance(data, str) or "\0" in data:
        raise BadModelPaths(
            f"{what} in {file} must be a folder. Several stand below each other after `|`."
        )
    return data.strip()
