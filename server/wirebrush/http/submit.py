"""From a submitted graph to an accepted job: the one way in, for HTTP and websocket alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ParamSpec, TypeVar, cast

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.folders import ModelFolders
from wirebrush.graph.codes import quoted
from wirebrush.graph.detect import Format
from wirebrush.graph.document import Document, checked, open_document
from wirebrush.graph.embedding import own_workflow, texts_for_pictures
from wirebrush.graph.jsontext import Path
from wirebrush.graph.nametokens import with_names
from wirebrush.graph.parse import locate_in_prompt
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.validate import label, needed_by, sinks
from wirebrush.graph.values import FilesLookup
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import locate_in_workflow
from wirebrush.http.answers import Invalid, Refused, to_text
from wirebrush.http.catalogs import Catalogs
from wirebrush.http.wire import Submit
from wirebrush.jobs.assets import AssetStore
from wirebrush.jobs.desk import WorkerDesk
from wirebrush.jobs.limits import Limits
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.records import JobRecord, Submission

ASSET_KINDS = frozenset({"image", "mask", "audio", "video", "output"})
CATALOG_SECONDS = Limits().hello
"""A first start may take so long, on a slow machine."""
GROUP_BYTES = 4096
LONGEST_GROUP_ID = 200
THREAD_FROM = 200
"""Checking more nodes than this takes milliseconds, which belong into a thread."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A prompt that can run, and what is odd about it."""

    prompt: Prompt
    targets: tuple[str, ...]
    warnings: tuple[Problem, ...]
    workflow: Workflow | None
    catalog: Catalog


