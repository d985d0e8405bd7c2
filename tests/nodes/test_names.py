"""The page has names in other languages only for types that there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import wirebrush_nodes
from wirebrush.api import spec_of

FOLDER = Path(__file__).parents[2] / "web" / "src" / "i18n" / "types"


@pytest.mark.parametrize("language", ["de", "ja", "zh"])
def test_every_named_type_is_built_in(language: str) -> None:
    names = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    modules = [vars(item) for item in vars(wirebrush_nodes).values() if hasattr(item, "__file__")]
    found = {
        spec_of(item).id for module in modules for item in module.values()
        if hasattr(item, "__node__")
    }  # fmt: skip
    assert names.keys() <= found
