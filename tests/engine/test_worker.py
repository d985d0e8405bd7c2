"""The real worker process over its pipes: it talks, dies, and what was finished stays finished."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from textwrap import dedent
from typing import Any, BinaryIO, cast

import pytest

from wirebrush.channel import BlockingChannel, ChannelClosed, Frame
from wirebrush.events import event_to_json, events_in

PACK = """
import ctypes, os, sys, time
from pathlib import Path
from typing import Annotated
from wirebrush.api import *

RAN = Path(__file__).parent.parent / "ran.txt"

def ran(name):
    with RAN.open("a") as file:
        file.write(name + "\\n")

@node(id="Step", category="t")
def step(after: int = 0, name: str = "", seconds: float = 0.0, *, run: Run) -> int:
    time.sleep(seconds)
    ran(name)
    return after + 1

@node(id="Save", category="t")
def save(value: int, *, run: Run) -> None:
    run.show_text(str(value))
    run.save(b"picture %d" % value, name="out/p.png", mime="image/png", width=1, height=2)

@node(id="Noisy", category="t")
def noisy(*, run: Run) -> int:
    print("printed by a node")
    os.write(1, b"written to fd 1")
    sys.stdout.write("more")
    return len(sys.stdin.read())

@node(id="Die", category="t")
def die(how: str) -> int:
    if how == "exit": os._exit(5)
    if how == "segfault": ctypes.string_at(0)
    if how == "abort": os.abort()
    return 1

@node(id="Long", category="t")
def long(*, run: Run) -> int:
    for i in range(100_000):
        run.step(i, 100_000, lambda: b"\\x89PNG preview")
        time.sleep(0.001)
    return 1

@node(id="Hang", category="t")
def hang() -> int:
    import re
    os.write(2, b"it hangs\\n")
    return len(re.findall("(a+)+$", "a" * 40 + "b"))  # holds the interpreter for years

@node(id="Open", category="t")
def opened(image: Annotated[str, File("image")], *, run: Run) -> None:
    ref = run.file("image", image)
    run.show_text(ref.digest[:8] + " " + run.path(ref).read_text())
