"""The prompt: the executable graph, in the field's "API format".

`{id: {"class_type": ..., "inputs": {name: value or [node id, output index]}}}`. A literal list of
that shape is written `{"__value__": [...]}`, as the field does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from wirebrush.api import Link

_SCALARS = frozenset({str, int, float, bool, type(None)})


@dataclass(slots=True)
class PromptNode:
    """One node of a prompt. Input values are JSON values or `Link`s.

    Nobody changes one; it is not frozen because that makes it thrice as dear to make.
    """

    id: str
    class_type: str
    inputs: Mapping[str, Any]
    title: str = ""

    def links(self) -> Iterator[tuple[str, Link]]:
        """The wired inputs by name."""
        for name, item in self.inputs.items():
            if isinstance(item, Link):
                yield name, item


@dataclass(frozen=True, slots=True)
class Prompt:
    """All nodes by id, in the order of the document."""

    nodes: Mapping[str, PromptNode] = field(default_factory=dict[str, PromptNode])

    def __len__(self) -> int:
        return len(self.nodes)

    def to_json(self) -> dict[str, Any]:
        """The API format."""
        return {node.id: node_to_json(node) for node in self.nodes.values()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Prompt:
        """Read data that `to_json` wrote or that was checked before; no diagnosis here."""
        return cls({node_id: _node_from_json(node_id, item) for node_id, item in data.items()})


def is_link(item: object) -> bool:
    """Whether a JSON value has the shape of a link: `[node id, output index]`."""
    if not isinstance(item, list):
        return False
    parts = cast("list[object]", item)
    # A bool is no index.
    return len(parts) == 2 and isinstance(parts[0], str) and parts[1].__class__ is int


def _needs_wrapping(item: object) -> bool:
    """Whether a value, written as it is, would be read as something else."""
    return is_link(item) or (isinstance(item, dict) and item.keys() == {"__value__"})


def _node_from_json(node_id: str, data: Mapping[str, Any]) -> PromptNode:
    title = data.get("_meta", {}).get("title", "")
    return PromptNode(node_id, data["class_type"], inputs_from_json(data["inputs"]), title)


def inputs_from_json(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A node's inputs as they stand in JSON: a `Link`, or the value, by name."""
    return {
        name: item if item.__class__ in _SCALARS else _input_from_json(item)
        for name, item in inputs.items()
    }


def _input_from_json(item: Any) -> Any:
    if is_link(item):
        return Link(item[0], item[1])
    if isinstance(item, dict):
        wrapped = cast("dict[str, Any]", item)
        if wrapped.keys() == {"__value__"}:
            return wrapped["__value__"]
        return wrapped
    return item


def node_to_json(node: PromptNode) -> dict[str, Any]:
    """One node in API format."""
    inputs: dict[str, Any] = {}
    for name, item in node.inputs.items():
        if isinstance(item, Link):
            inputs[name] = [item.node, item.output]
        else:
            inputs[name] = {"__value__": item} if _needs_wrapping(item) else item
    data: dict[str, Any] = {"class_type": node.class_type, "inputs": inputs}
    if node.title:
        data["_meta"] = {"title": node.title}
    return data
