"""Whole scripts, as people read them. Run as a program, this file writes them anew."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from graphs import SHIPPED, script

from wirebrush.catalog import Catalog
from wirebrush.engine.packs import load_packs

GOLDEN = Path(__file__).parent / "golden"
TEMPLATES = ("lora", "controlnet_example", "inpaint_example", "flux_fill_inpaint_example")
NAMES = ("postcard", "controlnet", "outpaint", "prompt-areas", "flux-dev", "lumina2", *TEMPLATES)


def known() -> Catalog:
    """The node types that are there: without them nobody knows which output a wire begins at."""
    return Catalog.from_json(json.loads(json.dumps(load_packs().catalog())))


@pytest.fixture(scope="module", name="known_types")
def _known_types() -> Catalog:
    return known()


def written(name: str, catalog: Catalog) -> str:
    """The script of a shipped workflow, or of a template."""
    path = next((path for path in SHIPPED if path.stem == name), None)
    folder = files("comfyui_workflow_templates").joinpath("templates")
    text = (path or folder.joinpath(f"{name}.json")).read_text("utf-8")
    found = script(json.loads(text), catalog)
    assert found.why == ""
    return found.text


@pytest.mark.parametrize("name", NAMES)
def test_scripts_read_as_they_did(name: str, known_types: Catalog) -> None:
    assert written(name, known_types) == (GOLDEN / f"{name}.txt").read_text("utf-8")


if __name__ == "__main__":
    types = known()
    for each in NAMES:
        (GOLDEN / f"{each}.txt").write_text(written(each, types), "utf-8")
