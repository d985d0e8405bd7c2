"""Jobs over HTTP."""

from __future__ import annotations

import asyncio
import io
import json
from statistics import median
from time import monotonic
from typing import Any

import pytest
from http_studio import PROMPT, WORKFLOW, Studio
from multidict import CIMultiDictProxy

from wirebrush.events import Finished, NodeFailed, Problem

JSON = {"Content-Type": "application/json"}


async def post(studio: Studio, text: str | bytes) -> tuple[int, Any, CIMultiDictProxy[str]]:
    """Submit a body as it is."""
    data = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    return await studio.ask("POST", "/v1/jobs", data=data, headers=JSON)


async def test_accepted_means_in_the_journal(studio: Studio) -> None:
    status, body, headers = await studio.ask("POST", "/v1/jobs", json={"workflow": WORKFLOW})
    assert status == 202
    assert body["warnings"] == []
    job = body["job"]["id"]
    assert headers["Location"] == f"/v1/jobs/{job}"
    assert (await studio.ask("GET", f"/v1/jobs/{job}"))[1]["job"]["state"] == "queued"
    work = (await studio.ask("GET", f"/v1/jobs/{job}/body"))[1]
    assert work["workflow"] == WORKFLOW
    assert work["prompt"] == {
        "1": {"class_type": "Number", "inputs": {"value": 3}},
        "2": {"class_type": "Show", "inputs": {"source": ["1", 0]}},
    }
    assert work["targets"] == ["2"]


async def test_problems_are_a_list_with_places_and_hints(studio: Studio) -> None:
    bad = {"7": {"class_type": "Numbr", "inputs": {}}, "8": {"class_type": "Show", "inputs": {}}}
    status, body, _ = await studio.ask("POST", "/v1/jobs", json={"prompt": bad})
    assert status == 400
    assert {problem["node"] for problem in body["problems"]} == {"7", "8"}
    assert all(problem["hint"] for problem in body["problems"])


async def test_a_warning_does_not_stop_a_job(studio: Studio) -> None:
    odd = {**PROMPT, "5": {"class_type": "Add", "inputs": {}}}
    status, body, _ = await studio.ask("POST", "/v1/jobs", json={"prompt": odd})
    assert status == 202
    assert body["warnings"][0]["node"] == "5"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "workflow or a prompt"),
        ("{}", "workflow or a prompt"),
        ("[]", "object"),
        ("nonsense", "not JSON"),
        ('{"prompt": 3}', "object"),
        ('{"prompt": {}, "targets": "1"}', "list of texts"),
        ('{"prompt": {}, "priority": "high"}', "whole number"),
        ('{"prompt": {}, "priority": true}', "whole number"),
        ('{"prompt": {}, "front": 1}', "true or false"),
    ],
)
async def test_a_body_that_makes_no_sense_is_told_so(studio: Studio, body: str, words: str) -> None:
    status, answer, _ = await post(studio, body)
    assert status == 400
    assert words in json.dumps(answer)


async def test_t38_bottomless_json_is_refused_at_once(studio: Studio) -> None:
    deep = '{"prompt":' + '{"a":' * 100_000 + "1" + "}" * 100_001
    stalls: list[float] = []

    async def watch() -> None:
        while True:
            began = monotonic()
            await asyncio.sleep(0.001)
            stalls.append(monotonic() - began)

    await post(studio, "{}")  # warm
    watching = asyncio.create_task(watch())
    times: list[float] = []
    for _ in range(5):
        began = monotonic()
        status, body, _ = await post(studio, deep)
        times.append(monotonic() - began)
        assert status == 400
        assert body["problems"][0]["code"] == "too_deep"
    watching.cancel()
    assert median(times) < 5  # 0.01 on a machine with nothing else to do
    assert median(stalls or [0.0]) < 5


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
async def test_t47_numbers_that_are_none_are_refused(studio: Studio, number: str) -> None:
    text = json.dumps({"prompt": PROMPT}).replace('"value": 3', f'"value": {number}')
    status, body, _ = await post(studio, text)
    assert status == 400
    assert body["problems"][0]["node"] == "1"


@pytest.mark.parametrize("value", [2**80, "3", "1e3", True, 3.5, -0.5, None, [], {}])
async def test_t47_types_are_taken_at_their_word(studio: Studio, value: Any) -> None:
    bad = {**PROMPT, "1": {"class_type": "Number", "inputs": {"value": value}}}
    status, body, _ = await studio.ask("POST", "/v1/jobs", json={"prompt": bad})
    assert status == 400
    assert body["problems"][0]["port"] == "value"


