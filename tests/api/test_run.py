from pathlib import Path

import pytest

from wirebrush.api import FileRef, NodeError, SilentRun


def test_a_missing_file_says_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="no 'x' in loras") as caught:
        SilentRun(tmp_path).file("loras", "x")
    assert str(tmp_path / "loras") in caught.value.hint


def test_a_file_is_found_by_kind_and_name(tmp_path: Path) -> None:
    (tmp_path / "loras").mkdir()
    (tmp_path / "loras" / "x").write_bytes(b"1")
    run = SilentRun(tmp_path)
    assert run.path(run.file("loras", "x")) == tmp_path / "loras" / "x"
    assert run.file("loras", "x") == FileRef("loras", "x")


def test_the_models_of_a_kind_have_names(tmp_path: Path) -> None:
    (tmp_path / "loras").mkdir()
    for name in ("b", "a"):
        (tmp_path / "loras" / name).write_bytes(b"1")
    run = SilentRun(tmp_path)
    assert run.names("loras") == ["a", "b"]
    assert run.names("vae") == []


def test_a_resident_object_is_built_once() -> None:
    run, built = SilentRun(), []
    for _ in range(2):
        run.resident("k", lambda: built.append(1))
    assert built == [1]


def test_saved_files_are_named_by_content() -> None:
    run = SilentRun()
    one = run.save(b"a", name="x.png", mime="image/png")
    two = run.save(b"a", name="y.png", mime="image/png")
    assert one.id == two.id
    assert [data for _, data in run.saved] == [b"a", b"a"]
