"""From the body of `POST /prompt` to a job in the same queue that our own page uses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, cast

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.codes import Code
from wirebrush.graph.comfy.errors import check_broken, of_problem, refused
from wirebrush.graph.comfy.judging import Judge, World
from wirebrush.graph.embedding import own_workflow
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.parse import prompt_from_data
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.refusals import BROKEN, UNSAID, error_of
from wirebrush.graph.validate import sinks
from wirebrush.http.answers import Refused
from wirebrush.http.catalogs import file_kinds
from wirebrush.http.comfy.orders import Order, order_of
from wirebrush.http.comfy.prompts import Prompts
from wirebrush.http.comfy.refusing import NotRun, of_problems
from wirebrush.http.comfy.verdicts import Accepted, Verdict
from wirebrush.http.requests import parse_object
from wirebrush.http.services import Services
from wirebrush.http.submit import CATALOG_SECONDS, named_in
from wirebrush.http.v1.nodes import file_names
from wirebrush.jobs.records import Submission

THREAD_FROM = 500
"""Judging more nodes than this takes milliseconds, which belong into a thread."""
REMEMBERED = 1 << 20
"""Bytes of a body of which it is remembered that it was accepted: clients send the same again, and
reading and judging 400 nodes takes 2 ms."""
_FAILED = "prompt_outputs_failed_validation"
_NAMELESS = frozenset({Code.MISSING_CLASS_TYPE.value, Code.BAD_NODE.value})


async def submit(services: Services, prompts: Prompts, body: bytes) -> dict[str, Any]:
    """Queue what a body asks for; NotRun says why not. The answer: id, number, what was left out
    and why."""
    digest = sha256(body).digest()
    found = prompts.last
    if found is None or found.digest != digest or not await _stands(services, found):
        found = await _accepted(services, await parse_object(body) if body else {}, digest)
        whole = not found.verdict.node_errors
        prompts.last = found if whole and len(body) <= REMEMBERED else None
    note = found.order.note()
    number = await prompts.accept(found.submission, note)
    return {
        "prompt_id": note.prompt_id,
        "number": number,
        "node_errors": found.verdict.node_errors,
    }


async def _accepted(services: Services, body: Mapping[str, Any], digest: bytes) -> Accepted:
    order = order_of(body)
    verdict = await judge(services, order)
    large = len(verdict.nodes) if order.embedded else 0  # the prompt alone is quickly written
    texts, workflow = await _aside(large, _carried, verdict, order)
    submission = Submission(
        prompt=verdict.nodes,
        targets=verdict.targets,
        workflow=workflow,
        metadata=texts,
        rules="comfy",
    )
    return Accepted(digest, order, verdict, submission)


async def _stands(services: Services, found: Accepted) -> bool:
    """Whether what a prompt was accepted on still is so: node types, files, the nodes' own word."""
    verdict = found.verdict
    prompt, catalog = verdict.prompt, verdict.catalog
    if catalog is not services.catalogs.current:
        return False
    if verdict.files and not verdict.files <= await services.submitter.there(prompt, catalog):
        return False
    if not any(spec.validates for spec in _types(prompt, catalog)):
        return True
    asked = Prompt.from_json(verdict.nodes)
    return not await services.submitter.refused(asked, verdict.targets, catalog)


async def judge(services: Services, order: Order) -> Verdict:
    """Look at a prompt as ComfyUI does; NotRun if nothing of it can run."""
    catalog = await services.catalogs.known(CATALOG_SECONDS)
    if catalog is None:
        raise Refused(
            503,
            "no_catalog",
            "No worker has reported its node types yet.",
            "The first start takes a while: ask again in a moment.",
        )
    prompt = _read(order.nodes, catalog)
    _know_all(prompt, catalog)
    wanted = sinks(prompt, catalog)
    if order.targets is not None:
        wanted = [node for node in wanted if node in order.targets]
    if not wanted:
        raise NotRun("prompt_no_outputs", "Prompt has no outputs")
    nodes = order.nodes  # they are ours: judging changes them
    for node in nodes.values():
        _clean(node)
    there = await services.submitter.there(prompt, catalog)
    files = named_in(there)
    judged = Judge(nodes, prompt, World(catalog, files, lambda kind: ()))
    await _aside(len(nodes), _try, judged, wanted)
    if judged.faults:  # once more, to say what there is to choose from
        used = Catalog(tuple(_types(prompt, catalog)))
        names = await file_names(services, file_kinds(used))
        world = World(catalog, files, lambda kind: names.get(kind, ()))
        judged = Judge(nodes, prompt, world)
        await _aside(len(nodes), _try, judged, wanted)
    await _ask_nodes(services, judged, wanted, catalog)
    return _settled(judged, wanted, catalog, there)


