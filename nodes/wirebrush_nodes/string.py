"""Texts cut, changed and compared."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from wirebrush.api import Text, node

Words = Annotated[str, Text(multiline=True)]
Case = Literal["UPPERCASE", "lowercase", "Capitalize", "Title Case"]


class Length(NamedTuple):
    """How long a text is."""

    length: int


class Found(NamedTuple):
    """Whether a text contains another."""

    contains: bool


@node(id="StringSubstring", category="utils/string", title="Substring")
def string_substring(string: Words, start: int, end: int) -> str:
    """Take a part of a text.

    Args:
        string: The text.
        start: The first character, counted from 0; below 0 it counts from the end.
        end: The first character that is left out.
    """
    return string[start:end]


@node(id="StringLength", category="utils/string", title="Length")
def string_length(string: Words) -> Length:
    """Count the characters of a text.

    Args:
        string: The text.
    """
    return Length(len(string))


@node(id="CaseConverter", category="utils/string", title="Case Converter")
def case_converter(string: Words, mode: Case = "UPPERCASE") -> str:
    """Change small and capital letters.

    Args:
        string: The text.
        mode: "Capitalize" makes the first letter large, "Title Case" that of each word.
    """
    changed = {"UPPERCASE": str.upper, "lowercase": str.lower, "Capitalize": str.capitalize}
    return changed.get(mode, str.title)(string)


@node(id="StringTrim", category="utils/string", title="Trim")
def string_trim(string: Words, mode: Literal["Both", "Left", "Right"] = "Both") -> str:
    """Take spaces and empty lines away at the ends of a text.

    Args:
        string: The text.
        mode: At which end.
    """
    trimmed = {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}
    return trimmed[mode](string)


@node(id="StringReplace", category="utils/string", title="Replace")
def string_replace(string: Words, find: Words, replace: Words) -> str:
    """Replace words in a text, wherever they are.

    Args:
        string: The text.
        find: What is replaced, exactly as it is written.
        replace: What comes in its place.
    """
    return string.replace(find, replace)


@node(id="StringContains", category="utils/string", title="Contains")
def string_contains(string: Words, substring: Words, case_sensitive: bool = True) -> Found:
    """Tell whether a text contains another.

    Args:
        string: The text.
        substring: What is looked for.
        case_sensitive: Whether small and capital letters differ.
    """
    if not case_sensitive:
        string, substring = string.lower(), substring.lower()
    return Found(substring in string)


@node(id="StringCompare", category="utils/string", title="Compare")
def string_compare(
    string_a: Words,
    string_b: Words,
    mode: Literal["Starts With", "Ends With", "Equal"] = "Starts With",
    case_sensitive: bool = True,
) -> bool:
    """Compare two texts.

    Args:
        string_a: The one.
        string_b: The other.
        mode: What the first has to do with the second.
        case_sensitive: Whether small and capital letters differ.
    """
    if not case_sensitive:
        string_a, string_b = string_a.lower(), string_b.lower()
    compared = {"Starts With": str.startswith, "Ends With": str.endswith, "Equal": str.__eq__}
    return compared[mode](string_a, string_b)
