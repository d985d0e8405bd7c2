"""Frames of the websocket: the only file that knows how messages look.

Text frames are JSON objects with a "type"; each type is one dataclass below, and the JSON is its
fields. A preview is a binary frame: `u32 header length` (big endian), JSON header, picture.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeAlias, get_args

from wirebrush.jobs.status import WorkerStatus

_LENGTH = struct.Struct(">I")


# --- Client to server -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submit:
    """Run a workflow or a prompt; the answer names the same `ref`.

    `group` is kept with the job: what it is one of, such as a sweep. Its "id" finds them all.
    """

    ref: str
    workflow: Mapping[str, Any] | None = None
    prompt: Mapping[str, Any] | None = None
    targets: tuple[str, ...] | None = None
    front: bool = False
    priority: int = 0
    idempotency_key: str | None = None
    group: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a job by its id."""

    job: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Send events from now on; with `since` and the `server` that gave it, also those missed."""

    since: int | None = None
    server: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Answered with pong."""


ClientMessage: TypeAlias = Submit | Cancel | Subscribe | Ping


class WireError(Exception):
    """A message that is not one of ours; the sentence says what was expected."""


# --- Server to client -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message. `seq` is the newest event; `server` changes when the server restarts."""

    server: str
    seq: int
    version: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job is on disk. `warnings` are problems that do not keep it from running."""

    ref: str
    job: Mapping[str, Any]
    warnings: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """The graph cannot run."""

    ref: str
    problems: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One thing that happened to a job."""

    name: ClassVar[str] = "event"
    seq: int
    job: str
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resync:
    """Events are lost to this client: fetch what is shown, then go on from `seq`."""

    seq: int


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to ping."""


@dataclass(frozen=True, slots=True)
class CatalogChanged:
    """There are other node types now: fetch /v1/nodes."""

    name: ClassVar[str] = "catalog"
    digest: str


@dataclass(frozen=True, slots=True)
class PacksChanged:
    """A pack was turned on or off: fetch /v1/packs. Its nodes come and go with the catalog."""

    name: ClassVar[str] = "packs"


@dataclass(frozen=True, slots=True)
class WorkerChanged:
    """A worker started, died or took another state."""

    name: ClassVar[str] = "worker"
    worker: str
    state: str
    device: str = ""
    device_name: str = ""
    detail: str = ""
    job: str | None = None
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A message could not be understood or obeyed; the socket stays open."""

    name: ClassVar[str] = "error"
    code: str
    message: str
    hint: str = ""
    ref: str | None = None


ServerMessage: TypeAlias = (
    Hello
    | Accepted
    | Rejected
    | EventMessage
    | Resync
    | Pong
    | CatalogChanged
    | PacksChanged
    | WorkerChanged
    | Failure
)


def worker_changed(status: WorkerStatus) -> WorkerChanged:
    """The message that tells a worker's status."""
    return WorkerChanged(**{f.name: getattr(status, f.name) for f in fields(WorkerChanged)})


def encode(message: ServerMessage) -> str:
    """The message as a text frame. ValueError for NaN: browsers cannot read it."""
    kind, names = _ServerTypes.known[type(message)]
    data = {"type": kind}
    for name in names:
        data[name] = getattr(message, name)
    return _ServerTypes.encoder.encode(data)


def encode_preview(job: str, node: str, mime: str, data: bytes) -> bytes:
    """A preview as a binary frame."""
    header = json.dumps({"job": job, "node": node, "mime": mime}, separators=(",", ":")).encode()
    return _LENGTH.pack(len(header)) + header + data


def decode_preview(frame: bytes) -> tuple[dict[str, str], bytes]:
    """Header and picture of a binary frame; what clients in Python use."""
    (length,) = _LENGTH.unpack_from(frame)
    start = _LENGTH.size + length
    return json.loads(frame[_LENGTH.size : start]), frame[start:]


def decode(data: Mapping[str, Any]) -> ClientMessage:
    """The message in a parsed text frame; WireError says what is wrong with it."""
    kind = _ClientTypes.by_name.get(str(data.get("type")))
    if kind is None:
        names = ", ".join(_ClientTypes.by_name)
        raise WireError(f"Unknown message type {data.get('type')!r}; expected one of: {names}.")
    known = {item.name: data[item.name] for item in fields(kind) if item.name in data}
    checks = _ClientTypes.checks[kind]
    for name, value in known.items():
        if value is not None and not _fits(value, checks[name]):
            raise WireError(f"{name!r} of a {data['type']} message must be {_words(checks[name])}.")
    missing = [name for name in _ClientTypes.required[kind] if known.get(name) is None]
    if missing:
        raise WireError(f"A {data['type']} message needs {missing[0]!r}.")
    defaults = {item.name: item.default for item in fields(kind)}
    known = {name: defaults[name] if v is None else v for name, v in known.items()}
    if known.get("targets") is not None:
        known["targets"] = tuple(known["targets"])
    return kind(**known)


def type_of(kind: type[Any]) -> str:
    """The "type" of a message class on the wire."""
    given: str | None = vars(kind).get("name")
    return given or re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def _fits(value: Any, expected: type[Any]) -> bool:
    if expected is tuple:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)  # pyright: ignore[reportUnknownVariableType]
    if expected is int:
        return type(value) is int and abs(value) < 2**53
    return isinstance(value, expected)


def _words(expected: type[Any]) -> str:
    return (
        {str: "a text", int: "a whole number", bool: "true or false", tuple: "a list of texts"}[
            expected
        ]
        if expected is not dict
        else "an object"
    )


class _ServerTypes:
    """Looked up once: a large job tells thousands of events."""

    known: ClassVar[Mapping[type[Any], tuple[str, tuple[str, ...]]]] = {
        kind: (type_of(kind), tuple(item.name for item in fields(kind)))
        for kind in get_args(ServerMessage)
    }
    encoder: ClassVar[json.JSONEncoder] = json.JSONEncoder(
        ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )


class _ClientTypes:
    by_name: ClassVar[Mapping[str, type[Any]]] = {
        "submit": Submit,
        "cancel": Cancel,
        "subscribe": Subscribe,
        "ping": Ping,
    }
    required: ClassVar[Mapping[type[Any], tuple[str, ...]]] = {
        Submit: ("ref",),
        Cancel: ("job",),
        Subscribe: (),
        Ping: (),
    }
    checks: ClassVar[Mapping[type[Any], Mapping[str, type[Any]]]] = {
        Submit: {
            "ref": str,
            "workflow": dict,
            "prompt": dict,
            "targets": tuple,
            "front": bool,
            "priority": int,
            "idempotency_key": str,
            "group": dict,
        },
        Cancel: {"job": str},
        Subscribe: {"since": int, "server": str},
        Ping: {},
    }
