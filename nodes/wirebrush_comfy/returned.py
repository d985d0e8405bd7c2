"""What a pack's function gave back: values, things to show, or nodes to run instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from wirebrush.api import Blocked, Expand, Link, NodeError, Output
from wirebrush_comfy.border import from_pack
from wirebrush_comfy.facts import Facts
from wirebrush_comfy.shims.graphs import ExecutionBlocker, is_link

LONGEST_ID = 100


@dataclass(frozen=True, slots=True)
class Returned:
    """A function's answer, whatever form it had. `values` are one per output, or fewer."""

    values: Sequence[Any] = ()
    ui: Mapping[str, Any] = field(default_factory=dict[str, Any])
    expand: Mapping[str, Mapping[str, Any]] | None = None


def read(facts: Facts, answer: Any) -> Returned:
    """The answer of a function; NodeError if it is none of the forms that ComfyUI knows."""
    if hasattr(answer, "as_answer"):  # a NodeOutput
        answer = answer.as_answer()
    if answer is None:
        return Returned()
    if isinstance(answer, ExecutionBlocker):
        return Returned((answer,) * len(facts.spec.outputs))
    if isinstance(answer, Mapping):
        values = answer.get("result") or ()
        if isinstance(values, ExecutionBlocker):
            values = (values,) * len(facts.spec.outputs)
        return Returned(tuple(values), answer.get("ui") or {}, answer.get("expand"))
    if isinstance(answer, tuple | list):
        return Returned(tuple(answer))
    if not facts.spec.outputs:
        return Returned()
    raise NodeError(
        f"The function of {facts.spec.id} returned a {type(answer).__name__}, not a tuple.",
        "This is a bug in the pack: a node returns a tuple, even of one value.",
    )


def outputs(facts: Facts, returned: Returned, node: str) -> Any:
    """The values as the engine takes them: one, several, or an expansion."""
    declared = facts.spec.outputs
    values = [*returned.values[: len(declared)]]
    values += [None] * (len(declared) - len(values))
    if returned.expand is not None:
        return _expanded(returned.expand, values, declared, node)
    converted = tuple(_converted(v, output) for v, output in zip(values, declared, strict=True))
    if not declared:
        return None
    return converted[0] if len(declared) == 1 else converted


def _converted(value: Any, output: Output) -> Any:
    if output.list and isinstance(value, list | tuple):
        return [from_pack(item, output.type) for item in value]
    return from_pack(value, output.type)


def _expanded(
    expand: Mapping[str, Mapping[str, Any]],
    values: Sequence[Any],
    declared: Sequence[Output],
    node: str,
) -> Expand | Any:
    """An expansion with ids that are its own: the engine puts the parent's in front again."""
    own = {name: _local(name, node) for name in expand}

    def wired(value: Any) -> Any:
        if is_link(value):
            source = str(value[0])
            return Link(own.get(source, source), int(value[1]))
        return Blocked(value.message) if isinstance(value, ExecutionBlocker) else value

    nodes = {
        own[name]: (
            str(item["class_type"]),
            {key: wired(value) for key, value in item.get("inputs", {}).items()},
        )
        for name, item in expand.items()
    }
    results = [
        wired(v) if is_link(v) else _converted(v, output)
        for v, output in zip(values, declared, strict=True)
    ]
    shown = {
        own[name]: str(item["override_display_id"])
        for name, item in expand.items()
        if item.get("override_display_id")
    }
    return Expand(nodes, tuple(results), shown)


def _local(name: str, node: str) -> str:
    """An id without the parent's. Ids of nested loops grow with each turn; they are cut."""
    local = name.removeprefix(f"{node}.")
    if len(local) <= LONGEST_ID:
        return local
    return f"~{blake2b(local.encode(), digest_size=12).hexdigest()}"