class Submitter:
    """Parses, compiles, validates and queues. Refused and Invalid say why not."""

    def __init__(
        self,
        catalogs: Catalogs,
        queue: JobQueue,
        assets: AssetStore,
        models: ModelFolders,
        desk: WorkerDesk,
    ) -> None:
        self._catalogs = catalogs
        self._queue = queue
        self._assets = assets
        self._models = models
        self._desk = desk

    async def submit(self, request: Submit) -> tuple[JobRecord, tuple[Problem, ...]]:
        """Queue a job: when this returns, it is on disk."""
        _check_group(request.group)
        checked = await self.check(request, CATALOG_SECONDS)
        parts = (checked.prompt, checked.workflow, checked.catalog, datetime.now())
        checked = replace(checked, prompt=await _aside(request.workflow, with_names, *parts))
        if refused := await self.refused(checked.prompt, checked.targets, checked.catalog):
            raise Invalid((*(_placed(item, checked.prompt) for item in refused), *checked.warnings))
        drawn = (checked.prompt, checked.workflow, request.workflow, checked.catalog)
        submission = Submission(
            prompt=checked.prompt.to_json(),
            targets=checked.targets,
            workflow=own_workflow(checked.workflow, request.workflow),
            metadata=await _aside(request.workflow, texts_for_pictures, *drawn),
            priority=request.priority,
            front=request.front,
            idempotency_key=request.idempotency_key,
            group=request.group,
        )
        return await self._queue.submit(submission), checked.warnings

    async def check(self, request: Submit, patience: float = 0.0) -> Checked:
        """The prompt that would run; Invalid lists what is wrong with it.

        Waits up to `patience` seconds for the first catalog of a first start.
        """
        document, catalog = await self._document(request, patience)
        if document.prompt is None or document.errors:
            raise Invalid(document.problems)
        targets = request.targets
        if targets is None:
            targets = tuple(sinks(document.prompt, catalog))
        return Checked(document.prompt, targets, document.problems, document.workflow, catalog)

    async def problems(self, request: Submit) -> tuple[Problem, ...]:
        """All that is wrong or odd with a graph, without running it."""
        document, _ = await self._document(request, 0.0)
        return document.problems

    async def _document(self, request: Submit, patience: float) -> tuple[Document, Catalog]:
        """The graph of a request, read and validated."""
        if (request.workflow is None) == (request.prompt is None):
            raise Refused(400, "no_graph", "Send either a workflow or a prompt.")
        catalog = await self._catalogs.known(patience)
        if catalog is None:
            raise Refused(
                503,
                "no_catalog",
                "No worker has reported its node types yet.",
                "The first start takes a while. See /v1/system, and logs/ in the data folder.",
                headers={"Retry-After": "5"},
            )
        graph, wanted = request.prompt, Format.PROMPT
        if graph is None:
            graph, wanted = request.workflow, Format.WIREBRUSH
        document = await _aside(graph, open_document, graph, catalog, wanted=wanted)
        if document.prompt is None:
            return document, catalog
        files = await self.files(document.prompt, catalog)
        document = await _aside(graph, checked, document, catalog, request.targets, files)
        return document, catalog

    async def refused(
        self, prompt: Prompt, targets: Iterable[str], catalog: Catalog
    ) -> list[Problem]:
        """What the nodes that will run have themselves against their values.

        Asked only if some of them look; NoWorker or CheckFailed if nobody can say.
        """
        needed = needed_by(prompt, targets)
        nodes = {node_id: prompt.nodes[node_id] for node_id in needed}
        types = {node.class_type for node in nodes.values()}
        if not any(spec.validates for name in types if (spec := catalog.spec(name)) is not None):
            return []
        told = await self._desk.check(prompt.to_json())
        return [problem for problem in told if problem.node in needed]

    async def files(self, prompt: Prompt, catalog: Catalog) -> FilesLookup:
        """Which of the files that the prompt names there are."""
        return named_in(await self.there(prompt, catalog))

    async def there(self, prompt: Prompt, catalog: Catalog) -> frozenset[tuple[str, str]]:
        """Those of the files that the prompt names that there are: kind and name."""
        named = set(_named_files(prompt, catalog))
        known = await self._assets.known({name for kind, name in named if kind in ASSET_KINDS})
        there = {(kind, name) for kind, name in named if kind in ASSET_KINDS and name in known}
        models = [(kind, name) for kind, name in named if kind not in ASSET_KINDS]
        if models:
            there |= await asyncio.to_thread(self._models_there, models)
        return frozenset(there)

    def _models_there(self, named: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        return {(kind, name) for kind, name in named if self._models.find(kind, name) is not None}


def named_in(there: frozenset[tuple[str, str]]) -> FilesLookup:
    """Whether a file is one of these."""
    return lambda kind, name: (kind, name) in there


def locate_in_request(path: Path) -> tuple[str | None, str | None]:
    """The node and port of a place in a request that holds a workflow or prompt."""
    if path[:1] == ("prompt",):
        return locate_in_prompt(path[1:])
    if path[:1] == ("workflow",):
        return locate_in_workflow(path[1:])
    return None, None


def _placed(problem: Problem, prompt: Prompt) -> Problem:
    """A node's own sentence, with the node and the input that it is about."""
    node = prompt.nodes[problem.node or ""]
    where = label(node) + ("" if problem.port is None else f", {quoted(problem.port)}")
    return replace(problem, message=f"{where}: {problem.message}")


P = ParamSpec("P")
T = TypeVar("T")


async def _aside(
    graph: Mapping[str, Any] | None, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Do it here if the graph is small, else in a thread."""
    nodes: Any = (graph or {}).get("nodes", graph)
    if isinstance(nodes, Mapping) and len(cast("Mapping[str, Any]", nodes)) >= THREAD_FROM:
        return await asyncio.to_thread(work, *args, **kwargs)
    return work(*args, **kwargs)


def _check_group(group: Mapping[str, Any] | None) -> None:
    """Refused unless a group can be kept and found again."""
    if group is None:
        return
    name, size = group.get("id"), len(to_text(group).encode())
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_GROUP_ID:
        raise Refused(
            400,
            "bad_group",
            f"A group needs an 'id', a text of 1 to {LONGEST_GROUP_ID} characters.",
            "All jobs of the group are found by it.",
        )
    if size > GROUP_BYTES:
        raise Refused(
            400,
            "bad_group",
            f"The group has {size} bytes as JSON; at most {GROUP_BYTES} are kept with a job.",
            "Leave out what can be found in the jobs themselves.",
        )


def _named_files(prompt: Prompt, catalog: Catalog) -> Iterable[tuple[str, str]]:
    folders = {name: _file_ports(catalog, name) for name in _types(prompt)}
    for node in prompt.nodes.values():
        for name, folder in folders[node.class_type]:
            value = node.inputs.get(name)
            if isinstance(value, str):
                yield folder, value


def _types(prompt: Prompt) -> set[str]:
    return {node.class_type for node in prompt.nodes.values()}


def _file_ports(catalog: Catalog, name: str) -> list[tuple[str, str]]:
    """The inputs of a node type that name files, with the folder where those lie."""
    spec = catalog.spec(name)
    ports = () if spec is None else spec.inputs
    return [(p.name, p.widget.folder) for p in ports if p.widget is not None and p.widget.folder]
