"""What happens to a job, as one frozen dataclass per event; the same on every wire.

The worker emits `Node*`, `Preview` and `Finished`; the server adds `Queued`, `Started` and the
end of the job. As JSON an event is its fields plus `"type"`, the class name in snake case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

JobState: TypeAlias = Literal[
    "queued", "leased", "running", "succeeded", "failed", "cancelled", "quarantined"
]
"""An interrupted job is `queued` again, with its attempt counted."""

FINAL_STATES: frozenset[JobState] = frozenset({"succeeded", "failed", "cancelled", "quarantined"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a graph or a run, addressed to a node and a port.

    `code` is stable and machine-readable ("unknown_node_type"); `hint` says how to mend it.
    """

    code: str
    message: str
    hint: str = ""
    node: str | None = None
    port: str | None = None
    severity: Literal["error", "warning"] = "error"

    @property
    def sentence(self) -> str:
        """Message and hint as one text, whatever the author of a node left out at the end."""
        stop = "" if self.message.endswith((".", "!", "?", "…", ":")) else "."
        return f"{self.message}{stop} {self.hint}".rstrip()


@dataclass(frozen=True, slots=True)
class Output:
    """A stored file or text that a node shows. `asset` is an asset id; text outputs have none.

    `data` is JSON in `text`, for clients that know the node.
    """

    kind: Literal["output", "preview", "text", "data"]
    asset: str | None = None
    name: str = ""
    mime: str = ""
    width: int | None = None
    height: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """The job is on disk; `position` counts the jobs before it."""

    position: int


@dataclass(frozen=True, slots=True)
class Started:
    """A worker took the job. `attempt` counts from 1; `nodes` is how many the prompt has."""

    worker: str
    attempt: int
    nodes: int


@dataclass(frozen=True, slots=True)
class NodesPlanned:
    """Which nodes will run and which values come from the cache, once the keys are known."""

    run: tuple[str, ...]
    cached: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node's function is called. `reason` says why its value was not in the cache.

    `effects`: it acts on the outside world, so it is not repeated by itself after a crash. `shown`:
    the node under which it is shown, if its expansion named another than the one that expanded.
    """

    node: str
    reason: str = ""
    effects: bool = False
    shown: str = ""


@dataclass(frozen=True, slots=True)
class NodeProgress:
    """`value` of `total` steps are done."""

    node: str
    value: int
    total: int


@dataclass(frozen=True, slots=True)
class NodeSaid:
    """What a node says that it does now; the latest wins, and an empty one takes it back."""

    node: str
    text: str


@dataclass(frozen=True, slots=True)
class NodeSent:
    """A message of a node's own to ComfyUI's clients; `text` is JSON. Our page gets none."""

    node: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """An encoded picture of the state so far; the bytes travel beside the JSON."""

    node: str
    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NodeFinished:
    """A node's values exist and are on disk (or cost less than reading them back).

    `cached` values were taken, not computed. `outputs` is what the node shows.
    """

    node: str
    cached: bool
    seconds: float = 0.0
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """A node went wrong, and what hangs on it will not run; others may. `Finished` lists it again.

    `error` is the exception's class, `inputs` are its values as short texts, for who wrote the
    node.
    """

    node: str
    problem: Problem
    error: str = ""
    traceback: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Summary:
    """A job in numbers: nodes by how they ended, seconds per executed node."""

    executed: int = 0
    cached: int = 0
    skipped: int = 0
    seconds: float = 0.0
    per_node: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Finished:
    """The job has ended. `problems` says why if it did not succeed; `forgotten`: it was taken back
    before it began, and nothing of it is kept."""

    state: JobState
    summary: Summary = field(default_factory=Summary)
    problems: tuple[Problem, ...] = ()
    forgotten: bool = False


Event: TypeAlias = (
    Queued
    | Started
    | NodesPlanned
    | NodeStarted
    | NodeProgress
    | NodeSaid
    | NodeSent
    | Preview
    | NodeFinished
    | NodeFailed
    | Finished
)


def event_to_json(event: Event) -> dict[str, Any]:
    """The event as JSON data, without the bytes of a preview.

    By hand: `asdict` copies deeply, and a large job tells two events per node.
    """
    shape = _EventTypes.shapes[event.__class__]
    data = {"type": shape.name}
    for name in shape.names:
        data[name] = getattr(event, name)
    for name in shape.deep:
        data[name] = _plain(data[name])
    return data


def _plain(value: Any) -> Any:
    """A field as JSON data: records as objects, the rest as it is."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return asdict(value) if isinstance(value, Output | Problem | Summary) else value


def event_from_json(data: Mapping[str, Any], blob: bytes = b"") -> Event:
    """The event that `event_to_json` wrote; ValueError for an unknown type."""
    kind = _EventTypes.by_name.get(str(data.get("type")))
    if kind is None:
        raise ValueError(f"unknown event type {data.get('type')!r}")
    shape = _EventTypes.shapes[kind]
    known: dict[str, Any] = {name: data[name] for name in shape.names if name in data}
    for name, read in shape.deep.items():
        if name in known:
            known[name] = read(known[name])
    if kind is Preview:
        known["data"] = blob
    return kind(**known)


def event_to_item(event: Event) -> dict[str, Any] | str:
    """An event as one of several in a frame. Of a node whose value was taken, and that shows
    nothing, its id says all: for 400 such, which a run of what is cached has, that spares the
    worker 0.4 ms and the server as much."""
    if isinstance(event, NodeFinished) and event.cached and not (event.seconds or event.outputs):
        return event.node
    return event_to_json(event)


def events_in(header: Mapping[str, Any], blob: bytes = b"") -> list[Event]:
    """The events that a frame of a worker says: one, perhaps with a blob, or several without."""
    if "events" in header:
        return [
            NodeFinished(item, cached=True) if item.__class__ is str else event_from_json(item)
            for item in header["events"]
        ]
    return [event_from_json(header["event"], blob)]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _as_is(value: Any) -> Any:
    return value


_SCALARS = frozenset({"str", "int", "float", "bool"})
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "tuple[str, ...]": tuple,
    "tuple[Output, ...]": lambda items: tuple([Output(**item) for item in items]),
    "tuple[Problem, ...]": lambda items: tuple([Problem(**item) for item in items]),
    "Problem": lambda item: Problem(**item),
    "Summary": lambda item: Summary(**item),
}
"""How a field of that annotation is read back from JSON."""


class _Shape(NamedTuple):
    """An event on the wire: its name, its fields in JSON, and how those that are no scalars are
    read."""

    name: str
    names: tuple[str, ...]
    deep: Mapping[str, Callable[[Any], Any]]


def _shape(name: str, kind: type[Any]) -> _Shape:
    told = [item for item in fields(kind) if item.name != "data"]
    deep = {
        item.name: _READERS.get(str(item.type), _as_is)
        for item in told
        if item.type not in _SCALARS
    }
    return _Shape(name, tuple(item.name for item in told), deep)


class _EventTypes:
    """The events by their name on the wire, and the fields that travel in JSON."""

    by_name: ClassVar[Mapping[str, type[Any]]] = {
        _snake(kind.__name__): kind
        for kind in (
            Queued,
            Started,
            NodesPlanned,
            NodeStarted,
            NodeProgress,
            NodeSaid,
            NodeSent,
            Preview,
            NodeFinished,
            NodeFailed,
            Finished,
        )
    }
    shapes: ClassVar[Mapping[type[Any], _Shape]] = {
        kind: _shape(name, kind) for name, kind in by_name.items()
    }
