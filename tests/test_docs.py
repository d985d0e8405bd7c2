"""What the documents name is there: files, commands with their options, what examples import."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from wirebrush.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "benchmarks/README.md",
    ROOT / "nodes/wirebrush_postcards/MODEL_CARD.md",
]
FOLDERS = ("benchmarks/", "docs/", "nodes/", "server/", "tests/", "web/src/", "workflows/")
PYTHON_FILES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
PYTHON_FILES += ROOT.glob("*.py")
NOT_OURS = {"packs/fade.py", "prestartup_script.py"}
COMMAND = re.compile(r"(?:wirebrush|python3 run\.py)(?: [^\s`#|]+)+")
OURS = re.compile(r"wirebrush\w*(\.|$)")

page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())


@page
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    near = [link for link in links if "://" not in link]
    assert [link for link in near if not (page.parent / link).exists()] == []


@page
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"`(\w[\w./-]*)`", page.read_text(encoding="utf-8"))
    paths = [name for name in named if name.startswith(FOLDERS)]
    assert [name for name in paths if not (ROOT / name).exists()] == []
    modules = {name for name in named if name.endswith(".py")} - NOT_OURS
    assert [name for name in modules if not any(map(ending(name), PYTHON_FILES))] == []


@page
def test_every_command_is_there_with_its_options(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in commands(page.read_text(encoding="utf-8")):
        name = "serve" if words[0].startswith("-") else words[0]
        assert name in COMMANDS, words
        action = words[1:2] if name == "pack" else []
        with pytest.raises(SystemExit) as ended:
            main([name, *action, "--help"])
        told = capsys.readouterr().out
        assert ended.value.code == 0, words
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        assert [word for word in options if not re.search(rf"{word}\b", told)] == [], words


def test_the_guide_to_the_server_has_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    options = set(re.findall(r"^  (--[\w-]+)", capsys.readouterr().out, re.MULTILINE))
    guide = (ROOT / "docs/guides/server.md").read_text(encoding="utf-8")
    assert len(options) > 15
    assert [option for option in options if f"`{option}" not in guide] == []


@page
def test_every_example_is_python_and_finds_what_it_imports(page: Path) -> None:
    for source in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for statement in ast.walk(ast.parse(source)):
            if isinstance(statement, ast.ImportFrom) and OURS.match(statement.module or ""):
                module = imported(statement.module or "")
                missing = [item.name for item in statement.names if not hasattr(module, item.name)]
                assert missing == [], statement.module


def ending(name: str) -> Callable[[Path], bool]:
    """Whether a path ends with these parts."""
    parts = Path(name).parts
    return lambda path: path.parts[-len(parts) :] == parts


def commands(text: str) -> Iterator[list[str]]:
    """The words after `wirebrush` or `run.py`, of every call in a block of code or in backticks."""
    blocks = re.findall(r"^    .+$", text, re.MULTILINE) + re.findall(r"`([^`\n]+)`", text)
    for line in blocks:
        found = COMMAND.match(line.strip())
        if found:
            words = found[0].removeprefix("python3 run.py ").removeprefix("wirebrush ").split()
            if words[0] not in ("test", "COMMAND", "NAME"):
                yield words


@cache
def imported(module: str) -> object:
    return import_module(module)
