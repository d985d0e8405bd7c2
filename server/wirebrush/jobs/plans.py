"""What a run would compute: asked from a worker, which alone knows keys and cache."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Literal, TypeAlias

from wirebrush.jobs.errors import NoWorker, PlanFailed
from wirebrush.jobs.worker import WorkerProcess

NodePlan: TypeAlias = Literal["cached", "run"]

SECONDS = 10.0
"""A worker that must read a model file to know it may take a while, once."""
OPEN = 16
"""So many questions may wait for their answers."""


class PlanDesk:
    """Takes questions of clients to a worker, and its answers back."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._workers: dict[str, WorkerProcess] = {}
        self._numbers = count(1)
        self._open: dict[int, tuple[str, asyncio.Future[Mapping[str, Any]]]] = {}

    def open(self, worker: WorkerProcess) -> None:
        """The worker is up: it can be asked."""
        self._workers[worker.name] = worker

    def close(self, worker: WorkerProcess) -> None:
        """The worker is gone: it will not answer."""
        self._workers.pop(worker.name, None)
        for name, answer in self._open.values():
            if name == worker.name and not answer.done():
                answer.set_exception(_no_worker())

    def take(self, answer: Mapping[str, Any]) -> None:
        """What a worker answered."""
        _, waiting = self._open.get(answer.get("request", 0), (None, None))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def ask(self, prompt: Mapping[str, Any], targets: Sequence[str]) -> dict[str, NodePlan]:
        """The nodes that a run would visit, and whether each would be computed.

        NoWorker if none is up; PlanFailed if there is no answer (yet).
        """
        worker = next(iter(self._workers.values()), None)
        if worker is None:
            raise _no_worker()
        if len(self._open) >= OPEN:
            raise PlanFailed("Too many plans are being made at once.", "Ask again in a moment.")
        number, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self._open[number] = worker.name, answer
        question = {"type": "plan", "request": number, "prompt": prompt, "targets": [*targets]}
        try:
            async with asyncio.timeout(self._seconds):
                await worker.send(question)  # a worker that is stopped does not read
                told: Mapping[str, Any] = await answer
        except TimeoutError as error:
            raise PlanFailed(
                "The worker has not found out yet what a run would compute.",
                "It may be reading a large model file for the first time: ask again in a moment.",
            ) from error
        finally:
            del self._open[number]
        if "nodes" not in told:
            raise PlanFailed(f"The worker cannot plan this: {told.get('error')}.", "See its log.")
        return dict(told["nodes"])


def _no_worker() -> NoWorker:
    return NoWorker(
        "No worker is up to say what a run would compute.",
        "Wait until one has started; /v1/system says how they are.",
    )
