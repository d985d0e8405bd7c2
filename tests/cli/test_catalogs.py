"""Which catalog commands use: the kept one until the code of a pack changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wirebrush.api import NodeSpec
from wirebrush.catalog import Catalog
from wirebrush.cli.catalogs import kept_catalog, known_catalog
from wirebrush.config import Config

LATER = 4_000_000_000  # seconds: the year 2096


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A data folder with a catalog that was kept just now, and a pack."""
    packs = tmp_path / "packs"
    (packs / "mine" / "inside").mkdir(parents=True)
    for file in ("mine/__init__.py", "mine/inside/blur.py", "mine/picture.png"):
        (packs / file).touch()
    Catalog((NodeSpec("Blur", pack="mine"),)).save(tmp_path / "catalog.json")
    return Config(data=tmp_path, packs=packs)


def test_what_was_kept_serves_while_no_pack_changes(config: Config) -> None:
    kept = kept_catalog(config)
    assert kept is not None
    assert "Blur" in kept
    assert known_catalog(config).digest == kept.digest


@pytest.mark.parametrize("changed", ["mine/inside/blur.py", "mine/inside", "."])
def test_a_pack_that_changed_is_looked_at_anew(config: Config, changed: str) -> None:
    assert config.packs is not None
    os.utime(config.packs / changed, (LATER, LATER))
    assert kept_catalog(config) is None


@pytest.mark.parametrize("changed", ["mine/picture.png", "mine/__pycache__", "mine/.git"])
def test_what_is_no_code_changes_nothing(config: Config, changed: str) -> None:
    assert config.packs is not None
    beside = config.packs / changed
    if not beside.exists():
        earlier = beside.parent.stat().st_mtime
        beside.mkdir()
        os.utime(beside.parent, (earlier, earlier))
    os.utime(beside, (LATER, LATER))
    assert kept_catalog(config) is not None


def test_nothing_was_kept(tmp_path: Path) -> None:
    assert kept_catalog(Config(data=tmp_path)) is None
    (tmp_path / "catalog.json").write_text("[]")
    assert kept_catalog(Config(data=tmp_path)) is None
