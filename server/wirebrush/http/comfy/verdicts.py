"""What judging a prompt came to, and all that it rested on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt
from wirebrush.http.comfy.orders import Order
from wirebrush.jobs.records import Submission


@dataclass(frozen=True, slots=True)
class Verdict:
    """What will run: the prompt with its values converted, and which outputs of it.

    Judged was `prompt`, with the node types of `catalog`; of the files that it names, `files`
    (kind, name) were there.
    """

    nodes: Mapping[str, Any]
    targets: tuple[str, ...]
    node_errors: Mapping[str, Any]
    prompt: Prompt
    catalog: Catalog
    files: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The body of a `POST /prompt`, by its SHA-256, and the job that it asks for. Nobody changes
    what is in it."""

    digest: bytes
    order: Order
    verdict: Verdict
    submission: Submission
