"""What is asked of real worker processes besides jobs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from small_studio import Studio, tiny

from wirebrush.jobs import desk
from wirebrush.jobs.desk import OPEN, WorkerDesk
from wirebrush.jobs.errors import CheckFailed, NoWorker, PlanFailed


def prompt(*types: str) -> dict[str, Any]:
    return {str(n): {"class_type": kind, "inputs": {}} for n, kind in enumerate(types, 1)}


async def test_a_worker_answers_also_while_it_works(studio: Studio) -> None:
    async with studio.working():
        job = await studio.submit(("Sleep", {"seconds": 30}))
        await studio.until(lambda: studio.started(job, "1"))
        told = await studio.desk.plan(prompt("Text", "Text"), ["1"])
        assert told == {"1": "run", "2": "run"}
        await studio.queue.cancel(job)


async def test_without_a_worker_there_is_a_sentence(studio: Studio) -> None:
    with pytest.raises(NoWorker, match="No worker is up"):
        await studio.desk.plan(prompt("Text"), ["1"])
    async with studio.working():
        await studio.until(lambda: any(item.state == "idle" for item in studio.statuses))
        await studio.desk.plan(prompt("Text"), ["1"])
    with pytest.raises(NoWorker):
        await studio.desk.plan(prompt("Text"), ["1"])


async def test_a_worker_that_dies_of_a_plan_is_replaced(studio: Studio, tmp_path: Path) -> None:
    async with studio.working(command=tiny(tmp_path)):
        await studio.until(lambda: any(item.state == "idle" for item in studio.statuses))
        with pytest.raises(NoWorker):
            await studio.desk.plan(prompt("Exit"), ["1"])
        job = await studio.submit("Text")
        await studio.state(job, "succeeded")


async def test_a_plan_that_fails_says_so(studio: Studio) -> None:
    async with studio.working():
        await studio.until(lambda: any(item.state == "idle" for item in studio.statuses))
        with pytest.raises(PlanFailed, match="too hard"):
            await studio.desk.plan(prompt("Fail"), ["1"])


async def test_a_plan_that_takes_too_long_says_so(studio: Studio) -> None:
    studio.desk = WorkerDesk(seconds=0.2)
    async with studio.working():
        await studio.until(lambda: any(item.state == "idle" for item in studio.statuses))
        with pytest.raises(PlanFailed, match="again in a moment"):
            await studio.desk.plan(prompt("Stuck"), ["1"])


async def test_only_so_many_ask_at_once(studio: Studio) -> None:
    async with studio.working():
        await studio.until(lambda: any(item.state == "idle" for item in studio.statuses))
        asked = (studio.desk.plan(prompt("Text"), ["1"]) for _ in range(3 * OPEN))
        told = await asyncio.gather(*asked, return_exceptions=True)
    assert told.count({"1": "run"}) >= OPEN
    assert all(isinstance(item, PlanFailed) for item in told if not isinstance(item, dict))


async def test_nodes_are_asked_about_their_values(studio: Studio) -> None:
    async with studio.working():
        told = await studio.desk.check(prompt("Text", "Fail"))  # waits for the worker
        assert [(item.code, item.node, item.message) for item in told] == [
            ("refused_by_node", "2", "never")
        ]
        assert await studio.desk.check(prompt("Text")) == []
        with pytest.raises(CheckFailed, match="too hard"):
            await studio.desk.check(prompt("Exit"))


async def test_a_check_without_an_answer_says_so(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "START_SECONDS", 0.05)
    with pytest.raises(NoWorker):
        await studio.desk.check(prompt("Text"))
    studio.desk = WorkerDesk(seconds=0.2)
    async with studio.working():
        await studio.until(lambda: any(item.state == "idle" for item in studio.statuses))
        with pytest.raises(CheckFailed, match="again in a moment"):
            await studio.desk.check(prompt("Stuck"))


async def test_workers_are_asked_to_let_go(studio: Studio) -> None:
    await studio.desk.free(results=True)  # nobody is there
    async with studio.working():
        await studio.until(lambda: any(item.state == "idle" for item in studio.statuses))
        await studio.desk.free(results=False)
        await studio.desk.free(results=True)
        job = await studio.submit("Freed")
        await studio.state(job, "succeeded")
        record = await studio.queue.get(job)
        assert record is not None
        assert record.outputs[0].output.text == "[False, True]"
