"""What one prompt has come to, as far as ComfyUI's clients were told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from wirebrush.events import NodeFailed, NodeProgress
from wirebrush.http.answers import to_text
from wirebrush.jobs.records import Body


class State(NamedTuple):
    """How far a node is: `value` of `total`, and in which of ComfyUI's states."""

    value: int
    total: int
    name: str


@dataclass(slots=True)
class Told:
    """One prompt that has not ended, and what was said about it so far."""

    job: str
    prompt_id: str
    client: str | None
    body: Body | None = None
    targets: frozenset[str] = frozenset()
    messages: list[Any] = field(default_factory=list[Any])
    states: dict[str, State | str] = field(default_factory=dict[str, State | str])
    """How each node is that has begun; as JSON text once that was told."""
    totals: dict[str, int] = field(default_factory=dict[str, int])
    early: dict[str, NodeProgress] = field(default_factory=dict[str, NodeProgress])
    """Steps that were heard of before the start of their node."""
    executed: list[str] = field(default_factory=list[str])
    displays: dict[str, str] = field(default_factory=dict[str, str])
    node: str | None = None
    failure: NodeFailed | None = None
    quiet_until: float = 0.0
    later: asyncio.TimerHandle | None = None
    prompt_id_text: str = field(init=False)
    """The id as it stands in JSON."""

    def __post_init__(self) -> None:
        self.prompt_id_text = to_text(self.prompt_id)

    def restart(self, body: Body | None) -> None:
        """A worker has it, perhaps not the first one."""
        self.body = body
        self.targets = frozenset() if body is None else frozenset(body.targets)
        self.messages, self.executed, self.node, self.failure = [], [], None, None
        self.states, self.totals, self.displays, self.early = {}, {}, {}, {}

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The prompt in API format; empty as long as no worker has it."""
        return {} if self.body is None else self.body.prompt

    def real(self, node: str) -> str:
        """The node of the prompt that this one is, or that it was made by."""
        prompt = self.prompt
        while node not in prompt and "." in node:
            node = node.rpartition(".")[0]
        return node

    def display(self, node: str) -> str:
        """The node of the prompt under which this one is shown: the real one, or who it names."""
        return self.real(self.displays.get(node, node))

    def parent(self, node: str) -> str | None:
        """The node that made this one; None for those of the prompt itself."""
        real = self.real(node)
        if real == node:
            return None
        above = node
        while "." in above:
            above = above.rpartition(".")[0]
            if above in self.states:
                return above
        return real

    def ids(self, node: str) -> dict[str, str | None]:
        """All that messages say of where a node belongs."""
        return {
            "node_id": node,
            "prompt_id": self.prompt_id,
            "display_node_id": self.display(node),
            "parent_node_id": self.parent(node),
            "real_node_id": self.real(node),
        }

    def states_text(self) -> str:
        """All states as JSON text. What has not changed since it was told is not written anew."""
        for node, state in self.states.items():
            if not isinstance(state, str):
                self.states[node] = self._spelled(node, state)
        return ",".join(cast("Iterable[str]", self.states.values()))

    def _spelled(self, node: str, state: State) -> str:
        """By hand: a large prompt has hundreds of these."""
        own = to_text(node)
        if node in self.prompt and node not in self.displays:
            display, parent, real = own, "null", own
        else:
            places = self.display(node), self.parent(node), self.real(node)
            display, parent, real = map(to_text, places)
        return (
            f'{own}:{{"value":{state.value},"max":{state.total},"state":"{state.name}",'
            f'"node_id":{own},"prompt_id":{self.prompt_id_text},"display_node_id":{display},'
            f'"parent_node_id":{parent},"real_node_id":{real}}}'
        )

    def type_of(self, node: str | None) -> str:
        """The type of a node of the prompt."""
        return str(self.prompt.get(node or "", {}).get("class_type", ""))
