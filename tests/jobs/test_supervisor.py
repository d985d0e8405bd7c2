"""Whatever a worker does, its job ends as promised, and the next job runs.

The workers here are real processes (`tiny_worker.py`) that misbehave on purpose.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from small_studio import QUICK, Studio

from wirebrush.channel import PROTOCOL
from wirebrush.events import Finished, NodeFinished, NodeStarted, Queued, Started
from wirebrush.jobs.attempt import Services
from wirebrush.jobs.errors import JournalError
from wirebrush.jobs.leftovers import Leftovers
from wirebrush.jobs.supervisor import Supervisor
from wirebrush.jobs.worker import WorkerCommand


async def test_a_job_runs_and_everybody_hears_of_it(studio: Studio) -> None:
    job = await studio.submit(("Text", {"text": "hello"}), ("Picture", {"prefix": "cats/blue"}))
    async with studio.working():
        record = await studio.state(job, "succeeded")
    text, shown = (item.output for item in record.outputs)
    assert text.text == "hello"
    assert shown.name == f"cats/blue_{job[-8:]}_2_0.png"
    assert (studio.folder / "output" / shown.name).exists()
    assert shown.asset is not None
    assert await studio.assets.read(shown.asset) is not None
    kinds = [type(event) for _, event in studio.heard]
    assert kinds == [Queued, Started, *(NodeStarted, NodeFinished) * 2, Finished]
    assert [status.state for status in studio.statuses] == ["idle", "busy", "idle", "stopped"]
    assert studio.statuses[0].device_name == "tiny"
    assert studio.catalogs[0]["digest"] == "tiny"


async def test_a_worker_gets_the_assets_that_it_asks_for(studio: Studio) -> None:
    data = b'{"format": "wirebrush/1"}'
    kept = await studio.assets.put(data, "mine.json")
    job = await studio.submit(
        ("Fetch", {"name": "mine.json"}),
        ("Fetch", {"name": kept.id, "probe": True}),
        ("Fetch", {"name": "../x"}),
    )
    async with studio.working():
        record = await studio.state(job, "succeeded")
    found = [item.output.text for item in record.outputs]
    whole, nothing = (hashlib.sha256(blob).hexdigest() for blob in (data, b""))
    assert found == [f"True {whole}", "True", f"False {nothing}"]


async def test_a_node_error_is_no_reason_to_try_again(studio: Studio) -> None:
    job = await studio.submit("Fail")
    async with studio.working():
        record = await studio.state(job, "failed")
    assert (record.attempt, record.problems[0].code) == (1, "node_failed")


async def test_what_is_known_of_a_failure_is_kept_with_the_job(studio: Studio) -> None:
    job = await studio.submit("Text", ("Fail", {"why": "the disk is full"}))
    async with studio.working():
        await studio.state(job, "failed")
    (failure,) = await studio.queue.failures(job)
    assert (failure.node, failure.error) == ("2", "OSError")
    assert failure.traceback == ("OSError: the disk is full\n",)
    assert failure.inputs == {"why": "the disk is full"}
    assert await studio.queue.failures("nothing") == []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("Crash", r"killed by signal 11 \(SIGSEGV\) in node 2 \(Crash\).*in Crash"),
        ("Killed", r"killed by signal 9 \(SIGKILL\) in node 2 \(Killed\). Out of memory\?.* 1 MiB"),
        ("Exit", r"ended with exit code 3 in node 2 \(Exit\)"),
    ],
)
async def test_a_job_that_kills_its_worker_twice_is_put_aside(
    studio: Studio, how: str, said: str
) -> None:
    bad = await studio.submit(("Sleep", {"seconds": 0.1}), how)
    good = await studio.submit("Text")
    async with studio.working():
        record = await studio.state(bad, "quarantined")
        await studio.state(good, "succeeded")
    assert record.attempt == 2
    assert record.problems[-1].node == "2"
    assert [item.severity for item in record.problems] == ["warning", "error"]
    message = record.problems[-1].message.replace("\n", " ")
    assert re.search(said, message), message
    assert record.problems[-1].hint


async def test_a_death_is_not_explained_by_what_an_earlier_job_wrote(studio: Studio) -> None:
    await studio.submit(("Log", {"text": "The kettle is empty."}))
    bad = await studio.submit(("Log", {"text": "Fire!"}), ("Sleep", {"seconds": 0.1}), "Exit")
    async with studio.working():
        record = await studio.state(bad, "quarantined")
    assert all("Fire!" in item.message for item in record.problems)
    assert not any("kettle" in item.message for item in record.problems)


async def test_the_second_attempt_may_succeed(studio: Studio) -> None:
    job = await studio.submit("CrashOnce", "Picture")
    async with studio.working():
        record = await studio.state(job, "succeeded")
    assert record.attempt == 2
    assert record.problems[0].severity == "warning"
    assert len(record.outputs) == 1


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("Stuck", "made no progress"),
        ("HoldsTheLock", "did not answer"),
        ("Stopped", "did not answer"),
    ],
)
async def test_a_hang_ends_by_a_kill_from_outside(studio: Studio, how: str, said: str) -> None:
    bad = await studio.submit(how)
    good = await studio.submit("Text")
    limits = replace(QUICK, node=5) if how == "Stuck" else replace(QUICK, beat=5)
    async with studio.working(limits):
        record = await studio.state(bad, "quarantined")
        await studio.state(good, "succeeded")
    assert said in record.problems[0].message
    assert f"in node 1 ({how})" in record.problems[0].message


async def test_a_cooperative_node_is_cancelled_without_a_kill(studio: Studio) -> None:
    job = await studio.submit(("Sleep", {"seconds": 60}))
    async with studio.working(replace(QUICK, cancel_grace=60)) as supervisor:
        await studio.until(lambda: studio.started(job, "1"))
        pid = supervisor.status.pid
        answer = await studio.queue.cancel(job)
        assert answer is not None
        assert answer.changed
        await studio.state(job, "cancelled")
        after = await studio.submit("Pid")
        record = await studio.state(after, "succeeded")
    assert record.outputs[0].output.text == str(pid)


@pytest.mark.parametrize("how", ["Stuck", "HoldsTheLock", "Stopped", "Stubborn"])
async def test_a_deaf_node_is_cancelled_by_a_kill_of_its_group(studio: Studio, how: str) -> None:
    job = await studio.submit(how)
    async with studio.working(how="deaf") as supervisor:
        await studio.until(lambda: studio.started(job, "1"))
        assert supervisor.status.pid is not None
        worker = psutil.Process(supervisor.status.pid)
        await studio.until(lambda: is_stuck(worker, how))
        group = [worker, *worker.children()]
        assert await studio.queue.cancel(job) is not None
        after = await studio.submit("Text")
        await studio.state(after, "succeeded")
        record = await studio.state(job, "cancelled")
    assert len(group) == (2 if how == "Stubborn" else 1)
    await studio.until(lambda: not any(gone_is_false(process) for process in group))
    assert (record.attempt, record.problems) == (1, ())
    assert all(status.state != "down" for status in studio.statuses)


def is_stuck(worker: psutil.Process, how: str) -> bool:
    """Whether a node that was started has got as far as it gets."""
    if how == "Stopped":
        return worker.status() == psutil.STATUS_STOPPED
    return how != "Stubborn" or len(worker.children()) == 1


def gone_is_false(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_what_arrives_after_a_cancel_changes_nothing(studio: Studio) -> None:
    job = await studio.submit("GoesOn", "Picture", "Text")
    async with studio.working(replace(QUICK, cancel_grace=60)):
        await studio.until(lambda: studio.started(job, "1"))
        await studio.queue.cancel(job)
        await studio.state(await studio.submit("Text"), "succeeded")
    record = await studio.queue.get(job)
    assert record is not None
    assert (record.state, record.outputs) == ("cancelled", ())
    mine = [event for about, event in studio.heard if about == job]
    assert mine[-1] == Finished("cancelled")
    assert sum(isinstance(event, Finished) for event in mine) == 1


async def test_stop_lets_a_short_job_finish(studio: Studio) -> None:
    job = await studio.submit(("Sleep", {"seconds": 0.3}))
    async with studio.working(replace(QUICK, drain=300)):
        await studio.until(lambda: studio.started(job, "1"))
    record = await studio.queue.get(job)
    assert record is not None
    assert record.state == "succeeded"


@pytest.mark.parametrize("node", [("Sleep", {"seconds": 60}), "Stuck"])
async def test_stop_puts_a_long_job_back(studio: Studio, node: Any) -> None:
    job = await studio.submit(node)
    async with studio.working() as supervisor:
        await studio.until(lambda: studio.started(job, "1"))
        pid = supervisor.status.pid
    record = await studio.queue.get(job)
    assert record is not None
    assert (record.state, record.attempt, record.problems) == ("queued", 1, ())
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert studio.statuses[-1].state == "stopped"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("broken", "ended before it was ready (exit code 1).*No module named 'torch'"),
        ("silent", "was not ready within"),
        ("future", f"speaks protocol 99, the server {PROTOCOL}"),
        ("leaves", "ended (exit code 7)"),
    ],
)
async def test_a_worker_that_does_not_work_is_reported_and_not_hammered(
    studio: Studio, how: str, said: str
) -> None:
    job = await studio.submit("Text")
    if how == "leaves":
        await studio.queue.pause()
    limits = replace(QUICK, hello=1.0 if how == "silent" else 300, first_pause=30)
    async with studio.working(limits, how) as supervisor:
        await studio.until(lambda: supervisor.status.state == "down")
        await asyncio.sleep(0.2)
        status = supervisor.status
    detail = status.detail.replace("\n", " ")
    for part in said.split(".*"):
        assert part in detail
    assert status.restarts == 1
    record = await studio.queue.get(job)
    assert record is not None
    assert (record.state, record.attempt) == ("queued", 0)


async def test_a_program_that_does_not_exist_is_a_sentence(studio: Studio) -> None:
    services = Services(studio.queue, studio.assets, lambda *_: None)
    command = WorkerCommand("gone", ("/no/such/python",), studio.folder / "logs" / "gone.log")
    supervisor = Supervisor(command, QUICK, services, Leftovers(studio.folder / "workers"))
    running = asyncio.create_task(supervisor.run())
    await studio.until(lambda: supervisor.status.state == "down")
    assert "could not be started" in supervisor.status.detail
    await supervisor.stop()
    await running


async def test_a_worker_that_grew_is_replaced_between_jobs(studio: Studio) -> None:
    first = await studio.submit("Pid", "Grow")
    second = await studio.submit("Pid")
    async with studio.working(replace(QUICK, max_rss=1 << 30)):
        records = [await studio.state(job, "succeeded") for job in (first, second)]
    one, two = (record.outputs[0].output.text for record in records)
    assert one != two
    assert all(status.state != "down" for status in studio.statuses)


@pytest.mark.parametrize(
    ("node", "said"),
    [("Nonsense", "makes no sense"), (("Picture", {"lie": True}), "changed on its way")],
)
async def test_a_worker_that_talks_nonsense_fails_its_job_only(
    studio: Studio, node: Any, said: str
) -> None:
    bad = await studio.submit(node)
    good = await studio.submit("Text")
    async with studio.working():
        record = await studio.state(bad, "failed")
        await studio.state(good, "succeeded")
    assert said in record.problems[0].message


async def test_a_disk_that_is_full_fails_the_job_and_says_so(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await studio.submit("Picture")
    with monkeypatch.context() as patch:

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "fsync", full)
        async with studio.working():
            record = await studio.state(job, "failed")
    assert "No space left on device" in record.problems[0].message
    again = await studio.queue.retry(job)
    assert again is not None
    async with studio.working():
        await studio.state(again.id, "succeeded")


async def test_two_workers_share_a_queue_and_one_crash_harms_one_job(studio: Studio) -> None:
    slow = await studio.submit(("Sleep", {"seconds": 1.0}))
    bad = await studio.submit("Crash")
    async with studio.working(name="tiny-0"), studio.working(name="tiny-1"):
        await studio.state(bad, "quarantined")
        record = await studio.state(slow, "succeeded")
    assert record.attempt == 1


async def test_a_queued_cancel_while_a_worker_starts_is_kept(studio: Studio) -> None:
    job = await studio.submit("Text")
    async with studio.working():
        await studio.queue.cancel(job)
        await studio.state(await studio.submit("Text"), "succeeded")
    record = await studio.queue.get(job)
    assert record is not None
    assert record.state in ("cancelled", "succeeded")


def test_leftovers_of_a_dead_server_are_ended(tmp_path: Path) -> None:
    leftovers = Leftovers(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True
    )
    leftovers.note("cpu-0", process.pid)
    (tmp_path / "cpu-1.json").write_text('{"pid": 1, "born": 12345.0}')  # another's process now
    (tmp_path / "cpu-2.json").write_text("garbage")
    assert leftovers.end_all() == [process.pid]
    assert not psutil.pid_exists(process.pid)
    process.wait()
    assert leftovers.end_all() == []


STEPS = {
    "lease": "queue",
    "add_outputs": "queue",
    "finish": "queue",
    "put_output": "assets",
    "find": "assets",
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [RuntimeError("a bug"), JournalError("The disk is full.")])
async def test_a_step_that_fails_once_ends_no_supervisor(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception
) -> None:
    """The Nth call of a real step raises; the worker loop goes on and no job hangs."""
    target = getattr(studio, STEPS[step])
    real = getattr(target, step)
    failed: list[str] = []

    async def failing(*args: Any, **more: Any) -> Any:
        if not failed:
            failed.append(step)
            raise error
        return await real(*args, **more)

    monkeypatch.setattr(target, step, failing)
    await studio.assets.put(b"{}", "w.json")
    first = await studio.submit(("Fetch", {"name": "w.json"}), "Picture", "Text")
    second = await studio.submit("Text")
    async with studio.working():
        record = await studio.state(first, "succeeded", "failed")
        await studio.state(second, "succeeded")
    assert failed == [step]
    assert record.attempt <= 2
    assert (record.state == "succeeded") or record.problems


async def test_a_deleted_picture_is_still_there_for_an_accepted_job(studio: Studio) -> None:
    record = await studio.assets.put(b"{}", "mine.json")
    fetch = [("Fetch", {"name": "mine.json"}), ("Fetch", {"name": record.id, "probe": True})]
    job = await studio.submit(*fetch)
    await studio.assets.trash(record.id)
    async with studio.working():
        ended = await studio.state(job, "succeeded")
    told = [str(item.output.text).partition(" ")[0] for item in ended.outputs]
    assert told == ["True", "False"], "to be read, but not to be shown again"