"""


@dataclass
class Process:
    """A worker and everything it said."""

    popen: subprocess.Popen[bytes]
    channel: BlockingChannel
    log: Path
    heard: list[Frame] = field(default_factory=list[Frame])
    assets: dict[str, bytes] = field(default_factory=dict[str, bytes])
    waiting: deque[Frame] = field(default_factory=deque[Frame])

    def receive(self) -> Frame:
        """The next frame; of several events in one, a frame for each."""
        while not self.waiting:
            frame = self.channel.receive()
            if frame.type != "events":
                return frame
            for event in events_in(frame.header):
                header = {**frame.header, "type": "event", "event": event_to_json(event)}
                self.waiting.append(Frame(header))
        return self.waiting.popleft()

    def until(self, kind: str, where: Callable[[Frame], bool] = lambda _: True) -> Frame:
        """Read until a frame of this kind, answering questions on the way."""
        while True:
            frame = self.receive()
            self.heard.append(frame)
            if frame.type == "asset":
                self.assets[str(frame.header["id"])] = frame.blob
            if frame.type == "need_asset":
                self.answer(frame)
            if frame.type == "probe_assets":
                there = [one for one in frame.header["ids"] if one in self.assets]
                request = frame.header["request"]
                self.channel.send({"type": "asset", "request": request, "there": there})
            if frame.type == kind and where(frame):
                return frame

    def answer(self, frame: Frame) -> None:
        upload = sha256(b"hello").hexdigest()
        name = str(frame.header["id"])
        asset_id = upload if name == "upload.png" else name
        blob = {**self.assets, upload: b"hello"}.get(asset_id)
        header = {
            "type": "asset",
            "request": frame.header["request"],
            "found": blob is not None,
            "id": asset_id,
        }
        self.channel.send(header, blob or b"")

    def start(self, nodes: Mapping[str, Any], *targets: str, job: str = "j1", **more: Any) -> None:
        prompt = {
            name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()
        }
        header = {
            "type": "run", "job": job, "epoch": 3, "attempt": 1,
            "targets": list(targets or nodes), "metadata": {}, "previews": False, "scope": job,
        }  # fmt: skip
        self.channel.send({**header, **more}, json.dumps(prompt).encode())

    def run(self, nodes: Mapping[str, Any], *targets: str, job: str = "j1") -> dict[str, Any]:
        self.start(nodes, *targets, job=job)
        frame = self.until("finished", lambda frame: frame.header["job"] == job)
        assert frame.header["epoch"] == 3
        event: dict[str, Any] = frame.header["event"]
        return event

    def events(self, kind: str, job: str = "j1") -> list[dict[str, Any]]:
        found = [f.header for f in self.heard if f.type == "event" and f.header["job"] == job]
        return [header["event"] for header in found if header["event"]["type"] == kind]

    def end(self) -> int:
        """Its exit code, once everything it still said is read."""
        try:
            while True:
                self.heard.append(self.receive())
        except ChannelClosed:
            return self.popen.wait(60)


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "tiny.py").write_text(dedent(PACK))
    (packs / "quits.py").write_text("import sys; sys.exit(1)")
    made: list[Process] = []

    def make(**more: Any) -> Process:
        log = tmp_path / f"{len(made)}.log"
        config = {"cache": str(tmp_path / "cache"), "packs": [str(packs)], "entry_points": False}
        config |= more
        with log.open("wb") as file:
            popen = subprocess.Popen(
                [sys.executable, "-m", "wirebrush.engine", json.dumps(config)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
            )
        made.append(
            Process(
                popen,
                BlockingChannel(cast("BinaryIO", popen.stdout), cast("BinaryIO", popen.stdin)),
                log,
            )
        )
        return made[-1]

    yield make
    for process in made:
        process.popen.kill()
        process.popen.wait()
        for pipe in (process.popen.stdin, process.popen.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


def ran(tmp_path: Path) -> list[str]:
    path = tmp_path / "ran.txt"
    return path.read_text().split() if path.exists() else []


def test_it_says_hello_sends_its_catalog_and_beats(spawn: Callable[[], Process]) -> None:
    worker = spawn()
    hello = worker.until("hello").header
    assert hello["pid"] == worker.popen.pid
    assert hello["device"] == "cpu"
    assert hello["memory"] > 0
    catalog = worker.until("catalog").header
    assert "Step" in {node["id"] for node in catalog["nodes"]}
    assert [failure["pack"] for failure in catalog["failures"]] == ["quits"]
    beat = worker.until("beat").header
    assert beat["job"] is None
    assert beat["rss"] > 0
    worker.channel.send({"type": "stop"})
    assert worker.end() == 0


def test_a_job_its_assets_and_its_repetition(spawn: Callable[[], Process]) -> None:
    worker = spawn()
    nodes = {"1": ("Step", {"name": "a"}), "2": ("Save", {"value": ["1", 0]})}
    assert worker.run(nodes, "2")["state"] == "succeeded"
    (asset,) = [frame for frame in worker.heard if frame.type == "asset"]
    assert asset.blob == b"picture 1"
    assert {asset.header[n] for n in ("node", "name", "mime")} == {"2", "out/p.png", "image/png"}
    heard = [f.header.get("event", f.header) for f in worker.heard if f.type in ("event", "asset")]
    about = [said["type"] for said in heard if said.get("node") == "2"]
    assert about == ["node_started", "asset", "node_finished"]
    again = worker.run(nodes, "2", job="j2")
    assert again["summary"]["executed"] == 0
    (finished,) = worker.events("node_finished", "j2")
    assert [output["kind"] for output in finished["outputs"]] == ["text", "output"]
    worker.assets.clear()
    lost = worker.run(nodes, "2", job="j3")
    assert lost["summary"]["per_node"].keys() == {"2"}, "the server has lost the picture"


def test_prints_do_not_break_the_frames(spawn: Callable[[], Process]) -> None:
    worker = spawn()
    assert worker.run({"1": ("Noisy", {})})["state"] == "succeeded"
    assert worker.run({"1": ("Step", {})}, job="j2")["state"] == "succeeded"
    worker.channel.send({"type": "stop"})
    worker.end()
    log = worker.log.read_text()
    for text in ("printed by a node", "written to fd 1", "more"):
        assert text in log


def test_uploads_come_by_name_and_count_by_content(spawn: Callable[[], Process]) -> None:
    worker = spawn()
    assert worker.run({"1": ("Open", {"image": "upload.png"})})["state"] == "succeeded"
    (event,) = worker.events("node_finished")
    assert event["outputs"][0]["text"] == f"{sha256(b'hello').hexdigest()[:8]} hello"
    missing = worker.run({"1": ("Open", {"image": "other.png"})}, job="j2")
    assert missing["problems"][0]["message"] == "There is no image 'other.png'."


def test_cancel_while_it_runs_and_before(spawn: Callable[[], Process]) -> None:
    worker = spawn()
    worker.start({"1": ("Long", {})}, previews=True)
    worker.start({"1": ("Long", {})}, job="j2")
    worker.until("event", lambda frame: frame.header["event"]["type"] == "preview")
    assert worker.heard[-1].blob == b"\x89PNG preview"
    worker.channel.send({"type": "cancel", "job": "j2"})
    worker.channel.send({"type": "cancel", "job": "j1"})
    assert worker.until("finished").header["event"]["state"] == "cancelled"
    assert worker.until("finished").header["event"]["state"] == "cancelled"
    steps = len(worker.events("node_progress"))
    assert steps < 40 * (1 + len(worker.events("preview"))), "progress is throttled"
    assert worker.run({"1": ("Step", {})}, job="j3")["state"] == "succeeded"


@pytest.mark.parametrize(
    ("how", "code"), [("exit", 5), ("segfault", -signal.SIGSEGV), ("abort", -signal.SIGABRT)]
)
def test_a_crash_ends_the_worker_after_it_named_the_node(
    spawn: Callable[[], Process], how: str, code: int
) -> None:
    worker = spawn()
    worker.start({"1": ("Die", {"how": how})})
    assert worker.end() == code
    assert worker.events("node_started") == [
        {"type": "node_started", "node": "1", "reason": "first run", "effects": False, "shown": ""}
    ]
    if how == "segfault":
        assert "Segmentation fault" in worker.log.read_text()


def test_a_hung_node_is_found_in_the_log_of_who_was_terminated(
    spawn: Callable[[], Process],
) -> None:
    worker = spawn()
    worker.start({"1": ("Hang", {})})
    worker.until("event", lambda frame: frame.header["event"]["type"] == "node_started")
    while "it hangs" not in worker.log.read_text():
        time.sleep(0.01)
    worker.popen.terminate()
    assert worker.end() == -signal.SIGTERM
    assert "in hang" in worker.log.read_text()


def test_it_ends_when_the_server_is_gone_and_keeps_what_is_finished(
    spawn: Callable[[], Process], tmp_path: Path
) -> None:
    worker = spawn()
    nodes = {"1": ("Step", {"name": "a"}), "2": ("Long", {})}
    worker.start(nodes)
    worker.until("event", lambda frame: frame.header["event"].get("node") == "2")
    assert worker.popen.stdin is not None
    worker.popen.stdin.close()
    assert worker.popen.wait(60) in (0, 1)
    assert spawn().run({"1": nodes["1"]})["summary"]["executed"] == 0
    assert ran(tmp_path) == ["a"]


def test_nonsense_from_the_server_is_a_failed_job(spawn: Callable[[], Process]) -> None:
    worker = spawn()
    for nonsense in (b'{"1": 5}', b"{", b""):
        worker.channel.send({"type": "run", "job": "j1", "targets": ["1"]}, nonsense)
        event = worker.until("finished").header["event"]
        assert event["state"] == "failed"
        assert event["problems"][0]["code"] == "bad_prompt"
    assert worker.run({"1": ("Step", {})}, job="j2")["state"] == "succeeded"


def test_killed_at_any_moment_no_finished_node_runs_again(
    spawn: Callable[[], Process], tmp_path: Path
) -> None:
    """Nodes take 1..8 ms, so the recorder's batches are hit at every stage."""
    dice = random.Random(7)
    nodes: dict[str, tuple[str, dict[str, Any]]] = {}
    for i in range(40):
        after = {"after": [str(i - 1), 0]} if i else {}
        seconds = dice.choice([0.0, 0.001, 0.008])
        nodes[str(i)] = ("Step", {**after, "name": f"n{i}", "seconds": seconds})
    told: set[str] = set()
    for attempt in range(12):
        worker = spawn()
        worker.until("catalog")
        before = ran(tmp_path)
        worker.start(nodes, "39", job="same")
        timer = threading.Timer(dice.uniform(0.001, 0.12), os.kill, [worker.popen.pid, 9])
        timer.start()
        worker.end()
        timer.join()
        again = [name for name in ran(tmp_path)[len(before) :] if name in told]
        assert again == [], f"attempt {attempt} ran nodes that were finished"
        told |= {f"n{e['node']}" for e in worker.events("node_finished", "same")}
    last = spawn().run(nodes, "39", job="same")
    assert last["state"] == "succeeded"


