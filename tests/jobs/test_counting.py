"""Names with counters: the next after the highest, and nobody's file is overwritten."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from wirebrush.jobs.counting import Counters

CAT = PurePosixPath("pets/cat")


def test_the_next_number_is_after_the_highest_of_files_and_labels(tmp_path: Path) -> None:
    (tmp_path / "pets").mkdir()
    for name in ("cat_00007_.png", "cat_00900.png", "cats_00950_.png", "cat_99_2_0.png"):
        (tmp_path / "pets" / name).touch()
    counters = Counters(tmp_path)
    assert not counters.knows(CAT)
    counters.look(CAT, ["pets/cat_00011_.webp", "pets/cat_black_00800_.png", "cat_x_.png"])
    assert counters.knows(CAT)
    assert counters.next(CAT, "png").as_posix() == "pets/cat_00012_.png"
    assert counters.next(CAT, "flac").as_posix() == "pets/cat_00013_.flac"


def test_what_somebody_put_there_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    counters = Counters(tmp_path)
    counters.look(CAT, [])
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "cat_00001_.png").touch()
    assert counters.next(CAT, "png").name == "cat_00002_.png"


def test_numbers_beyond_reason_do_not_count(tmp_path: Path) -> None:
    counters = Counters(tmp_path)
    counters.look(CAT, [f"pets/cat_{'9' * 5000}_.png", "pets/cat_99999_.png"])
    assert counters.next(CAT, "png").name == "cat_100000_.png"


def test_many_prefixes_are_not_remembered_for_ever(tmp_path: Path) -> None:
    counters = Counters(tmp_path)
    for number in range(1001):
        counters.look(PurePosixPath(f"p{number}"), [])
    assert not counters.knows(PurePosixPath("p0"))
    assert counters.next(PurePosixPath("p1000"), "png").name == "p1000_00001_.png"
