"""Lifting workflows of earlier versions to the present one, step by step.

A migration takes the JSON of version n and gives that of version n + 1. It must not change what
it was given, and must keep what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted

Migration: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]

NAME = "wirebrush"
LATEST = 1
FORMAT = f"{NAME}/{LATEST}"

MIGRATIONS: Mapping[int, Migration] = {}
"""By the version that they start from; `wirebrush/1` is the first."""


def migrate(
    data: Mapping[str, Any],
    migrations: Mapping[int, Migration] = MIGRATIONS,
    latest: int = LATEST,
) -> Mapping[str, Any] | Problem:
    """The document in the latest version, or why that cannot be."""
    written = data.get("format")
    version = _version(written, latest)
    if version is None:
        message = f"The format of this workflow is {quoted(written)}, which is not known."
        return problem(Code.WRONG_FORMAT, message, f'A workflow starts with "format": "{FORMAT}".')
    if version > latest:
        return problem(
            Code.NEWER_FORMAT,
            f"This workflow was saved by a newer Wirebrush (format {NAME}/{version}); this one "
            f"reads up to {NAME}/{latest}.",
            "Update Wirebrush to open it.",
        )
    for step in range(version, latest):
        data = {**migrations[step](data), "format": f"{NAME}/{step + 1}"}
    return data


def _version(written: object, latest: int) -> int | None:
    """The version that a format names, `wirebrush/3`; a bare number says one that is to come."""
    if isinstance(written, str):
        found = re.fullmatch(rf"{NAME}/([1-9]\d{{0,8}})", written)
        return int(found[1]) if found else None
    return written if isinstance(written, int) and written > latest else None
