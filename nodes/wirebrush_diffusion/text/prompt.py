r"""Prompt weighting, as the field writes it: `a (red:1.3) house`, `((very)) big`, `\(literally\)`.

Round brackets weigh their text by 1.1, nested ones by 1.1 each; a number after the last colon is
the weight itself. `\(` and `\)` are plain brackets. There is no way to write a wrong prompt: what
does not parse is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

BRACKET_WEIGHT = 1.1
MAX_DEPTH = 64  # deeper brackets are text: 1.1^64 is far beyond what any model stands
_BREAK = re.compile(r"\s*\bBREAK\b\s*")
_OPEN, _CLOSE = "\0\2", "\0\1"  # stand for escaped brackets while parsing


class Weighted(NamedTuple):
    """A piece of text and how strongly it counts; 1 is normal."""

    text: str
    weight: float


def parse_prompt(prompt: str) -> list[Weighted]:
    """The prompt cut into pieces of one weight each, in order, without brackets.

    >>> [tuple(piece) for piece in parse_prompt("a (red:1.3) house")]
    [('a ', 1.0), ('red', 1.3), (' house', 1.0)]
    """
    text = prompt.replace("\0", "").replace(r"\)", _CLOSE).replace(r"\(", _OPEN)
    pieces: list[Weighted] = []
    stack = [(text, 1.0, 0)]
    while stack:
        text, weight, depth = stack.pop()
        parts = list(_top_level(text)) if depth < MAX_DEPTH else [text]
        if depth == MAX_DEPTH or (parts == [text] and not _bracketed(text)):
            plain = text.replace(_OPEN, "(").replace(_CLOSE, ")")
            pieces.append(Weighted(plain, weight))
            continue
        for part in reversed(parts):
            inner = _inside(part, weight) if _bracketed(part) else (part, weight)
            stack.append((*inner, depth + 1))
    return [piece for piece in pieces if piece.text]


def split_breaks(pieces: Iterable[Weighted]) -> Iterator[tuple[str, float, bool]]:
    """Pieces cut at the word BREAK: text, weight, and whether a new window begins before it."""
    for piece in pieces:
        for i, text in enumerate(_BREAK.split(piece.text)):
            yield text, piece.weight, i > 0


def without_breaks(text: str) -> str:
    """A text without the word, for encoders without windows."""
    return _BREAK.sub(" ", text)


def _bracketed(text: str) -> bool:
    return len(text) >= 2 and text[0] == "(" and text[-1] == ")"


def _inside(part: str, weight: float) -> tuple[str, float]:
    """The text of a bracket and its weight."""
    inner = part[1:-1]
    colon = inner.rfind(":")
    if colon > 0:
        number = _number(inner[colon + 1 :])
        if number is not None:
            return inner[:colon], number
    return inner, weight * BRACKET_WEIGHT


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e4 else None  # also drops nan and inf


def _top_level(text: str) -> Iterator[str]:
    """Cut at brackets of the outermost level; a bracket that never closes runs to the end."""
    level, start = 0, 0
    for i, char in enumerate(text):
        if char == "(":
            if level == 0 and i > start:
                yield text[start:i]
                start = i
            level += 1
        elif char == ")":
            level -= 1
            if level == 0:
                yield text[start : i + 1]
                start = i + 1
    if start < len(text):
        yield text[start:]
