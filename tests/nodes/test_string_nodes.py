"""Texts cut, changed, searched and compared."""

from __future__ import annotations

import pytest

from wirebrush.api import NodeError
from wirebrush_nodes import regex, string


def test_cutting_and_changing() -> None:
    assert string.string_substring("postcard", 4, 8) == "card"
    assert string.string_substring("postcard", -4, -1) == "car"
    assert string.string_length("häuser") == (6,)
    assert [string.case_converter("a rED house", mode) for mode in ("UPPERCASE", "lowercase")] == [
        "A RED HOUSE",
        "a red house",
    ]
    assert string.case_converter("a rED house", "Capitalize") == "A red house"
    assert string.case_converter("a rED house", "Title Case") == "A Red House"
    assert string.string_trim("  x \n") == "x"
    assert string.string_trim("  x ", "Left") == "x "
    assert string.string_trim("  x ", "Right") == "  x"
    assert string.string_replace("a.b.c", ".", "-") == "a-b-c"


def test_searching_and_comparing() -> None:
    assert string.string_contains("A house", "HOUSE", False) == (True,)
    assert string.string_contains("A house", "HOUSE") == (False,)
    assert string.string_compare("house", "ho")
    assert string.string_compare("house", "SE", "Ends With", False)
    assert not string.string_compare("house", "House", "Equal")


def test_regular_expressions() -> None:
    assert regex.regex_match("a\nB", "^b$", multiline=True) == (True,)
    assert regex.regex_match("a\nb", "a.b") == (False,)
    assert regex.regex_replace("a1 b2", r"([a-z])(\d)", r"\2\1", count=1) == "1a b2"
    text = "seed 12, seed 345"
    assert regex.regex_extract(text, r"\d+") == "12"
    assert regex.regex_extract(text, r"\d+", "All Matches") == "12\n345"
    assert regex.regex_extract(text, r"seed (\d)(\d)", "First Group", group_index=2) == "2"
    assert regex.regex_extract(text, r"seed (\d)", "All Groups") == "1\n3"
    assert regex.regex_extract(text, r"(x)?nothing", "First Group") == ""
    assert regex.regex_extract(text, "seed", "First Group") == ""
    for make, port in (
        (lambda: regex.regex_match("a", "(a"), "regex_pattern"),
        (lambda: regex.regex_replace("a", "a", r"\7"), "replace"),
    ):
        with pytest.raises(NodeError, match=r"no regular expression|is not right") as caught:
            make()
        assert caught.value.port == port
