"""`/jobs`: the queue and the history as one list, as newer versions of ComfyUI have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from aiohttp import web

from wirebrush.events import JobState
from wirebrush.http.answers import answer
from wirebrush.http.comfy.entries import history_entry, outputs_of
from wirebrush.http.comfy.keys import prompts_of
from wirebrush.http.comfy.queue import ids_of
from wirebrush.http.comfy.refusing import in_their_words
from wirebrush.http.requests import json_body
from wirebrush.http.routes import Route
from wirebrush.jobs.prompttable import PromptEntry, Wanted

STATES: Mapping[str, tuple[JobState, ...]] = {
    "pending": ("queued",),
    "in_progress": ("leased", "running"),
    "completed": ("succeeded",),
    "failed": ("failed", "quarantined", "cancelled"),
}
MOST = 1000
_ORDERS = ("created_at", "execution_duration")
_SHOWN = ("images", "video", "audio", "gifs", "3d")


class BadParameter(Exception):
    """A parameter of the query that is not understood."""


async def listed(request: web.Request) -> web.Response:
    """Jobs by state, workflow and time, a page of them."""
    prompts = prompts_of(request)
    try:
        wanted = _wanted(request.query)
    except BadParameter as error:
        return answer({"error": str(error)}, status=400)
    entries, total = await prompts.page(wanted)
    more = wanted.offset + len(entries) < total
    about = {"offset": wanted.offset, "limit": wanted.limit, "total": total, "has_more": more}
    jobs = [_short(entry, prompts.messages(entry)) for entry in entries]
    return answer({"jobs": jobs, "pagination": about})


async def one(request: web.Request) -> web.Response:
    """All about one job."""
    prompts = prompts_of(request)
    entry = await prompts.find(request.match_info["job_id"])
    if entry is None:
        return answer({"error": "Job not found"}, status=404)
    messages = prompts.messages(entry)
    over = history_entry(entry, messages)
    more = {
        "outputs": over["outputs"],
        "execution_status": over["status"] if entry.job.ended_for_good else None,
        "workflow": {"prompt": entry.body.prompt, "extra_data": entry.extra},
    }
    return answer(_short(entry, messages) | more)


async def cancel(request: web.Request) -> web.Response:
    """End a job that waits or runs; one that is over stays as it is."""
    done = await prompts_of(request).cancel(request.match_info["job_id"])
    return answer({"cancelled": done})


async def cancel_many(request: web.Request) -> web.Response:
    """The same for several."""
    prompts = prompts_of(request)
    done = [await prompts.cancel(job) for job in ids_of(await json_body(request), "job_ids")]
    return answer({"cancelled": any(done)})


def _wanted(query: Mapping[str, str]) -> Wanted:
    names = [name for name in query.get("status", "").split(",") if name]
    unknown = next((name for name in names if name not in STATES), None)
    if unknown is not None:
        raise BadParameter(f"status {unknown[:40]!r} is none of {', '.join(STATES)}.")
    order = query.get("sort_by", "created_at")
    if order not in _ORDERS:
        raise BadParameter(f"sort_by must be one of {', '.join(_ORDERS)}.")
    direction = query.get("sort_order", "desc")
    if direction not in ("asc", "desc"):
        raise BadParameter("sort_order must be asc or desc.")
    return Wanted(
        states=tuple(state for name in names for state in STATES[name]),
        workflow_id=query.get("workflow_id"),
        by_duration=order == "execution_duration",
        descending=direction == "desc",
        limit=_number(query, "limit", 1, MOST, MOST),
        offset=_number(query, "offset", 0, 10**9, 0),
    )


def _number(query: Mapping[str, str], name: str, low: int, high: int, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or not low <= int(text[:18]):
        raise BadParameter(f"{name} must be a whole number, at least {low}.")
    return min(int(text[:18]), high)


def _short(entry: PromptEntry, messages: Sequence[Any]) -> dict[str, Any]:
    job = entry.job
    outputs = outputs_of(job.outputs)
    return {
        "id": entry.prompt_id,
        "status": next(name for name, states in STATES.items() if job.state in states),
        "priority": entry.number,
        "create_time": _milliseconds(job.created),
        "execution_start_time": _milliseconds(job.started),
        "execution_end_time": _milliseconds(job.ended),
        "execution_error": next(
            (data for kind, data in messages if kind == "execution_error"), None
        ),
        "outputs_count": sum(len(items) for _, _, items in _files(outputs)),
        "preview_output": _preview(outputs),
        "workflow_id": entry.workflow_id,
    }


def _files(outputs: Mapping[str, Any]) -> list[tuple[str, str, list[Any]]]:
    """Node, kind, and the files of it."""
    return [
        (node, kind, cast("list[Any]", items))
        for node, shown in outputs.items()
        for kind, items in shown.items()
        if kind in _SHOWN and isinstance(items, list)
    ]


def _preview(outputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The picture to show for a job: one that is kept, rather than a preview."""
    files = [
        {**cast("dict[str, Any]", item), "nodeId": node, "mediaType": kind}
        for node, kind, items in _files(outputs)
        for item in items
        if isinstance(item, dict)
    ]
    kept = [item for item in files if item.get("type") == "output"]
    return next(iter([*kept, *files]), None)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


ROUTES = (
    Route("GET", "/jobs", listed, "Queue and history as one list."),
    Route("GET", "/jobs/{job_id}", one, "All about one job."),
    Route("POST", "/jobs/cancel", in_their_words(cancel_many), "End several jobs."),
    Route("POST", "/jobs/{job_id}/cancel", cancel, "End a job."),
)
