"""A worker process by itself: as `wirebrush run` uses it, without a queue."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from small_studio import tiny

from wirebrush.jobs.errors import PackFatal
from wirebrush.jobs.logfile import LogFile
from wirebrush.jobs.patience import Patience
from wirebrush.jobs.worker import WorkerCommand, WorkerProcess
from wirebrush.packlist import Ended


async def test_frames_go_both_ways_and_the_end_is_clean(tmp_path: Path) -> None:
    worker = await WorkerProcess.start(tiny(tmp_path))
    hello, catalog = await worker.handshake(300, 300)
    assert (hello["pid"], catalog["digest"]) == (worker.pid, "tiny")
    prompt = {"1": {"class_type": "Text", "inputs": {"text": "hi"}}}
    run = {"type": "run", "job": "j", "epoch": 1, "attempt": 1}
    await worker.send(run, json.dumps(prompt).encode())
    kinds: list[str] = []
    async for frame in worker.frames():
        if frame.type != "beat":
            kinds.append(frame.type)
        if frame.type == "finished":
            break
    assert kinds == ["event", "event", "finished"]
    await worker.end(grace=60)
    assert worker.returncode == 0
    assert worker.ended_how() == "exit code 0"


async def test_end_is_certain_also_for_the_deaf_and_busy(tmp_path: Path) -> None:
    worker = await WorkerProcess.start(tiny(tmp_path, how="silent"))
    assert psutil.pid_exists(worker.pid)
    await worker.end(grace=0.1)
    assert worker.returncode is not None
    assert not psutil.pid_exists(worker.pid)
    await worker.send({"type": "stop"})  # to nobody: no error
    assert [frame async for frame in worker.frames()] == []


async def test_an_import_without_end_is_named(tmp_path: Path) -> None:
    worker = await WorkerProcess.start(tiny(tmp_path, how="imports"))
    while "It imports." not in worker.tail():  # noqa: ASYNC110 (what is waited for has no event)
        await asyncio.sleep(0.01)
    with pytest.raises(PackFatal, match="while it imported pack endless") as failed:
        await worker.handshake(4, 60)
    await worker.destroy()
    assert failed.value.pack == "endless"
    assert failed.value.ended.why == (
        "Its import did not end within 4 s. It is left out until its files change, or somebody"
        " turns it on again."
    )
    assert failed.value.lasting


async def test_a_pack_that_loads_nothing_more_is_waited_for_less_long(tmp_path: Path) -> None:
    worker = await WorkerProcess.start(tiny(tmp_path, how="imports"))
    with pytest.raises(PackFatal, match="loaded nothing within 1 s, while") as failed:
        await worker.handshake(3600, 1)
    assert worker.importing == "endless"
    await worker.destroy()
    assert failed.value.ended.why.startswith("Its import went no further within 1 s. It is left")


async def test_patience_moves_on_with_what_is_imported() -> None:
    now = asyncio.get_running_loop().time
    patience = Patience(100, 10)
    assert patience.until > now() + 50, "nothing is imported yet"
    patience.next("mine")
    assert patience.until < now() + 11
    hung = patience.until
    patience.loaded(500)
    moved = patience.until
    assert moved > hung, "it loaded something"
    patience.loaded(500)
    assert patience.until == moved, "it did not"
    assert patience.spent()[1] == "Its import went no further within 10 s."
    patience.next("builtin")
    patience.loaded(600)
    assert patience.until > now() + 50, "its libraries are large"
    assert patience.spent()[1] == "Its import did not end within 100 s."


@pytest.mark.skipif(os.name != "posix", reason="ends by a POSIX signal")
async def test_an_end_from_outside_is_not_held_against_a_pack_for_ever(tmp_path: Path) -> None:
    worker = await WorkerProcess.start(tiny(tmp_path, how="ended"))
    with pytest.raises(PackFatal, match="SIGTERM") as failed:
        await worker.handshake(300, 300)
    await worker.destroy()
    assert not failed.value.lasting


def test_a_worker_command_collects_the_packs_to_leave_out(tmp_path: Path) -> None:
    command = WorkerCommand.engine("cpu-0", "cpu", tmp_path, memory_bytes=1, disk_bytes=2)
    for pack in ("a", "b"):
        ended = Ended(f"{pack} explodes.", "1234")
        command = command.without(PackFatal("It ended.", "", pack, ended))
    options = json.loads(command.argv[-1])
    assert options["choice"]["ended"] == {
        "a": {"why": "a explodes.", "source": "1234"},
        "b": {"why": "b explodes.", "source": "1234"},
    }
    assert (options["device"], len(command.argv)) == ("cpu", 4)


async def test_secrets_of_the_server_stay_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIREBRUSH_TOKEN", "secret")
    show = "import os, sys; sys.exit(str(sorted(os.environ)))"
    command = WorkerCommand("env", (sys.executable, "-c", show), tmp_path / "env.log")
    worker = await WorkerProcess.start(command)
    assert await worker.wait(300)
    assert "WIREBRUSH_TOKEN" not in worker.tail()
    assert "PYTHONFAULTHANDLER" in worker.tail()
    await worker.destroy()


def test_the_engines_command_says_everything(tmp_path: Path) -> None:
    command = WorkerCommand.engine(
        "cpu-0", "cpu", tmp_path, models=[tmp_path / "m"], memory_bytes=1, disk_bytes=2
    )
    assert command.argv[:3] == (sys.executable, "-m", "wirebrush.engine")
    assert '"device": "cpu"' in command.argv[3]
    assert command.log == tmp_path / "logs" / "cpu-0.log"


def test_a_log_is_bounded_and_remembers_its_end(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "logs" / "w.log", max_bytes=10_000)
    write = log.open()
    for number in range(3000):
        os.write(write, f"line {number}\n".encode())
    os.write(write, b"no newline \xff")
    os.close(write)
    log.join(60)
    assert log.tail(2) == "line 2999\nno newline \ufffd"
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "logs").iterdir()}
    assert set(sizes) == {"w.log", "w.log.1"}
    # A chunk may be larger than what is left: one pipe's worth at most.
    assert all(size <= 10_000 + (1 << 16) for size in sizes.values())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk")
def test_a_full_disk_costs_no_more_than_the_log() -> None:
    log = LogFile(Path("/dev/full"))
    write = log.open()
    for words in (b"before\n", b"now\n"):
        log.forget()
        os.write(write, words)
    os.close(write)
    log.join(60)
    log.forget()
    assert log.tail() == ""


def test_what_was_said_before_is_no_part_of_the_end(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "w.log")
    write = log.open()
    os.write(write, b"an earlier job\n and what it began")
    log.forget()
    assert log.tail() == ""
    for _ in range(1000):  # nobody waits for anybody, whoever is first
        os.write(write, b".")
        log.forget()
    os.write(write, b"\nthis job\n")
    os.close(write)
    log.join(60)
    assert log.tail() == "\nthis job"
    whole = f"an earlier job\n and what it began{'.' * 1000}\nthis job\n"
    assert (tmp_path / "w.log").read_text() == whole


def test_what_is_said_after_a_crash(tmp_path: Path) -> None:
    from wirebrush.jobs.crash import Death

    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"returncode": -9}, "worker_killed", "Out of memory?"),
        ({"returncode": -11}, "worker_crashed", "signal 11 (SIGSEGV)"),
        ({"returncode": -64}, "worker_crashed", "signal 64"),
        ({"returncode": 0}, "worker_exited", "exit code 0"),
        ({"returncode": None}, "worker_exited", "closed its connection"),
        ({"returncode": -9, "verdict": "It slept."}, "worker_hung", "It slept."),
    ]
    for known, code, said in cases:
        problem = Death(**known, node="7", node_type="KSampler", rss=3 << 20).problem()
        assert problem.code == code
        assert said in problem.message
        assert "in node 7 (KSampler)" in problem.message
        assert "3 MiB" in problem.message
        assert problem.hint
