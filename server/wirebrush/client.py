"""Use a running studio from Python: submit, follow, fetch.

    >>> from wirebrush.client import Studio
    >>> with Studio.open() as studio:
    ...     job = studio.submit("cat.json")
    ...     for event in job: print(event)
    ...     job.save("pictures")

`Studio.open()` finds the server that works in this user's data folder, `open(data="data")` the one
of another folder, `open("http://…/?token=…")` takes the link that the server printed. One thread
uses one `Studio`.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from wirebrush.config import data_folder
from wirebrush.events import (
    FINAL_STATES,
    Event,
    Finished,
    NodeFinished,
    Output,
    Preview,
    Problem,
    Summary,
    event_from_json,
)
from wirebrush.graph.detect import Format, detect
from wirebrush.http.wire import decode_preview

_RETRIES = 6
_PATIENCE = 60.0
"""Seconds for an answer, also of a machine that is busy."""


class StudioError(Exception):
    """The server cannot be reached or refuses; `problems` lists what is wrong with a graph."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__("\n".join([message, *(f"- {problem.sentence}" for problem in problems)]))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that a node showed: a file of the studio, or a text."""

    node: str
    output: Output
    _studio: Studio = field(repr=False)

    def fetch(self) -> bytes:
        """The bytes of the file; for a text, its UTF-8."""
        if self.output.asset is None:
            return (self.output.text or "").encode()
        return self._studio.fetch(self.output.asset)


class Job:
    """A submitted job. Iterating yields its events until it has ended."""

    def __init__(self, studio: Studio, record: Mapping[str, Any]) -> None:
        self._studio = studio
        self._events: deque[Event] = deque()
        self.id = str(record["id"])
        self.end: Finished | None = None
        self.outputs: list[Shown] = []

    def __iter__(self) -> Iterator[Event]:
        while self._events or self.end is None:
            while not self._events:
                self._studio.receive()
            yield self._events.popleft()

    def wait(self) -> Finished:
        """Follow to the end; how it ended."""
        for _ in self:
            pass
        assert self.end is not None, "iteration stops at the end"
        return self.end

    def cancel(self) -> None:
        """Cancel it, waiting or running."""
        self._studio.request("POST", f"/v1/jobs/{self.id}/cancel")

    def save(self, folder: str | Path = ".") -> list[Path]:
        """Wait for the end and write the outputs into a folder; the files' paths."""
        self.wait()
        written: list[Path] = []
        Path(folder).mkdir(parents=True, exist_ok=True)
        for shown in self.outputs:
            if shown.output.asset is not None and shown.output.kind == "output":
                path = Path(folder) / (Path(shown.output.name).name or shown.output.asset)
                path.write_bytes(shown.fetch())
                written.append(path)
        return written

    def take(self, event: Event) -> None:
        """Note an event that the server told."""
        if self.end is not None:
            return
        if isinstance(event, NodeFinished):
            self.outputs += [Shown(event.node, output, self._studio) for output in event.outputs]
        if isinstance(event, Finished):
            self.end = event
        self._events.append(event)

    def refresh(self) -> None:
        """Ask how it is, after events were lost."""
        record = self._studio.request("GET", f"/v1/jobs/{self.id}")["job"]
        known = [Output(**_output_fields(item)) for item in record["outputs"]]
        nodes = [item["node"] for item in record["outputs"]]
        self.outputs = [
            Shown(node, output, self._studio) for node, output in zip(nodes, known, strict=True)
        ]
        if record["state"] in FINAL_STATES:
            problems = tuple(Problem(**item) for item in record["problems"])
            self.take(Finished(record["state"], Summary(**record["summary"]), problems))


