"""Google-style docstrings: the text for the node, the `Args:` section for its ports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SECTION = re.compile(r"^(Args|Arguments|Returns|Raises|Yields|Example|Examples|Note|Source):\s*$")
_ARGUMENT = re.compile(r"^(\s+)\*{0,2}(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Docstring:
    """`text` is all before the first section; `args` maps parameter names to one paragraph."""

    text: str
    args: Mapping[str, str]


def parse_docstring(raw: str) -> Docstring:
    """Split a cleaned docstring (as `inspect.getdoc` gives it)."""
    text: list[str] = []
    args: dict[str, list[str]] = {}
    section, current, indent = "", "", 0
    for line in raw.splitlines():
        if found := _SECTION.match(line):
            section, current = found[1], ""
        elif not section:
            text.append(line)
        elif section.startswith("Arg"):
            argument = _ARGUMENT.match(line)
            if argument and (not current or len(argument[1]) <= indent):
                current, indent = argument[2], len(argument[1])
                args[current] = [argument[3]]
            elif current and line.strip():
                args[current].append(line.strip())
    return Docstring(_reflow(text), {name: " ".join(parts).strip() for name, parts in args.items()})


def _reflow(lines: list[str]) -> str:
    """Join the lines of each paragraph; blank lines separate paragraphs."""
    paragraphs = "\n".join(lines).strip().split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in paragraphs if part.strip())
