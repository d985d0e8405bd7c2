"""Single flight for one job: which keys it computes, and for which it waits on others."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial

from wirebrush.engine.cache.store import Result
from wirebrush.engine.context import Parts
from wirebrush.engine.task import Task

FOREIGN_SECONDS = 0.1
"""How often a key that another process computes is asked for."""


class Turn(Enum):
    """Who computes a key."""

    MINE = "mine"
    THEIRS = "theirs"


class Claims:
    """A job's claims on keys.

    Args:
        parts: The engine's: flights between its jobs, leases between processes.
        arrived: Called in another job's thread with its result for a task that waits, or None
            if it gave up.
    """

    def __init__(self, parts: Parts, arrived: Callable[[Task, Result | None], None]) -> None:
        self.foreign: list[Task] = []
        self._parts = parts
        self._arrived = arrived
        self._flying: dict[bytes, Task] = {}

    def take(self, task: Task) -> Turn | Result:
        """Ask for a task's turn. A result means that somebody has finished it meanwhile."""
        parts, key = self._parts, task.recipe.key
        if not parts.flights.claim(key, partial(self._arrived, task)):
            return Turn.THEIRS
        task.flying = True
        self._flying[key] = task
        result = parts.store.memory.get(key)
        if result is None and parts.leases is not None and self._is_worth_a_lease(task):
            if not parts.leases.take(key):
                self.foreign.append(task)
                return Turn.THEIRS
            if parts.store.disk is not None and parts.store.disk.has([key]):
                result = parts.store.get(key)
        if result is None:
            return Turn.MINE
        self.release(task, result)
        return result

    def release(self, task: Task, result: Result | None) -> None:
        """Hand the result, or the turn, to those who wait for the same key."""
        if not task.flying:
            return
        key = task.recipe.key
        self._parts.flights.land(key, result)
        task.flying = False
        del self._flying[key]
        if result is None and self._parts.leases is not None:
            self._parts.leases.release([key])  # a result keeps it until it is on disk

    def retry_foreign(self) -> list[Task]:
        """The tasks that wait for another process: time to ask again."""
        foreign, self.foreign = self.foreign, []
        for task in foreign:
            self.release(task, None)
        return foreign

    def release_all(self) -> None:
        """The job is over; whoever waits must try for themselves."""
        for task in list(self._flying.values()):
            self.release(task, None)

    def _is_worth_a_lease(self, task: Task) -> bool:
        shared = not task.recipe.salt and not task.type.volatile
        return shared and not self._parts.costs.is_cheap(task.recipe.node.class_type)
