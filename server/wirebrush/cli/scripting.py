"""`wirebrush export --format python`: what a script needs to know of the files of this machine."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any, cast

from wirebrush.catalog import Catalog
from wirebrush.cli.library import Library
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.script.families import (
    channels_of_tensors,
    family_of_pipeline,
    family_of_tensors,
    sight_of_channels,
)
from wirebrush.graph.script.kinds import Family
from wirebrush.graph.script.making import Script, script_of
from wirebrush.graph.values import ASSET_KINDS
from wirebrush.graph.workflow import Workflow

_LONGEST_HEADER = 64 << 20


def workflow_script(workflow: Workflow, catalog: Catalog, library: Library) -> Script:
    """The script for a workflow, with the paths of the models that are here."""
    prompt, _ = compile_workflow(workflow, catalog, incomplete=True)

    def locate(kind: str, name: str) -> str:
        if kind in ASSET_KINDS:
            return PurePosixPath(name.replace("\\", "/")).name or "picture.png"
        bare = kind == "embeddings" and not PurePosixPath(name).suffix
        endings = ("", ".safetensors") if bare else ("",)
        found = [library.models.find(kind, name + ending) for ending in endings]
        there = next((path for path in found if path is not None), None)
        return str(there) if there is not None else f"models/{kind}/{name}{endings[-1]}"

    def family_of(kind: str, name: str) -> str:
        found = library.models.find(kind, name)
        return (_family_in(found) if found is not None else None) or ""

    return script_of(prompt, catalog, locate, family_of)


def _family_in(path: Path) -> str | None:
    """The family of a model file or folder, and what it sees beside what it paints, by what is in
    it."""
    try:
        if path.is_dir():
            index = json.loads((path / "model_index.json").read_text("utf-8"))
            found = family_of_pipeline(str(cast("dict[str, Any]", index).get("_class_name")))
            family = "sd2" if found == "sd15" and _reads_wide_texts(path) else found
            return _with_sight(family, _channels_of_folder(path))
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            head: Any = json.loads(file.read(length)) if 2 <= length <= _LONGEST_HEADER else {}
        tensors = cast("dict[str, Any]", head) if isinstance(head, dict) else {}
        shapes = {name: each["shape"] for name, each in tensors.items() if "shape" in each}
        return _with_sight(family_of_tensors(shapes), channels_of_tensors(shapes))
    except (OSError, ValueError, AttributeError, TypeError):
        return None


def _with_sight(family: Family | None, channels: int | None) -> str | None:
    """As scripts take it: "flux", or "flux hole"."""
    sight = None if family is None else sight_of_channels(family, channels)
    return None if sight is None else f"{family} {sight}".strip()


def _channels_of_folder(folder: Path) -> int | None:
    """How many numbers the network in a folder is given for each place."""
    for part in ("unet", "transformer"):
        path = folder / part / "config.json"
        if path.is_file():
            return cast("dict[str, Any]", json.loads(path.read_text("utf-8"))).get("in_channels")
    return None


def _reads_wide_texts(folder: Path) -> bool:
    """Whether a model reads texts as wide as Stable Diffusion 2's encoder makes them."""
    config = json.loads((folder / "unet" / "config.json").read_text("utf-8"))
    return cast("dict[str, Any]", config).get("cross_attention_dim") == 1024