async def test_t47_no_answer_has_a_number_that_browsers_cannot_read(studio: Studio) -> None:
    await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT})
    for path in ("/v1/jobs", "/v1/nodes", "/v1/system", "/v1/queue", "/v1/openapi.json"):
        status, _, _ = await studio.ask("GET", path)
        assert status == 200
        async with studio.session.get(studio.url + path[1:], headers=studio.bearer) as answer:
            text = await answer.text()
        json.loads(text, parse_constant=lambda name: pytest.fail(name))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ('{"prompt": {}, "prompt": {}}', None),
        (
            '{"prompt": {"1": {"class_type": "A", "class_type": "B", "inputs": {}}}}',
            "1",
        ),
        ('{"prompt": {"1": {"class_type": "A", "inputs": {"a": 1, "a": 2}}}}', "1"),
    ],
)
async def test_t48_a_key_given_twice_is_refused(
    studio: Studio, text: str, node: str | None
) -> None:
    status, body, _ = await post(studio, text)
    assert status == 400
    assert body["problems"][0]["code"] == "duplicate_key"
    assert body["problems"][0]["node"] == node


@pytest.mark.parametrize("nodes", [3, None, "x", [], [3]])
@pytest.mark.parametrize("name", ["prompt", "workflow"])
async def test_t36_a_graph_of_the_wrong_shape_is_a_problem(
    studio: Studio, name: str, nodes: Any
) -> None:
    graph = {"format": "wirebrush/1", "nodes": nodes}
    status, body, _ = await post(studio, json.dumps({name: graph}))
    assert status == 400
    assert body["problems"]


@pytest.mark.parametrize("job", ["nothing", "0", "x" * 300, "%2e%2e%2f", "'; DROP TABLE jobs"])
async def test_t80_an_unknown_id_is_unknown(studio: Studio, job: str) -> None:
    routes = [("GET", ""), ("GET", "/body"), ("POST", "/cancel"), ("POST", "/retry")]
    for method, end in [*routes, ("POST", "/move")]:
        status, body, _ = await studio.ask(method, f"/v1/jobs/{job}{end}")
        assert status == 404
        assert body["error"]["code"] == "unknown_job"


async def test_idempotency_key(studio: Studio) -> None:
    key = {"Idempotency-Key": "once"}
    first = await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT}, headers=key)
    again = await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT}, headers=key)
    other = await studio.ask("POST", "/v1/jobs", json={"workflow": WORKFLOW}, headers=key)
    assert first[1]["job"]["id"] == again[1]["job"]["id"]
    assert other[0] == 409
    assert "new key" in other[1]["error"]["hint"]


async def test_tokens_in_names_of_files_are_replaced_on_the_way_in(studio: Studio) -> None:
    show = {**WORKFLOW["nodes"]["2"], "values": {"filename_prefix": "%date:yyyy%/%Number.value%"}}
    drawn = {**WORKFLOW, "nodes": {**WORKFLOW["nodes"], "2": show}}
    body = (await studio.ask("POST", "/v1/jobs", json={"workflow": drawn}))[1]
    work = (await studio.ask("GET", f"/v1/jobs/{body['job']['id']}/body"))[1]
    year, value = work["prompt"]["2"]["inputs"]["filename_prefix"].split("/")
    assert (len(year), year.isdecimal(), value) == (4, True, "3")
    assert work["workflow"] == drawn


async def test_cancel_says_whether_it_did_anything(studio: Studio) -> None:
    job = (await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT}))[1]["job"]["id"]
    first = await studio.ask("POST", f"/v1/jobs/{job}/cancel")
    again = await studio.ask("POST", f"/v1/jobs/{job}/cancel")
    assert (first[1]["changed"], again[1]["changed"]) == (True, False)
    assert again[1]["job"]["state"] == "cancelled"


async def test_retry_wants_a_job_that_has_ended(studio: Studio) -> None:
    job = (await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT}))[1]["job"]["id"]
    assert (await studio.ask("POST", f"/v1/jobs/{job}/retry"))[0] == 409
    await studio.ask("POST", f"/v1/jobs/{job}/cancel")
    status, body, _ = await studio.ask("POST", f"/v1/jobs/{job}/retry")
    assert status == 202
    assert body["job"]["retry_of"] == job


async def test_how_nodes_failed_is_asked_for_by_job(studio: Studio) -> None:
    job = (await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT}))[1]["job"]["id"]
    assert (await studio.ask("GET", f"/v1/jobs/{job}/failures"))[1] == {"failures": []}
    lease = await studio.services.queue.lease("w")
    assert lease is not None
    problem = Problem("node_failed", "Number failed: ValueError: odd", node="1")
    failed = NodeFailed("1", problem, "ValueError", ("ValueError: odd\n",), {"value": 3})
    await studio.services.queue.finish(lease, Finished("failed", problems=(problem,)), [failed])
    (told,) = (await studio.ask("GET", f"/v1/jobs/{job}/failures"))[1]["failures"]
    assert (told["node"], told["error"], told["inputs"]) == ("1", "ValueError", {"value": 3})
    assert told["traceback"] == ["ValueError: odd\n"]
    assert (await studio.ask("GET", "/v1/jobs/nothing/failures"))[0] == 404


