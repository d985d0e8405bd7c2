"""The workflows of the public template package, which people bring with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest


def _templates() -> dict[str, dict[str, Any]]:
    folder = files("comfyui_workflow_templates").joinpath("templates")
    texts = {
        item.name.removesuffix(".json"): item.read_text("utf-8")
        for item in folder.iterdir()
        if item.name.endswith(".json")
    }
    read = {name: json.loads(text) for name, text in sorted(texts.items())}
    return {name: data for name, data in read.items() if isinstance(data, dict) and "nodes" in data}


@pytest.fixture(scope="session")
def templates() -> Mapping[str, dict[str, Any]]:
    """The files by name; the package's own indexes are none."""
    return _templates()
