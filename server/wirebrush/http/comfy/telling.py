"""Events of jobs as ComfyUI's clients hear them: in its words and order, and to whom it says them.

A prompt of a client is told to that client alone; one of nobody's is told to all, as far as
ComfyUI tells such a one at all. What history keeps of it is gathered here too.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wirebrush.events import (
    Event,
    Finished,
    NodeFailed,
    NodeFinished,
    NodeProgress,
    NodeSaid,
    NodeSent,
    NodesPlanned,
    NodeStarted,
    Preview,
    Problem,
    Started,
)
from wirebrush.http.answers import to_text
from wirebrush.http.comfy.failing import blocked_message, error_message, interrupted_message
from wirebrush.http.comfy.shown import shown
from wirebrush.http.comfy.sockets import Picture, Sockets
from wirebrush.http.comfy.told import State, Told
from wirebrush.jobs.records import Body

FEW_STATES = 20
SECONDS_PER_STATE = 0.0002
"""How long a `progress_state` keeps the next one waiting, for each node in it beyond the first few.
"""


SENT_ONLY = "SaveImageWebsocket"
"""The type of node whose pictures go to the client itself."""


def _nothing(asset: str) -> bytes | None:
    """There are no files."""


class Teller:
    """Hears all events. Lives in the event loop's thread; nothing here waits.

    `body(job)` is what a job computes that a worker has; `read(asset)` the bytes of a picture;
    `keep(job, messages)` stores what history says about one that has ended.
    """

    def __init__(
        self,
        sockets: Sockets,
        body: Callable[[str], Body | None],
        keep: Callable[[str, Sequence[Any]], None],
        read: Callable[[str], bytes | None] = _nothing,
    ) -> None:
        self.sockets = sockets
        self._body = body
        self._read = read
        self._keep = keep
        self._prompts: dict[str, Told] = {}
        self._hearers: Mapping[type[Any], Callable[[Told, Any], None]] = {
            Started: self._began,
            NodesPlanned: self._planned,
            NodeStarted: self._started,
            NodeProgress: self._progress,
            NodeSaid: self._said,
            NodeSent: self._sent,
            Preview: self._preview,
            NodeFinished: self._finished,
            NodeFailed: self._failed,
            Finished: self._ended,
        }

    @property
    def remaining(self) -> int:
        """How many prompts wait or run."""
        return len(self._prompts)

    def status(self) -> dict[str, Any]:
        """The `status` that everybody gets to know."""
        return {"exec_info": {"queue_remaining": self.remaining}}

    def accepted(self, job: str, prompt_id: str, client: str | None) -> None:
        """A prompt is on disk."""
        self._prompts[job] = Told(job, prompt_id, client)
        self._say_status()

    def resume(self, unfinished: Sequence[tuple[str, str, str | None]]) -> None:
        """Prompts that a server before this one accepted: job, prompt id, client."""
        for job, prompt_id, client in unfinished:
            self._prompts[job] = Told(job, prompt_id, client)

    def node_of(self, client: str) -> str | None:
        """The node that runs for a client; None if nothing does."""
        nodes = (told.node for told in self._prompts.values() if told.client == client)
        return next((node for node in nodes if node is not None), None)

    def take(self, job: str, event: Event) -> None:
        """Say what an event means, if the job is one of ours."""
        told = self._prompts.get(job)
        if told is None:
            return
        hear = self._hearers.get(type(event))
        if hear is not None:
            hear(told, event)

    # --- nodes ---------------------------------------------------------------------------------

    def _began(self, told: Told, _: Started) -> None:
        told.restart(self._body(told.job))
        self._say_status()
        self._note(told, "execution_start", {})

    def _planned(self, told: Told, event: NodesPlanned) -> None:
        self._note(told, "execution_cached", {"nodes": list(event.cached)})

    def _preview(self, told: Told, event: Preview) -> None:
        if event.node in told.states and self.sockets.hear(told.client):
            picture = Picture(event.mime, event.data, told.ids(event.node))
            self.sockets.show(picture, told.client, ("picture", told.prompt_id, event.node))

    def _started(self, told: Told, event: NodeStarted) -> None:
        if event.shown:
            told.displays[event.node] = event.shown
        node = told.display(event.node)
        told.node = node
        self._say_state(told, event.node, 0, 1, "running")
        data = {"node": event.node, "display_node": node, "prompt_id": told.prompt_id}
        self._say(told, "executing", data)
        early = told.early.pop(event.node, None)
        if early is not None:  # clients want to know the step before they see its preview
            self._progress(told, early)

    def _progress(self, told: Told, event: NodeProgress) -> None:
        if event.node not in told.states:
            told.early[event.node] = event  # its start is on the way
            return
        self._say_state(told, event.node, event.value, event.total, "running")
        data = {"value": event.value, "max": event.total}
        data |= {"prompt_id": told.prompt_id, "node": event.node}
        self.sockets.say("progress", data, told.client, ("progress", told.prompt_id, event.node))

    def _said(self, told: Told, event: NodeSaid) -> None:
        key = ("text", told.prompt_id, event.node)
        self.sockets.tell(event.node, event.text, told.client, key)

    def _sent(self, told: Told, event: NodeSent) -> None:
        text = f'{{"type":{json.dumps(event.name)},"data":{event.text}}}'
        self.sockets.send(text, told.client, ("sent", told.prompt_id, event.name))

    def _finished(self, told: Told, event: NodeFinished) -> None:
        if not event.cached:
            told.executed.append(event.node)
        if told.type_of(event.node) == SENT_ONLY:
            self._hand_over(told, event)
        output = shown(event.outputs) if event.outputs else {}
        if output or (event.cached and event.node in told.targets):
            self._say_executed(told, event.node, output)
        elif event.cached:
            return  # its value was only taken
        total = told.totals.get(event.node, 1)
        self._say_state(told, event.node, total, total, "finished")

    def _hand_over(self, told: Told, event: NodeFinished) -> None:
        """Send the pictures themselves; clients know by the node that runs whose they are."""
        if event.cached:
            self._started(told, NodeStarted(event.node))
        for output in event.outputs:
            data = None if output.asset is None else self._read(output.asset)
            if data is not None and self.sockets.hear(told.client):
                picture = Picture(output.mime, data, told.ids(event.node))
                self.sockets.hand_over(picture, told.client)

    def _failed(self, told: Told, event: NodeFailed) -> None:
        if event.problem.severity == "warning":  # a blocker's message: the rest goes on
            self._say(told, "execution_error", blocked_message(told, event))
        else:
            told.failure = told.failure or event

    # --- the end -------------------------------------------------------------------------------

    def _ended(self, told: Told, event: Finished) -> None:
        began = bool(told.messages)
        if told.later is not None:
            self._say_states(told)
        if event.state == "succeeded":
            self._note(told, "execution_success", {})
        elif event.state != "cancelled":
            problem = next((p for p in event.problems if p.severity == "error"), _UNKNOWN)
            self._note(told, "execution_error", error_message(told, problem))
        elif began:
            self._note(told, "execution_interrupted", interrupted_message(told))
        del self._prompts[told.job]
        self._say_status()
        if began:
            self._say(told, "executing", {"node": None, "prompt_id": told.prompt_id})
            self._keep(told.job, told.messages)

    # --- saying --------------------------------------------------------------------------------

    def _note(self, told: Told, kind: str, data: Mapping[str, Any]) -> None:
        """Say something that history keeps."""
        at = {"prompt_id": told.prompt_id, **data, "timestamp": int(time.time() * 1000)}
        told.messages.append([kind, at])
        if told.client is not None or kind == "execution_interrupted":
            self.sockets.say(kind, at, told.client)

    def _say(self, told: Told, kind: str, data: Mapping[str, Any]) -> None:
        """Say something that nobody hears of a prompt that has no client."""
        if told.client is not None:
            self.sockets.say(kind, data, told.client)

    def _say_executed(self, told: Told, node: str, output: Mapping[str, Any]) -> None:
        """What a node showed. By hand: of a prompt that was run before, each output says this."""
        if told.client is None or not self.sockets.hear(told.client):
            return
        own, display = to_text(node), told.display(node)
        self.sockets.send(
            f'{{"type":"executed","data":{{"node":{own},'
            f'"display_node":{own if display == node else to_text(display)},'
            f'"output":{to_text(output) if output else "null"},'
            f'"prompt_id":{told.prompt_id_text}}}}}',
            told.client,
        )

    def _say_status(self) -> None:
        self.sockets.say("status", {"status": self.status()}, None, ("status",))

    def _say_state(self, told: Told, node: str, value: int, total: int, state: str) -> None:
        """Where all nodes are that have begun.

        Such a message grows with the prompt, so it is told less often then: at once after a pause,
        else as soon as enough time is over.
        """
        told.totals[node] = total
        told.states[node] = State(value, total, state)
        if told.later is not None:
            return
        now = time.monotonic()
        if now >= told.quiet_until:
            self._say_states(told)
        else:
            loop = asyncio.get_running_loop()
            told.later = loop.call_later(told.quiet_until - now, self._say_states, told)

    def _say_states(self, told: Told) -> None:
        if told.later is not None:
            told.later.cancel()
            told.later = None
        many = max(0, len(told.states) - FEW_STATES)
        told.quiet_until = time.monotonic() + many * SECONDS_PER_STATE
        if self.sockets.hear(told.client):
            text = (
                f'{{"type":"progress_state","data":{{"prompt_id":{told.prompt_id_text},'
                f'"nodes":{{{told.states_text()}}}}}}}'
            )
            self.sockets.send(text, told.client, ("progress_state", told.prompt_id))


_UNKNOWN = Problem("unknown", "The job failed, and nobody knows why.", "See the server's log.")
