"""A damaged journal is replaced by its backup; what is old is forgotten."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from wirebrush.events import Finished
from wirebrush.jobs.assets import AssetStore
from wirebrush.jobs.backup import backup_of
from wirebrush.jobs.errors import JournalDamaged
from wirebrush.jobs.housekeeping import Housekeeping
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.records import Submission

Submit = Callable[..., Submission]


async def filled(path: Path, submission: Submit, count: int = 30) -> list[str]:
    """A journal with waiting jobs, closed in order."""
    journal = await Journal.open(path)
    queue = await JobQueue.open(journal)
    jobs = [(await queue.submit(submission(seed))).id for seed in range(count)]
    await journal.back_up_at_end()
    await journal.close()
    return jobs


def matching(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


def harm(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "garbage":
        data[:] = b"not a database at all" * 500
    elif how == "flipped":
        for place in range(4096, len(data), 512):
            data[place : place + 16] = bytes(16)
    elif how == "truncated":
        del data[len(data) // 2 :]
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["garbage", "flipped", "truncated"])
async def test_a_damaged_journal_is_replaced_by_its_backup(
    tmp_path: Path, submission: Submit, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    path = tmp_path / "journal.db"
    jobs = await filled(path, submission)
    harm(path, how)
    journal = await Journal.open(path)
    try:
        queue = await JobQueue.open(journal)
        assert [job.id for job in await queue.page(limit=500)] == jobs[::-1]
        assert queue.paused, "what waited may have run since"
    finally:
        await journal.close()
    (told,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "Its backup of 20" in told
    assert "the queue is paused" in told
    (kept,) = matching(tmp_path, "journal.damaged-*")
    assert str(kept) in told


async def test_a_damaged_backup_is_not_used(tmp_path: Path, submission: Submit) -> None:
    path = tmp_path / "journal.db"
    await filled(path, submission)
    for harmed in (backup_of(path), path):
        harm(harmed, "flipped")
    before = path.read_bytes()
    with pytest.raises(JournalDamaged, match="is damaged"):
        await Journal.open(path)
    assert path.read_bytes() == before
    assert matching(tmp_path, "*.part*") == []


async def test_a_backup_from_a_newer_release_is_not_used(
    tmp_path: Path, submission: Submit
) -> None:
    path = tmp_path / "journal.db"
    await filled(path, submission)
    with closing(sqlite3.connect(backup_of(path))) as db:
        db.execute("PRAGMA user_version = 999")
    harm(path, "garbage")
    with pytest.raises(JournalDamaged):
        await Journal.open(path)


async def test_the_old_backup_stays_when_a_new_one_cannot_be_made(
    tmp_path: Path, submission: Submit, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.db"
    await filled(path, submission)
    before = backup_of(path).read_bytes()
    journal = await Journal.open(path)
    queue = await JobQueue.open(journal)
    await queue.submit(submission(99))
    blocker = backup_of(path).with_suffix(".part")
    blocker.mkdir()
    await journal.back_up_at_end()
    await journal.close()
    assert "no new backup" in caplog.text
    assert backup_of(path).read_bytes() == before


async def test_a_backup_is_made_while_others_write(tmp_path: Path, submission: Submit) -> None:
    path = tmp_path / "journal.db"
    journal = await Journal.open(path)
    queue = await JobQueue.open(journal)
    accepted = [(await queue.submit(submission(seed))).id for seed in range(20)]
    making = asyncio.create_task(journal.back_up())
    for seed in range(20, 40):
        await queue.submit(submission(seed))
    await making
    await journal.close()
    with closing(sqlite3.connect(backup_of(path))) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        known = {row[0] for row in db.execute("SELECT id FROM jobs")}
    assert known >= set(accepted)


async def test_what_did_not_change_is_not_copied_again(tmp_path: Path, submission: Submit) -> None:
    path = tmp_path / "journal.db"
    await filled(path, submission)
    os.utime(backup_of(path), (1, 1))
    journal = await Journal.open(path)
    await journal.back_up_at_end()
    assert backup_of(path).stat().st_mtime == 1
    age = journal.backup_age()
    assert age is not None
    assert age > 1e9
    await journal.back_up()
    assert backup_of(path).stat().st_mtime > 1
    await journal.close()


async def test_old_jobs_are_forgotten_and_others_are_not(
    tmp_path: Path, journal: Journal, queue: JobQueue, submission: Submit
) -> None:
    ended: list[str] = []
    for seed in range(3):
        await queue.submit(submission(seed % 2))  # two of them have the same body
        lease = await queue.lease("w")
        assert lease is not None
        await queue.finish(lease, Finished("succeeded"))
        ended.append(lease.job.id)
    waiting = await queue.submit(submission(1))
    await journal.write(
        lambda db: db.execute("UPDATE jobs SET ended = 1000 WHERE id != ?", (ended[2],))
    )
    await journal.write(
        lambda db: db.execute("UPDATE jobs SET ended = NULL WHERE id = ?", (waiting.id,))
    )
    assets = await AssetStore.open(tmp_path / "assets", journal)
    await Housekeeping(journal, assets, queue, None).tidy()
    assert len(await queue.page()) == 4
    await Housekeeping(journal, assets, queue, 30).tidy()
    assert {job.id for job in await queue.page()} == {ended[2], waiting.id}
    for job in (ended[2], waiting.id):
        assert await queue.body(job) is not None
    bodies = await journal.read(lambda db: db.execute("SELECT COUNT(*) FROM bodies").fetchone()[0])
    assert bodies == 2
    assert journal.backup_age() is not None
