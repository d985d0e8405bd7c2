"""Texts searched by regular expressions."""

from __future__ import annotations

import re
from typing import Annotated, Literal, NamedTuple

from wirebrush.api import NodeError, Optional, Range, Text, node

Words = Annotated[str, Text(multiline=True)]
Extract = Literal["First Match", "All Matches", "First Group", "All Groups"]


class Matched(NamedTuple):
    """Whether an expression is found."""

    matches: bool


@node(id="RegexMatch", category="utils/string", title="Regex Match")
def regex_match(
    string: Words,
    regex_pattern: Words,
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
) -> Matched:
    """Tell whether a regular expression is found in a text.

    Args:
        string: The text.
        regex_pattern: The expression, as in Python.
        case_insensitive: Whether small and capital letters are the same.
        multiline: Whether ^ and $ are the ends of each line.
        dotall: Whether . is also the end of a line.
    """
    pattern = _compiled(regex_pattern, case_insensitive, multiline, dotall)
    return Matched(pattern.search(string) is not None)


@node(id="RegexReplace", category="utils/string", title="Regex Replace")
def regex_replace(
    string: Words,
    regex_pattern: Words,
    replace: Words,
    case_insensitive: Annotated[bool, Optional()] = True,
    multiline: Annotated[bool, Optional()] = False,
    dotall: Annotated[bool, Optional()] = False,
    count: Annotated[int, Range(0, 100), Optional()] = 0,
) -> str:
    r"""Replace what a regular expression finds in a text.

    Args:
        string: The text.
        regex_pattern: The expression, as in Python.
        replace: What comes in its place; \1 is its first group.
        case_insensitive: Whether small and capital letters are the same.
        multiline: Whether ^ and $ are the ends of each line.
        dotall: Whether . is also the end of a line.
        count: How many are replaced at most; 0 is all.
    """
    pattern = _compiled(regex_pattern, case_insensitive, multiline, dotall)
    try:
        return pattern.sub(replace, string, count=count)
    except (re.error, IndexError) as error:
        raise NodeError(f"The replacement is not right: {error}.", port="replace") from error


@node(id="RegexExtract", category="utils/string", title="Regex Extract")
def regex_extract(
    string: Words,
    regex_pattern: Words,
    mode: Extract = "First Match",
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
    group_index: Annotated[int, Range(0, 100)] = 1,
) -> str:
    """Take what a regular expression finds out of a text; nothing found is an empty text.

    Args:
        string: The text.
        regex_pattern: The expression, as in Python.
        mode: The first place or all of them, a line for each; as a whole or one of its groups.
        case_insensitive: Whether small and capital letters are the same.
        multiline: Whether ^ and $ are the ends of each line.
        dotall: Whether . is also the end of a line.
        group_index: Which group; 0 is the whole.
    """
    pattern = _compiled(regex_pattern, case_insensitive, multiline, dotall)
    group = group_index if "Group" in mode else 0
    if group > pattern.groups:
        return ""
    found = [match.group(group) or "" for match in pattern.finditer(string)]
    return "\n".join(found if mode.startswith("All") else found[:1])


def _compiled(text: str, case_insensitive: bool, multiline: bool, dotall: bool) -> re.Pattern[str]:
    flags = re.IGNORECASE if case_insensitive else re.NOFLAG
    flags |= (re.MULTILINE if multiline else re.NOFLAG) | (re.DOTALL if dotall else re.NOFLAG)
    try:
        return re.compile(text, flags)
    except re.error as error:
        raise NodeError(
            f"{text[:60]!r} is no regular expression: {error}.",
            r"Plain brackets are written \( and \).",
            port="regex_pattern",
        ) from error
