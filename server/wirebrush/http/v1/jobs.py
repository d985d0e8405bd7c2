"""Jobs: submit, look, cancel, retry, move; and the queue they wait in."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, cast, get_args

from aiohttp import web

from wirebrush.events import JobState, NodeFailed, Problem, event_to_json
from wirebrush.http.answers import Refused, answer, unknown
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import field_of, json_body, number
from wirebrush.http.routes import Route
from wirebrush.http.submit import locate_in_request
from wirebrush.http.wire import Submit, WireError, decode
from wirebrush.jobs.records import JobRecord

_STATES = frozenset(get_args(JobState))


async def submit(request: web.Request) -> web.Response:
    """Accept a job: 202 means that it is on disk."""
    body = await json_body(request, locate_in_request)
    try:
        message = decode({**body, "type": "submit", "ref": ""})
    except WireError as error:
        raise Refused(400, "bad_request", str(error)) from error
    key = request.headers.get("Idempotency-Key")
    if key:
        message = replace(cast("Submit", message), idempotency_key=key[:200])
    job, warnings = await request.app[SERVICES].submitter.submit(cast("Submit", message))
    data = {"job": job.to_json(), "warnings": [asdict(problem) for problem in warnings]}
    return answer(data, status=202, headers={"Location": f"/v1/jobs/{job.id}"})


async def page(request: web.Request) -> web.Response:
    """History, the latest first; `next` continues it."""
    limit = number(request, "limit", 50, 1, 500)
    states = [state for state in request.query.get("state", "").split(",") if state]
    for state in states:
        if state not in _STATES:
            known = ", ".join(sorted(_STATES))
            raise Refused(400, "bad_parameter", f"There is no state {state[:40]!r}.", known)
    query = request.query
    jobs = await request.app[SERVICES].queue.page(
        cast("list[JobState]", states),
        query.get("before"),
        limit,
        group=query.get("group"),
        document=query.get("document"),
    )
    more = jobs[-1].id if len(jobs) == limit else None
    return answer({"jobs": [job.to_json() for job in jobs], "next": more})


async def get(request: web.Request) -> web.Response:
    """One job; an unknown id is unknown, not done."""
    job = _id(request)
    return _found(job, await request.app[SERVICES].queue.get(job))


async def body(request: web.Request) -> web.Response:
    """What a job computes."""
    job = _id(request)
    work = await request.app[SERVICES].queue.body(job)
    if work is None:
        raise unknown("job", job)
    targets = list(work.targets)
    return answer({"workflow": work.workflow, "prompt": work.prompt, "targets": targets})


async def failures(request: web.Request) -> web.Response:
    """How nodes of a job failed, for whoever wrote them."""
    job = _id(request)
    queue = request.app[SERVICES].queue
    if await queue.get(job) is None:
        raise unknown("job", job)
    return answer({"failures": [event_to_json(event) for event in await queue.failures(job)]})


async def cancel(request: web.Request) -> web.Response:
    """End a job; `changed` says whether this call did."""
    job = _id(request)
    ended = await request.app[SERVICES].queue.cancel(job)
    if ended is None:
        raise unknown("job", job)
    return answer({"job": ended.job.to_json(), "changed": ended.changed})


async def retry(request: web.Request) -> web.Response:
    """Run the same again, as a new job."""
    job = _id(request)
    return _found(job, await request.app[SERVICES].queue.retry(job), 202)


async def move(request: web.Request) -> web.Response:
    """Give a waiting job another place."""
    job = _id(request)
    data = await json_body(request)
    before = field_of(data, "before", str, "the id of a waiting job")
    priority = field_of(data, "priority", int, "a whole number")
    if priority is not None and abs(priority) > 1_000_000:
        raise Refused(400, "bad_field", "'priority' must lie within a million.")
    return _found(
        job, await request.app[SERVICES].queue.move(job, before=before, priority=priority)
    )


async def waiting(request: web.Request) -> web.Response:
    """The queue as it stands, the next job first."""
    queue = request.app[SERVICES].queue
    jobs = [job.to_json() for job in await queue.waiting()]
    return answer({"paused": queue.paused, "obstacle": queue.obstacle(), "waiting": jobs})


async def pause(request: web.Request) -> web.Response:
    """Start nothing new."""
    await request.app[SERVICES].queue.pause()
    return answer({"paused": True})


async def resume(request: web.Request) -> web.Response:
    """Start jobs again."""
    await request.app[SERVICES].queue.resume()
    return answer({"paused": False})


async def clear(request: web.Request) -> web.Response:
    """Cancel everything that waits."""
    return answer({"cancelled": await request.app[SERVICES].queue.cancel_waiting()})


def _id(request: web.Request) -> str:
    return request.match_info["id"]


def _found(job: str, record: JobRecord | None, status: int = 200) -> web.Response:
    if record is None:
        raise unknown("job", job)
    return answer({"job": record.to_json()}, status=status)


_GRAPH = {"workflow": dict[str, Any] | None, "prompt": dict[str, Any] | None}
_JOB = {"job": JobRecord}

ROUTES = (
    Route(
        "POST",
        "/v1/jobs",
        submit,
        "Run a workflow or a prompt. 202 means that the job is on disk.",
        headers={"Idempotency-Key": "The same key with the same body is the same job."},
        body={
            **_GRAPH,
            "targets": list[str] | None,
            "priority": int | None,
            "front": bool | None,
            "group": dict[str, Any] | None,
        },
        gives={"job": JobRecord, "warnings": list[Problem]},
        status=202,
    ),
    Route(
        "GET",
        "/v1/jobs",
        page,
        "Jobs of all states, the latest first.",
        query={
            "state": "Only these states, separated by commas.",
            "group": "Only jobs that were submitted with a group of this id.",
            "document": "Only jobs of the workflow with this id.",
            "before": "Jobs accepted before this one.",
            "limit": "How many, up to 500; 50 if not given.",
        },
        gives={"jobs": list[JobRecord], "next": str | None},
    ),
    Route("GET", "/v1/jobs/{id}", get, "One job.", gives=_JOB),
    Route(
        "GET",
        "/v1/jobs/{id}/body",
        body,
        "What a job computes: its workflow, prompt and targets.",
        gives={**_GRAPH, "targets": list[str]},
    ),
    Route(
        "GET",
        "/v1/jobs/{id}/failures",
        failures,
        "The nodes of an ended job that failed: exception, traceback and inputs of each.",
        gives={"failures": list[NodeFailed]},
    ),
    Route(
        "POST",
        "/v1/jobs/{id}/cancel",
        cancel,
        "Cancel a job, waiting or running. One that has ended stays as it ended.",
        gives={"job": JobRecord, "changed": bool},
    ),
    Route(
        "POST",
        "/v1/jobs/{id}/retry",
        retry,
        "A new job with the body of one that has ended.",
        gives=_JOB,
        status=202,
    ),
    Route(
        "POST",
        "/v1/jobs/{id}/move",
        move,
        "Put a waiting job before another, to the end of a priority, or (neither) to the front.",
        body={"before": str | None, "priority": int | None},
        gives=_JOB,
    ),
    Route(
        "GET",
        "/v1/queue",
        waiting,
        "What waits, the next job first, and why nothing starts if nothing does.",
        gives={"paused": bool, "obstacle": str | None, "waiting": list[JobRecord]},
    ),
    Route("POST", "/v1/queue/pause", pause, "Start no further jobs.", gives={"paused": bool}),
    Route("POST", "/v1/queue/resume", resume, "Start jobs again.", gives={"paused": bool}),
    Route(
        "POST",
        "/v1/queue/clear",
        clear,
        "Cancel all waiting jobs; those that run go on.",
        gives={"cancelled": list[str]},
    ),
)
