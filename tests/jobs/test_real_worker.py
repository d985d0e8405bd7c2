"""The engine that ships, below a supervisor: what is finished is never done again."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from PIL import Image
from small_studio import Studio

from wirebrush.events import NodeFinished, NodeStarted
from wirebrush.jobs.journal import Journal
from wirebrush.jobs.limits import Limits
from wirebrush.jobs.queue import JobQueue
from wirebrush.jobs.records import JobRecord, Submission
from wirebrush.jobs.worker import WorkerCommand

PACK = """
    import io, os, time
    from pathlib import Path
    from PIL import Image
    from wirebrush.api import Expand, Run, Subgraph, node

    RAN = Path(__file__).parents[2] / "ran.txt"  # beside packs/
    GO = Path(__file__).parents[2] / "go"

    @node(id="Slow", category="test")
    def slow(name: str, after: int = 0, seconds: float = 0.05, *, run: Run) -> int:
        with RAN.open("a") as file:
            file.write(name + "\\n")
        for step in range(10):
            run.step(step, 10)
            time.sleep(seconds / 10)
        return after + 1

    @node(id="Gate", category="test")
    def gate(name: str, after: int = 0, *, run: Run) -> int:
        with RAN.open("a") as file:
            file.write(name + "\\n")
        while not GO.exists():
            run.step(1, 2)
            time.sleep(0.01)
        return after + 1

    @node(id="Draw", category="test")
    def draw(after: int = 0, *, run: Run) -> None:
        out = io.BytesIO()
        Image.new("L", (8, 8), after).save(out, "PNG")
        run.save(out.getvalue(), name="drawn/grey", mime="image/png", width=8, height=8)

    @node(id="Post", category="test", effects=True)
    def post(after: int = 0) -> int:
        with RAN.open("a") as file:
            file.write("posted\\n")
        os._exit(3)

    @node(id="Unfold", category="test")
    def unfold() -> int | Expand:
        graph = Subgraph()
        return graph.result(graph.node("Post", after=1))

    @node(id="Abort", category="test")
    def abort(after: int = 0) -> int:
        os.abort()
