"""A value at an input, converted and compared as ComfyUI does it: `"20"` is 20.

Our own doors are strict. Here clients write what ComfyUI has always taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isfinite
from typing import Any, NamedTuple, cast

from wirebrush.api import NodeSpec, Port, Widget
from wirebrush.graph.codes import Code
from wirebrush.graph.comfy.errors import (
    Fault,
    not_in_list,
    refused,
    too_big,
    too_small,
    unconvertible,
)
from wirebrush.graph.comfy.object_info import Choices
from wirebrush.graph.values import ASSET_KINDS, LARGEST_INT, SMALLEST_INT, FilesLookup, check_value


class Judged(NamedTuple):
    """The value as it will run, written as a prompt has it, and what is wrong with it."""

    value: Any
    fault: Fault | None = None


def judged(spec: NodeSpec, port: Port, item: Any, files: FilesLookup, choices: Choices) -> Judged:
    """Convert a literal to its input's type and look whether that takes it.

    A list is a value like any other: the text of an input is then the list's text. Only inputs of
    our own that take lists, which have no widget, take it as one.
    """
    value: Any = item
    if isinstance(item, dict):
        value = cast("dict[str, Any]", item).get("__value__", item)
    if value is None and port.optional:
        return Judged(item)
    listed = port.list and port.widget is None
    convert = None if listed else _CONVERT.get(port.type)
    if convert is not None:
        try:
            value = convert(value)
        except (ValueError, TypeError, OverflowError) as error:
            return Judged(item, unconvertible(spec, port, value, str(error), choices))
    fault = None
    if port.widget is not None:
        if port.unchecked in ("", "types"):
            fault = _fault(spec, port, port.widget, value, files, choices)
        elif _names_upload(port.widget, value):  # of which its node knows only while it runs
            fault = _file_fault(spec, replace(port, unchecked=""), value, files, choices)
    return Judged({"__value__": value} if isinstance(value, list) else value, fault)


def _fault(
    spec: NodeSpec, port: Port, widget: Widget, value: Any, files: FilesLookup, choices: Choices
) -> Fault | None:
    kind = value.__class__
    if kind in _NUMBERS:
        low, high = widget.min, widget.max
        if kind is int:
            low = SMALLEST_INT if low is None else low
            high = LARGEST_INT if high is None else high
        if low is not None and value < low:
            return too_small(spec, port, value, low, choices)
        if high is not None and value > high:
            return too_big(spec, port, value, high, choices)
    if widget.kind == "file":
        return _file_fault(spec, port, value, files, choices)
    if widget.kind == "choice" and value not in (widget.choices or ()):
        return not_in_list(spec, port, value, choices)
    return None


def _names_upload(widget: Widget, value: Any) -> bool:
    """Whether a value can only be the name of an uploaded file: it has an ending, and is no
    address."""
    return (
        widget.kind == "file"
        and widget.folder in ASSET_KINDS
        and isinstance(value, str)
        and _FILE.fullmatch(value) is not None
    )


def _file_fault(
    spec: NodeSpec, port: Port, value: Any, files: FilesLookup, choices: Choices
) -> Fault | None:
    wrong = check_value(port, value, files)
    if wrong is None:
        return None
    folder = port.widget.folder if port.widget is not None else None
    if wrong.code is Code.FILE_NOT_FOUND and folder in ASSET_KINDS:
        return refused(port.name, f"Invalid {port.name} file: {value}")
    if wrong.code is Code.BAD_FILE_NAME and isinstance(value, str) and value.strip():
        return refused(port.name, f"{value[:200]!r} {wrong.sentence.partition(', which ')[2]}")
    return not_in_list(spec, port, value, choices)


def _number(item: Any) -> float:
    value = float(item)
    if not isfinite(value):
        raise ValueError(f"{item!r} is no number that a node can use")
    return value


_FILE = re.compile(r"[^:\s/\\][^:]*\.[A-Za-z0-9]{2,5}( \[(input|output|temp)\])?")
_NUMBERS = frozenset({int, float, bool})
_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "INT": int,
    "FLOAT": _number,
    "STRING": str,
    "BOOLEAN": bool,
}