def test_two_workers_share_what_is_dear(spawn: Callable[[], Process], tmp_path: Path) -> None:
    nodes = {"1": ("Step", {"name": "dear", "seconds": 0.5})}
    workers = [spawn(), spawn()]
    for worker in workers:
        worker.until("catalog")
    for worker in workers:
        worker.start(nodes)
    summaries = [w.until("finished").header["event"]["summary"] for w in workers]
    assert sorted(summary["executed"] for summary in summaries) == [0, 1]
    assert ran(tmp_path) == ["dear"]


def test_a_restarted_worker_hits_everything_until_the_pack_changes(
    spawn: Callable[[], Process], tmp_path: Path
) -> None:
    nodes = {"1": ("Step", {"name": "a"}), "2": ("Step", {"after": ["1", 0], "name": "b"})}
    assert spawn().run(nodes, "2")["summary"]["executed"] == 2
    assert spawn().run(nodes, "2")["summary"] | {"seconds": 0} == {
        "executed": 0, "cached": 2, "skipped": 0, "seconds": 0, "per_node": {},
    }  # fmt: skip
    pack = tmp_path / "packs" / "tiny.py"
    time.sleep(0.01)
    pack.write_text(pack.read_text() + "\n# edited\n")
    assert spawn().run(nodes, "2")["summary"]["executed"] == 2


def test_it_says_which_pack_it_imports_and_leaves_out_what_it_is_told_to(
    spawn: Callable[..., Process], tmp_path: Path
) -> None:
    (tmp_path / "packs" / "boom.py").write_text("import os; os._exit(7)")
    process = spawn()
    assert process.end() == 7
    said = process.heard[-1].header
    assert (said["type"], said["pack"], len(said["source"])) == ("importing", "boom", 32)

    ended = {"boom": {"why": "It explodes.", "source": said["source"]}}
    process = spawn(choice={"ended": ended})
    catalog = process.until("catalog").header
    assert {"pack": "boom", "error": "It explodes.", "traceback": ""} in catalog["failures"]
    assert "Step" in {node["id"] for node in catalog["nodes"]}
    said = [frame.header["pack"] for frame in process.heard if frame.type == "importing"]
    assert said == ["quits", "tiny", None]
