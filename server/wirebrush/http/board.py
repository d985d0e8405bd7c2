"""The board on which supervisors write how their workers are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebrush.jobs.status import WorkerStatus


class WorkerBoard:
    """The latest status of each worker."""

    def __init__(self, changed: Callable[[WorkerStatus], None]) -> None:
        self._changed = changed
        self._statuses: dict[str, WorkerStatus] = {}

    def put(self, status: WorkerStatus) -> None:
        """Take a status; tell if it differs from the last one."""
        if self._statuses.get(status.worker) != status:
            self._statuses[status.worker] = status
            self._changed(status)

    @property
    def ready(self) -> bool:
        """Whether a worker can take a job."""
        return any(status.state in ("idle", "busy") for status in self._statuses.values())

    def to_json(self) -> list[dict[str, Any]]:
        """All statuses, by worker."""
        return [self._statuses[name].to_json() for name in sorted(self._statuses)]
