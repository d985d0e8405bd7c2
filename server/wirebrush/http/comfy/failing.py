"""What ComfyUI's clients hear when something goes wrong while a prompt runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from wirebrush.events import NodeFailed, Problem
from wirebrush.http.comfy.told import Told

_NAMES = {"wirebrush.engine.problems.CircularExpansion": "graph.DependencyCycleError"}
"""Failures that have a name of their own there."""


def error_message(told: Told, problem: Problem) -> dict[str, Any]:
    """The data of `execution_error`: the node that failed, or the problem that ended the job."""
    failure = told.failure
    node = failure.node if failure is not None else problem.node or told.node
    said = problem if failure is None else failure.problem
    return {
        "node_id": None if node is None else told.real(node),
        "node_type": told.type_of(None if node is None else told.real(node)),
        "executed": list(told.executed),
        "exception_message": _message(failure, said),
        "exception_type": _type(failure, said),
        "traceback": [] if failure is None else _frames(failure),
        "current_inputs": {} if failure is None else _inputs(failure.inputs),
        "current_outputs": list({**told.prompt, **told.states}),
    }


def blocked_message(told: Told, failure: NodeFailed) -> dict[str, Any]:
    """The data of the `execution_error` of a blocker, which ends nothing."""
    node = told.real(failure.node)
    return {
        "prompt_id": told.prompt_id,
        "node_id": node,
        "node_type": told.type_of(node),
        "executed": list(told.executed),
        "exception_message": f"Execution Blocked: {failure.problem.message}",
        "exception_type": "ExecutionBlocked",
        "traceback": [],
        "current_inputs": [],
        "current_outputs": [],
    }


def interrupted_message(told: Told) -> dict[str, Any]:
    """The data of `execution_interrupted`."""
    return {
        "node_id": told.node,
        "node_type": told.type_of(told.node),
        "executed": list(told.executed),
    }


def _inputs(values: Mapping[str, Any]) -> dict[str, Any]:
    """Every value is a list there, because a node may be called for each of several."""
    return {
        name: cast("list[Any]", value) if isinstance(value, list) else [value]
        for name, value in values.items()
    }


def _message(failure: NodeFailed | None, problem: Problem) -> str:
    """What the exception itself says, where a node raised one; our sentence otherwise. Of a node it
    ends with a new line, as there."""
    if failure is None:
        return problem.sentence
    said = None
    if problem.code == "node_failed" and failure.error:
        said = _said(failure.error, failure.traceback)
    return f"{problem.sentence if said is None else said}\n"


def _type(failure: NodeFailed | None, problem: Problem) -> str:
    """The exception's class, or our code where there was none."""
    if failure is None or not failure.error:
        return problem.code
    return _NAMES.get(failure.error, failure.error)


def _frames(failure: NodeFailed) -> list[str]:
    """The traceback, a text for each call."""
    frames: list[str] = []
    for line in failure.traceback:
        if line.startswith("  File "):
            frames.append(line)
        elif frames and line.startswith("    "):
            frames[-1] += line
    return frames


def _said(error: str, traceback: Sequence[str]) -> str | None:
    """The exception's own text: what stands behind its name in the last lines. None if nothing
    there names it."""
    start = f"{error}: "
    for index in reversed(range(len(traceback))):
        if traceback[index].startswith(start):
            return "".join([traceback[index].removeprefix(start), *traceback[index + 1 :]]).strip()
    return "" if traceback and traceback[-1].strip() == error else None