class Studio:
    """A connection to a server."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._jobs: dict[str, Job] = {}
        self._early: dict[str, list[Event]] = {}
        self._answers: dict[str, Mapping[str, Any]] = {}
        self._server: str | None = None
        self._seq = 0
        self._open = ExitStack()
        self._socket = self._connect()

    @classmethod
    def open(
        cls, url: str | None = None, token: str | None = None, data: str | Path | None = None
    ) -> Studio:
        """Connect to the server at `url`, or to the one that works in the data folder."""
        folder = Path(data) if data is not None else data_folder(os.environ)
        if url is None:
            try:
                url = str(json.loads((folder / "server.json").read_text())["url"])
            except (OSError, ValueError, KeyError) as error:
                raise StudioError(
                    f"No studio runs in {folder}. Start one with `wirebrush serve`, or give the"
                    " link that it printed."
                ) from error
        parts = urlsplit(url)
        found = token or "".join(parse_qs(parts.query).get("token", [])) or _kept_token(folder)
        return cls(f"{parts.scheme}://{parts.netloc}", found)

    def submit(
        self, graph: Mapping[str, Any] | str | Path, *, targets: Sequence[str] | None = None
    ) -> Job:
        """Run a workflow or prompt: parsed, or the path of a file. Returns when it is on disk."""
        data = json.loads(Path(graph).read_text()) if isinstance(graph, str | Path) else graph
        ref = uuid.uuid4().hex
        kind = "workflow" if detect(dict(data)) is Format.WIREBRUSH else "prompt"
        message = {"type": "submit", "ref": ref, kind: data, "idempotency_key": ref}
        if targets is not None:
            message["targets"] = list(targets)
        self._send(message)
        while ref not in self._answers:
            if self.receive():  # reconnected: the key makes sure that it is one job
                self._send(message)
        answer = self._answers.pop(ref)
        if answer["type"] == "rejected":
            problems = [Problem(**item) for item in answer["problems"]]
            raise StudioError("The graph cannot run.", problems)
        if answer["type"] == "error":
            raise StudioError(f"{answer['message']} {answer.get('hint', '')}".strip())
        job = Job(self, answer["job"])
        self._jobs[job.id] = job
        for event in self._early.pop(job.id, []):
            job.take(event)
        return job

    def upload(self, file: str | Path | bytes, name: str | None = None) -> str:
        """Send a picture; the name by which a LoadImage node finds it."""
        data = file if isinstance(file, bytes) else Path(file).read_bytes()
        label = name or ("upload.png" if isinstance(file, bytes) else Path(file).name)
        headers = {"X-Filename": quote(label), "Content-Type": "application/octet-stream"}
        return str(self.request("POST", "/v1/assets", data, headers)["name"])

    def fetch(self, asset: str) -> bytes:
        """The bytes of a stored file."""
        return self._ask("GET", f"/v1/assets/{quote(asset, safe='')}", None, {})

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Any other route, such as `request("GET", "/v1/system")`; parsed JSON."""
        return json.loads(self._ask(method, path, body, headers or {}))

    def receive(self) -> bool:
        """Read one message and give it to its job. True if the connection had to be made anew."""
        try:
            message = self._socket.recv()
        except ConnectionClosed:
            self._socket = self._connect()
            return True
        if isinstance(message, bytes):
            header, picture = decode_preview(message)
            self._give(header["job"], Preview(header["node"], header["mime"], picture))
            return False
        self._take(json.loads(message))
        return False

    def close(self) -> None:
        """Close the connection; jobs go on."""
        self._open.close()

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "event":
            self._seq = int(message["seq"])
            self._give(message["job"], event_from_json(message["event"]))
        elif kind == "resync":
            self._seq = int(message["seq"])
            for job in list(self._jobs.values()):
                job.refresh()
        elif kind in ("accepted", "rejected", "error") and message.get("ref"):
            self._answers[message["ref"]] = message

    def _give(self, job_id: str, event: Event) -> None:
        job = self._jobs.get(job_id)
        if job is None:
            self._early.setdefault(job_id, []).append(event)  # before we know that it is ours
            while len(self._early) > 64:
                del self._early[next(iter(self._early))]
            return
        job.take(event)
        if job.end is not None:
            del self._jobs[job_id]

    def _connect(self) -> ClientConnection:
        """Connect, or come back after an interruption and ask for what was missed."""
        last: Exception | None = None
        for attempt in range(_RETRIES if self._server is not None else 1):
            try:
                return self._greeted(self._reach())
            except InvalidStatus as error:
                raise StudioError(f"{self._url} refuses: {error}. Is the token right?") from error
            except (OSError, InvalidHandshake, ConnectionClosed) as error:
                last = error  # not there, or ending as we came
                time.sleep(0.2 * 2**attempt)
        raise StudioError(f"{self._url} cannot be reached: {last}. Is the server running?")

    def _reach(self) -> ClientConnection:
        self._open.close()  # what is left of the connection before
        return self._open.enter_context(
            connect(
                "ws" + self._url.removeprefix("http") + "/v1/ws",
                additional_headers={"Authorization": f"Bearer {self._token}"},
                compression=None,
                max_size=None,
                proxy=None,
                open_timeout=_PATIENCE,
            )
        )

    def _greeted(self, socket: ClientConnection) -> ClientConnection:
        """After hello: subscribe, from where we were if it is the same server."""
        hello = json.loads(socket.recv())
        since = None if self._server is None else self._seq
        socket.send(json.dumps({"type": "subscribe", "since": since, "server": self._server}))
        self._server = str(hello["server"])
        if since is None:
            self._seq = int(hello["seq"])
        return socket

    def _send(self, message: Mapping[str, Any]) -> None:
        text = json.dumps(message, allow_nan=False)
        try:
            self._socket.send(text)
        except ConnectionClosed:
            self._socket = self._connect()
            self._socket.send(text)

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        sent = {"Authorization": f"Bearer {self._token}", **headers}
        request = Request(self._url + path, data=body, headers=sent, method=method)
        try:
            with _opener().open(request, timeout=_PATIENCE) as answer:
                return answer.read()
        except HTTPError as error:
            raise StudioError(_refusal(error)) from error
        except (OSError, HTTPException) as error:  # a server may be killed while it answers
            reason = error.reason if isinstance(error, URLError) else error
            raise StudioError(f"{self._url} cannot be reached: {reason}.") from error


def _opener() -> OpenerDirector:
    """Straight to the studio: a proxy of the environment must not see the token."""
    return build_opener(ProxyHandler({}))


def _kept_token(folder: Path) -> str:
    try:
        return (folder / "token").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _refusal(error: HTTPError) -> str:
    try:
        told = json.loads(error.read())["error"]
        return f"{told['message']} {told['hint']}".strip()
    except (ValueError, KeyError, TypeError):
        return f"The server answers {error.code} {error.reason}."


def _output_fields(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in Output.__dataclass_fields__ if name in item}
