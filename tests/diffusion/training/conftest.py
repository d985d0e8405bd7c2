"""Tiny models of the true architectures, loaded."""

from __future__ import annotations

import pytest
from tiny_families import pipeline, saved

from wirebrush_diffusion.files.checkpoint import Parts, load


@pytest.fixture(scope="session")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Parts]:
    root = tmp_path_factory.mktemp("families")
    for name in ("sd1", "sdxl"):
        saved(pipeline(name), root / name)
    return {name: load(root / name) for name in ("sd1", "sdxl")}
