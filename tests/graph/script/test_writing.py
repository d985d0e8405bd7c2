"""Values, names and comments as Python text."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import given
from strangers_words import values, words

from wirebrush.graph.script.writing import Names, comment, literal


@given(values)
def test_literals_mean_what_they_say(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value


@given(words)
def test_names_and_comments(text: str) -> None:
    names = Names({"node"})
    found = [names.new(text) for _ in range(3)]
    assert all(name.isidentifier() for name in found)
    assert len({*found, "node"}) == 4
    assert all(line.startswith("#") for line in comment(text).splitlines())
