"""Killed before any step on the disk: a document or draft is the old one or the new one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wirebrush.http.documents import Documents
from wirebrush.http.drafts import Draft, Drafts
from wirebrush.http.textfiles import remove_unfinished

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")

STEPS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "tempfile.mkstemp")


def killed_before(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a process that dies before its Nth step on the disk; whether it did die."""
    child = os.fork()
    if child == 0:
        left = step

        def count(event: str, _: object) -> None:
            nonlocal left
            if event in STEPS:
                left -= 1
                if left == 0:
                    os._exit(9)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


def at_every_step(
    tmp_path: Path, prepare: Callable[[Path], None], work: Callable[[Path], object]
) -> list[Path]:
    """A prepared folder for each step before which the work was killed."""
    folders: list[Path] = []
    for step in range(1, 200):
        folder = tmp_path / f"step-{step}"
        prepare(folder)
        died = killed_before(step, lambda at=folder: work(at))
        remove_unfinished(folder)
        folders.append(folder)
        if not died:
            assert step > 3, "nothing was counted"
            return folders
    raise AssertionError("the work does not end")


def saved(folder: Path) -> dict[str, str]:
    documents = Documents(folder)
    found = ((item.name, documents.read(item.name)) for item in documents.list())
    return {name: text[1] for name, text in found if text is not None}


def versions(folder: Path, name: str) -> list[str | None]:
    documents = Documents(folder)
    return [documents.read_version(name, item.id) for item in documents.versions(name)]


def one_document(folder: Path) -> None:
    documents = Documents(folder)
    documents.write("a/cat", '"one"', match=None)
    documents.write("a/cat", '"two"', match=None)


def test_saving(tmp_path: Path) -> None:
    folders = at_every_step(
        tmp_path, one_document, lambda at: Documents(at).write("a/cat", '"three"', match=None)
    )
    for folder in folders:
        assert saved(folder) in ({"a/cat": '"two"'}, {"a/cat": '"three"'})
        assert '"one"' in versions(folder, "a/cat")
    assert saved(folders[-1]) == {"a/cat": '"three"'}


def test_moving(tmp_path: Path) -> None:
    folders = at_every_step(
        tmp_path, one_document, lambda at: Documents(at).move("a/cat", "b/dog", match=None)
    )
    for folder in folders:
        assert saved(folder) in ({"a/cat": '"two"'}, {"b/dog": '"two"'})
        assert '"one"' in versions(folder, "a/cat") + versions(folder, "b/dog")
    assert versions(folders[-1], "b/dog") == ['"one"']


def test_deleting_and_restoring(tmp_path: Path) -> None:
    folders = at_every_step(
        tmp_path, one_document, lambda at: Documents(at).delete("a/cat", match=None)
    )
    for folder in folders:
        assert saved(folder) == {"a/cat": '"two"'} or versions(folder, "a/cat")[0] == '"two"'

    def deleted(folder: Path) -> None:
        one_document(folder)
        Documents(folder).delete("a/cat", match=None)

    folders = at_every_step(
        tmp_path / "restore", deleted, lambda at: Documents(at).restore("a/cat")
    )
    for folder in folders:
        assert saved(folder) == {"a/cat": '"two"'} or versions(folder, "a/cat")[0] == '"two"'
        assert '"one"' in versions(folder, "a/cat")
    assert saved(folders[-1]) == {"a/cat": '"two"'}


def test_drafts(tmp_path: Path) -> None:
    old = Draft("d", "one", None, None, "", '{"v":1}')
    new = Draft("d", "two", None, None, "", '{"v":2}')

    def written(folder: Path) -> None:
        Drafts(folder).write(old, None)

    def write(folder: Path) -> None:
        Drafts(folder).write(new, Drafts(folder).list()[0].etag)

    folders = at_every_step(tmp_path, written, write)
    for folder in folders:
        (record,) = Drafts(folder).list()
        found = Drafts(folder).read("d")
        assert found is not None
        assert (record.name, found[1]) in (("one", old.workflow), ("two", new.workflow))
    assert Drafts(folders[-1]).list()[0].name == "two"
