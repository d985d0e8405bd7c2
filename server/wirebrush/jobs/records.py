"""What the queue and the asset store talk about: plain frozen records with a JSON form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from wirebrush.events import FINAL_STATES, JobState, Output, Problem, Summary
from wirebrush.graph.nametokens import PREFIX

AssetKind: TypeAlias = Literal["upload", "output", "preview"]
"""Where an asset came from; what it is (picture, text) is its `mime`."""
Rules: TypeAlias = Literal["", "comfy"]
"""Whose rules a job runs by where ours differ: see the engine."""


@dataclass(frozen=True)
class Submission:
    """What a client asks for. `prompt` is the API format, already validated.

    With an `idempotency_key`, the same body sent twice is one job. `group` is the client's: what
    this job is one of, such as a sweep. Jobs are found by its "id".
    """

    prompt: Mapping[str, Any]
    targets: tuple[str, ...] = ()
    workflow: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    priority: int = 0
    front: bool = False
    idempotency_key: str | None = None
    owner: str = ""
    group: Mapping[str, Any] | None = None
    rules: Rules = ""

    @cached_property
    def body(self) -> Body:
        """The part that a retry repeats."""
        return Body(self.prompt, self.targets, self.workflow, self.metadata, self.rules)


@dataclass(frozen=True)
class Body:
    """What a job computes, without when and for whom. Nobody changes what is in it."""

    prompt: Mapping[str, Any]
    targets: tuple[str, ...]
    workflow: Mapping[str, Any] | None
    metadata: Mapping[str, Any]
    rules: Rules = ""

    @cached_property
    def prompt_text(self) -> str:
        """The prompt as JSON text. Written once, for the journal and for the worker: 400 nodes take
        0.3 ms."""
        return _json(self.prompt)

    def to_text(self) -> str:
        """The body as JSON text; the same body is the same text."""
        more = [self.rules] if self.rules else []
        rest = _json([self.targets, self.workflow, self.metadata, *more])
        return f"[{self.prompt_text},{rest[1:]}"

    def repeats(self, before: Body) -> bool:
        """Whether the same workflow was submitted before: the names of files in its prompt may
        tell the time, so they are not compared."""
        return self.workflow is not None and self._but_names() == before._but_names()

    def _but_names(self) -> str:
        nodes = {
            node_id: (node["class_type"], {k: v for k, v in node["inputs"].items() if k != PREFIX})
            for node_id, node in self.prompt.items()
        }
        return _json([nodes, self.targets, self.workflow, self.rules])

    @classmethod
    def from_text(cls, text: str) -> Body:
        """Read what `to_text` wrote."""
        prompt, targets, workflow, metadata, *more = json.loads(text)
        return cls(prompt, tuple(targets), workflow, metadata, *more)


def body_digest(text: str) -> str:
    """The hash by which a repeated body is recognised."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class JobOutput:
    """One thing that a node of a job showed; `index` counts within the node."""

    node: str
    index: int
    output: Output

    def to_json(self) -> dict[str, Any]:
        """The output's fields with its node and index."""
        return {"node": self.node, "index": self.index, **asdict(self.output)}


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as the journal knows it. Queued jobs run by priority, then by `position`.

    `title` and `document` are name and id of the workflow that was submitted, if it was one.
    """

    id: str
    state: JobState
    priority: int
    position: float
    created: float
    title: str = ""
    owner: str = ""
    nodes: int = 0
    attempt: int = 0
    worker: str | None = None
    started: float | None = None
    ended: float | None = None
    retry_of: str | None = None
    document: str | None = None
    group: Mapping[str, Any] | None = None
    summary: Summary = field(default_factory=Summary)
    problems: tuple[Problem, ...] = ()
    outputs: tuple[JobOutput, ...] = ()

    @property
    def ended_for_good(self) -> bool:
        """Whether nothing will happen to this job any more."""
        return self.state in FINAL_STATES

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON data."""
        data = asdict(self)
        data["outputs"] = [item.to_json() for item in self.outputs]
        return data


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """A stored file. `id` is the sha256 of its bytes; `name` is a label, never a path.

    Outputs know their origin: the job, id and name of its document, the texts that the picture
    was to follow, the models' file names, and the seed as decimal digits (it may be larger than
    a browser's numbers). `trashed` is when it was deleted, in seconds since 1970.
    """

    id: str
    name: str
    mime: str
    kind: AssetKind
    size: int
    created: float
    width: int | None = None
    height: int | None = None
    starred: bool = False
    job: str | None = None
    document: str | None = None
    document_name: str = ""
    prompt: str = ""
    models: tuple[str, ...] = ()
    seed: str | None = None
    trashed: float | None = None

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON data."""
        return asdict(self)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