"""
PATIENT = Limits(hello=300, beat=300, node=300, cancel_grace=300, drain=0.2, first_pause=0.01)


def engine(folder: Path) -> WorkerCommand:
    pack = folder / "packs" / "slow"
    pack.mkdir(parents=True, exist_ok=True)
    (pack / "__init__.py").write_text(dedent(PACK))
    command = WorkerCommand.engine(
        "cpu-0", "cpu", folder, packs=(folder / "packs",), memory_bytes=1 << 26, disk_bytes=1 << 28
    )
    *start, options = command.argv
    alone = {**json.loads(options), "entry_points": False}  # the built-in pack is not needed here
    return WorkerCommand(command.name, (*start, json.dumps(alone)), command.log)


def chain(
    length: int, last: str = "Draw", seconds: float = 0.05, gate: int | None = None
) -> Submission:
    """Nodes that each wait for the one before; the gate opens when there is a file called go."""
    prompt: dict[str, Any] = {}
    for number in range(length):
        after: Any = 0 if number == 0 else [str(number - 1), 0]
        inputs = {"name": f"n{number}", "after": after}
        if number == gate:
            prompt[str(number)] = {"class_type": "Gate", "inputs": inputs}
        else:
            inputs["seconds"] = seconds
            prompt[str(number)] = {"class_type": "Slow", "inputs": inputs}
    prompt["end"] = {"class_type": last, "inputs": {"after": [str(length - 1), 0]}}
    return Submission(prompt, ("end",))


def finished(studio: Studio) -> list[str]:
    return [
        event.node
        for _, event in studio.heard
        if isinstance(event, NodeFinished) and not event.cached
    ]


def ran(studio: Studio) -> list[str]:
    return (studio.folder / "ran.txt").read_text().split()


def drawn(studio: Studio, record: JobRecord) -> int:
    """The grey of the picture that the job shows."""
    (shown,) = (item.output for item in record.outputs)
    with Image.open(studio.folder / "output" / shown.name) as image:
        image.load()
        return int(image.getpixel((0, 0)))  # type: ignore[arg-type]


async def test_a_killed_worker_costs_no_finished_node(studio: Studio) -> None:
    job = (await studio.queue.submit(chain(8, gate=4))).id
    async with studio.working(PATIENT, command=engine(studio.folder)) as supervisor:
        await studio.until(lambda: finished(studio) == ["0", "1", "2", "3"])
        assert supervisor.status.pid is not None
        os.kill(supervisor.status.pid, signal.SIGKILL)
        before = finished(studio)
        (studio.folder / "go").touch()
        record = await studio.state(job, "succeeded")
    assert record.attempt == 2
    assert "signal 9" in record.problems[0].message
    assert drawn(studio, record) == 8
    lines = ran(studio)
    for node in before:
        assert lines.count(f"n{node}") == 1
    assert len(lines) <= 9  # at most the node that was killed ran twice


async def test_a_server_that_died_finds_its_jobs_and_results_again(
    studio: Studio, journal: Journal
) -> None:
    first = (await studio.queue.submit(chain(8))).id
    second = (await studio.queue.submit(chain(8, seconds=0.04))).id
    async with studio.working(PATIENT, command=engine(studio.folder)):
        await studio.until(lambda: len(finished(studio)) >= 4)
    before = finished(studio)
    studio.queue = await JobQueue.open(journal)  # as a new server does
    async with studio.working(PATIENT, command=engine(studio.folder)):
        records = [await studio.state(job, "succeeded") for job in (first, second)]
    assert [drawn(studio, record) for record in records] == [8, 8]
    for node in before:
        assert ran(studio).count(f"n{node}") <= 2  # once a job
    repeated = chain(8)
    async with studio.working(PATIENT, command=engine(studio.folder)):
        lines = ran(studio)
        record = await studio.state((await studio.queue.submit(repeated)).id, "succeeded")
    assert ran(studio) == lines
    assert record.summary.executed == 0
    assert drawn(studio, record) == 8


async def test_a_native_abort_is_recorded_with_its_stack(studio: Studio) -> None:
    bad = (await studio.queue.submit(chain(1, last="Abort"))).id
    good = (await studio.queue.submit(chain(2))).id
    async with studio.working(PATIENT, command=engine(studio.folder)):
        record = await studio.state(bad, "quarantined")
        await studio.state(good, "succeeded")
    assert "signal 6 (SIGABRT) in node end (Abort)" in record.problems[-1].message
    assert "in abort" in record.problems[-1].message  # the Python stack


async def test_a_node_that_acts_outside_is_not_repeated_by_itself(studio: Studio) -> None:
    job = (await studio.queue.submit(chain(1, last="Post"))).id
    async with studio.working(PATIENT, command=engine(studio.folder)):
        record = await studio.state(job, "failed")
    assert record.attempt == 1
    assert "may have acted already" in record.problems[-1].hint
    assert (studio.folder / "ran.txt").read_text().split().count("posted") == 1


async def test_nor_is_one_that_another_node_made_at_run_time(studio: Studio) -> None:
    work = Submission({"1": {"class_type": "Unfold", "inputs": {}}}, ("1",))
    job = (await studio.queue.submit(work)).id
    async with studio.working(PATIENT, command=engine(studio.folder)):
        record = await studio.state(job, "failed")
    assert "inside an expansion" in record.problems[0].hint
    assert ran(studio) == ["posted"]


async def test_a_plan_knows_what_the_run_has_left(studio: Studio) -> None:
    work = chain(3, seconds=0.01)
    later = chain(4, seconds=0.01)
    async with studio.working(PATIENT, command=engine(studio.folder)):
        job = (await studio.queue.submit(work)).id
        await studio.state(job, "succeeded")
        told = await studio.desk.plan(work.prompt, work.targets)
        assert set(told.values()) == {"cached"}
        told = await studio.desk.plan(later.prompt, later.targets)
        assert {node for node, state in told.items() if state == "run"} == {"3", "end"}
    known = await studio.queue.estimates({"Slow", "Draw", "Post"})
    assert known.keys() == {"Slow", "Draw"}
    assert known["Slow"] >= 0.005


async def test_cancel_stops_the_engine_and_keeps_the_worker(studio: Studio) -> None:
    job = (await studio.queue.submit(chain(4, seconds=30))).id
    async with studio.working(PATIENT, command=engine(studio.folder)) as supervisor:
        await studio.until(lambda: studio.heard_of(job, NodeStarted))
        pid = supervisor.status.pid
        await studio.queue.cancel(job)
        after = (await studio.queue.submit(chain(2))).id
        await studio.state(after, "succeeded")
        assert supervisor.status.pid == pid


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os._exit(7)", "Importing it ended the worker process (exit code 7)."),
        (
            "import ctypes; ctypes.string_at(0)",
            "Importing it ended the worker process (signal 11 (SIGSEGV)).",
        ),
    ],
)
async def test_a_pack_that_ends_the_process_is_named_and_the_others_work(
    studio: Studio, source: str, reason: str
) -> None:
    command = engine(studio.folder)
    for name in ("boom", "zoom"):  # before and after the good one
        (studio.folder / "packs" / f"{name}.py").write_text(source)
    job = (await studio.queue.submit(chain(1))).id
    limits = replace(PATIENT, first_pause=3600)  # fresh workers come at once, without a pause
    async with studio.working(limits, command=command) as supervisor:
        await studio.state(job, "succeeded")
        assert supervisor.status.restarts == 2
    (catalog,) = studio.catalogs
    error = f"{reason} It is left out until its files change, or somebody turns it on again."
    assert catalog["failures"] == [
        {"pack": name, "error": error, "traceback": ""} for name in ("boom", "zoom")
    ]
    assert {"Slow", "Draw"} <= {node["id"] for node in catalog["nodes"]}


async def test_a_pack_that_never_ends_its_import_is_left_out(studio: Studio) -> None:
    """What loads its libraries slowly is not what hangs."""
    packs = studio.folder / "packs"
    command = engine(studio.folder)
    (packs / "hangs.py").write_text("import time\nwhile True: time.sleep(1)")
    step = "time.sleep(0.5)\nsys.modules['steady.{}'] = sys\n"
    steps = "".join(step.format(number) for number in range(24))
    (packs / "steady.py").write_text(f"import sys, time\n{steps}")
    job = (await studio.queue.submit(chain(1))).id
    limits = replace(PATIENT, pack=10, first_pause=3600)
    async with studio.working(limits, command=command) as supervisor:
        await studio.state(job, "succeeded")
        assert supervisor.status.restarts == 1
    ((fatal,), (catalog,)) = (studio.fatals, studio.catalogs)
    assert (fatal.pack, fatal.lasting) == ("hangs", True)
    (failure,) = catalog["failures"]
    assert failure["error"].startswith("Its import went no further within 10 s. It is left out")
    assert {"hangs": False, "steady": True}.items() <= {
        report["name"]: report["loaded"] for report in catalog["packs"]
    }.items()


pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills with POSIX signals")
