"""Is it alive, and does it get anywhere? Two clocks, both monotonic."""

from __future__ import annotations

import time
from collections.abc import Callable


class Liveness:
    """Judges a worker from its beats.

    A beat shows that Python runs in it; its progress counter, that the job gets anywhere.
    A node that holds the interpreter lock stops both, one that sleeps for ever only the second.
    """

    def __init__(
        self,
        beat_deadline: float,
        node_deadline: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._beat_deadline = beat_deadline
        self._node_deadline = node_deadline
        self._clock = clock
        self._heard = self._moved = clock()
        self._progress: object = None

    def restart(self) -> None:
        """A new job begins."""
        self._heard = self._moved = self._clock()

    def heard(self) -> None:
        """Some frame arrived."""
        self._heard = self._clock()

    def moved(self) -> None:
        """The job did something."""
        self._heard = self._moved = self._clock()

    def beat(self, progress: object) -> None:
        """A beat arrived, with the worker's progress counter."""
        self.heard()
        if progress != self._progress:
            self._progress = progress
            self._moved = self._clock()

    def silence(self) -> str | None:
        """That the worker stopped beating, or None."""
        silent = self._clock() - self._heard
        if silent <= self._beat_deadline:
            return None
        return (
            f"It did not answer for {silent:.0f} s: a node holds the interpreter, or the process"
            " is stopped."
        )

    def verdict(self) -> str | None:
        """Why a worker with a job must be killed, or None."""
        still = self._clock() - self._moved
        if still > self._node_deadline:
            return self.silence() or f"The node made no progress for {still:.0f} s."
        return self.silence()
