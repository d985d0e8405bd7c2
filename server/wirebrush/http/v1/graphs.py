"""Questions about a graph that is not run: what is wrong with it, what a run would compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from aiohttp import web

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.prompt import PromptNode
from wirebrush.http.answers import Invalid, Refused, answer
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import json_body
from wirebrush.http.routes import Route
from wirebrush.http.submit import locate_in_request
from wirebrush.http.wire import Submit, WireError, decode
from wirebrush.jobs.desk import NodePlan


@dataclass(frozen=True, slots=True)
class NodePlanned:
    """What a run would do with a node; `seconds` is the median of its type's earlier runs.

    `lossy` nodes make results less exact than they could be.
    """

    state: NodePlan
    seconds: float | None
    lossy: bool


_FIELDS = ("workflow", "prompt", "targets")


async def validate(request: web.Request) -> web.Response:
    """The problems of a graph, those of its JSON included."""
    try:
        body = await json_body(request, locate_in_request)
    except Invalid as invalid:
        return answer({"problems": [asdict(problem) for problem in invalid.problems]})
    problems = await request.app[SERVICES].submitter.problems(_question(body))
    return answer({"problems": [asdict(problem) for problem in problems]})


async def plan(request: web.Request) -> web.Response:
    """What a run would compute now, and about how long that takes."""
    body = await json_body(request, locate_in_request)
    services = request.app[SERVICES]
    checked = await services.submitter.check(_question(body))
    nodes = checked.prompt.nodes
    states = await services.desk.plan(checked.prompt.to_json(), checked.targets)
    running = {node: nodes[node].class_type for node, state in states.items() if state == "run"}
    known = await services.queue.estimates(set(running.values()))
    planned = {
        node: NodePlanned(
            state,
            known.get(running[node]) if node in running else None,
            _is_lossy(checked.catalog, nodes[node]),
        )
        for node, state in states.items()
    }
    seconds = [item.seconds for item in planned.values() if item.seconds is not None]
    total = None if running and not seconds else sum(seconds)
    shown = {node: asdict(item) for node, item in planned.items()}
    return answer({"nodes": shown, "seconds": total})


def _is_lossy(catalog: Catalog, node: PromptNode) -> bool:
    spec = catalog.spec(node.class_type)
    return spec is not None and spec.loses(node.inputs)


def _question(body: Mapping[str, Any]) -> Submit:
    """The graph of a body, as if it were submitted."""
    asked = {name: body[name] for name in _FIELDS if name in body}
    try:
        return cast("Submit", decode({**asked, "type": "submit", "ref": ""}))
    except WireError as error:
        raise Refused(400, "bad_request", str(error)) from error


_GRAPH = {
    "workflow": dict[str, Any] | None,
    "prompt": dict[str, Any] | None,
    "targets": list[str] | None,
}

ROUTES = (
    Route(
        "POST",
        "/v1/validate",
        validate,
        "What is wrong or odd with a workflow or a prompt; nothing is run.",
        body=_GRAPH,
        gives={"problems": list[Problem]},
    ),
    Route(
        "POST",
        "/v1/plan",
        plan,
        "What a run would compute now: the nodes it needs, cached or run, and seconds if known."
        " Lossy ones make results less exact. 503 if no worker is up.",
        body=_GRAPH,
        gives={"nodes": dict[str, NodePlanned], "seconds": float | None},
    ),
)
