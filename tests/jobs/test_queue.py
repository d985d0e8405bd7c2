"""What the queue promises about a job, in every state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from wirebrush.events import Event, Finished, Output, Problem, Queued, Started, Summary
from wirebrush.jobs.errors import IdempotencyConflict, NotEnded, NotWaiting, QueueFull
from wirebrush.jobs.headroom import Headroom
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.queue import LATEST, JobQueue, Lease
from wirebrush.jobs.records import Submission

Make: TypeAlias = Callable[..., Submission]
CRASH = Problem("worker_crashed", "The worker was killed by signal 11.")


async def leased(queue: JobQueue, worker: str = "cpu-0") -> Lease:
    lease = await queue.lease(worker)
    assert lease is not None
    return lease


async def test_a_job_goes_from_queued_to_succeeded(journal: Journal, submission: Make) -> None:
    heard: list[tuple[str, Event]] = []
    queue = await JobQueue.open(journal, lambda job, event: heard.append((job, event)))
    job = await queue.submit(submission(7))
    assert (job.state, job.attempt, job.title, job.nodes) == ("queued", 0, "cats", 1)
    lease = await leased(queue)
    assert (lease.job.state, lease.job.attempt, lease.epoch) == ("running", 1, 1)
    assert lease.job.started is not None
    assert await queue.get(job.id) == lease.job
    assert lease.body.prompt["1"]["inputs"]["seed"] == 7
    shown = Output("output", "ab" * 32, "cats.png", "image/png", 8, 8)
    assert await queue.add_outputs(lease, {"1": [shown, Output("text", text="ü")]})
    ended = await queue.finish(lease, Finished("succeeded", Summary(executed=1, seconds=0.5)))
    assert ended is not None
    assert (ended.state, ended.summary.executed) == ("succeeded", 1)
    assert [item.output.name for item in ended.outputs] == ["cats.png", ""]
    kinds = [type(event) for _, event in heard]
    assert kinds == [Queued, Started, Finished]
    assert await queue.get(job.id) == ended
    assert ended.to_json()["outputs"][1]["text"] == "ü"


async def test_what_is_leased_is_what_is_on_disk_however_long_it_waited(
    queue: JobQueue, submission: Make
) -> None:
    jobs = [await queue.submit(submission(seed)) for seed in range(2 * LATEST)]
    for seed, job in enumerate(jobs):
        lease = await leased(queue)
        assert (lease.job.id, lease.body) == (job.id, await queue.body(job.id))
        assert lease.body.prompt["1"]["inputs"]["seed"] == seed


async def test_an_unknown_job_is_unknown_and_not_done(queue: JobQueue) -> None:
    assert await queue.get("nothing") is None
    assert await queue.cancel("nothing") is None
    assert await queue.retry("nothing") is None
    assert await queue.move("nothing") is None
    assert await queue.body("nothing") is None


async def test_an_idempotency_key_is_one_job_per_body(queue: JobQueue, submission: Make) -> None:
    first = await queue.submit(submission(1, idempotency_key="k"))
    again = await queue.submit(submission(1, idempotency_key="k", priority=9))
    assert again == first
    with pytest.raises(IdempotencyConflict, match="another body"):
        await queue.submit(submission(2, idempotency_key="k"))
    other_owner = await queue.submit(submission(2, idempotency_key="k", owner="eve"))
    assert other_owner.id != first.id
    assert await queue.counts() == {"queued": 2}


async def test_a_workflow_is_the_same_although_names_of_files_tell_the_time(
    queue: JobQueue, submission: Make
) -> None:
    def save(name: str) -> dict[str, Any]:
        return {"1": {"class_type": "SaveImage", "inputs": {"filename_prefix": name, "to": 1}}}

    first = replace(submission(idempotency_key="k"), prompt=save("12:00"))
    later = replace(first, prompt=save("12:01"), metadata={"prompt": "12:01"})
    drawn = await queue.submit(first)
    assert (await queue.submit(later)).id == drawn.id
    with pytest.raises(IdempotencyConflict, match="another body"):
        await queue.submit(replace(later, targets=("1", "2")))
    with pytest.raises(IdempotencyConflict, match="another body"):
        await queue.submit(replace(later, workflow=None))


async def test_order_is_priority_then_arrival_then_what_a_person_moved(
    queue: JobQueue, submission: Make
) -> None:
    ids = [(await queue.submit(submission(seed))).id for seed in range(4)]
    urgent = (await queue.submit(submission(9, priority=5))).id
    front = (await queue.submit(submission(10, front=True))).id
    await queue.move(ids[3], before=ids[1])
    await queue.move(ids[0], priority=-1)
    expected = [front, urgent, ids[3], ids[1], ids[2], ids[0]]
    assert [job.id for job in await queue.waiting()] == expected
    assert [(await leased(queue)).job.id for _ in expected] == expected
    assert await queue.lease("cpu-0") is None


async def test_a_gap_can_be_halved_for_ever(queue: JobQueue, submission: Make) -> None:
    ids = [(await queue.submit(submission(seed))).id for seed in range(3)]
    for turn in range(130):  # far beyond the digits of a float
        await queue.move(ids[turn % 2], before=ids[2])
    assert [job.id for job in await queue.waiting()] == [ids[0], ids[1], ids[2]]


async def test_moving_what_started_is_refused(queue: JobQueue, submission: Make) -> None:
    first = await queue.submit(submission(1))
    second = await queue.submit(submission(2))
    await leased(queue)
    with pytest.raises(NotWaiting, match="running"):
        await queue.move(first.id)
    with pytest.raises(NotWaiting):
        await queue.move(second.id, before=first.id)


async def test_owners_take_turns(queue: JobQueue, submission: Make) -> None:
    for seed in range(6):
        await queue.submit(submission(seed, owner="greedy"))
    await leased(queue)
    modest = await queue.submit(submission(99, owner="modest"))
    assert (await leased(queue)).job.id == modest.id
    await queue.submit(submission(100, owner="modest"))
    owners = [(await leased(queue)).job.owner for _ in range(3)]
    assert owners == ["greedy", "modest", "greedy"]


async def test_a_stale_lease_changes_nothing(queue: JobQueue, submission: Make) -> None:
    job = await queue.submit(submission())
    stale = await leased(queue, "slow")
    await queue.release(stale)
    fresh = await leased(queue, "fast")
    assert (fresh.job.id, fresh.job.attempt, fresh.epoch) == (job.id, 2, 2)
    assert not await queue.add_outputs(stale, {"1": [Output("text", text="late")]})
    assert await queue.finish(stale, Finished("failed")) is None
    assert await queue.crashed(stale, CRASH) is None
    assert await queue.release(stale) is None
    ended = await queue.finish(fresh, Finished("succeeded"))
    assert ended is not None
    assert (ended.state, ended.outputs) == ("succeeded", ())
    assert await queue.finish(fresh, Finished("failed")) is None


async def test_cancel_in_every_state(queue: JobQueue, submission: Make) -> None:
    for state in ("queued", "running"):
        job = await queue.submit(submission())
        lease = await leased(queue) if state == "running" else None
        answer = await queue.cancel(job.id)
        assert answer is not None
        assert (answer.changed, answer.job.state) == (True, "cancelled")
        if lease is not None:
            assert lease.revoked.is_set()
            assert await queue.finish(lease, Finished("succeeded")) is None
        again = await queue.cancel(job.id)
        assert again is not None
        assert (again.changed, again.job.state) == (False, "cancelled")


async def test_cancel_after_the_end_says_so(queue: JobQueue, submission: Make) -> None:
    job = await queue.submit(submission())
    await queue.finish(await leased(queue), Finished("succeeded"))
    answer = await queue.cancel(job.id)
    assert answer is not None
    assert (answer.changed, answer.job.state) == (False, "succeeded")


async def test_never_both_cancelled_and_succeeded(queue: JobQueue, submission: Make) -> None:
    for _ in range(20):
        job = await queue.submit(submission())
        lease = await leased(queue)
        answer, ended = await asyncio.gather(
            queue.cancel(job.id), queue.finish(lease, Finished("succeeded"))
        )
        assert answer is not None
        assert answer.changed == (ended is None)


async def test_two_crashes_and_a_job_is_put_aside(queue: JobQueue, submission: Make) -> None:
    bad = await queue.submit(submission(1))
    good = await queue.submit(submission(2))
    again = await queue.crashed(await leased(queue), CRASH)
    assert again is not None
    assert (again.state, again.problems[0].severity) == ("queued", "warning")
    second = await leased(queue)
    assert (second.job.id, second.job.attempt) == (bad.id, 2)
    aside = await queue.crashed(second, CRASH)
    assert aside is not None
    assert aside.state == "quarantined"
    assert [item.severity for item in aside.problems] == ["warning", "error"]
    assert (await leased(queue)).job.id == good.id


async def test_what_an_earlier_attempt_died_of_stays_visible(
    queue: JobQueue, submission: Make
) -> None:
    await queue.submit(submission())
    await queue.crashed(await leased(queue), CRASH)
    ended = await queue.finish(await leased(queue), Finished("succeeded"))
    assert ended is not None
    assert ended.problems == (replace(CRASH, severity="warning"),)


async def test_retry_is_a_new_job_of_the_same_body(queue: JobQueue, submission: Make) -> None:
    job = await queue.submit(submission(3))
    with pytest.raises(NotEnded, match="queued"):
        await queue.retry(job.id)
    await queue.finish(await leased(queue), Finished("failed", problems=(CRASH,)))
    again = await queue.retry(job.id)
    assert again is not None
    assert (again.state, again.retry_of, again.title) == ("queued", job.id, "cats")
    assert (await leased(queue)).body == submission(3).body


async def test_history_comes_in_pages(queue: JobQueue, submission: Make) -> None:
    ids = [(await queue.submit(submission(seed))).id for seed in range(7)]
    seen: list[str] = []
    before: str | None = None
    while page := await queue.page(limit=3, before=before):
        seen += [job.id for job in page]
        before = seen[-1]
    assert seen == ids[::-1]
    await queue.cancel(ids[0])
    assert [job.id for job in await queue.page(["cancelled", "failed"])] == [ids[0]]
    assert await queue.page(owner="eve") == []


async def test_pause_outlives_the_server(
    journal: Journal, queue: JobQueue, submission: Make
) -> None:
    await queue.submit(submission())
    await queue.pause()
    assert await queue.lease("cpu-0") is None
    later = await JobQueue.open(journal)
    assert later.paused
    assert await later.lease("cpu-0") is None
    await later.resume()
    assert await later.lease("cpu-0") is not None


async def test_nothing_starts_on_a_full_disk(
    journal: Journal, submission: Make, tmp_path: Path
) -> None:
    full = Headroom(tmp_path, floor_bytes=1 << 60, floor_share=1.0)
    queue = await JobQueue.open(journal, headroom=full)
    await queue.submit(submission())
    assert await queue.lease("cpu-0") is None
    assert "must stay free" in (queue.obstacle() or "")
    assert Headroom(tmp_path, floor_bytes=1).lack() is None


async def test_a_restart_takes_the_leases_of_the_dead_back(
    journal: Journal, queue: JobQueue, submission: Make
) -> None:
    job = await queue.submit(submission())
    stale = await leased(queue)
    later = await JobQueue.open(journal)
    again = await leased(later, "cpu-1")
    assert (again.job.id, again.job.attempt) == (job.id, 2)
    assert await queue.finish(stale, Finished("succeeded")) is None
    # Earlier releases wrote down a job that was about to run before it did.
    await journal.write(lambda db: db.execute("UPDATE jobs SET state = 'leased'"))
    last = await leased(await JobQueue.open(journal))
    assert (last.job.id, last.job.attempt) == (job.id, 3)


async def test_a_job_that_every_server_dies_of_is_put_aside(
    journal: Journal, queue: JobQueue, submission: Make
) -> None:
    job = await queue.submit(submission())
    for _ in range(4):
        await leased(queue)
        queue = await JobQueue.open(journal)
    await queue.progressed(await leased(queue))  # a node got finished: start counting again
    for _ in range(4):
        queue = await JobQueue.open(journal)
        await leased(queue)
    queue = await JobQueue.open(journal)
    ended = await queue.get(job.id)
    assert ended is not None
    assert ended.state == "quarantined"
    assert "server stopped 5 times" in ended.problems[0].message


async def test_a_waiting_worker_hears_of_a_new_job(queue: JobQueue, submission: Make) -> None:
    for wake in (lambda: queue.submit(submission()), queue.pause, queue.resume):
        change = queue.change
        assert not change.is_set()
        await wake()
        assert change.is_set()


async def test_all_waiting_jobs_of_one_owner_are_cancelled(
    queue: JobQueue, submission: Make
) -> None:
    mine = [(await queue.submit(submission(seed, owner="me"))).id for seed in range(3)]
    other = await queue.submit(submission(5, owner="you"))
    assert sorted(await queue.cancel_waiting("me")) == sorted(mine)
    assert [job.id for job in await queue.waiting()] == [other.id]
    assert await queue.cancel_waiting() == [other.id]


async def test_a_script_gone_wild_is_stopped_and_others_are_not(
    journal: Journal, submission: Make
) -> None:
    queue = await JobQueue.open(journal, max_waiting=3)
    for seed in range(3):
        await queue.submit(submission(seed, idempotency_key=str(seed)))
    with pytest.raises(QueueFull, match="3 jobs are waiting already"):
        await queue.submit(submission(3))
    assert (await queue.submit(submission(2, idempotency_key="2"))).state == "queued"
    await queue.submit(submission(3, owner="other"))


async def test_a_job_that_is_withdrawn_before_it_began_is_forgotten(
    queue: JobQueue, submission: Make
) -> None:
    first, *others = [(await queue.submit(submission(seed))).id for seed in (1, 2, 2)]
    lease = await leased(queue)
    assert await queue.withdraw([first, others[0], "nobody"]) == [others[0]]
    assert [job.id for job in await queue.page()] == [others[1], first]
    assert await queue.body(others[1]) is not None  # of two with one body
    await queue.release(lease)
    assert await queue.withdraw([first]) == []  # it has been begun
