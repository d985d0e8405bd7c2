"""Prompts as `/queue` and `/history` show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wirebrush.http.comfy.shown import shown
from wirebrush.http.comfy.told import Told
from wirebrush.jobs.prompttable import PromptEntry
from wirebrush.jobs.records import JobOutput


def queue_item(entry: PromptEntry) -> list[Any]:
    """`[number, prompt id, prompt, extra data, ids of the outputs]`."""
    number = int(entry.number) if entry.number.is_integer() else entry.number
    targets = list(entry.body.targets)
    return [number, entry.prompt_id, entry.body.prompt, entry.extra, targets]


def history_entry(entry: PromptEntry, messages: Sequence[Any]) -> dict[str, Any]:
    """A prompt that is over: itself, what its nodes showed, how it ended."""
    told = Told(entry.job.id, entry.prompt_id, None, entry.body)
    outputs = outputs_of(entry.job.outputs)
    done = entry.job.state == "succeeded"
    return {
        "prompt": queue_item(entry),
        "outputs": outputs,
        "status": {
            "status_str": "success" if done else "error",
            "completed": done,
            "messages": messages or _messages(entry),
        },
        "meta": {node: _meta(told, node) for node in outputs},
    }


def outputs_of(outputs: Iterable[JobOutput]) -> dict[str, Any]:
    """What every node showed, by its id."""
    by_node: dict[str, list[JobOutput]] = {}
    for item in outputs:
        by_node.setdefault(item.node, []).append(item)
    return {node: shown(item.output for item in items) for node, items in by_node.items()}


def _meta(told: Told, node: str) -> dict[str, Any]:
    ids = told.ids(node)
    return {
        "node_id": node,
        "display_node": ids["display_node_id"],
        "parent_node": ids["parent_node_id"],
        "real_node_id": ids["real_node_id"],
    }


def _messages(entry: PromptEntry) -> list[Any]:
    """How it ended, if the server that could tell more died before it had written that down."""
    job = entry.job
    start, end = job.started or job.created, job.ended or job.created
    kind = {"succeeded": "execution_success", "cancelled": "execution_interrupted"}.get(job.state)
    problem = next((item for item in job.problems if item.severity == "error"), None)
    said: dict[str, Any] = {}
    if kind is None and problem is not None:
        said = {
            "node_id": problem.node,
            "exception_message": problem.sentence,
            "exception_type": problem.code,
        }
    said = {"prompt_id": entry.prompt_id, **said}
    return [
        ["execution_start", {"prompt_id": entry.prompt_id, "timestamp": int(start * 1000)}],
        [kind or "execution_error", {**said, "timestamp": int(end * 1000)}],
    ]
