"""Files that nodes add to models folders, and folders for work that takes long."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush import folders
from wirebrush.api import NodeError
from wirebrush.engine.files import Digests
from wirebrush.engine.keeping import WORK_DAYS, Shelf, Workspaces
from wirebrush.folders import ModelFolders


def shelf(*roots: Path) -> Shelf:
    return Shelf(ModelFolders(roots), Digests())


def content(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(text, "utf-8")

    return write


def test_files_get_numbers_and_the_same_content_is_stored_once(tmp_path: Path) -> None:
    names = [
        shelf(tmp_path).store("loras", "cats/tabby.safetensors", content(text)).name
        for text in ("one", "two", "one")
    ]

    assert names == [
        "cats/tabby_00001_.safetensors",
        "cats/tabby_00002_.safetensors",
        "cats/tabby_00001_.safetensors",
    ]
    assert (tmp_path / "loras" / names[1]).read_text("utf-8") == "two"
    assert ModelFolders([tmp_path]).names("loras") == sorted(set(names))


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    def fails(path: Path) -> None:
        path.write_text("half", "utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(NodeError, match="could not be written to models/loras: No space left"):
        shelf(tmp_path).store("loras", "x.safetensors", fails)
    assert list((tmp_path / "loras").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["../x.safetensors", "/x.safetensors", "a//x.safetensors", "C:/x.safetensors", "x.ckpt", "x",
     "~/x.safetensors", ".hidden.safetensors", "a\\..\\x.safetensors", "x\0.safetensors", "",
     "é" * 80 + ".safetensors"],
)  # fmt: skip
def test_names_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NodeError):
        shelf(tmp_path / "models").store("loras", name, content("x"))
    assert list(tmp_path.rglob("*.safetensors")) == []


@given(name=st.text(max_size=30))
def test_nothing_is_ever_written_outside(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    home = tmp_path_factory.mktemp("home")
    base = home / "models" / "loras"
    try:
        ref = shelf(home / "models").store("loras", f"{name}.safetensors", content("x"))
    except NodeError:
        assert not [path for path in home.rglob("*") if path.is_file()]
    else:
        assert [path for path in home.rglob("*") if path.is_file()] == [base / ref.name]


def test_a_linked_folder_does_not_lead_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "models" / "loras").mkdir(parents=True)
    (tmp_path / "models" / "loras" / "link").symlink_to(outside)

    with pytest.raises(NodeError, match="outside models/loras"):
        shelf(tmp_path / "models").store("loras", "link/x.safetensors", content("x"))
    assert list(outside.iterdir()) == []


def test_models_of_packages_are_never_added_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    monkeypatch.setattr(folders, "packaged_roots", lambda: [shipped])

    with pytest.raises(NodeError, match="no models folder to write to"):
        shelf(shipped).store("loras", "x.safetensors", content("x"))
    shelf(shipped, own).store("loras", "x.safetensors", content("x"))

    assert not shipped.exists()
    assert (own / "loras" / "x_00001_.safetensors").exists()


def test_a_workspace_is_found_again_until_nobody_wants_it(tmp_path: Path) -> None:
    spaces = Workspaces(tmp_path / "work")
    (spaces.open("training of a cat") / "state").write_text("half way", "utf-8")
    old = spaces.open("another")
    long_ago = time.time() - (WORK_DAYS + 1) * 24 * 3600
    os.utime(old, (long_ago, long_ago))

    spaces.tidy(1000)

    again = Workspaces(tmp_path / "work").open("training of a cat")
    assert (again / "state").read_text("utf-8") == "half way"
    assert not old.exists()


def test_large_work_makes_room_for_newer(tmp_path: Path) -> None:
    spaces = Workspaces(tmp_path / "work")
    folders = [spaces.open(name) for name in ("old", "older", "new")]
    for folder, age in zip(folders, (100, 200, 0), strict=True):
        (folder / "state").write_bytes(b"x" * 600)
        os.utime(folder, (time.time() - age, time.time() - age))

    spaces.tidy(1300)
    assert [folder.exists() for folder in folders] == [True, False, True]
    spaces.tidy(10)
    assert [folder.exists() for folder in folders] == [False, False, True]
