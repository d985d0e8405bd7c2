"""All that the page and the server say to each other, as one JSON Schema document.

The page's TypeScript types are generated from it, so that they are written only here.
"""

from __future__ import annotations

from typing import Any, get_args

from wirebrush.events import Event, Problem
from wirebrush.http.documents import SavedWorkflow, WorkflowVersion
from wirebrush.http.drafts import DraftRecord
from wirebrush.http.packs import PackRecord
from wirebrush.http.templates import Template
from wirebrush.http.v1.graphs import NodePlanned
from wirebrush.http.v1.models import ModelRecord
from wirebrush.http.wire import ClientMessage, ServerMessage, type_of
from wirebrush.jobs.gallery import Facets
from wirebrush.jobs.records import AssetRecord, JobRecord
from wirebrush.schema import wire_schema


def page_schema() -> dict[str, Any]:
    """The catalog, the events, the records of jobs and assets, and the websocket's messages."""
    return wire_schema(
        records=(
            JobRecord,
            AssetRecord,
            SavedWorkflow,
            WorkflowVersion,
            DraftRecord,
            NodePlanned,
            Facets,
            ModelRecord,
            PackRecord,
            Template,
        ),
        client={type_of(kind): kind for kind in get_args(ClientMessage)},
        server={type_of(kind): kind for kind in get_args(ServerMessage)},
        instead={
            "Accepted.job": JobRecord,
            "Accepted.warnings": tuple[Problem, ...],
            "Rejected.problems": tuple[Problem, ...],
            "EventMessage.event": Event,
        },
        merged=("JobOutput.output",),
    )
