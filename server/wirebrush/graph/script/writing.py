"""Python text, laid out as black does. What a file says becomes literals, never code."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

WIDTH = 88
_INDENT = "    "


class Code(str):
    """A piece of Python, where otherwise a value would stand."""

    __slots__ = ()


def literal(value: Any, room: int = WIDTH) -> str:
    """A value of JSON as Python; over several lines if it does not fit into `room`."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, tuple):
        items = [literal(item, room - 5) for item in cast("Sequence[Any]", value)]
        return _enclosed("(", items, ",)" if len(items) == 1 else ")", room)
    if isinstance(value, list):
        items = [literal(item, room - 5) for item in cast("Sequence[Any]", value)]
        return _enclosed("[", items, "]", room)
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value).items()
        items = [f"{literal(k)}: {literal(v, room - 5)}" for k, v in entries]
        return _enclosed("{", items, "}", room)
    return repr(value)


def _text(value: str) -> str:
    """In single quotes where double ones would need more strokes, as black has it."""
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + "".join(_letter(letter, quote) for letter in value) + quote


def _letter(letter: str, quote: str) -> str:
    if letter == quote:
        return "\\" + letter
    plain = letter.isprintable() and letter != "\\"
    return letter if plain else letter.encode("unicode_escape").decode()


def folded(value: str, room: int) -> str:
    """A text over several lines, cut after spaces and commas, if it does not fit into `room`."""
    whole = _text(value)
    if len(whole) <= room:
        return whole
    lines = [""]
    for word in re.findall(r"[^\s,]+[\s,]*|[\s,]+", value):
        if lines[-1] and len(_text(lines[-1] + word)) > room - len(_INDENT):
            lines.append("")
        lines[-1] += word
    if len(lines) == 1:
        return whole
    return "(\n" + "".join(f"{_INDENT}{_text(line)}\n" for line in lines) + ")"


def assigned(name: str, text: str) -> str:
    """A line that gives a name to a value; in brackets if only so it fits."""
    line = f"{name} = {text}"
    if len(line) > WIDTH >= len(_INDENT + text) and text[0] in "'\"" and "\n" not in text:
        line = f"{name} = (\n{_INDENT}{text}\n)"
    return line + "\n"


def call(
    function: str,
    *values: Any,
    named: Mapping[str, Any] = MappingProxyType({}),
    before: str = "",
    after: str = "",
) -> str:
    """`before` + `function(values, name=value)` + `after`, on one line if it fits."""
    items = [literal(value, WIDTH - 5) for value in values]
    plain = {name: value for name, value in named.items() if is_name(name)}
    rest = {name: value for name, value in named.items() if name not in plain}
    items += [f"{name}={literal(value, WIDTH - 6 - len(name))}" for name, value in plain.items()]
    if rest:
        items.append(f"**{literal(rest, WIDTH - 7)}")
    room = WIDTH - len(before) - len(after)
    return before + _enclosed(f"{function}(", items, ")", room) + after


def _enclosed(opening: str, items: Sequence[str], closing: str, room: int) -> str:
    line = opening + ", ".join(items) + closing
    if not items or (len(line) <= room and "\n" not in line):
        return line
    body = "".join(f"{indented(item)},\n" for item in items)
    return f"{opening}\n{body}{closing}"


def indented(text: str, times: int = 1) -> str:
    """Every line of a text further to the right."""
    return "\n".join(_INDENT * times + line if line else line for line in text.split("\n"))


def is_name(text: str) -> bool:
    """Whether an input may be written `name=value`. A few common names would hide functions."""
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def comment(text: str) -> str:
    """A text as comment lines: words only, whatever is in it."""
    words = "".join(letter if letter.isprintable() else " " for letter in text).split()
    lines, line = list[str](), "#"
    for word in words or [""]:
        if len(line) + 1 + len(word) > WIDTH and line != "#":
            lines.append(line)
            line = "#"
        line = f"{line} {word[: WIDTH - 2]}".rstrip()
    return "\n".join([*lines, line])


@dataclass
class Names:
    """Gives variable names, none twice and none of those that are `taken`."""

    taken: set[str]
    _counts: dict[str, int] = field(default_factory=dict[str, int])

    def new(self, words: str, *, upper: bool = False) -> str:
        """A name for something; a constant's is in capitals."""
        base = variable(words).upper() if upper else variable(words)
        found, count = base, self._counts.get(base, 1)
        while found in self.taken:
            count += 1
            found = f"{base}_{count}"
        self._counts[base] = count
        self.taken.add(found)
        return found


def variable(words: str) -> str:
    """Words as a variable name."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", words[:200])
    name = re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")[:40].rstrip("_") or "node"
    is_taken = keyword.iskeyword(name) or keyword.issoftkeyword(name)
    return f"node_{name}" if name[0].isdigit() or is_taken else name
