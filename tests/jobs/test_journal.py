"""The journal: durable, one transaction or none, and frank about a file that it cannot use."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from wirebrush.events import Finished, Output
from wirebrush.jobs import jobtable, schema
from wirebrush.jobs.errors import JournalDamaged, JournalError, JournalTooNew
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.records import Submission


async def test_what_was_accepted_is_there_after_reopening(
    tmp_path: Path, submission: Callable[..., Submission]
) -> None:
    path = tmp_path / "new" / "journal.db"
    journal = await Journal.open(path)
    job = await (await JobQueue.open(journal)).submit(submission())
    await journal.close()
    again = await Journal.open(path)
    assert await (await JobQueue.open(again)).get(job.id) == job
    await again.close()


async def test_jobs_are_synchronous_full_in_a_log(journal: Journal) -> None:
    def pragma(name: str) -> Callable[[sqlite3.Connection], object]:
        return lambda db: db.execute(f"PRAGMA {name}").fetchone()[0]

    assert await journal.read(pragma("synchronous")) == 2
    assert await journal.read(pragma("journal_mode")) == "wal"
    assert await journal.read(pragma("user_version")) == len(schema.MIGRATIONS)


async def test_a_note_does_not_wait_for_the_disk_and_what_follows_does(journal: Journal) -> None:
    def synchronous(db: sqlite3.Connection) -> object:
        return db.execute("PRAGMA synchronous").fetchone()[0]

    def fails(db: sqlite3.Connection) -> object:
        db.execute("INSERT INTO settings VALUES ('colour', 'red')")
        raise KeyError

    assert await journal.note(synchronous) == 1
    assert await journal.write(synchronous) == 2
    with pytest.raises(KeyError):
        await journal.note(fails)
    assert await journal.write(synchronous) == 2
    assert await journal.read(lambda db: jobtable.setting(db, "colour")) is None
    await journal.note(lambda db: jobtable.set_setting(db, "colour", "blue"))
    assert await journal.read(lambda db: jobtable.setting(db, "colour")) == "blue"


async def test_a_journal_of_the_future_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalTooNew, match=r"newer Wirebrush \(format 99.*--data"):
        await Journal.open(path)


async def test_an_older_journal_is_migrated_and_a_copy_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, submission: Callable[..., Submission]
) -> None:
    path = tmp_path / "journal.db"
    old = await Journal.open(path)
    job = await (await JobQueue.open(old)).submit(submission())
    await old.close()
    step = ("ALTER TABLE jobs ADD COLUMN colour TEXT",)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
    new = await Journal.open(path)
    row = await new.read(lambda db: dict(db.execute("SELECT * FROM jobs").fetchone()))
    await new.close()
    assert (row["id"], row["colour"]) == (job.id, None)
    assert (tmp_path / f"journal.format-{len(schema.MIGRATIONS) - 1}.db").exists()


async def test_a_migration_that_fails_leaves_the_old_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    await (await Journal.open(path)).close()
    step = ("ALTER TABLE jobs ADD COLUMN colour TEXT", "CREATE TABLE jobs (again)")
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
        with pytest.raises(JournalError, match="already exists"):
            await Journal.open(path)
    again = await Journal.open(path)
    names = await again.read(lambda db: [r["name"] for r in db.execute("PRAGMA table_info(jobs)")])
    await again.close()
    assert "colour" not in names


@pytest.mark.parametrize("harm", ["garbage", "flipped", "truncated"])
async def test_a_damaged_journal_is_copied_and_refused(
    tmp_path: Path, harm: str, submission: Callable[..., Submission]
) -> None:
    path = tmp_path / "journal.db"
    journal = await Journal.open(path)
    queue = await JobQueue.open(journal)
    for seed in range(50):
        await queue.submit(submission(seed))
    await journal.close()
    data = bytearray(path.read_bytes())
    if harm == "garbage":
        data[:] = b"not a database at all" * 500
    elif harm == "flipped":
        for place in range(4096, len(data), 512):
            data[place : place + 16] = bytes(16)
    else:
        del data[len(data) // 2 :]
    path.write_bytes(data)
    with pytest.raises(JournalDamaged, match=r"is damaged.*A copy was kept in"):
        await Journal.open(path)
    assert kept_copies(tmp_path) == [bytes(data)]


def kept_copies(folder: Path) -> list[bytes]:
    return [kept.read_bytes() for kept in folder.glob("journal.damaged-*/journal.db")]


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="Check that the folder exists"):
        await Journal.open(tmp_path / "file" / "journal.db")


async def test_use_after_close_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db")
    await journal.close()
    with pytest.raises(JournalError, match="is closed"):
        await journal.read(lambda db: db.execute("SELECT 1"))


class FailsAt:
    """SQLite asks this handler between its steps; the Nth time it says stop."""

    def __init__(self, nth: int) -> None:
        self.left = nth

    def __call__(self) -> int:
        self.left -= 1
        return int(self.left == 0)


async def test_failing_at_every_step_changes_all_or_nothing(
    journal: Journal, submission: Callable[..., Submission]
) -> None:
    """Fail the Nth step of each operation, for every N: either it happened, or it did not."""
    queue = await JobQueue.open(journal)

    async def at_every_step(operation: str) -> None:
        for nth in range(1, 500):
            before = await snapshot(journal)
            handler = FailsAt(nth)
            await journal.read(lambda db, h=handler: db.set_progress_handler(h, 20))
            try:
                await run_operation(queue, operation, submission)
            except JournalError:
                await journal.read(lambda db: db.set_progress_handler(None, 0))
                assert await snapshot(journal) == before
                continue
            await journal.read(lambda db: db.set_progress_handler(None, 0))
            return
        raise AssertionError(f"{operation} never succeeded")

    for _ in range(3):
        for operation in ("submit", "lease", "cancel", "move"):
            await at_every_step(operation)
    assert await journal.read(lambda db: db.execute("PRAGMA integrity_check").fetchone()[0]) == "ok"


async def run_operation(
    queue: JobQueue, operation: str, submission: Callable[..., Submission]
) -> None:
    if operation == "submit":
        await queue.submit(submission())
    elif operation == "lease":
        await queue.lease("cpu-0")
    elif operation == "cancel":
        for job in await queue.page(limit=1):
            await queue.cancel(job.id)
    else:
        for job in await queue.waiting():
            await queue.move(job.id)


async def snapshot(journal: Journal) -> list[str]:
    """Everything in the database, as SQL."""
    return await journal.read(lambda db: list(db.iterdump()))


async def test_a_full_disk_at_any_page_loses_nothing_accepted(
    tmp_path: Path, submission: Callable[..., Submission]
) -> None:
    """The file may not grow: submits fail with a sentence, what was accepted stays, space heals."""
    journal = await Journal.open(tmp_path / "journal.db")
    queue = await JobQueue.open(journal)
    accepted: list[str] = []
    pages = await journal.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    for more in range(12):
        limit = pages + more
        await journal.read(lambda db, n=limit: db.execute(f"PRAGMA max_page_count = {n}"))
        with pytest.raises(JournalError, match=r"full.*Free some space"):
            await submit_for_ever(queue, submission, accepted)
    await journal.read(lambda db: db.execute("PRAGMA max_page_count = 100000"))
    lease = await queue.lease("cpu-0")
    assert lease is not None
    await queue.add_outputs(lease, {"1": [Output("text", text="after")]})
    assert await queue.finish(lease, Finished("succeeded")) is not None
    known = [job.id for job in await queue.page(limit=500)]
    await journal.close()
    assert known == accepted[-500:][::-1]
    assert len(accepted) > 12


async def submit_for_ever(
    queue: JobQueue, submission: Callable[..., Submission], accepted: list[str]
) -> None:
    while True:
        accepted.append((await queue.submit(submission(len(accepted)))).id)
