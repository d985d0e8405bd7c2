"""Values of packs as JSON can say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def as_json(value: Any) -> Any:
    """The value as JSON can say it; what it cannot is told as text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [as_json(item) for item in value]
    return str(value)
