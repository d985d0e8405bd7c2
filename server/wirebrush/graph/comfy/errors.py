"""What is wrong with a prompt, in the words of ComfyUI's `POST /prompt`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wirebrush.api import Link
from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.codes import Code
from wirebrush.graph.comfy.object_info import Choices, object_info
from wirebrush.graph.prompt import Prompt, PromptNode

_TYPES: Mapping[str, tuple[str, str]] = {
    Code.MISSING_INPUT: ("required_input_missing", "Required input is missing"),
    Code.BAD_LINK: (
        "bad_linked_input",
        "Bad linked input, must be a length-2 list of [node_id, slot_index]",
    ),
    Code.WIRE_NEEDED: (
        "bad_linked_input",
        "Bad linked input, must be a length-2 list of [node_id, slot_index]",
    ),
    Code.WRONG_TYPE: ("return_type_mismatch", "Return type mismatch between linked nodes"),
    Code.WRONG_VALUE: ("invalid_input_type", "Failed to convert an input value"),
    Code.NOT_A_CHOICE: ("value_not_in_list", "Value not in list"),
    Code.FILE_NOT_FOUND: ("value_not_in_list", "Value not in list"),
    Code.BAD_FILE_NAME: ("custom_validation_failed", "Custom validation failed for node"),
    Code.CYCLE: ("dependency_cycle", "Dependency cycle detected"),
    Code.DANGLING_LINK: (
        "exception_during_inner_validation",
        "Exception when validating inner node",
    ),
    Code.BAD_OUTPUT: (
        "exception_during_inner_validation",
        "Exception when validating inner node",
    ),
}


def node_errors(
    prompt: Prompt,
    problems: Iterable[Problem],
    outputs: Mapping[str, Sequence[str]],
    catalog: Catalog,
    choices: Choices,
) -> dict[str, Any]:
    """`{node id: {errors, dependent_outputs, class_type}}` for the errors among the problems.

    `outputs` names the output nodes that need each node.
    """
    found: dict[str, dict[str, Any]] = {}
    for problem in problems:
        node = prompt.nodes.get(problem.node or "")
        if problem.severity != "error" or node is None:
            continue
        entry = found.setdefault(
            node.id,
            {
                "errors": [],
                "dependent_outputs": list(outputs.get(node.id, ())),
                "class_type": node.class_type,
            },
        )
        entry["errors"].append(_error(problem, node, catalog, choices))
    return found


def _error(problem: Problem, node: PromptNode, catalog: Catalog, choices: Choices) -> Any:
    kind, message = _TYPES.get(
        problem.code, ("exception_during_validation", "Exception when validating node")
    )
    extra: dict[str, Any] = {}
    value = node.inputs.get(problem.port or "")
    if problem.port is not None:
        extra["input_name"] = problem.port
        extra |= _config(node, problem.port, catalog, choices)
    if problem.code == Code.OUT_OF_RANGE.value:
        kind, message = _out_of_range(value, extra.get("input_config"))
    if isinstance(value, Link):
        extra["linked_node"] = [value.node, value.output]
    elif problem.port in node.inputs:
        extra["received_value"] = value
    details = problem.port or ""
    if kind == "value_not_in_list":
        details = f"{problem.port}: {value!r} not in list"
    elif kind not in ("required_input_missing", "value_smaller_than_min", "value_bigger_than_max"):
        details = f"{details}, {problem.sentence}".removeprefix(", ")
    return {"type": kind, "message": message, "details": details, "extra_info": extra}


def _config(node: PromptNode, port: str, catalog: Catalog, choices: Choices) -> dict[str, Any]:
    """`input_config`, as `/object_info` has it; null where it would list many choices."""
    spec = catalog.spec(node.class_type)
    sections: Mapping[str, Any] = object_info(spec, choices)["input"] if spec is not None else {}
    for section in sections.values():
        if port in section:
            config: list[Any] = section[port]
            long = not isinstance(config[0], str) and len(config[0]) > _MOST_CHOICES
            return {"input_config": None if long else config}
    return {}


_MOST_CHOICES = 20


def _out_of_range(value: Any, config: list[Any] | None) -> tuple[str, str]:
    options: Mapping[str, Any] = config[1] if config else {}
    low = options.get("min")
    if low is not None and isinstance(value, int | float) and value < low:
        return "value_smaller_than_min", f"Value {value} smaller than min of {low}"
    return "value_bigger_than_max", f"Value {value} bigger than max of {options.get('max')}"
