"""What stands between percent signs in the prefix of a file's name, as in ComfyUI.

`%date:yyyy-MM-dd%`, `%year%` and the like are the time of the job, `%width%` and `%height%` the
picture's, and `%KSampler.seed%` is what the node of that title, or of that type, was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

_TOKEN = re.compile(r"%([^%\r\n]{1,200})%")
_UNSAFE = re.compile(r'[/\\?%*:|"<>\x00-\x1f\x7f]')
_DATE = re.compile(r"yyyy|yy|MM|M|dd|d|hh|h|mm|m|ss|s")


def filled(
    prefix: str,
    prompt: Mapping[str, Mapping[str, Any]],
    when: datetime,
    size: tuple[int | None, int | None] = (None, None),
) -> str:
    """The prefix with what its words mean; what means nothing stays as it is.

    Args:
        prefix: As a person wrote it.
        prompt: The job's nodes in API format.
        when: When the job was asked for.
        size: Width and height in pixels, of what is a picture.

    >>> filled("%date:yy-M%/%year%_%Seed.value%", {}, datetime(2026, 3, 4))
    '26-3/2026_%Seed.value%'
    """
    words = {
        "year": str(when.year),
        **{name: f"{getattr(when, name):02}" for name in ("month", "day", "hour", "minute")},
        "second": f"{when.second:02}",
        **{name: str(n) for name, n in zip(("width", "height"), size, strict=True) if n},
    }

    def word(found: re.Match[str]) -> str:
        name = found[1]
        if name in words:
            return words[name]
        if name == "date" or name.startswith("date:"):
            return _date(name.partition(":")[2] or "yyyyMMddhhmmss", when)
        given = next(_given(name, prompt), None)
        return found[0] if given is None else _UNSAFE.sub("_", given)[:100]

    return _TOKEN.sub(word, prefix)


def _date(pattern: str, when: datetime) -> str:
    parts = {"d": when.day, "M": when.month, "h": when.hour, "m": when.minute, "s": when.second}

    def part(found: re.Match[str]) -> str:
        letters = found[0]
        if letters[0] == "y":
            return f"{when.year:04}"[-len(letters) :]
        return f"{parts[letters[0]]:0{len(letters)}}"

    return _UNSAFE.sub("_", _DATE.sub(part, pattern))


def _given(name: str, prompt: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What nodes of that title were given for that input, then those of that type."""
    node_name, _, port = name.rpartition(".")
    for named in (_title, _type):
        for node in prompt.values():
            given: Any = node.get("inputs", {}).get(port)
            if node_name and named(node) == node_name and isinstance(given, str | int | float):
                yield str(given)


def _title(node: Mapping[str, Any]) -> Any:
    meta: Any = node.get("_meta")  # clients write all sorts of things there
    return cast("dict[str, Any]", meta).get("title") if isinstance(meta, dict) else None


def _type(node: Mapping[str, Any]) -> Any:
    return node.get("class_type")
