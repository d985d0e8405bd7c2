"""Type names of packs as ours. Theirs may be strings, lists of choices, enums and wildcards."""

from __future__ import annotations

from typing import Any

ANY = "*"
_NOTHING_LIKE_IT = "wirebrush: a type that nobody has"


def type_name(declared: Any) -> str:
    """The name of a declared type; `*` for a wildcard.

    Wildcards are objects that claim to be equal to everything, mostly strings and often without a
    hash: so they are compared once, and only their plain text goes on.
    """
    if isinstance(declared, list | tuple):
        return "COMBO"
    if not isinstance(declared, str):
        io_type = getattr(declared, "io_type", None)
        return type_name(io_type) if isinstance(io_type, str) else ANY
    text = str.__str__(declared)
    if type(declared) is not str and not declared != _NOTHING_LIKE_IT:
        return ANY
    names = [name.strip() for name in text.split(",") if name.strip()]
    return ANY if ANY in names or not names else ",".join(names)


def is_choices(declared: Any) -> bool:
    """Whether it is a list of choices."""
    return isinstance(declared, list | tuple)
