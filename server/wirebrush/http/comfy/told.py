"""What one prompt has come to, as far as ComfyUI's clients were told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wirebrush.events import NodeFailed, NodeProgress
from wirebrush.jobs.records import Body


@dataclass(slots=True)
class Told:
    """One prompt that has not ended, and what was said about it so far."""

    job: str
    prompt_id: str
    client: str | None
    body: Body | None = None
    targets: frozenset[str] = frozenset()
    messages: list[Any] = field(default_factory=list[Any])
    states: dict[str, str] = field(default_factory=dict[str, str])
    totals: dict[str, int] = field(default_factory=dict[str, int])
    early: dict[str, NodeProgress] = field(default_factory=dict[str, NodeProgress])
    """Steps that were heard of before the start of their node."""
    executed: list[str] = field(default_factory=list[str])
    displays: dict[str, str] = field(default_factory=dict[str, str])
    node: str | None = None
    failure: NodeFailed | None = None
    quiet_until: float = 0.0
    later: asyncio.TimerHandle | None = None

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
        above = node
        while "." in above and self.real(node) != node:
            above = above.rpartition(".")[0]
            if above in self.states:
                return above
        return None if self.real(node) == node else self.real(node)

    def ids(self, node: str) -> dict[str, str | None]:
        """All that messages say of where a node belongs."""
        real = self.real(node)
        return {
            "node_id": node,
            "prompt_id": self.prompt_id,
            "display_node_id": self.display(node),
            "parent_node_id": self.parent(node),
            "real_node_id": real,
        }

    def type_of(self, node: str | None) -> str:
        """The type of a node of the prompt."""
        return str(self.prompt.get(node or "", {}).get("class_type", ""))
