"""Health, system, node types."""

from __future__ import annotations

from pathlib import Path

from http_studio import Studio, running_studio

from wirebrush.http.app import ROUTES
from wirebrush.jobs.status import WorkerStatus


async def test_health_is_public_and_tells_nothing_private(studio: Studio) -> None:
    status, body, _ = await studio.ask_bare("GET", "/v1/health")
    assert status == 200
    assert set(body) == {"status", "version", "ready"}
    assert body["ready"] is False
    studio.services.workers.put(WorkerStatus("cpu-0", "idle"))
    assert (await studio.ask_bare("GET", "/v1/health"))[1]["ready"] is True


async def test_system_tells_devices_memory_queue_and_workers(studio: Studio) -> None:
    studio.services.workers.put(
        WorkerStatus("cuda-0", "busy", "cuda:0", "A Card", 2**30, job="j", pid=1)
    )
    _, body, _ = await studio.ask("GET", "/v1/system")
    assert body["devices"] == [{"device": "cuda:0", "name": "A Card", "memory": 2**30}]
    assert body["workers"][0]["job"] == "j"
    assert body["memory"]["total"] > body["memory"]["server"] > 0
    assert body["queue"]["paused"] is False
    assert body["cache"]["limit"] > 0


async def test_a_worker_that_changes_is_told(studio: Studio) -> None:
    async with studio.socket() as socket:
        await socket.send_json({"type": "subscribe"})
        await socket.send_json({"type": "ping"})
        await socket.receive_json(timeout=60)
        for _ in range(2):  # the same status again is no news
            studio.services.workers.put(WorkerStatus("cpu-0", "down", detail="It crashed."))
        studio.services.workers.put(WorkerStatus("cpu-0", "starting"))
        told = [await socket.receive_json(timeout=60) for _ in range(2)]
    assert [message["state"] for message in told] == ["down", "starting"]
    assert told[0]["detail"] == "It crashed."


async def test_node_types_come_with_the_files_there_are_and_once(
    studio: Studio, tmp_path: Path
) -> None:
    status, body, headers = await studio.ask("GET", "/v1/nodes")
    assert status == 200
    (widget,) = [spec["inputs"][0]["widget"] for spec in body["nodes"] if spec["id"] == "Open"]
    assert widget["choices"] == []
    again = await studio.ask("GET", "/v1/nodes", headers={"If-None-Match": headers["ETag"]})
    assert again[0] == 304


async def test_before_the_first_worker_there_are_no_node_types(tmp_path: Path) -> None:
    async with running_studio(tmp_path, catalog=None) as studio:
        status, body, _ = await studio.ask("GET", "/v1/nodes")
        assert (status, body["nodes"]) == (200, [])


def test_every_answer_has_a_shape_except_files_and_the_websocket() -> None:
    without = {route.path for route in ROUTES if route.gives is None}
    assert without == {"/v1/ws"}
