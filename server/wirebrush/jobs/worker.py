"""A worker process: started, greeted, talked to in frames, and ended for certain.

The process leads a group of its own, so that a kill reaches everything it started.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wirebrush.channel import PROTOCOL, AsyncChannel, ChannelClosed, Frame
from wirebrush.folders import KindFolder
from wirebrush.jobs.errors import PackFatal, WorkerFailed
from wirebrush.jobs.logfile import LogFile
from wirebrush.jobs.patience import Patience
from wirebrush.packlist import Ended, PackChoice

_READ_AHEAD = 1 << 20
NOTHING_CHOSEN = PackChoice()
_OFF = "It is left out until its files change, or somebody turns it on again."
_LAST_WORDS = 5.0  # seconds: what a dead worker started may keep its log open for longer
_LIKELY_VICTIM = "500"  # the kernel ends a worker rather than the server when memory is short


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """How a worker is started, and where it complains."""

    name: str
    argv: Sequence[str]
    log: Path

    @classmethod
    def engine(
        cls,
        name: str,
        device: str,
        data: Path,
        *,
        models: Sequence[Path] = (),
        model_folders: Sequence[KindFolder] = (),
        packs: Sequence[Path] = (),
        comfy_packs: Sequence[Path] = (),
        choice: PackChoice = NOTHING_CHOSEN,
        memory_bytes: int,
        disk_bytes: int,
        threads: int | None = None,
        vram_limit: int | None = None,
    ) -> WorkerCommand:
        """The worker that runs nodes, with its cache and log in the data folder."""
        options = {
            "worker": name,
            "device": device,
            "cache": str(data / "cache"),
            "models": [str(path) for path in models],
            "model_folders": [folder.to_json() for folder in model_folders],
            "packs": [str(path) for path in packs],
            "comfy_packs": [str(path) for path in comfy_packs],
            "choice": choice.to_json(),
            "entry_points": True,
            "memory_bytes": memory_bytes,
            "disk_bytes": disk_bytes,
            "threads": threads,
            "vram_limit": vram_limit,
        }
        argv = (sys.executable, "-m", "wirebrush.engine", json.dumps(options))
        return cls(name, argv, data / "logs" / f"{name}.log")

    def choosing(self, choice: PackChoice) -> WorkerCommand:
        """The same worker with other packs."""
        *start, options = self.argv  # who imports packs is an engine's worker
        config: dict[str, Any] = json.loads(options)
        return replace(self, argv=(*start, json.dumps({**config, "choice": choice.to_json()})))

    def without(self, fatal: PackFatal) -> WorkerCommand:
        """The same worker, which reports that pack as failed and does not import it."""
        config: dict[str, Any] = json.loads(self.argv[-1])
        choice = PackChoice.from_json(config.get("choice", {}))
        return self.choosing(choice.without(fatal.pack, fatal.ended))


class WorkerProcess:
    """A running worker.

    >>> worker = await WorkerProcess.start(command)
    >>> hello, catalog = await worker.handshake(seconds=120)
    >>> await worker.send({"type": "run", ...})
    >>> async for frame in worker.frames(): ...
    >>> await worker.end()
    """

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, channel: AsyncChannel, log: LogFile
    ) -> None:
        self.name = name
        self._process = process
        self._channel = channel
        self._log = log
        self._importing: tuple[str, str] | None = None

    @classmethod
    async def start(cls, command: WorkerCommand) -> WorkerProcess:
        """Start the process; WorkerFailed if the system refuses."""
        log = LogFile(command.log)
        try:
            stderr = await asyncio.to_thread(log.open)
            try:
                process = await asyncio.create_subprocess_exec(
                    *command.argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    env=_environment(os.environ),
                    limit=_READ_AHEAD,
                    **_own_group(),
                )
            finally:
                os.close(stderr)
        except OSError as error:
            raise WorkerFailed(
                f"Worker {command.name} could not be started: {error}.",
                "Check that Python and the data folder are in place.",
            ) from error
        assert process.stdout is not None
        assert process.stdin is not None
        _prefer_as_victim(process.pid)
        return cls(command.name, process, AsyncChannel(process.stdout, process.stdin), log)

    @property
    def pid(self) -> int:
        """The process id, which is its group's too."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended (negative: by that signal); None as long as it lives."""
        return self._process.returncode

    @property
    def importing(self) -> str:
        """The pack that it imports right now; empty if none."""
        return "" if self._importing is None else self._importing[0]

    async def handshake(
        self, seconds: float, pack_seconds: float
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """What the worker says first: hello and catalog. WorkerFailed if it does not, in time.

        Args:
            seconds: How long that may take, and each pack's import anew.
            pack_seconds: How long a pack may be imported without loading one more module. What
                is built in has all of `seconds`: its libraries are large.

        Raises:
            PackFatal: The time was up, or the worker ended, while it imported a pack.
        """
        patience = Patience(seconds, pack_seconds)
        try:
            async with asyncio.timeout_at(patience.until) as deadline:
                hello = await self._expect("hello", patience, deadline)
                catalog = await self._expect("catalog", patience, deadline)
        except TimeoutError as error:
            raise self._failed(*patience.spent()) from error
        except ChannelClosed as error:
            await self.wait(2.0)
            how = self.ended_how()
            reason = f"Importing it ended the worker process ({how})."
            raise self._failed(f"ended before it was ready ({how})", reason) from error
        if hello.get("protocol") != PROTOCOL:
            raise self._failed(f"speaks protocol {hello.get('protocol')!r}, the server {PROTOCOL}")
        return hello, catalog

    async def send(self, header: Mapping[str, Any], blob: bytes = b"") -> None:
        """Send a frame; nothing happens if the worker is gone: `frames` ends then."""
        with suppress(ChannelClosed):
            await self._channel.send(header, blob)

    async def frames(self) -> AsyncIterator[Frame]:
        """Everything the worker says, until it is gone."""
        while True:
            try:
                frame = await self._channel.receive()
            except ChannelClosed:
                return
            yield frame

    def begin(self) -> None:
        """A job starts: what earlier ones wrote to the log does not explain how it ends."""
        self._log.forget()

    def tail(self, lines: int = 20) -> str:
        """The last lines of its log, since its last job began."""
        return self._log.tail(lines)

    def ended_how(self) -> str:
        """In words: "exit code 1", "signal 9 (SIGKILL)"."""
        code = self._process.returncode
        if code is None:
            return "still running"
        if code >= 0:
            return f"exit code {code}"
        try:
            return f"signal {-code} ({signal.Signals(-code).name})"
        except ValueError:
            return f"signal {-code}"

    async def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it came in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return False
        await asyncio.to_thread(self._log.join, _LAST_WORDS)
        return True

    def terminate(self) -> None:
        """Ask the whole group to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group, also when it is stopped or ignores signals."""
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    async def end(self, grace: float = 2.0) -> None:
        """Stop in three steps, each if the one before did not help: frame, SIGTERM, SIGKILL."""
        await self._stop_frame(grace)
        if not await self.wait(grace):
            self.terminate()
            if not await self.wait(grace):
                self.kill()
        await self.destroy()

    async def destroy(self) -> None:
        """End it at once, with everything it started, and wait until it is gone."""
        self.kill()
        await self.wait(10.0)
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def _stop_frame(self, grace: float) -> None:
        try:
            async with asyncio.timeout(grace):  # a worker that does not read fills its pipe
                await self.send({"type": "stop"})
        except TimeoutError:
            return

    async def _expect(
        self, kind: str, patience: Patience, deadline: asyncio.Timeout
    ) -> Mapping[str, Any]:
        while True:
            frame = await self._channel.receive()
            if frame.type == kind:
                return frame.header
            if frame.type == "importing":
                pack, source = frame.header.get("pack"), frame.header.get("source", "")
                self._importing = (str(pack), str(source)) if pack else None
                patience.next(self.importing)
                deadline.reschedule(patience.until)
            elif frame.type == "beat":
                patience.loaded(frame.header.get("modules"))
                deadline.reschedule(patience.until)
            elif frame.type != "log":
                raise ChannelClosed(f"The worker said {frame.type!r} before {kind!r}.")

    def _failed(self, what: str, reason: str = "") -> WorkerFailed:
        """`reason` is what a pack did that was being imported."""
        tail = self.tail()
        told = f" The last lines of its log:\n{tail}" if tail else ""
        hint = "See its log in the data folder."
        if not reason or self._importing is None:
            return WorkerFailed(f"Worker {self.name} {what}.{told}", hint)
        pack, source = self._importing
        message = f"Worker {self.name} {what}, while it imported pack {pack}.{told}"
        ended = Ended(f"{reason} {_OFF}", source)
        return PackFatal(message, hint, pack, ended, lasting=self.returncode != -signal.SIGTERM)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._process.terminate()
            else:
                os.killpg(self._process.pid, number)


def _own_group() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name != "WIREBRUSH_TOKEN"}
    return {**kept, "PYTHONFAULTHANDLER": "1", "PYTHONUNBUFFERED": "1"}


def _prefer_as_victim(pid: int) -> None:
    with suppress(OSError):  # Linux only
        Path(f"/proc/{pid}/oom_score_adj").write_text(_LIKELY_VICTIM)
