"""Keeps one worker alive and one job at a time on it. Only the supervisor decides who is dead.

A worker may crash, hang, be stopped, lie or never start: its job is retried, put aside or failed
with a reason, a fresh worker comes after a pause that grows, and nobody else notices.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from wirebrush.catalog import Catalog
from wirebrush.channel import Frame
from wirebrush.events import Finished, Problem
from wirebrush.jobs.attempt import Attempt, Services
from wirebrush.jobs.crash import Death
from wirebrush.jobs.errors import JobsError, JournalError, PackFatal, WorkerFailed
from wirebrush.jobs.leftovers import Leftovers
from wirebrush.jobs.limits import Limits
from wirebrush.jobs.liveness import Liveness
from wirebrush.jobs.queue import Lease
from wirebrush.jobs.status import Listeners, WorkerStatus
from wirebrush.jobs.waits import dropped, first_of
from wirebrush.jobs.worker import WorkerCommand, WorkerProcess

T = TypeVar("T")

log = logging.getLogger("wirebrush.jobs")

_FRAMES_IN_A_ROW = 50
_VRAM_NEWS = 16 * 1024**2
"""A change of the device's memory in use that is worth telling."""


class Supervisor:
    """Runs jobs of a queue on one worker until `stop`.

    >>> supervisor = Supervisor(command, Limits(), services, leftovers)
    >>> task = asyncio.create_task(supervisor.run())
    >>> await supervisor.stop()
    """

    def __init__(
        self,
        command: WorkerCommand,
        limits: Limits,
        services: Services,
        leftovers: Leftovers,
        listeners: Listeners | None = None,
    ) -> None:
        self._command = command
        self._limits = limits
        self._services = services
        self._leftovers = leftovers
        self._listeners = listeners or Listeners()
        self._status = WorkerStatus(command.name, "starting")
        self._liveness = Liveness(limits.beat, limits.node)
        self._attempt: Attempt | None = None
        self._handling = False
        self._answers: set[asyncio.Task[None]] = set()
        self._rss = 0
        self._catalog = Catalog()
        self._failures = 0
        self._renewing = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()

    @property
    def status(self) -> WorkerStatus:
        """How the worker is now."""
        return self._status

    async def run(self) -> None:
        """Supervise until `stop`; cancelling this kills the worker at once."""
        try:
            while not self._stopping.is_set():
                await self._one_worker()
                if self._failures:
                    await self._pause()
        finally:
            self._tell(state="stopped", job=None, pid=None)
            self._stopped.set()

    async def stop(self) -> None:
        """Start nothing new; give the running job a moment, else put it back in the queue."""
        self._stopping.set()
        await self._stopped.wait()

    def use(self, command: WorkerCommand) -> None:
        """Work with this command from now on: a running job ends first, the queue goes on."""
        self._command = command
        self._renewing.set()

    async def _one_worker(self) -> None:
        """From the start of a process to its end. Nothing that goes wrong here gets further."""
        worker: WorkerProcess | None = None
        self._renewing.clear()
        self._tell(state="starting", job=None, pid=None)
        try:
            worker = await WorkerProcess.start(self._command)
            self._leftovers.note(worker.name, worker.pid)
            await self._greet(worker)
            await self._serve(worker)
        except PackFatal as fatal:  # the next worker can do without it, so it comes at once
            log.warning("%s", fatal)
            self._command = self._command.without(fatal)
            self._listeners.fatal(fatal)
            self._tell(state="down", pid=None, restarts=self._status.restarts + 1)
        except JobsError as error:
            self._fail(str(error))
        except Exception as error:  # a bug of ours must not end the only worker
            log.exception("supervisor of %s", self._command.name)
            self._fail(f"The supervisor failed: {error!r}.")
        finally:
            for answer in self._answers:
                answer.cancel()
            if worker is not None:
                await worker.destroy()
                self._leftovers.forget(worker.name)

    async def _greet(self, worker: WorkerProcess) -> None:
        greeting = asyncio.create_task(worker.handshake(self._limits.hello, self._limits.pack))
        while not greeting.done() and not self._leaving:
            leaving = (self._stopping.wait(), self._renewing.wait())
            await first_of(*leaving, greeting, seconds=self._limits.look_again)
            if not greeting.done() and worker.importing:
                self._tell(detail=f"Pack {worker.importing} is still being imported.")
        if not greeting.done():
            await dropped(greeting)
            return
        hello, catalog = greeting.result()
        self._rss = 0
        self._liveness.restart()
        self._take_catalog(catalog)
        self._tell(
            state="idle",
            pid=worker.pid,
            device=str(hello.get("device", "")),
            device_name=str(hello.get("device_name", "")),
            memory=hello.get("memory"),
            detail="",
        )

    async def _serve(self, worker: WorkerProcess) -> None:
        """Lease and run jobs until the worker is gone, too large or out of date, or we stop."""
        reader = asyncio.create_task(self._read(worker))
        self._services.desk.open(worker)
        try:
            while not self._leaving and not reader.done():
                lease = await self._lease(worker, reader)
                if lease is None:
                    continue
                self._tell(state="busy", job=lease.job.id)
                if not await self._guarded_run(worker, lease, reader):
                    return
                self._tell(state="idle", job=None)
                if self._limits.max_rss and self._rss > self._limits.max_rss:
                    log.info("%s grew to %d bytes and is replaced", worker.name, self._rss)
                    break
            if reader.done():
                await worker.wait(5.0)
                how = worker.ended_how()
                raise WorkerFailed(f"Worker {worker.name} ended ({how}).", worker.tail(5))
            await worker.end()
        finally:
            self._services.desk.close(worker)
            await dropped(reader)

    @property
    def _leaving(self) -> bool:
        return self._stopping.is_set() or self._renewing.is_set()

    async def _lease(self, worker: WorkerProcess, reader: asyncio.Task[None]) -> Lease | None:
        """The next job, or None after a while; WorkerFailed if the idle worker went silent."""
        silence = self._liveness.silence()
        if silence is not None:
            raise WorkerFailed(f"Worker {worker.name} hung while it had nothing to do. {silence}")
        change = self._services.queue.change
        try:
            lease = await self._services.queue.lease(worker.name)
            self._tell(detail=self._services.queue.obstacle() or "")
        except JournalError as error:
            self._tell(detail=str(error))
            lease = None
        if lease is None:
            leaving = (self._stopping.wait(), self._renewing.wait())
            await first_of(*leaving, reader, change.wait(), seconds=self._limits.look_again)
        return lease

    async def _guarded_run(
        self, worker: WorkerProcess, lease: Lease, reader: asyncio.Task[None]
    ) -> bool:
        try:
            return await self._run(worker, lease, reader)
        except Exception as error:  # a bug of ours must not leave the job leased for ever
            problem = Problem("supervisor_failed", f"The supervisor failed: {error!r}.")
            await self._commit(lambda: self._services.queue.crashed(lease, problem))
            raise

    async def _run(self, worker: WorkerProcess, lease: Lease, reader: asyncio.Task[None]) -> bool:
        """Run one job; whether the worker can run another."""
        attempt = Attempt(lease, worker, self._services, self._catalog)
        self._liveness.restart()
        worker.begin()
        self._attempt = attempt
        watch = asyncio.create_task(self._watch())
        send = asyncio.create_task(attempt.send())  # a stopped worker does not read
        try:
            await first_of(
                *(self._stopping.wait(), lease.revoked.wait(), attempt.trouble.wait()),
                *(attempt.ended, reader, watch),
            )
            verdict = watch.result() if watch.done() else None
            if verdict is None and not attempt.ended.done() and not reader.done():
                await self._interrupt(attempt, worker, reader)
            usable = verdict is None and attempt.ended.done() and not reader.done()
            if not usable:
                await self._put_down(worker, reader)
            await self._settle(attempt, worker, verdict)
            return usable
        finally:
            self._attempt = None
            await attempt.close()
            await dropped(watch)
            await dropped(send)

    async def _put_down(self, worker: WorkerProcess, reader: asyncio.Task[None]) -> None:
        if reader.done():
            await worker.wait(1.0)  # it is dying: of what shows in its exit code
        worker.kill()
        await first_of(reader, seconds=5.0)
        await worker.wait(5.0)

    async def _interrupt(
        self, attempt: Attempt, worker: WorkerProcess, reader: asyncio.Task[None]
    ) -> None:
        """Cancelled, stopping, or in trouble: get the worker off the job, gently first."""
        ours = (attempt.ended, reader)
        stopping = not attempt.lease.revoked.is_set() and not attempt.trouble.is_set()
        if stopping:
            await first_of(*ours, attempt.lease.revoked.wait(), seconds=self._limits.drain)
        if not attempt.ended.done():
            cancel = asyncio.create_task(attempt.cancel())
            await first_of(*ours, seconds=self._limits.cancel_grace)
            await dropped(cancel)
        if not attempt.ended.done() and not reader.done():
            worker.terminate()
            await first_of(reader, seconds=self._limits.term_grace)

    async def _settle(self, attempt: Attempt, worker: WorkerProcess, verdict: str | None) -> None:
        """Write down how the attempt ended."""
        await attempt.told()
        queue, lease = self._services.queue, attempt.lease
        if lease.revoked.is_set():
            return  # the cancel is on record, and it was first
        if attempt.problem is not None:
            failed = Finished("failed", problems=(attempt.problem,))
            await self._commit(lambda: queue.finish(lease, failed))
        elif attempt.ended.done():
            end = attempt.ended.result()
            if end.state == "cancelled" and self._stopping.is_set():  # not by a person
                await self._commit(lambda: queue.release(lease))
            else:
                self._failures = 0
                await self._commit(lambda: queue.finish(lease, end, attempt.failed))
        elif self._stopping.is_set() and verdict is None:
            await self._commit(lambda: queue.release(lease))
        else:
            await self._crashed(attempt, worker, verdict)

    async def _crashed(self, attempt: Attempt, worker: WorkerProcess, verdict: str | None) -> None:
        death = Death(
            worker.returncode,
            verdict,
            attempt.node,
            attempt.type_of(attempt.node),
            self._rss,
            worker.tail(),
        )
        problem = death.problem()
        self._fail(problem.message)
        queue, lease = self._services.queue, attempt.lease
        acted = next(iter(attempt.acting), None)
        if acted is None:
            await self._commit(lambda: queue.crashed(lease, problem))
            return
        kind = attempt.type_of(acted) or "inside an expansion"
        hint = f"Node {acted} ({kind}) may have acted already, so it is not repeated by itself."
        stopped = replace(problem, hint=f"{hint} Look, then run the job again if that is right.")
        await self._commit(lambda: queue.finish(lease, Finished("failed", problems=(stopped,))))

    async def _commit(self, write: Callable[[], Awaitable[T]]) -> T | None:
        """Insist: what is not on disk has not happened. None: we stop, and a restart repairs it."""
        while True:
            try:
                return await write()
            except JournalError as error:
                self._tell(detail=str(error))
                if self._stopping.is_set():
                    return None
                await first_of(self._stopping.wait(), seconds=self._limits.insist)

    async def _read(self, worker: WorkerProcess) -> None:
        taken = 0
        async for frame in worker.frames():
            self._handling = True
            try:
                await self._take(worker, frame)
            except Exception:  # whatever a worker sends, we go on reading
                log.exception("a %r frame of %s", frame.type, worker.name)
            self._handling = False
            self._liveness.heard()
            taken += 1
            if taken % _FRAMES_IN_A_ROW == 0:
                await asyncio.sleep(0)  # reading what has arrived never waits by itself

    async def _take(self, worker: WorkerProcess, frame: Frame) -> None:
        header = frame.header
        if frame.type == "beat":
            self._liveness.beat(header.get("progress"))
            self._rss = int(header.get("rss") or 0)
            vram = int(header.get("vram") or 0)
            if abs(vram - self._status.vram) >= _VRAM_NEWS or not vram:
                self._tell(vram=vram)
        elif frame.type in ("need_asset", "probe_assets"):
            # Not awaited: a worker that does not read must not keep us from reading.
            send = self._send_asset if frame.type == "need_asset" else self._send_known
            answer = asyncio.create_task(send(worker, header))
            self._answers.add(answer)
            answer.add_done_callback(self._answers.discard)
        elif frame.type == "catalog":
            self._take_catalog(header)
        elif frame.type in ("plan", "check"):
            self._services.desk.take(header)
        elif frame.type == "log":
            log.info("%s: %s", worker.name, header.get("text"))
        elif self._attempt is not None:
            self._liveness.moved()
            await self._attempt.take(frame)

    def _take_catalog(self, catalog: Mapping[str, Any]) -> None:
        self._catalog = Catalog.from_json(catalog)
        self._listeners.catalog(catalog)

    async def _send_asset(self, worker: WorkerProcess, header: Mapping[str, Any]) -> None:
        """Answer with the bytes, also if they were deleted since the job was accepted."""
        assets = self._services.assets
        answer: dict[str, Any] = {"type": "asset", "request": header.get("request")}
        data = b""
        found = False
        try:
            record = await assets.find(str(header.get("id")), in_trash=True)
            if record is not None:
                answer |= {"id": record.id, "name": record.name, "mime": record.mime}
                data = await assets.read(record.id)
                found = data is not None and assets.path(record.id) is not None
        except Exception:  # the worker waits for an answer, whatever it is
            log.exception("an asset for %s cannot be read", worker.name)
        await worker.send({**answer, "found": found}, data or b"")

    async def _send_known(self, worker: WorkerProcess, header: Mapping[str, Any]) -> None:
        """Answer which assets are there; what cannot be found out is made anew."""
        there: set[str] = set()
        try:
            there = await self._services.assets.there([str(one) for one in header.get("ids", ())])
        except Exception:  # the worker waits for an answer, whatever it is
            log.exception("%s asks for assets", worker.name)
        answer = {"type": "asset", "request": header.get("request"), "there": sorted(there)}
        await worker.send(answer)

    async def _watch(self) -> str:
        """Returns why the worker must be killed, when it must."""
        while True:
            await asyncio.sleep(min(1.0, self._limits.beat / 4, self._limits.node / 4))
            verdict = None if self._handling else self._liveness.verdict()
            if verdict is not None:
                return verdict

    async def _pause(self) -> None:
        """Before a fresh worker: the longer, the more often it failed in a row."""
        pause = self._limits.first_pause * 2 ** (self._failures - 1)
        pause = min(pause, self._limits.longest_pause)
        await first_of(self._stopping.wait(), self._renewing.wait(), seconds=pause)

    def _fail(self, detail: str) -> None:
        self._failures += 1
        restarts = self._status.restarts + 1
        self._tell(state="down", job=None, pid=None, detail=detail, restarts=restarts)

    def _tell(self, **changes: Any) -> None:
        status = replace(self._status, **changes)
        if status != self._status:
            self._status = status
            self._listeners.status(status)
