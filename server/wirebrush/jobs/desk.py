"""What is asked of workers besides jobs: only they know keys, caches and the nodes themselves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Literal, TypeAlias

from wirebrush.channel import ChannelClosed
from wirebrush.events import Problem
from wirebrush.jobs.errors import CheckFailed, NoWorker, PlanFailed
from wirebrush.jobs.limits import Limits
from wirebrush.jobs.worker import WorkerProcess

NodePlan: TypeAlias = Literal["cached", "run"]

SECONDS = 10.0
"""A worker that must read a model file to know it may take a while, once."""
START_SECONDS = Limits().hello
"""A first start may take so long, on a slow machine."""
OPEN = 16
"""So many plans may be made at once."""


class WorkerDesk:
    """Takes questions of clients to a worker, and its answers back."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._workers: dict[str, WorkerProcess] = {}
        self._numbers = count(1)
        self._open: dict[int, tuple[str, str, asyncio.Future[Mapping[str, Any]]]] = {}
        self._arrival = asyncio.Event()

    def open(self, worker: WorkerProcess) -> None:
        """The worker is up: it can be asked."""
        self._workers[worker.name] = worker
        self._arrival.set()

    def close(self, worker: WorkerProcess) -> None:
        """The worker is gone: it will not answer."""
        self._workers.pop(worker.name, None)
        if not self._workers:
            self._arrival.clear()
        for name, _, answer in self._open.values():
            if name == worker.name and not answer.done():
                answer.set_exception(_no_worker())

    def take(self, answer: Mapping[str, Any]) -> None:
        """What a worker answered."""
        waiting = self._open.get(answer.get("request", 0))
        if waiting is not None and not waiting[2].done():
            waiting[2].set_result(answer)

    async def plan(self, prompt: Mapping[str, Any], targets: Sequence[str]) -> dict[str, NodePlan]:
        """The nodes that a run would visit, and whether each would be computed.

        NoWorker if none is up; PlanFailed if there is no answer (yet).
        """
        if Counter(kind for _, kind, _ in self._open.values())["plan"] >= OPEN:
            raise PlanFailed("Too many plans are being made at once.", "Ask again in a moment.")
        try:
            told = await self._ask({"type": "plan", "prompt": prompt, "targets": [*targets]})
        except TimeoutError as error:
            raise PlanFailed(
                "The worker has not found out yet what a run would compute.",
                "It may be reading a large model file for the first time: ask again in a moment.",
            ) from error
        if "nodes" not in told:
            raise PlanFailed(f"The worker cannot plan this: {told.get('error')}.", "See its log.")
        return dict(told["nodes"])

    async def check(self, prompt: Mapping[str, Any]) -> list[Problem]:
        """What the nodes of a prompt have themselves against their values.

        Waits for a worker if none is up yet. NoWorker, or CheckFailed if there is no answer.
        """
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._arrival.wait()
        except TimeoutError:
            raise _no_worker() from None
        try:
            told = await self._ask({"type": "check", "prompt": prompt})
        except TimeoutError as error:
            raise CheckFailed(
                "A node has not said yet whether its values are right.",
                "It may be busy, or wait for something: ask again in a moment.",
            ) from error
        if "problems" not in told:
            raise CheckFailed(f"The worker cannot check this: {told.get('error')}.", "See its log.")
        return [Problem(**item) for item in told["problems"]]

    async def free(self, *, results: bool) -> None:
        """Have all workers let go of their models, and of the results in their memory if wanted,
        as soon as they have nothing to do."""
        for worker in list(self._workers.values()):
            try:
                async with asyncio.timeout(self._seconds):
                    await worker.send({"type": "free", "results": results})
            except (TimeoutError, ChannelClosed):
                continue  # one that does not read, or is gone, has nothing to let go of

    async def _ask(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        worker = next(iter(self._workers.values()), None)
        if worker is None:
            raise _no_worker()
        number, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self._open[number] = worker.name, str(question["type"]), answer
        try:
            async with asyncio.timeout(self._seconds):
                await worker.send({**question, "request": number})  # a stopped worker reads nothing
                return await answer
        finally:
            del self._open[number]


def _no_worker() -> NoWorker:
    return NoWorker(
        "No worker is up to say what a run would compute.",
        "Wait until one has started; /v1/system says how they are.",
    )
