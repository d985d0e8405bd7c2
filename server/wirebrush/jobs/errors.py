"""What can go wrong on this floor: one sentence for a person, and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from wirebrush.events import Problem
from wirebrush.packlist import Ended


class JobsError(Exception):
    """Base of this floor's errors: `message` says what, `hint` how to mend it, `code` is stable."""

    code: ClassVar[str] = "jobs_error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def problem(self) -> Problem:
        """The error as data, for an answer or a job's record."""
        return Problem(self.code, self.message, self.hint)


class JournalError(JobsError):
    """The database cannot be read or written right now (disk full, read-only, gone)."""

    code = "journal_unavailable"


class JournalDamaged(JobsError):
    """The database file does not pass its own check. `kept` is the folder of its copy."""

    code = "journal_damaged"
    kept: Path | None = None


class JournalTooNew(JobsError):
    """The database was written by a newer release."""

    code = "journal_too_new"


class FolderInUse(JobsError):
    """Another server works in this data folder."""

    code = "data_folder_in_use"


class IdempotencyConflict(JobsError):
    """An idempotency key came back with another body."""

    code = "idempotency_conflict"


class QueueFull(JobsError):
    """One owner has more waiting jobs than anybody can want."""

    code = "queue_full"


class NotWaiting(JobsError):
    """The job has started or ended, so it has no place in the queue any more."""

    code = "job_not_waiting"


class NotEnded(JobsError):
    """Only a job that has ended can be retried."""

    code = "job_not_ended"


class AssetRefused(JobsError):
    """A file that we do not keep: its content, its size or its dimensions."""

    code = "asset_refused"


class AssetTooLarge(AssetRefused):
    """A file beyond the limit for uploads."""

    code = "asset_too_large"


class WorkerFailed(JobsError):
    """A worker did not start, or is gone."""

    code = "worker_failed"


class NoWorker(JobsError):
    """Nobody is there to ask."""

    code = "no_worker"


class PlanFailed(JobsError):
    """A worker did not say what a run would compute."""

    code = "plan_failed"


class CheckFailed(JobsError):
    """The worker did not say what a prompt's nodes have against their values."""

    code = "check_failed"


class PackFatal(WorkerFailed):
    """A worker did not survive the import of a pack. `ended` is for who asks why it is not there.

    The next worker can do without it: see `WorkerCommand.without`. `lasting` is false if somebody
    else may have ended the worker.
    """

    def __init__(
        self, message: str, hint: str, pack: str, ended: Ended, *, lasting: bool = True
    ) -> None:
        super().__init__(message, hint)
        self.pack = pack
        self.ended = ended
        self.lasting = lasting


class AssetUnsaved(JobsError):
    """A file could not be written: disk full, folder read-only."""

    code = "asset_unsaved"
