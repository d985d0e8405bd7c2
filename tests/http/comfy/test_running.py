"""Prompts of ComfyUI's clients on a real worker: one server, many prompts."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import WSMsgType
from http_studio import Studio, running_studio
from PIL import Image

from wirebrush.jobs.attempt import Services as WorkerServices
from wirebrush.jobs.leftovers import Leftovers
from wirebrush.jobs.limits import Limits
from wirebrush.jobs.status import Listeners
from wirebrush.jobs.supervisor import Supervisor
from wirebrush.jobs.worker import WorkerCommand

PACK = """
    import io, pathlib, time
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo
    from wirebrush.api import Blocked, Expand, Link, Run, Subgraph, node

    def even(values, types):
        if pathlib.Path(__file__).with_name("closed").exists():
            yield "value", "it is closed"
        if values.get("value", 0) > 400:
            raise ValueError("too much: " + str(values["value"]))
        if values.get("value", 0) % 2:
            yield "value", "" if values["value"] == 7 else "it must be even"

    @node(id="Number", category="test", validate=even)
    def number(value: int = 0) -> int:
        return value

    @node(id="Draw", category="test")
    def draw(grey: int, *, run: Run) -> None:
        out, texts = io.BytesIO(), PngInfo()
        for name, text in run.metadata.items():
            texts.add_text(name, text)
        Image.new("L", (8, 8), grey).save(out, "PNG", pnginfo=texts)
        run.save(out.getvalue(), name="drawn/grey.png", mime="image/png", width=8, height=8)

    @node(id="DrawTwice", category="test")
    def twice(grey: int, *, run: Run) -> None:
        draw(grey, run=run)
        draw(grey, run=run)

    @node(id="DrawAs", category="test")
    def draw_as(name: str, *, run: Run) -> None:
        out = io.BytesIO()
        Image.new("L", (8, 8), 12).save(out, "PNG")
        run.save(out.getvalue(), name=name, mime="image/png", width=8, height=8)

    @node(id="Tell", category="test")
    def tell(text: str, *, run: Run) -> None:
        run.show_text(text)

    @node(id="SaveImageWebsocket", category="test")
    def send(grey: int, *, run: Run) -> None:
        out = io.BytesIO()
        Image.new("L", (8, 8), grey).save(out, "PNG")
        run.save(out.getvalue(), name="sent.png", mime="image/png", kind="preview")

    @node(id="Fail", category="test")
    def fail(value: int, text: str = "a\\nb") -> int:
        raise ValueError(text)

    @node(id="Block", category="test")
    def block(value: int, why: str = "") -> int | Blocked:
        return Blocked(why or None)

    @node(id="Unfold", category="test")
    def unfold(value: int) -> int | Expand:
        graph = Subgraph()
        graph.node("Tell", text="inside")
        return graph.result(graph.node("Number", value=value))

    @node(id="Circle", category="test")
    def circle(value: int) -> int | Expand:
        nodes = {"a": ("Number", {"value": Link("b")}), "b": ("Number", {"value": Link("a")})}
        return Expand(nodes, (Link("a"),))

    @node(id="Wait", category="test")
    def wait(value: int, *, run: Run) -> int:
        for step in range(60_000):  # until somebody interrupts
            run.step(step, 60_000)
            time.sleep(0.01)
        return value
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("running")