async def test_the_queue_can_be_reordered_paused_and_cleared(studio: Studio) -> None:
    ids = [
        (await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT}))[1]["job"]["id"]
        for _ in range(3)
    ]
    await studio.ask("POST", f"/v1/jobs/{ids[2]}/move", json={"before": ids[0]})
    await studio.ask("POST", "/v1/queue/pause")
    queue = (await studio.ask("GET", "/v1/queue"))[1]
    assert queue["paused"]
    assert queue["obstacle"]
    assert [job["id"] for job in queue["waiting"]] == [ids[2], ids[0], ids[1]]
    assert (await studio.ask("POST", "/v1/queue/resume"))[1] == {"paused": False}
    assert set((await studio.ask("POST", "/v1/queue/clear"))[1]["cancelled"]) == set(ids)


async def test_history_comes_in_pages(studio: Studio) -> None:
    for _ in range(5):
        await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT})
    first = (await studio.ask("GET", "/v1/jobs?limit=3"))[1]
    second = (await studio.ask("GET", f"/v1/jobs?limit=3&before={first['next']}"))[1]
    ids = [job["id"] for job in first["jobs"] + second["jobs"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5
    assert second["next"] is None
    assert (await studio.ask("GET", "/v1/jobs?state=running"))[1]["jobs"] == []


@pytest.mark.parametrize("query", ["state=done", "limit=0", "limit=x", "limit=-1", "limit=9999"])
async def test_wrong_parameters_are_named(studio: Studio, query: str) -> None:
    status, body, _ = await studio.ask("GET", f"/v1/jobs?{query}")
    assert status == 400
    assert body["error"]["code"] == "bad_parameter"


async def test_a_missing_upload_is_a_problem_before_the_job_is(studio: Studio) -> None:
    prompt = {
        "1": {"class_type": "Open", "inputs": {"image": "cat.png"}},
        "2": {"class_type": "Show", "inputs": {"source": ["1", 0]}},
    }
    status, body, _ = await studio.ask("POST", "/v1/jobs", json={"prompt": prompt})
    assert status == 400
    assert body["problems"][0]["code"] == "file_not_found"
    png = PNG
    await studio.ask("POST", "/v1/assets", data=png, headers={"X-Filename": "cat.png"})
    assert (await studio.ask("POST", "/v1/jobs", json={"prompt": prompt}))[0] == 202


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


async def test_jobs_of_a_group_are_found_by_its_id(studio: Studio) -> None:
    group = {"id": "sweep-1", "title": "Steps", "axes": [{"values": [1, 2]}], "cell": [0]}
    ids: list[str] = []
    for cell in (0, 1):
        body = {"workflow": WORKFLOW, "group": {**group, "cell": [cell]}}
        status, told, _ = await studio.ask("POST", "/v1/jobs", json=body)
        assert status == 202
        ids.insert(0, told["job"]["id"])
    await studio.ask("POST", "/v1/jobs", json={"workflow": WORKFLOW})
    found = (await studio.ask("GET", "/v1/jobs?group=sweep-1"))[1]["jobs"]
    assert [job["id"] for job in found] == ids
    assert [job["group"]["cell"] for job in found] == [[1], [0]]
    assert (await studio.ask("GET", "/v1/jobs?group=sweep"))[1]["jobs"] == []
    await studio.ask("POST", f"/v1/jobs/{ids[0]}/cancel")
    again = (await studio.ask("POST", f"/v1/jobs/{ids[0]}/retry"))[1]["job"]
    assert again["group"] == {**group, "cell": [1]}


async def test_a_job_knows_its_document(studio: Studio) -> None:
    for body in ({"workflow": WORKFLOW}, {"prompt": PROMPT}):
        await studio.ask("POST", "/v1/jobs", json=body)
    (job,) = (await studio.ask("GET", f"/v1/jobs?document={WORKFLOW['id']}"))[1]["jobs"]
    assert (job["document"], job["title"]) == (WORKFLOW["id"], "three")
    jobs = (await studio.ask("GET", "/v1/jobs"))[1]["jobs"]
    assert [item["document"] for item in jobs] == [None, WORKFLOW["id"]]


@pytest.mark.parametrize("group", [{}, {"id": ""}, {"id": 7}, {"id": "x" * 201}, 3, ["id"]])
async def test_a_group_without_an_id_is_refused(studio: Studio, group: Any) -> None:
    status, told, _ = await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT, "group": group})
    assert status == 400
    assert "group" in told["error"]["message"]


async def test_a_group_is_small(studio: Studio) -> None:
    for size, expected in ((4000, 202), (4096, 400)):
        group = {"id": "a", "title": "x" * size}
        body = {"prompt": PROMPT, "group": group}
        assert (await studio.ask("POST", "/v1/jobs", json=body))[0] == expected
