"""What is done now and then while the server runs: a daily backup, and forgetting what is old."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time

from wirebrush.jobs.assets import AssetStore
from wirebrush.jobs.errors import JobsError
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.queue import JobQueue

DAY = 86_400.0
FIRST = 60.0
"""Seconds after a start, which is busy enough."""
LOOK_AGAIN = 3600.0
"""More often than once a day: a laptop sleeps, and its clocks with it."""

log = logging.getLogger("wirebrush.jobs")


class Housekeeping:
    """Keeps a data folder in order. `history_days`: jobs that ended earlier are forgotten."""

    def __init__(
        self, journal: Journal, assets: AssetStore, queue: JobQueue, history_days: int | None
    ) -> None:
        self._journal = journal
        self._assets = assets
        self._queue = queue
        self._history_days = history_days

    async def run(self) -> None:
        """Until it is cancelled."""
        await asyncio.sleep(FIRST)
        while True:
            await self.tidy()
            await asyncio.sleep(LOOK_AGAIN)

    async def tidy(self) -> None:
        """Do what is due. What cannot be done now is done next time."""
        try:
            age = await asyncio.to_thread(self._journal.backup_age)
            if age is None or age >= DAY:
                await self._journal.back_up()
            await self._assets.tidy()
            if self._history_days is not None:
                await self._queue.forget(time.time() - self._history_days * DAY)
        except (JobsError, OSError, sqlite3.Error) as error:
            log.warning("The data folder could not be tidied: %s", error)
