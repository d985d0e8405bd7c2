"""How a worker died, in a sentence for the person whose job it ran."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from wirebrush.events import Problem

MIB = 1 << 20
_HINTS = {
    "memory": "Try a smaller picture or batch, or a machine with more memory.",
    "native": "A library crashed, often a node pack's. The log in the data folder has the stack.",
    "hang": "Raise --node-deadline if the node is only slow; else its pack needs mending.",
    "exit": "A node pack ended the process. The log in the data folder may say why.",
}


@dataclass(frozen=True, slots=True)
class Death:
    """What is known about a worker that died while it ran a job.

    `verdict` is set when the supervisor killed it; `returncode` is negative for a signal.
    """

    returncode: int | None
    verdict: str | None = None
    node: str | None = None
    node_type: str | None = None
    rss: int = 0
    tail: str = ""

    def problem(self) -> Problem:
        """The record of the crash."""
        code, hint = self._kind()
        where = "" if self.node is None else f" in node {self.node}"
        if where and self.node_type:
            where += f" ({self.node_type})"
        used = f" It used {self.rss // MIB} MiB of memory." if self.rss else ""
        tail = f"\nThe last lines of its log:\n{self.tail}" if self.tail else ""
        message = f"The worker {self._how()}{where}.{self._why()}{used}{tail}"
        return Problem(code, message, _HINTS[hint], node=self.node)

    def _kind(self) -> tuple[str, str]:
        if self.verdict is not None:
            return "worker_hung", "hang"
        if self.returncode == -9:
            return "worker_killed", "memory"
        if self.returncode is not None and self.returncode < 0:
            return "worker_crashed", "native"
        return "worker_exited", "exit"

    def _how(self) -> str:
        if self.verdict is not None:
            return "hung and was replaced"
        code = self.returncode
        if code is None:
            return "closed its connection"
        if code >= 0:
            return f"ended with exit code {code}"
        return f"was killed by signal {-code} ({_name(-code)})"

    def _why(self) -> str:
        if self.verdict is not None:
            return f" {self.verdict}"
        return " Out of memory?" if self.returncode == -9 else ""


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals, and Windows
        return "unnamed"