def engine(folder: Path) -> WorkerCommand:
    (folder / "packs" / "draw").mkdir(parents=True, exist_ok=True)
    (folder / "packs" / "draw" / "__init__.py").write_text(dedent(PACK))
    packs = (folder / "packs",)
    command = WorkerCommand.engine(
        *("cpu-0", "cpu", folder / "data"),
        packs=packs,
        memory_bytes=1 << 26,
        disk_bytes=1 << 28,
    )
    *start, options = command.argv
    alone = {**json.loads(options), "entry_points": False}  # the built-in pack is not needed here
    return replace(command, argv=(*start, json.dumps(alone)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(folder: Path) -> AsyncIterator[Studio]:
    """A server with a worker; it is not up yet when the first test begins."""
    async with running_studio(folder, catalog=None, comfy=True) as studio:
        services = studio.services
        parts = WorkerServices(services.queue, services.assets, services.hub.publish, services.desk)
        limits = Limits(
            hello=300, beat=300, node=300, cancel_grace=300, drain=0.2, first_pause=0.01
        )
        listeners = Listeners(catalog=services.catalogs.replace)
        leftovers = Leftovers(folder / "data" / "workers")
        supervisor = Supervisor(engine(folder), limits, parts, leftovers, listeners)
        running = asyncio.create_task(supervisor.run())
        yield studio
        await supervisor.stop()
        await running


Node = tuple[str, dict[str, Any]]


async def run(studio: Studio, name: str, **nodes: Node) -> dict[str, Any]:
    """Everything about one prompt: the answer, what was said, its history."""
    prompt = {key: {"class_type": kind, "inputs": inputs} for key, (kind, inputs) in nodes.items()}
    body = {"prompt": prompt, "client_id": name, "prompt_id": name}
    async with studio.session.ws_connect(f"{studio.url}ws?clientId={name}") as connection:
        status, told, _ = await studio.ask_bare("POST", "/prompt", json=body)
        said: list[Any] = []
        while status == 200:
            message = await connection.receive(timeout=300)
            if message.type is WSMsgType.BINARY:
                said.append(("picture", message.data))
                continue
            data = message.json()
            said.append((data["type"], data["data"]))
            if said[-1] == ("executing", {"node": None, "prompt_id": name}):
                break
    _, history, _ = await studio.ask_bare("GET", f"/history/{name}")
    return {"status": status, "told": told, "said": said, "history": history.get(name)}


def of_kind(done: dict[str, Any], kind: str) -> list[Any]:
    return [data for name, data in done["said"] if name == kind]


def picture_of(grey: int) -> dict[str, Node]:
    """A grey picture; tests that want to see it made have a grey of their own."""
    return {"1": ("Number", {"value": grey}), "2": ("Draw", {"grey": ["1", 0]})}


async def test_a_picture_and_where_it_is(studio: Studio) -> None:
    done = await run(studio, "picture", **picture_of(4))
    (executed,) = of_kind(done, "executed")
    (picture,) = executed["output"]["images"]
    assert (picture["subfolder"], picture["type"]) == ("drawn", "output")
    query = {"filename": picture["filename"], "subfolder": "drawn", "type": "output"}
    status, data, _ = await studio.ask_bare("GET", "/view", params=query)
    assert (status, data[:8]) == (200, b"\x89PNG\r\n\x1a\n")
    order = [data["node"] for data in of_kind(done, "executing")]
    assert order == ["1", "2", None]
    assert done["history"]["outputs"] == {"2": {"images": [picture]}}
    assert done["history"]["status"]["completed"] is True
    with Image.open(BytesIO(data)) as opened:
        assert json.loads(opened.info["prompt"])["1"]["inputs"] == {"value": 4}


async def test_the_second_time_all_of_it_is_there(studio: Studio) -> None:
    await run(studio, "first", **picture_of(8))
    done = await run(studio, "second", **picture_of(8))
    (cached,) = of_kind(done, "execution_cached")
    assert sorted(cached["nodes"]) == ["1", "2"]
    assert of_kind(done, "executing") == [{"node": None, "prompt_id": "second"}]
    (executed,) = of_kind(done, "executed")
    assert executed["output"]["images"][0]["subfolder"] == "drawn"
    assert done["history"]["outputs"].keys() == {"2"}


async def test_equal_pictures_have_names_of_their_own(studio: Studio) -> None:
    """Also the second time, when nothing has to be made."""
    nodes: dict[str, Node] = {"1": ("DrawTwice", {"grey": 77})}
    for name in ("twice", "twice-again"):
        done = await run(studio, name, **nodes)
        (executed,) = of_kind(done, "executed")
        pictures = executed["output"]["images"]
        first, second = [picture["filename"] for picture in pictures]
        numbers = [
            int(name.removeprefix("grey_").removesuffix("_.png")) for name in (first, second)
        ]
        assert numbers[1] == numbers[0] + 1
        assert first == f"grey_{numbers[0]:05}_.png"
        for picture in pictures:
            status, _, _ = await studio.ask_bare("GET", "/view", params=picture)
            assert status == 200
        assert done["history"]["outputs"]["1"]["images"] == pictures


async def test_names_of_files_are_filled_in(studio: Studio) -> None:
    nodes: dict[str, Node] = {
        "1": ("DrawAs", {"name": "%date:yyyy%/%Number.value%_%width%"}),
        "2": ("Number", {"value": 38}),
    }
    (executed,) = of_kind(await run(studio, "filled", **nodes), "executed")
    (picture,) = executed["output"]["images"]
    assert picture["filename"] == "38_8_00001_.png"
    assert re.fullmatch(r"20\d\d", picture["subfolder"])


async def test_a_node_that_fails_ends_the_prompt(studio: Studio) -> None:
    other: Node = ("Tell", {"text": "never"})
    done = await run(
        studio,
        "failing",
        **{"1": ("Number", {"value": 2}), "2": ("Fail", {"value": ["1", 0], "text": "oh\nno"})},
        **{"3": ("Draw", {"grey": ["2", 0]}), "4": other},
    )
    assert of_kind(done, "execution_success") == []
    (error,) = of_kind(done, "execution_error")
    assert (error["node_id"], error["node_type"]) == ("2", "Fail")
    assert (error["exception_type"], error["exception_message"]) == ("ValueError", "oh\nno\n")
    assert error["current_inputs"] == {"value": [2], "text": ["oh\nno"]}
    assert all(frame.startswith("  File ") for frame in error["traceback"])
    assert done["history"]["status"]["status_str"] == "error"


@pytest.mark.parametrize("why", ["", "not today"])
async def test_a_blocker_ends_its_branch_only(studio: Studio, why: str) -> None:
    name = f"blocked{len(why)}"
    done = await run(
        studio,
        name,
        **{"1": ("Number", {"value": 2}), "2": ("Block", {"value": ["1", 0], "why": why})},
        **{"3": ("Draw", {"grey": ["2", 0]}), "4": ("Tell", {"text": name})},
    )
    assert len(of_kind(done, "execution_success")) == 1
    messages = [error["exception_message"] for error in of_kind(done, "execution_error")]
    assert messages == ([f"Execution Blocked: {why}"] if why else [])
    assert done["history"]["outputs"] == {"4": {"text": [name]}}


async def test_nodes_of_an_expansion_say_whose_they_are(studio: Studio) -> None:
    done = await run(
        studio, "unfolding", **{"1": ("Unfold", {"value": 6}), "2": ("Draw", {"grey": ["1", 0]})}
    )
    inner = [data for data in of_kind(done, "executing") if str(data["node"]).startswith("1.")]
    assert inner
    assert {data["display_node"] for data in inner} == {"1"}
    states = of_kind(done, "progress_state")[-1]["nodes"]
    facts = states[inner[0]["node"]]
    assert (facts["parent_node_id"], facts["real_node_id"]) == ("1", "1")
    meta = done["history"]["meta"]
    told = next(item for node, item in meta.items() if node.startswith("1."))
    assert (told["display_node"], told["real_node_id"]) == ("1", "1")


async def test_an_expansion_that_feeds_itself(studio: Studio) -> None:
    nodes: dict[str, Node] = {"1": ("Circle", {"value": 6}), "2": ("Draw", {"grey": ["1", 0]})}
    (error,) = of_kind(await run(studio, "circle", **nodes), "execution_error")
    assert (error["node_id"], error["exception_type"]) == ("1", "graph.DependencyCycleError")


async def test_nodes_refuse_values_before_anything_runs(studio: Studio) -> None:
    done = await run(studio, "odd", **picture_of(3))
    assert done["status"] == 400
    (error,) = done["told"]["node_errors"]["1"]["errors"]
    assert (error["type"], error["details"]) == (
        "custom_validation_failed",
        "value - it must be even",
    )
    prompt = {
        "1": {"class_type": "Number", "inputs": {"value": 3}},
        "2": {"class_type": "Draw", "inputs": {"grey": ["1", 0]}},
    }
    status, told, _ = await studio.ask("POST", "/v1/jobs", json={"prompt": prompt})
    assert status == 400
    (problem,) = [item for item in told["problems"] if item["severity"] == "error"]
    assert (problem["code"], problem["node"], problem["port"]) == ("refused_by_node", "1", "value")
    assert problem["message"] == 'Number (node 1), "value": it must be even'


async def test_a_check_may_say_only_no_or_raise(studio: Studio) -> None:
    for value, kind, details, extra in (
        (7, "custom_validation_failed", "value", "input_name"),
        (401, "exception_during_validation", "too much: 401", "exception_type"),
    ):
        done = await run(studio, f"odd{value}", **picture_of(value))
        assert done["status"] == 400
        (error,) = done["told"]["node_errors"]["1"]["errors"]
        assert (error["type"], error["details"]) == (kind, details)
        assert extra in error["extra_info"]


async def test_what_runs_is_interrupted_and_the_next_one_runs(studio: Studio) -> None:
    waiting = asyncio.create_task(
        run(studio, "long", **{"1": ("Wait", {"value": 1}), "2": ("Draw", {"grey": ["1", 0]})})
    )
    while True:
        _, queue, _ = await studio.ask_bare("GET", "/queue")
        running = [item[1] for item in queue["queue_running"]]
        if running == ["long"]:
            break
        await asyncio.sleep(0.05)
    status, job, _ = await studio.ask_bare("GET", "/api/jobs/long")
    assert (status, job["status"]) == (200, "in_progress")
    _, told, _ = await studio.ask_bare("POST", "/api/jobs/long/cancel")
    assert told == {"cancelled": True}
    done = await waiting
    assert len(of_kind(done, "execution_interrupted")) == 1
    assert done["history"]["status"]["status_str"] == "error"
    await studio.ask_bare("POST", "/free", json={"free_memory": True})
    assert (await run(studio, "after", **{"1": ("Tell", {"text": "on"})}))["history"]


@pytest.mark.parametrize("name", ["sent", "sent-again"])
async def test_pictures_that_are_only_sent(studio: Studio, name: str) -> None:
    """Also the second time, when nothing has to be made."""
    nodes: dict[str, Node] = {"1": ("Number", {"value": 10})}
    done = await run(studio, name, **nodes, **{"2": ("SaveImageWebsocket", {"grey": ["1", 0]})})
    (frame,) = of_kind(done, "picture")
    assert frame[:16] == b"\0\0\0\1\0\0\0\2\x89PNG\r\n\x1a\n"
    before = [data["node"] for kind, data in done["said"] if kind == "executing"]
    assert before[-2:] == ["2", None]
    place = done["said"].index(("picture", frame))
    assert [kind for kind, _ in done["said"][:place] if kind == "executing"]


async def test_jobs_as_one_list(studio: Studio) -> None:
    await run(studio, "listed", **picture_of(12))
    bad_one: Node = ("Fail", {"value": 2, "text": "no"})
    await run(studio, "listed-bad", **{"1": bad_one, "2": ("Draw", {"grey": ["1", 0]})})
    _, told, _ = await studio.ask_bare("GET", "/api/jobs?limit=2")
    bad, good = told["jobs"]
    assert (bad["id"], bad["status"]) == ("listed-bad", "failed")
    assert bad["execution_error"]["exception_type"] == "ValueError"
    assert (good["id"], good["status"], good["outputs_count"]) == ("listed", "completed", 1)
    assert good["preview_output"]["nodeId"] == "2"
    assert good["execution_end_time"] >= good["execution_start_time"] >= good["create_time"]
    _, told, _ = await studio.ask_bare("GET", "/api/jobs?limit=1")
    assert told["pagination"]["has_more"] is True
    _, told, _ = await studio.ask_bare("GET", "/jobs?status=pending,in_progress")
    assert told["jobs"] == []
    _, told, _ = await studio.ask_bare("GET", "/jobs?sort_by=execution_duration&sort_order=asc")
    assert told["pagination"]["total"] == len(told["jobs"])
    for query in ("status=lost", "limit=0", "offset=x", "sort_by=name", "sort_order=up"):
        status, told, _ = await studio.ask_bare("GET", f"/jobs?{query}")
        assert (status, bool(told["error"])) == (400, True)
    status, told, _ = await studio.ask_bare("GET", "/jobs/nothing")
    assert (status, told) == (404, {"error": "Job not found"})
    _, told, _ = await studio.ask_bare("POST", "/jobs/cancel", json={"job_ids": ["listed", "no"]})
    assert told == {"cancelled": False}


async def test_history_in_parts(studio: Studio) -> None:
    for number in range(3):
        await run(studio, f"part{number}", **{"1": ("Tell", {"text": str(number)})})
    _, last, _ = await studio.ask_bare("GET", "/history?max_items=2")
    assert list(last) == ["part1", "part2"]
    _, every, _ = await studio.ask_bare("GET", "/history")
    _, rest, _ = await studio.ask_bare("GET", f"/history?offset={len(every) - 1}")
    assert list(rest) == ["part2"]
    for fewer, count in (("max_items=-1", 0), ("max_items=-1&offset=0", 1), ("offset=-1", None)):
        _, some, _ = await studio.ask_bare("GET", f"/history?{fewer}")
        assert len(some) == (len(every) if count is None else count)
    _, none, _ = await studio.ask_bare("GET", "/history?max_items=0")
    assert none == {}
