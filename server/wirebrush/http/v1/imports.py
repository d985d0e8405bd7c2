"""Files of other programs, opened as workflows of ours; nothing is kept."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import asdict, replace
from pathlib import PurePath
from typing import IO
from urllib.parse import unquote

from aiohttp import web

from wirebrush.catalog import Catalog
from wirebrush.events import Problem
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.missing import missing_parts
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_text import workflow_to_json
from wirebrush.http.answers import Invalid, Refused, answer
from wirebrush.http.keys import SERVICES
from wirebrush.http.routes import FILE, Route
from wirebrush.http.services import Services
from wirebrush.jobs.metadata.graphfile import graph_in

LARGEST = 256 << 20
CHUNK = 256 * 1024
IDLE_SECONDS = 30.0


async def open_file(request: web.Request) -> web.Response:
    """The workflow in a file, whichever program wrote it; Invalid says why there is none."""
    name = unquote(request.headers.get("X-Filename", ""))[:200]
    services = request.app[SERVICES]
    catalog = services.catalogs.current
    with tempfile.TemporaryFile() as file:
        await _receive(request, file)
        workflow, problems = await asyncio.to_thread(_opened, file, name, catalog)
    if workflow is None:
        raise Invalid(problems)
    missing = await _missing(workflow, services, catalog)
    named = replace(workflow, name=workflow.name or PurePath(name).stem)
    said = [asdict(problem) for problem in (*problems, *missing)]
    return answer({"workflow": workflow_to_json(named), "problems": said})


def _opened(
    file: IO[bytes], name: str, catalog: Catalog
) -> tuple[Workflow | None, tuple[Problem, ...]]:
    data, problems = graph_in(file, name or "This file")
    if problems:
        return None, tuple(problems)
    return open_workflow(data, catalog)


async def _missing(workflow: Workflow, services: Services, catalog: Catalog) -> list[Problem]:
    """What the workflow needs that is not here."""
    compiled = await asyncio.to_thread(compile_workflow, workflow, catalog, incomplete=True)
    known = await services.submitter.files(compiled[0], catalog)

    def there(kind: str, name: str) -> bool:
        return known(kind, name) or services.models.find(kind, name) is not None

    return await asyncio.to_thread(missing_parts, workflow, compiled[0], catalog, there)


async def _receive(request: web.Request, file: IO[bytes]) -> None:
    """The body, as it comes. Whoever stops sending is let go of."""
    size = 0
    while True:
        async with asyncio.timeout(IDLE_SECONDS):
            chunk = await request.content.read(CHUNK)
        if not chunk:
            return
        size += len(chunk)
        if size > LARGEST:
            message = f"This file is larger than {LARGEST >> 20} MiB."
            raise Refused(413, "too_large", message, "Use `wirebrush import` for it.")
        await asyncio.to_thread(file.write, chunk)


ROUTES = (
    Route(
        "POST",
        "/v1/import",
        open_file,
        "The workflow that a file holds or carries: JSON of ours, of ComfyUI's editor or in API"
        " format; pictures, videos, sounds and models with such JSON in their metadata. Among the"
        " problems are node types and files that are not here (`unknown_node_type`,"
        " `file_not_found`); a model's hint names the folder it belongs to.",
        headers={"X-Filename": "its name, percent-encoded"},
        body=FILE,
        gives={"workflow": dict[str, object], "problems": list[Problem]},
    ),
)
