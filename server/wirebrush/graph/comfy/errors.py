"""What is wrong with a node of a prompt, in the words of ComfyUI's `POST /prompt`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from wirebrush.api import NodeSpec, Port
from wirebrush.events import Problem
from wirebrush.graph.comfy.object_info import Choices, object_info

MOST_CHOICES = 20
"""Longer lists are not repeated in an error."""
_NOT_VALIDATED = "Exception when validating node"


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of a node."""

    type: str
    message: str
    details: str
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """As an entry of `errors`."""
        return {
            "type": self.type,
            "message": self.message,
            "details": self.details,
            "extra_info": dict(self.extra),
        }


def missing(port: Port) -> Fault:
    """A required input has neither wire nor value."""
    return Fault(
        "required_input_missing",
        "Required input is missing",
        port.name,
        {"input_name": port.name},
    )


def bad_link(spec: NodeSpec, name: str, item: Any, why: str, choices: Choices) -> Fault:
    """A list that is no link, or one that comes from nowhere (`why`)."""
    return Fault(
        "bad_linked_input",
        "Bad linked input, must be a length-2 list of [node_id, slot_index]",
        f"{name}, {why}" if why else name,
        _extra(spec, name, choices) | {"received_value": item},
    )


def mismatch(spec: NodeSpec, port: Port, given: str, link: Any, choices: Choices) -> Fault:
    """A wire between types that do not fit."""
    return Fault(
        "return_type_mismatch",
        "Return type mismatch between linked nodes",
        f"{port.name}, received_type({given}) mismatch input_type({_type(port)})",
        _extra(spec, port.name, choices) | {"received_type": given, "linked_node": link},
    )


def unconvertible(spec: NodeSpec, port: Port, item: Any, why: str, choices: Choices) -> Fault:
    """A value that is none of the input's type."""
    return Fault(
        "invalid_input_type",
        f"Failed to convert an input value to a {port.type} value",
        f"{port.name}, {item}, {why}"[:1000],
        _extra(spec, port.name, choices) | {"received_value": item, "exception_message": why},
    )


def too_small(spec: NodeSpec, port: Port, item: Any, low: float, choices: Choices) -> Fault:
    """A number below the minimum."""
    return Fault(
        "value_smaller_than_min",
        f"Value {item} smaller than min of {low}",
        port.name,
        _extra(spec, port.name, choices) | {"received_value": item},
    )


def too_big(spec: NodeSpec, port: Port, item: Any, high: float, choices: Choices) -> Fault:
    """A number above the maximum."""
    return Fault(
        "value_bigger_than_max",
        f"Value {item} bigger than max of {high}",
        port.name,
        _extra(spec, port.name, choices) | {"received_value": item},
    )


def not_in_list(spec: NodeSpec, port: Port, item: Any, choices: Choices) -> Fault:
    """A value that is not among the choices."""
    extra = _extra(spec, port.name, choices)
    config: list[Any] = extra["input_config"] or [[]]
    offered = cast("list[Any]", config[0] if isinstance(config[0], list) else [])
    many = len(offered) > MOST_CHOICES
    shown = f"(list of length {len(offered)})" if many else str(offered)
    extra["input_config"] = None if many else config
    details = f"{port.name}: '{str(item)[:200]}' not in {shown}"
    return Fault(
        "value_not_in_list", "Value not in list", details, extra | {"received_value": item}
    )


def refused(name: str | None, sentence: str) -> Fault:
    """What a node's own check, or ours of a file name, says about an input."""
    details = " - ".join(part for part in (name, sentence) if part)
    extra: dict[str, Any] = {} if name is None else {"input_name": name}
    return Fault("custom_validation_failed", "Custom validation failed for node", details, extra)


def check_broken(error: str, text: str) -> Fault:
    """A node's own check of its values that raised an exception. No traceback leaves the house."""
    extra: dict[str, Any] = {"exception_type": error, "traceback": []}
    return Fault("exception_during_validation", _NOT_VALIDATED, text, extra)


def cycle(problem: Problem) -> Fault:
    """Nodes that wait for each other."""
    extra = {"node_id": problem.node, "input_name": problem.port}
    return Fault("dependency_cycle", "Dependency cycle detected", problem.sentence, extra)


def of_problem(problem: Problem) -> Fault:
    """A node that could not even be read."""
    extra: dict[str, Any] = {"exception_type": problem.code, "traceback": []}
    return Fault("exception_during_validation", _NOT_VALIDATED, problem.sentence, extra)


def _extra(spec: NodeSpec, name: str, choices: Choices) -> dict[str, Any]:
    """The input and how `/object_info` describes it; null for one that is not described."""
    sections: Mapping[str, Any] = object_info(spec, choices)["input"]
    found = (section[name] for section in sections.values() if name in section)
    return {"input_name": name, "input_config": next(found, None)}


def _type(port: Port) -> str:
    if port.widget is not None and port.widget.choices is not None:
        return str(list(port.widget.choices))
    return port.type
