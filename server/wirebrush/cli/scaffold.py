"""A new pack: four small files that work as they are."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from wirebrush import __version__


class BadName(Exception):
    """The pack cannot be called that, or is there already."""


_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{dashed}"
version = "0.1.0"
description = "Nodes for Wirebrush."
requires-python = ">=3.11"
dependencies = ["wirebrush>={version}"]

# This line is what makes Wirebrush find the pack.
[project.entry-points."wirebrush.packs"]
{module} = "{module}"

[tool.hatch.build.targets.wheel]
packages = ["{module}"]

[tool.pytest.ini_options]
pythonpath = ["."]
"""

_NODES = '''\
"""The nodes of this pack. A node is a function: its signature says everything about it."""

from typing import Annotated

from wirebrush import Image, Range, node


@node(id="{title}Tint", category="examples", title="Tint")
def tint(
    image: Image,
    red: Annotated[float, Range(0.0, 2.0, 0.05)] = 1.0,
    green: Annotated[float, Range(0.0, 2.0, 0.05)] = 1.0,
    blue: Annotated[float, Range(0.0, 2.0, 0.05)] = 1.0,
) -> Image:
    """Make the colours of a picture stronger or weaker.

    Args:
        image: The picture, `[B,H,W,C]`, 0..1.
        red: 0 takes red away, 1 keeps it, 2 doubles it.
        green: The same for green.
        blue: The same for blue.
    """
    strength = image.new_tensor([red, green, blue])
    return (image * strength).clamp(0.0, 1.0)
'''

_TEST = """\
import pytest
from wirebrush import spec_of

from {module} import tint

torch = pytest.importorskip("torch")


def test_tint_changes_only_what_it_is_told():
    image = torch.full((1, 2, 2, 3), 0.25)
    tinted = tint(image, red=2.0, blue=0.0)
    assert tinted[0, 0, 0].tolist() == [0.5, 0.25, 0.0]


def test_tint_keeps_to_the_range_of_pictures():
    assert tint(torch.ones(1, 1, 1, 3), red=2.0).max() == 1.0


def test_the_node_is_declared():
    assert [port.name for port in spec_of(tint).inputs] == ["image", "red", "green", "blue"]
"""

_README = """\
# {dashed}

Nodes for Wirebrush.

    python -m pytest              runs the tests
    python -m pip install -e .    makes the studio of this Python find the pack
"""


def make_pack(name: str, parent: Path) -> Path:
    """Write a pack into a new folder below `parent`; BadName says why not."""
    module = name.strip().replace("-", "_").lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,49}", module) or keyword.iskeyword(module):
        raise BadName(
            f"A pack cannot be called {name!r}. Use 2 to 50 letters, digits and underscores,"
            " starting with a letter: my_nodes"
        )
    if module in ("wirebrush", "torch", "test", "tests"):
        raise BadName(f"{module!r} is taken. Choose a name of your own, such as my_{module}.")
    folder = parent / module
    if folder.exists():
        raise BadName(f"{folder} exists already. Choose another name, or remove it first.")
    words = {
        "module": module,
        "dashed": module.replace("_", "-"),
        "title": "".join(part.capitalize() for part in module.split("_")),
        "version": __version__,
    }
    for path, text in (
        (folder / "pyproject.toml", _PYPROJECT),
        (folder / "README.md", _README),
        (folder / module / "__init__.py", _NODES),
        (folder / "tests" / f"test_{module}.py", _TEST),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**words), encoding="utf-8")
    return folder
