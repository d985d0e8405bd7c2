"""The prompts of ComfyUI's clients: the jobs they are, what they are called, what was said."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Any

from wirebrush.events import Event
from wirebrush.http.comfy.sockets import Sockets
from wirebrush.http.comfy.telling import Teller
from wirebrush.http.comfy.verdicts import Accepted
from wirebrush.jobs import prompttable
from wirebrush.jobs.assets import AssetStore
from wirebrush.jobs.errors import JobsError
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.prompttable import PAGE, PromptEntry, PromptNote, Wanted
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.records import Submission

HISTORY_LIMIT = 10_000
"""So many entries are shown of what is over; the oldest are left out."""

log = logging.getLogger("wirebrush.http")


class Prompts:
    """Puts prompts into the queue and finds them again, by the ids that their clients know.

    `last` is what was accepted last, for the client that sends it again.
    """

    def __init__(self, journal: Journal, queue: JobQueue, assets: AssetStore) -> None:
        self._journal = journal
        self._queue = queue
        self._assets = assets
        self._writing: dict[str, tuple[Sequence[Any], asyncio.Task[None]]] = {}
        self.last: Accepted | None = None
        self.sockets = Sockets()
        self.teller = Teller(self.sockets, queue.at_work, self._keep, self._read)

    @classmethod
    async def open(cls, journal: Journal, queue: JobQueue, assets: AssetStore) -> Prompts:
        """With what an earlier server accepted and did not finish."""
        prompts = cls(journal, queue, assets)
        prompts.teller.resume(await journal.read(prompttable.unfinished))
        return prompts

    def take(self, job: str, event: Event) -> None:
        """Hear an event of any job."""
        self.teller.take(job, event)

    async def accept(self, submission: Submission, note: PromptNote) -> float | int:
        """Queue a prompt: when this returns it is on disk, and in the lists. Its number."""
        numbers: list[float | int] = []

        def also(db: sqlite3.Connection, job: str) -> None:
            numbers.append(prompttable.insert(db, job, note))

        job = await self._queue.submit(submission, also)
        # No await in between: whoever hears of the job's start knows it by then.
        self.teller.accepted(job.id, note.prompt_id, prompttable.client_of(note.extra))
        return numbers[-1]

    async def find(self, prompt_id: str) -> PromptEntry | None:
        """The latest of that id; None if there is none."""
        return await self._journal.read(lambda db: prompttable.find(db, prompt_id))

    async def page(self, wanted: Wanted) -> tuple[list[PromptEntry], int]:
        """Some of what waits, runs or is over, and how many there are of that in all."""
        return await self._journal.read(lambda db: prompttable.page(db, wanted))

    async def cancel(self, prompt_id: str) -> bool:
        """End a prompt, whether it waits or runs; whether it did."""
        return await self.cancel_waiting(prompt_id) or await self.interrupt(prompt_id)

    async def running(self) -> list[PromptEntry]:
        """What runs now."""
        return await self._journal.read(prompttable.running)

    async def waiting(self) -> AsyncIterator[PromptEntry]:
        """What waits, the next one first. Read in pages, so that others get in between."""
        skip = 0
        while page := await self._waiting(skip):
            for entry in page:
                yield entry
            skip += len(page)

    async def over(
        self, limit: int | None = None, offset: int | None = None
    ) -> AsyncIterator[PromptEntry]:
        """What is over, the oldest first: the last `limit`, or those from `offset` on."""
        count = await self._journal.read(prompttable.count_over)
        most = HISTORY_LIMIT if limit is None else min(limit, HISTORY_LIMIT)
        skip = max(0, count - most) if offset is None else offset
        end = skip + most
        while skip < end and (page := await self._over(skip, min(PAGE, end - skip))):
            for entry in page:
                yield entry
            skip += len(page)

    async def forget(self, prompt_id: str | None = None) -> None:
        """Forget what is over (under an id); the jobs stay in the gallery."""
        await self._journal.write(lambda db: prompttable.forget(db, prompt_id))

    async def cancel_waiting(self, prompt_id: str | None = None) -> bool:
        """Take prompts out of the queue (one of them); whether there was any."""
        return await self._cancel(
            await self._journal.read(lambda db: prompttable.jobs_waiting(db, prompt_id))
        )

    async def withdraw(self, prompt_id: str | None = None) -> None:
        """Take prompts out of the queue (one of them). Nothing is kept of those that never began,
        as in ComfyUI; one that was begun and put back is cancelled."""
        waiting = await self._journal.read(lambda db: prompttable.jobs_waiting(db, prompt_id))
        if len(await self._queue.withdraw(waiting)) < len(waiting):
            await self.cancel_waiting(prompt_id)

    async def interrupt(self, prompt_id: str | None = None) -> bool:
        """Stop what runs (if it has that id); whether anything did."""
        return await self._cancel(
            await self._journal.read(lambda db: prompttable.jobs_running(db, prompt_id))
        )

    def messages(self, entry: PromptEntry) -> Sequence[Any]:
        """What was said about a prompt that is over."""
        fresh = self._writing.get(entry.job.id)
        return entry.messages if fresh is None else fresh[0]

    async def _waiting(self, skip: int) -> list[PromptEntry]:
        return await self._journal.read(lambda db: prompttable.waiting(db, skip))

    async def _over(self, skip: int, limit: int) -> list[PromptEntry]:
        return await self._journal.read(lambda db: prompttable.over(db, skip, limit))

    async def _cancel(self, jobs: Sequence[str]) -> bool:
        ended = [await self._queue.cancel(job) for job in jobs]
        return any(item is not None and item.changed for item in ended)

    def _read(self, asset: str) -> bytes | None:
        """A picture that was just stored, so that the system still has it in memory."""
        path = self._assets.path(asset)
        try:
            return None if path is None else path.read_bytes()
        except OSError:
            return None

    def _keep(self, job: str, messages: Sequence[Any]) -> None:
        self._writing[job] = messages, asyncio.create_task(self._write(job, messages))

    async def _write(self, job: str, messages: Sequence[Any]) -> None:
        try:
            await self._journal.note(lambda db: prompttable.keep_messages(db, job, messages))
        except JobsError as error:  # history then says what the job itself does
            log.warning("What was said about job %s is not kept: %s", job, error)
        finally:
            del self._writing[job]
