"""No name, however hostile, leaves its folder or upsets a file system."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.jobs.names import clean_label, output_name

HOSTILE = st.sampled_from(
    [
        *("..", ".", "/", "\\", "C:", "C:x", "//host/share", "\0", "%2e%2e", "..\\", "~", "a:b"),
        *("con", "AUX.png", "lpt1", "COM9.tar.gz", " ", ". .", "\u202e", "\ud800", "\r\n", "x/.."),
        *("é", "e\u0301", "🎨", "界" * 100, "x" * 300, "-rf", "root-2/x", "?*|<>", "\x7f"),
    ]
)
NAMES = st.lists(st.one_of(HOSTILE, st.text(max_size=12)), max_size=6).map("".join)
RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def assert_harmless(part: str) -> None:
    assert part not in ("", ".", "..")
    assert not set('<>:"|?*/\\\0\r\n') & set(part)
    assert part == part.strip(" .")
    assert len(part.encode("utf-8")) < 255  # also: no lone surrogates
    assert not RESERVED.match(part)
    assert PureWindowsPath(part).drive == ""


@given(NAMES)
def test_a_label_is_one_harmless_name(name: str) -> None:
    assert_harmless(clean_label(name))
    assert clean_label(clean_label(name)) == clean_label(name)


@given(NAMES, NAMES, st.integers(0, 999))
def test_an_output_stays_below_its_folder(prefix: str, node: str, index: int) -> None:
    path = output_name(prefix, "9e7q2x4z", node, index, "png")
    assert not path.is_absolute()
    for part in path.parts:
        assert_harmless(part)
    assert len(path.parts) <= 8
    root = Path("/srv/output")
    assert Path(root / path).resolve().is_relative_to(root)
    assert path.suffix == ".png"


@given(NAMES, NAMES)
def test_two_nodes_never_share_a_name(one: str, other: str) -> None:
    names = {output_name("x", "9e7q2x4z", node, 0, "png") for node in (one, other)}
    assert len(names) == len({one, other})


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("cats/blue", "cats/blue_9e7q2x4z_9_0.png"),
        ("cats/blue.PNG", "cats/blue_9e7q2x4z_9_0.png"),
        ("", "output_9e7q2x4z_9_0.png"),
        (".png", "output_9e7q2x4z_9_0.png"),
        ("cats/.png", "cats/output_9e7q2x4z_9_0.png"),
        ("../../etc/x", "etc/x_9e7q2x4z_9_0.png"),
        ("v1.5", "v1.5_9e7q2x4z_9_0.png"),
    ],
)
def test_names_read_well(prefix: str, expected: str) -> None:
    assert output_name(prefix, "9e7q2x4z", "9", 0, "png") == PurePosixPath(expected)
