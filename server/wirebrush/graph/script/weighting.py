"""Texts as the field writes them: weights in brackets, and learnt words.

`a (red:1.3) house`, `((very)) big`, `\\(literally\\)`, `embedding:name`. Nodes read texts in the
same way, in a package that a server must not import.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BRACKET_WEIGHT = 1.1
_DEEPEST = 64
_OPEN, _CLOSE = "\0\2", "\0\1"  # stand for escaped brackets while parsing
_LEARNT = re.compile(r"embedding:([^\s,]+)")
_TOO_LARGE = 1e4

Pieces = tuple[tuple[str, float], ...]


def pieces_of(text: str) -> Pieces:
    """A text in pieces of one weight each, in order and without brackets."""
    text = text.replace("\0", "").replace(r"\)", _CLOSE).replace(r"\(", _OPEN)
    found: list[tuple[str, float]] = []
    stack = [(text, 1.0, 0)]
    while stack:
        text, weight, depth = stack.pop()
        parts = list(_outermost(text)) if depth < _DEEPEST else [text]
        if depth == _DEEPEST or (parts == [text] and not _bracketed(text)):
            found.append((text.replace(_OPEN, "(").replace(_CLOSE, ")"), weight))
            continue
        inner = [_inside(part, weight) if _bracketed(part) else (part, weight) for part in parts]
        stack.extend((*each, depth + 1) for each in reversed(inner))
    return tuple((text, weight) for text, weight in found if text)


def learnt_words(pieces: Pieces) -> list[str]:
    """The names of the learnt words in it, each once."""
    return list(dict.fromkeys(name for text, _ in pieces for name in _LEARNT.findall(text)))


def with_tokens(text: str) -> str:
    """A text with its learnt words as diffusers has them, in angle brackets."""
    return _LEARNT.sub(lambda found: token(found[1]), text)


def token(name: str) -> str:
    """A learnt word as diffusers has it."""
    return f"<{name}>"


def _bracketed(text: str) -> bool:
    return len(text) >= 2 and text[0] == "(" and text[-1] == ")"


def _inside(part: str, weight: float) -> tuple[str, float]:
    """The text of a bracket, and its weight."""
    inner, colon, number = part[1:-1].rpartition(":")
    try:
        given = float(number) if colon and inner else None
    except ValueError:
        given = None
    if given is not None and abs(given) < _TOO_LARGE:  # which is false for what is no number
        return inner, given
    return part[1:-1], weight * _BRACKET_WEIGHT


def _outermost(text: str) -> Iterator[str]:
    """Cut at brackets of the outermost level; one that never closes runs to the end."""
    level, start = 0, 0
    for at, letter in enumerate(text):
        if letter == "(":
            if level == 0 and at > start:
                yield text[start:at]
                start = at
            level += 1
        elif letter == ")":
            level -= 1
            if level == 0:
                yield text[start : at + 1]
                start = at + 1
    if start < len(text):
        yield text[start:]
