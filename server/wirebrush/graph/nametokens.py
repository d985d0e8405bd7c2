"""Tokens in the names of files, as ComfyUI's editor replaces them when it queues a workflow.

`%date:yyyy-MM-dd hhmmss%` is the time, `%KSampler.seed%` a value of the node that is called so.
Every other token stays: `%width%` and the like are known only when the file is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from wirebrush.api import MISSING, Link, NodeSpec
from wirebrush.catalog import Catalog
from wirebrush.graph.flatten import FlatNode, flatten
from wirebrush.graph.jsontext import DEFAULT_LIMITS
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.workflow import Workflow

PREFIX = "filename_prefix"
"""The input whose tokens are replaced."""

_TOKEN = re.compile(r"%([^%]+)%")
_DATE_PART = re.compile(r"yyyy|yy|dd?|MM?|hh?|mm?|ss?")
_PLAIN_DATE = "yyyyMMddhhmmss"
_IN_NO_NAME = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class NamedNode:
    """A node as tokens find it: by `name` ("Node name for S&R") before any other's `title`."""

    name: str
    title: str
    values: Mapping[str, Any]


def with_names(
    prompt: Prompt, workflow: Workflow | None, catalog: Catalog, now: datetime
) -> Prompt:
    """The prompt with the tokens in its names of files replaced.

    Args:
        prompt: What the workflow was compiled to.
        workflow: Where it came from. A prompt that came as such stays as it is: who wrote it has
            replaced the tokens already.
        catalog: The node types there are, for titles and values that the workflow leaves out.
        now: The local time that the names shall tell.
    """
    written = {node.id: text for node in prompt.nodes.values() if "%" in (text := _prefix(node))}
    if workflow is None or not written:
        return prompt
    flat = flatten(workflow, DEFAULT_LIMITS).nodes.values()
    named = [_named(node, prompt.nodes.get(node.id), catalog) for node in flat]
    nodes = dict(prompt.nodes)
    for node_id, text in written.items():
        inputs = {**nodes[node_id].inputs, PREFIX: replace_tokens(text, named, now)}
        nodes[node_id] = replace(nodes[node_id], inputs=inputs)
    return Prompt(nodes)


def replace_tokens(text: str, nodes: Sequence[NamedNode], now: datetime) -> str:
    """The text with its tokens replaced; those that mean nothing here stay.

    >>> sampler = NamedNode("KSampler", "Paint", {"seed": 7})
    >>> replace_tokens("%date:yy-M%/%Paint.seed%_%width%", [sampler], datetime(2026, 3, 1))
    '26-3/7_%width%'
    """

    def meaning(token: re.Match[str]) -> str:
        inner = token[1]
        if inner == "date":
            return _date(_PLAIN_DATE, now)
        if inner.startswith("date:"):
            return _date(inner.removeprefix("date:"), now)
        value = _value(inner, nodes)
        return token[0] if value is None else _IN_NO_NAME.sub("_", value)

    return _TOKEN.sub(meaning, text)


def _date(pattern: str, now: datetime) -> str:
    parts = {"d": now.day, "M": now.month, "h": now.hour, "m": now.minute, "s": now.second}

    def part(found: re.Match[str]) -> str:
        letters = found[0]
        if letters[0] == "y":
            return f"{now.year:04}"[-len(letters) :]
        return f"{parts[letters[0]]:0{len(letters)}}"

    return _IN_NO_NAME.sub("_", _DATE_PART.sub(part, pattern))


def _value(inner: str, nodes: Sequence[NamedNode]) -> str | None:
    """The text of `node.input`; None if there is no such node, input or text."""
    name, dot, port = inner.partition(".")
    if not dot or "." in port:
        return None
    found = next((node for node in nodes if node.name == name), None)
    found = found or next((node for node in nodes if node.title == name), None)
    return None if found is None else _text(found.values.get(port))


def _text(value: object) -> str | None:
    """A value as the editor's language spells it: 8, not 8.0."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    if isinstance(value, (str, int, float)):
        return f"{value}".removesuffix(".0") if isinstance(value, float) else f"{value}"
    return None


def _prefix(node: PromptNode) -> str:
    found = node.inputs.get(PREFIX)
    return found if isinstance(found, str) else ""


def _named(node: FlatNode, runs: PromptNode | None, catalog: Catalog) -> NamedNode:
    """A node with all its values: those that run, else those that it holds under a wire or while
    it is muted, else those of its type."""
    spec: NodeSpec | None = node.spec or catalog.spec(node.type) or node.guess
    ports = () if spec is None else spec.inputs
    values = {port.name: port.default for port in ports if port.default is not MISSING}
    values |= node.values
    if runs is not None:
        values |= {name: item for name, item in runs.inputs.items() if not isinstance(item, Link)}
    title = node.title or ("" if spec is None else spec.title)
    return NamedNode(node.name, title or node.type, values)
