"""What a node's `Run` does: files, weights, pictures, progress."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from wirebrush.api import Cancelled, NodeError
from wirebrush.api.run import Run
from wirebrush.engine import devices
from wirebrush.engine.assets import LocalAssets
from wirebrush.engine.cancel import Cancellation
from wirebrush.engine.devices import Device
from wirebrush.engine.files import Digests, Files
from wirebrush.engine.keeping import Shelf, Workspaces
from wirebrush.engine.run import (
    PREVIEW_SECONDS,
    PROGRESS_SECONDS,
    SAID_LIMIT,
    TEXT_LIMIT,
    NodeRun,
    Services,
)
from wirebrush.engine.saying import SECONDS
from wirebrush.engine.weighing import weights_of
from wirebrush.events import Event, NodeProgress, NodeSaid, Preview
from wirebrush.folders import ModelFolders


class Desk:
    """A run with everything it needs, and what came out of it."""

    def __init__(self, folder: Path, *, previews: bool = True) -> None:
        self.events: list[Event] = []
        self.assets = LocalAssets(folder / "assets")
        self.cancellation = Cancellation()
        self.models = folder / "models"
        self.progress = 0
        folders, digests = ModelFolders([self.models]), Digests()
        self.files = Files(folders, self.assets, digests)
        services = Services(
            Device("cpu"), self.files, self.assets, self.cancellation, self.events.extend,
            {"prompt": "{}"}, previews, self.progressed, Shelf(folders, digests),
            Workspaces(folder / "work"), {}, self.events.append,
        )  # fmt: skip
        self.run = NodeRun("7", services)

    def progressed(self) -> None:
        self.progress += 1

    def add(self, name: str, content: bytes) -> Path:
        path = self.models / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_it_is_a_run(desk: Desk) -> None:
    run: Run = desk.run
    assert run.device == "cpu"
    assert run.metadata == {"prompt": "{}"}


def test_progress_and_previews_are_throttled(desk: Desk) -> None:
    made: list[int] = []

    def preview() -> bytes:
        made.append(1)
        return b"\x89PNG"

    def shown() -> int:
        return sum(isinstance(event, Preview) for event in desk.events)

    began = time.monotonic()
    for step in range(1, 1_001):
        desk.run.step(step, 1_000, preview)
    took = time.monotonic() - began
    while not 1 <= shown() == len(made):
        assert time.monotonic() < began + 60
        time.sleep(0.005)
    steps = [event for event in desk.events if isinstance(event, NodeProgress)]
    assert steps[0].value == 1
    assert steps[-1].value == 1_000
    assert len(steps) <= took / PROGRESS_SECONDS + 3
    assert len(made) <= took / PREVIEW_SECONDS + 2
    assert desk.progress == 1_000


def test_of_what_is_said_the_last_is_told(desk: Desk) -> None:
    began = time.monotonic()
    for page in range(500):
        desk.run.say(f"Page {page}.")
    desk.run.ended()
    took = time.monotonic() - began
    said = [event.text for event in desk.events if isinstance(event, NodeSaid)]
    assert said[0] == "Page 0."
    assert said[-1] == "Page 499."
    assert len(said) <= took / SECONDS + 3
    assert desk.progress == 500
    desk.run.say("\ud800" + "x" * SAID_LIMIT)
    desk.run.ended()
    last = desk.events[-1]
    assert isinstance(last, NodeSaid)
    assert last.text == "?" + "x" * (SAID_LIMIT - 1)


def test_nobody_looks_so_no_preview_is_made(tmp_path: Path) -> None:
    Desk(tmp_path, previews=False).run.step(1, 9, lambda: pytest.fail("was asked"))


def test_everything_notices_the_cancel(desk: Desk) -> None:
    desk.cancellation.set()
    for call in (
        desk.run.check,
        lambda: desk.run.step(1, 2),
        lambda: desk.run.say("Reading."),
        lambda: desk.run.file("checkpoints", "a"),
        lambda: desk.run.resident("a", object),
        lambda: desk.run.save(b"", name="a", mime="b"),
    ):
        with pytest.raises(Cancelled):
            call()


def test_models_are_named_never_reached_by_path(desk: Desk, tmp_path: Path) -> None:
    path = desk.add("checkpoints/sub/a.safetensors", b"weights")
    ref = desk.run.file("checkpoints", "sub/a.safetensors")
    assert desk.run.path(ref) == path
    assert len(ref.digest) == 64
    (tmp_path / "secret").write_bytes(b"x")
    for name in ("../../secret", str(tmp_path / "secret"), "sub/../../../secret", ""):
        with pytest.raises(NodeError):
            desk.run.file("checkpoints", name)
    with pytest.raises(NodeError) as error:
        desk.run.file("checkpoints", "sub/b.safetensors")
    assert error.value.message == "There is no 'sub/b.safetensors' in checkpoints."
    assert "or choose 'sub/a.safetensors'" in error.value.hint
    path.unlink()
    with pytest.raises(NodeError, match="has gone from checkpoints"):
        desk.run.path(ref)


def test_digests_follow_the_content(desk: Desk) -> None:
    path = desk.add("checkpoints/a.safetensors", b"one")
    first = desk.files.digest("checkpoints", "a.safetensors")
    assert desk.files.digest("checkpoints", "a.safetensors") == first
    path.write_bytes(b"two!")
    assert desk.files.digest("checkpoints", "a.safetensors") != first
    desk.add("checkpoints/folder/config.json", b"{}")
    weights = desk.add("checkpoints/folder/unet/w.safetensors", b"w")
    whole = desk.files.digest("checkpoints", "folder")
    weights.write_bytes(b"changed")
    assert desk.files.digest("checkpoints", "folder") != whole
    assert desk.files.digest("checkpoints", "nothing") == ""


def test_saved_files_are_found_by_id_and_name(desk: Desk) -> None:
    asset = desk.run.save(b"png", name="p.png", mime="image/png", width=np.int64(3))  # pyright: ignore[reportArgumentType]
    desk.run.save(b"png2", name="q.png", mime="image/png", kind="preview")
    desk.run.show_text("x" * (TEXT_LIMIT + 5))
    kinds = [(shown.kind, shown.asset == asset.id) for shown in desk.run.shown]
    assert kinds == [("output", True), ("preview", False), ("text", False)]
    assert type(desk.run.shown[0].width) is int
    assert (desk.run.shown[2].text or "").endswith("… (5 more characters)")
    ref = desk.run.file("image", asset.id)
    assert desk.run.path(ref).read_bytes() == b"png"
    assert desk.run.file("image", "p.png").digest == asset.id
    with pytest.raises(NodeError, match="There is no image"):
        desk.run.file("image", "z.png")


def test_the_oldest_copies_of_uploads_leave_first(desk: Desk) -> None:
    ids = [desk.assets.add(bytes([number]) * 100)[0] for number in range(5)]
    for number, asset_id in enumerate(ids):
        os.utime(desk.assets.path(asset_id), (number, number))
    desk.assets.trim(250)
    assert [desk.assets.find(asset_id) is not None for asset_id in ids] == [False] * 3 + [True] * 2


def test_weights_are_built_once_and_the_least_worthy_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, built = [0.0], list[str]()
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(devices, "time", clock)  # a build takes what it says, not what came between
    device = Device("cpu", limit=100)

    def build(name: str, seconds: float) -> Any:
        built.append(name)
        time.sleep(0.05)
        now[0] += seconds
        return SimpleNamespace(name=name)

    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: device.resident("a", lambda: build("a", 1.0), size=40), range(8))
    assert len({id(item) for item in made}) == 1
    assert built == ["a"]
    device.resident("b", lambda: build("b", 0.0), size=40)
    device.resident("c", lambda: build("c", 0.5), size=40)
    assert device.used == 80
    device.resident("a", lambda: pytest.fail("the dear one was let go"), size=40)
    device.resident("huge", lambda: build("huge", 0.0), size=1_000)
    assert device.used == 1_000, "what was just asked for stays, whatever its size"
    assert device.free() == 1_000
    assert device.used == 0


def test_a_build_that_fails_is_tried_again() -> None:
    device = Device("cpu", limit=100)
    with pytest.raises(ValueError, match="no"):
        device.resident("a", lambda: (_ for _ in ()).throw(ValueError("no")))
    assert device.resident("a", lambda: 5, size=1) == 5


def test_weights_are_weighed_wherever_they_hang() -> None:
    layer = torch.nn.Linear(10, 10, bias=False)
    holder = SimpleNamespace(inner=SimpleNamespace(model=layer), again=layer, name="x" * 999)
    assert weights_of(layer) == {"cpu": 400}
    assert weights_of(holder) == {"cpu": 400}
    assert weights_of({"a": torch.zeros(5), "b": [torch.zeros(5), 3]}) == {"cpu": 40}
    assert weights_of(object()) == {}


def test_the_numerics_name_the_device_and_the_versions() -> None:
    text = Device("cuda:1").numerics()
    assert text.startswith("cuda ")
    assert f"torch={'.'.join(torch.__version__.split('.')[:2])}" in text


def test_a_cancellation_calls_each_listener_once() -> None:
    cancellation, heard = Cancellation(), list[int]()
    cancellation.on_set(lambda: heard.append(1))
    threads = [threading.Thread(target=cancellation.set) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cancellation.on_set(lambda: heard.append(2))
    assert heard == [1, 2]


def test_half_of_a_surrogate_pair_is_shown_as_a_question_mark(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.run.show_text("a\ud800b")
    assert [output.text for output in desk.run.shown] == ["a?b"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "\\\\host\\x", "C:\\x", ".. /x"])
def test_outputs_stay_in_their_folder(desk: Desk, name: str) -> None:
    with pytest.raises(NodeError, match="outside the folder of outputs") as caught:
        desk.run.save(b"", name=f"{name}.png", mime="image/png")
    assert "portraits/me" in caught.value.hint
    assert caught.value.port is None
    desk.run.save(b"", name=f"{name}.png", mime="image/png", kind="preview")


@pytest.mark.parametrize(
    "name", ["x", "a/b", "a/../x", "a..b", "./x", "a//b", "%date%", "xy:z", ""]
)
def test_other_names_are_made_harmless(desk: Desk, name: str) -> None:
    assert desk.run.save(b"", name=f"{name}.png", mime="image/png").name == f"{name}.png"