async def _ask_nodes(
    services: Services, judged: Judge, wanted: Sequence[str], catalog: Catalog
) -> None:
    """The nodes' own word on their values, as far as these could be read at all."""
    if judged.broken or not any(spec.validates for spec in _types(judged.prompt, catalog)):
        return
    prompt = Prompt.from_json(judged.data)
    for problem in await services.submitter.refused(prompt, wanted, catalog):
        if problem.code == BROKEN:
            judged.accuse(problem.node or "", check_broken(*error_of(problem)), alone=True)
        else:
            sentence = "" if problem.message == UNSAID else problem.message
            judged.accuse(problem.node or "", refused(problem.port, sentence))


def _settled(
    judged: Judge, wanted: Sequence[str], catalog: Catalog, there: frozenset[tuple[str, str]]
) -> Verdict:
    targets = judged.passed(wanted)
    node_errors = judged.node_errors(wanted)
    if judged.broken or not targets:
        raise NotRun(
            _FAILED,
            "Prompt outputs failed validation",
            judged.details(wanted),
            node_errors=node_errors,
        )
    return Verdict(judged.data, targets, node_errors, judged.prompt, catalog, there)


def _try(judged: Judge, wanted: Sequence[str]) -> None:
    if not judged.structure():
        judged.outputs(wanted)


def _read(nodes: Any, catalog: Catalog) -> Prompt:
    """The prompt as a graph; NotRun if it is none."""
    if nodes == {}:
        raise NotRun("prompt_no_outputs", "Prompt has no outputs")
    prompt = prompt_from_data(nodes)
    if isinstance(prompt, Prompt):
        return prompt
    for problem in prompt:
        if problem.code in _NAMELESS:
            raise NotRun(
                "invalid_prompt",
                "Cannot execute because a node is missing the class_type property.",
                f"Node ID '#{problem.node}'",
            )
    if all(problem.node is not None for problem in prompt):
        raise NotRun(
            _FAILED,
            "Prompt outputs failed validation",
            "\n".join(problem.sentence for problem in prompt[:10]),
            node_errors=_unreadable(nodes, prompt, catalog),
        )
    raise of_problems(prompt)


def _unreadable(
    nodes: Mapping[str, Any], problems: Sequence[Problem], catalog: Catalog
) -> dict[str, Any]:
    """What is wrong by node. Of such a prompt only this is known of outputs: that a node is one."""
    found: dict[str, Any] = {}
    for problem in problems[:100]:
        node = problem.node or ""
        kind = nodes[node].get("class_type")
        spec = catalog.spec(str(kind))
        outputs = [node] if spec is not None and spec.sink else []
        entry = found.setdefault(
            node, {"errors": [], "dependent_outputs": outputs, "class_type": kind}
        )
        entry["errors"].append(of_problem(problem).to_json())
    return found


def _know_all(prompt: Prompt, catalog: Catalog) -> None:
    types = {node.class_type for node in prompt.nodes.values()}
    if all(name in catalog for name in types):
        return
    for node in prompt.nodes.values():
        if node.class_type not in catalog:
            raise NotRun(
                "invalid_prompt",
                f"Cannot execute because node {node.class_type[:200]} does not exist.",
                f"Node ID '#{node.id}'",
            )


def _types(prompt: Prompt, catalog: Catalog) -> list[Any]:
    names = dict.fromkeys(node.class_type for node in prompt.nodes.values())
    return [spec for name in names if (spec := catalog.spec(name)) is not None]


def _clean(node: dict[str, Any]) -> None:
    """Leave out a `_meta` that is not what we know."""
    if "_meta" in node:
        meta: Any = node["_meta"]
        title = cast("dict[str, Any]", meta).get("title", "") if isinstance(meta, dict) else None
        if not isinstance(title, str):
            del node["_meta"]


def _carried(verdict: Verdict, order: Order) -> tuple[dict[str, str], Mapping[str, Any] | None]:
    """The texts that pictures carry, and the workflow in our words if there is one.

    Without the prompt's: the worker, which has it, adds that.
    """
    texts = {name: _text(item) for name, item in order.embedded.items()}
    given = order.embedded.get("workflow")
    if not isinstance(given, dict):
        return texts, None
    workflow, _ = open_workflow(given, verdict.catalog)
    own = own_workflow(workflow, cast("dict[str, Any]", given))
    if own is not None:
        texts["wirebrush"] = _text(own)
    return texts, own


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(", ", ": "))


async def _aside(nodes: int, work: Any, *args: Any) -> Any:
    """Do it here if the graph is small, else in a thread."""
    return await asyncio.to_thread(work, *args) if nodes >= THREAD_FROM else work(*args)
