"""What is shipped: found by name like anyone's models, with a picture each, and small."""

import pytest

from wirebrush.folders import ModelFolders
from wirebrush_postcards import models_path

SHIPPED = {
    "checkpoints": ["postcards"],
    "controlnet": ["postcards-edges"],
    "embeddings": ["postcards-homestead.safetensors", "postcards-regatta.safetensors"],
    "loras": ["postcards-pixel.safetensors", "postcards-woodcut.safetensors"],
}


@pytest.mark.parametrize("kind", SHIPPED)
def test_models_are_found_by_name_and_have_a_picture(kind: str) -> None:
    folders = ModelFolders([models_path()])
    assert folders.names(kind) == SHIPPED[kind]
    assert all(folders.picture(kind, name) for name in SHIPPED[kind])


@pytest.mark.parametrize(
    ("kinds", "most"),
    [(["checkpoints"], 12_000_000), (["controlnet", "embeddings", "loras"], 6_000_000)],
)
def test_they_are_small(kinds: list[str], most: int) -> None:
    files = [path for kind in kinds for path in (models_path() / kind).rglob("*")]
    sizes = [path.stat().st_size for path in files if path.is_file()]
    assert sizes
    assert sum(sizes) <= most
