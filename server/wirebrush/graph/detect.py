"""Telling apart what people call "the workflow": ours, the API format, ComfyUI's editor format."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

LONGEST_ID = 200
"""A document whose id is longer has none for us."""


class Format(Enum):
    """The kinds of graph documents there are."""

    WIREBRUSH = "a Wirebrush workflow"
    PROMPT = "a prompt in API format"
    COMFY_WORKFLOW = "a workflow of ComfyUI's editor"
    EMPTY = "an empty object"
    UNKNOWN = "something else"


def detect(data: object) -> Format:
    """What kind of document parsed JSON is, by its shape alone. Faults inside do not matter."""
    if not isinstance(data, dict):
        return Format.UNKNOWN
    fields = cast("dict[str, Any]", data)
    if not fields:
        return Format.EMPTY
    if isinstance(fields.get("format"), str | int | float):  # a node of that name is an object
        return Format.WIREBRUSH
    if isinstance(fields.get("nodes"), list):
        return Format.COMFY_WORKFLOW
    if is_request(fields):
        return Format.UNKNOWN
    nodes = any(isinstance(item, dict) for item in fields.values())
    return Format.PROMPT if nodes else Format.UNKNOWN


def is_request(data: object) -> bool:
    """Whether this is the body of a request with a prompt or workflow inside."""
    if not isinstance(data, dict):
        return False
    inner = cast("dict[str, Any]", data).get("prompt")
    if not isinstance(inner, dict):
        return False
    return "class_type" not in inner and "inputs" not in inner


def document_id(workflow: Mapping[str, Any]) -> str:
    """The id that a workflow gives itself; empty if it has none that can be kept."""
    given = workflow.get("id")
    if not isinstance(given, str) or len(given) > LONGEST_ID:
        return ""
    return given.encode("utf-8", "replace").decode()
