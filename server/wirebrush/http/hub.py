"""The hub: events of all jobs in, numbered frames for all clients out.

Per job, events leave at most 30 times a second: what comes in between is gathered, and progress
or words that are overtaken are dropped. The end of a job leaves at once. Numbered frames are kept
for a while, so that a client that was away can have those it missed.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, TypeAlias

from wirebrush.events import (
    Event,
    Finished,
    NodeFinished,
    NodeProgress,
    NodeSaid,
    NodeSent,
    NodeStarted,
    Preview,
    event_to_json,
)
from wirebrush.http.backlog import Backlog
from wirebrush.http.wire import EventMessage, Resync, ServerMessage, encode, encode_preview

TICK = 1 / 30
KEPT_FRAMES = 50_000
KEPT_BYTES = 16 * 1024 * 1024

FRAME_BYTES = 200
"""What the frame of a short event takes besides its texts."""

_Overtaken: TypeAlias = NodeProgress | NodeSaid
"""What the next one of the same node makes worthless."""
_Place: TypeAlias = tuple[type[_Overtaken], str]

log = logging.getLogger("wirebrush.http")


@dataclass(slots=True)
class _Pending:
    """Events of one job since its last tick."""

    events: list[Event] = field(default_factory=list[Event])
    latest: dict[_Place, int] = field(default_factory=dict[_Place, int])
    previews: dict[str, Preview] = field(default_factory=dict[str, Preview])
    timer: asyncio.Handle | None = None


class _Kept(NamedTuple):
    """A numbered frame; one that nobody has heard yet is only made for who asks for it."""

    seq: int
    size: int
    frame: str | Callable[[], str]

    def text(self) -> str:
        """The frame."""
        return self.frame if isinstance(self.frame, str) else self.frame()


class Hub:
    """Hands events to subscribers. Lives in the event loop's thread; nothing here waits.

    `tick` is how many seconds a job's events are gathered after some of them have left.
    """

    def __init__(
        self, kept_frames: int = KEPT_FRAMES, kept_bytes: int = KEPT_BYTES, tick: float = TICK
    ) -> None:
        self._delay = tick
        self._max_frames = kept_frames
        self._max_bytes = kept_bytes
        self.boot = secrets.token_hex(8)
        self._seq = 0
        self._kept: deque[_Kept] = deque()
        self._kept_bytes = 0
        self._pending: dict[str, _Pending] = {}
        self._subscribers: set[Backlog] = set()
        self._listeners: list[Callable[[str, Event], None]] = []

    @property
    def seq(self) -> int:
        """The number of the newest event."""
        return self._seq

    @property
    def subscribers(self) -> int:
        """How many clients listen."""
        return len(self._subscribers)

    def listen(self, listener: Callable[[str, Event], None]) -> None:
        """Let somebody hear every event as it comes, ungathered; it must not wait."""
        self._listeners.append(listener)

    def backlog(self) -> Backlog:
        """A queue for a new client, not subscribed yet."""
        return Backlog(lambda: encode(Resync(self._seq)))

    def subscribe(
        self, backlog: Backlog, since: int | None = None, server: str | None = None
    ) -> None:
        """Send events from now on, after those since `since` if they are still kept."""
        if since is not None:
            missed = self._missed(since, server)
            if missed is None:
                backlog.put(encode(Resync(self._seq)))
            else:
                for frame in missed:
                    backlog.put(frame)
        self._subscribers.add(backlog)

    def unsubscribe(self, backlog: Backlog) -> None:
        """The client is gone."""
        self._subscribers.discard(backlog)

    def publish(self, job: str, event: Event) -> None:
        """Take an event of a job; it leaves with the job's next tick."""
        self._let_hear(job, event)
        if isinstance(event, NodeSent):
            return  # nothing for our page
        pending = self._pending.get(job)
        if pending is None:
            pending = self._pending[job] = _Pending()
        if isinstance(event, Preview):
            pending.previews[event.node] = event
        elif isinstance(event, _Overtaken):
            self._gather_latest(pending, event)
        else:
            self._gather(pending, event)
        if isinstance(event, Finished):
            self._flush(job)
            ended = self._pending.pop(job)
            if ended.timer is not None:
                ended.timer.cancel()
        elif pending.timer is None:  # soon, not now: an answer to the submitter goes first
            pending.timer = asyncio.get_running_loop().call_soon(self._tick, job)

    def broadcast(self, message: ServerMessage) -> None:
        """Send everybody how things are now. It has no number: the next one covers it."""
        if not self._subscribers:
            return
        frame = encode(message)
        for backlog in self._subscribers:
            backlog.put(frame)

    def _let_hear(self, job: str, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(job, event)
            except Exception:  # a bug there must not reach whoever runs the job
                log.exception("an event of job %s", job)

    def _gather_latest(self, pending: _Pending, event: _Overtaken) -> None:
        key = (type(event), event.node)
        place = pending.latest.get(key)
        if place is None:
            pending.latest[key] = len(pending.events)
            pending.events.append(event)
        else:
            pending.events[place] = event

    def _gather(self, pending: _Pending, event: Event) -> None:
        if isinstance(event, NodeFinished):
            pending.previews.pop(event.node, None)
            if pending.latest:
                for kind in (NodeProgress, NodeSaid):
                    pending.latest.pop((kind, event.node), None)
        pending.events.append(event)

    def _tick(self, job: str) -> None:
        """Send what there is; keep ticking while there is something."""
        pending = self._pending.get(job)
        if pending is None:
            return
        if pending.events or pending.previews:
            self._flush(job)
            pending.timer = asyncio.get_running_loop().call_later(self._delay, self._tick, job)
        else:
            del self._pending[job]  # quiet: the next event leaves at once

    def _flush(self, job: str) -> None:
        pending = self._pending[job]
        for event in pending.events:
            self._send(job, event)
        for preview in pending.previews.values():
            frame = encode_preview(job, preview.node, preview.mime, preview.data)
            for backlog in self._subscribers:
                backlog.put_preview(frame, ("preview", job, preview.node))
        pending.events.clear()
        pending.latest.clear()
        pending.previews.clear()

    def _send(self, job: str, event: Event) -> None:
        self._seq += 1
        size = None if self._subscribers else _known_size(event)
        if size is not None:
            self._keep(_Kept(self._seq, size, partial(_frame, self._seq, job, event)))
            return
        frame = _frame(self._seq, job, event)
        self._keep(_Kept(self._seq, len(frame), frame))
        key = None
        if isinstance(event, _Overtaken):
            key = (type(event).__name__, job, event.node)
        for backlog in self._subscribers:
            backlog.put(frame, key)

    def _keep(self, kept: _Kept) -> None:
        self._kept.append(kept)
        self._kept_bytes += kept.size
        while len(self._kept) > self._max_frames or self._kept_bytes > self._max_bytes:
            self._kept_bytes -= self._kept.popleft().size

    def _missed(self, since: int, server: str | None) -> Iterator[str] | None:
        if server != self.boot or not 0 <= since <= self._seq:
            return None
        oldest = self._kept[0].seq if self._kept else self._seq + 1
        if since + 1 < oldest:
            return None
        return (kept.text() for kept in self._kept if kept.seq > since)


def _frame(seq: int, job: str, event: Event) -> str:
    return encode(EventMessage(seq, job, event_to_json(event)))


def _known_size(event: Event) -> int | None:
    """About how long an event's frame is, if that is known without making it."""
    if isinstance(event, NodeFinished) and not event.outputs:
        return FRAME_BYTES + len(event.node)
    if isinstance(event, NodeStarted):
        return FRAME_BYTES + len(event.node) + len(event.reason) + len(event.shown)
    return None
