"""Plain values, texts, and a look at anything."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Annotated, Any

from wirebrush.api import Range, Run, Text, node
from wirebrush.api.widgets import SeedWidget

LARGEST = 2**63 - 1
LONGEST = 20_000  # characters that are shown


@node(id="PrimitiveInt", category="utils/primitive", title="Int")
def primitive_int(value: Annotated[int, SeedWidget(), Range(-LARGEST, LARGEST)]) -> int:
    """A whole number, to be wired to several places.

    Args:
        value: The number.
    """
    return value


@node(id="PrimitiveFloat", category="utils/primitive", title="Float")
def primitive_float(value: Annotated[float, Range(-LARGEST, LARGEST)]) -> float:
    """A number, to be wired to several places.

    Args:
        value: The number.
    """
    return value


@node(id="PrimitiveString", category="utils/primitive", title="String")
def primitive_string(value: str) -> str:
    """A line of text, to be wired to several places.

    Args:
        value: The text.
    """
    return value


@node(id="PrimitiveStringMultiline", category="utils/primitive", title="String (Multiline)")
def primitive_string_multiline(value: Annotated[str, Text(multiline=True)]) -> str:
    """A text of several lines, to be wired to several places.

    Args:
        value: The text.
    """
    return value


@node(id="PrimitiveBoolean", category="utils/primitive", title="Boolean")
def primitive_boolean(value: bool) -> bool:
    """Yes or no, to be wired to several places.

    Args:
        value: On is yes.
    """
    return value


@node(id="StringConcatenate", category="utils/string", title="Concatenate")
def string_concatenate(
    string_a: Annotated[str, Text(multiline=True)],
    string_b: Annotated[str, Text(multiline=True)],
    delimiter: str = "",
) -> str:
    """Join two texts into one.

    Args:
        string_a: The first.
        string_b: The second.
        delimiter: What stands between them.
    """
    return delimiter.join((string_a, string_b))


@node(id="PreviewAny", category="utils", title="Preview Any")
def preview_any(source: Any, *, run: Run) -> None:
    """Show any value as text.

    Args:
        source: What to look at: a number, a text, a picture, anything.
    """
    run.show_text(described(source)[:LONGEST])


def described(value: Any) -> str:
    """A value as a person would like to read it; large ones by their shape and range."""
    if isinstance(value, str):
        return value
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        sides = "x".join(str(side) for side in value.shape)
        numbers = f", {float(value.min()):.4g} to {float(value.max()):.4g}" if value.numel() else ""
        return f"{sides} {str(value.dtype).removeprefix('torch.')}{numbers}"
    if is_dataclass(value) and not isinstance(value, type):
        parts = ((item.name, getattr(value, item.name)) for item in fields(value))
        inner = ", ".join(f"{name}: {described(part)}" for name, part in parts if part is not None)
        return f"{type(value).__name__} ({inner})"
    if isinstance(value, tuple):
        return "\n".join(described(part) for part in value)
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return str(value)
