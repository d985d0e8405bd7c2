"""A worker is replaced because packs were turned on or off: gently, and nothing is lost."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from small_studio import QUICK, Studio, tiny

from wirebrush.jobs.supervisor import Supervisor
from wirebrush.jobs.worker import WorkerCommand
from wirebrush.packlist import PackChoice

PACK = """
import time
from wirebrush.api import *
{more}
@node(id="{id}", category="t")
def thing() -> int:
    return 1
"""


async def pid_of(studio: Studio, supervisor: Supervisor) -> int:
    await studio.until(lambda: supervisor.status.state == "idle")
    assert supervisor.status.pid is not None
    return supervisor.status.pid


async def test_a_running_job_ends_first_and_the_queue_goes_on(studio: Studio) -> None:
    async with studio.working() as supervisor:
        go = studio.folder / "go"
        first = await studio.submit(("Until", {"path": str(go)}), "Pid")
        second = await studio.submit("Pid")
        await studio.until(lambda: studio.started(first, "1"))
        supervisor.use(tiny(studio.folder))
        go.touch()
        records = [await studio.state(job, "succeeded") for job in (first, second)]
    pids = [record.outputs[-1].output.text for record in records]
    assert pids[0] != pids[1]
    assert [record.attempt for record in records] == [1, 1]
    assert all(status.state != "down" for status in studio.statuses)


async def test_an_idle_worker_is_replaced_at_once(studio: Studio) -> None:
    async with studio.working(replace(QUICK, look_again=3600)) as supervisor:
        before = await pid_of(studio, supervisor)
        supervisor.use(tiny(studio.folder))
        await studio.until(lambda: supervisor.status.pid not in (before, None))
        assert await pid_of(studio, supervisor) != before
        assert supervisor.status.restarts == 0, "that is no failure"


async def test_a_worker_that_hangs_in_an_import_is_not_waited_for(studio: Studio) -> None:
    async with studio.working(replace(QUICK, hello=3600), how="imports") as supervisor:
        told = "Pack endless is still being imported."
        await studio.until(
            lambda: (supervisor.status.state, supervisor.status.detail) == ("starting", told)
        )
        supervisor.use(tiny(studio.folder))
        await pid_of(studio, supervisor)
        assert supervisor.status.detail == ""


async def test_nor_is_the_pause_after_a_failure(studio: Studio) -> None:
    async with studio.working(replace(QUICK, first_pause=3600), how="leaves") as supervisor:
        await studio.until(lambda: supervisor.status.state == "down")
        supervisor.use(tiny(studio.folder))
        await pid_of(studio, supervisor)


def engine(studio: Studio, choice: PackChoice) -> WorkerCommand:
    packs = [studio.folder / "packs"]
    return WorkerCommand.engine(
        *("engine-0", "cpu", studio.folder),
        packs=packs, choice=choice, memory_bytes=1 << 30, disk_bytes=1 << 30,
    )  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="ends by POSIX signals")
async def test_real_workers_get_the_packs_that_are_on_and_tell_which_ended_them(
    studio: Studio,
) -> None:
    packs = studio.folder / "packs"
    packs.mkdir()
    (packs / "mine.py").write_text(PACK.format(id="Mine", more=""))
    (packs / "boom.py").write_text("import os; os._exit(7)")
    off = PackChoice({"boom": False, "builtin": False})
    limits = replace(QUICK, first_pause=3600)
    async with studio.working(limits, command=engine(studio, off)) as supervisor:
        await pid_of(studio, supervisor)
        assert [node["id"] for node in studio.catalogs[-1]["nodes"]] == ["Mine"]
        supervisor.use(engine(studio, PackChoice({"mine": False, "builtin": False})))
        await studio.until(lambda: len(studio.catalogs) == 2)
    (fatal,) = studio.fatals
    assert (fatal.pack, fatal.lasting, len(fatal.ended.source)) == ("boom", True, 32)
    on = {report["name"]: report["on"] for report in studio.catalogs[-1]["packs"]}
    assert on == {"builtin": False, "boom": False, "mine": False}
    (failure,) = studio.catalogs[-1]["failures"]
    assert failure["pack"] == "boom"
