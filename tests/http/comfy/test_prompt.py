"""`POST /prompt` and the lists around it, without a worker: what is accepted, and in what order."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from http_studio import CATALOG, PROMPT, Studio, running_studio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PNGINFO = {
    "workflow": {
        "id": "22222222-2222-4222-8222-222222222222",
        "version": 0.4,
        "last_node_id": 2,
        "last_link_id": 1,
        "nodes": [
            {
                "id": 1,
                "type": "Number",
                "pos": [0, 0],
                "size": [200, 60],
                "outputs": [{"name": "INT", "type": "INT", "links": [1]}],
                "widgets_values": [3],
            },
            {
                "id": 2,
                "type": "Show",
                "pos": [300, 0],
                "size": [200, 60],
                "inputs": [{"name": "source", "type": "*", "link": 1}],
            },
        ],
        "links": [[1, 1, 0, 2, 0, "INT"]],
    }
}


async def post(studio: Studio, path: str = "/prompt", **body: Any) -> tuple[int, Any]:
    status, answer, _ = await studio.ask_bare("POST", path, json=body)
    return status, answer


async def get(studio: Studio, path: str) -> Any:
    status, answer, _ = await studio.ask_bare("GET", path)
    assert status == 200
    return answer


async def pending(studio: Studio) -> list[str]:
    return [item[1] for item in (await get(studio, "/queue"))["queue_pending"]]


async def test_an_accepted_prompt_is_in_the_queue_at_once(comfy: Studio) -> None:
    status, told = await post(comfy, prompt=PROMPT, client_id="me", prompt_id="mine")
    assert (status, told) == (200, {"prompt_id": "mine", "number": 0, "node_errors": {}})
    assert await get(comfy, "/api/queue") == {
        "queue_running": [],
        "queue_pending": [[0, "mine", PROMPT, {"client_id": "me"}, ["2"]]],
    }
    assert await get(comfy, "/prompt") == {"exec_info": {"queue_remaining": 1}}
    assert await get(comfy, "/history") == {}
    assert await get(comfy, "/history/mine") == {}


async def test_our_own_page_sees_the_same_job(comfy: Studio) -> None:
    await post(comfy, prompt=PROMPT, extra_data={"extra_pnginfo": PNGINFO})
    _, listed, _ = await comfy.ask("GET", "/v1/jobs")
    (job,) = listed["jobs"]
    assert (job["state"], job["nodes"]) == ("queued", 2)
    assert job["document"] == PNGINFO["workflow"]["id"]
    body = await comfy.services.queue.body(job["id"])
    assert body is not None
    assert body.rules == "comfy"
    assert body.workflow is not None
    assert body.workflow["format"] == "wirebrush/1"
    assert set(body.metadata) == {"workflow", "wirebrush"}
    assert json.loads(body.metadata["workflow"]) == PNGINFO["workflow"]


async def test_values_are_converted_and_written_back(comfy: Studio) -> None:
    prompt = PROMPT | {"1": {"class_type": "Number", "inputs": {"value": "20"}, "_meta": 5}}
    status, _ = await post(comfy, prompt=prompt)
    assert status == 200
    (item,) = (await get(comfy, "/queue"))["queue_pending"]
    assert item[2]["1"] == {"class_type": "Number", "inputs": {"value": 20}}


async def test_a_bad_output_is_left_out_and_said(comfy: Studio) -> None:
    prompt = PROMPT | {
        "3": {"class_type": "Number", "inputs": {"value": -1}},
        "4": {"class_type": "Show", "inputs": {"source": ["3", 0]}},
    }
    status, told = await post(comfy, prompt=prompt)
    assert status == 200
    assert told["node_errors"] == {
        "3": {
            "errors": [
                {
                    "type": "value_smaller_than_min",
                    "message": "Value -1 smaller than min of 0",
                    "details": "value",
                    "extra_info": {
                        "input_name": "value",
                        "input_config": ["INT", {"default": 1, "min": 0, "max": 1000}],
                        "received_value": -1,
                    },
                }
            ],
            "dependent_outputs": ["4"],
            "class_type": "Number",
        }
    }
    (item,) = (await get(comfy, "/queue"))["queue_pending"]
    assert item[4] == ["2"]


async def test_only_the_chosen_outputs_run(comfy: Studio) -> None:
    prompt = PROMPT | {"3": {"class_type": "Show", "inputs": {"source": ["1", 0]}}}
    status, _ = await post(comfy, prompt=prompt, partial_execution_targets=["3", "1"])
    assert status == 200
    (item,) = (await get(comfy, "/queue"))["queue_pending"]
    assert item[4] == ["3"]
    status, told = await post(comfy, prompt=prompt, partial_execution_targets=["1"])
    assert (status, told["error"]["type"]) == (400, "prompt_no_outputs")


SHOW: dict[str, Any] = {"class_type": "Show", "inputs": {"source": ["1", 0]}}


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({}, "no_prompt", "No prompt provided"),
        ({"prompt": {}}, "prompt_no_outputs", "Prompt has no outputs"),
        ({"prompt": {"1": PROMPT["1"]}}, "prompt_no_outputs", "Prompt has no outputs"),
        (
            {"prompt": {"1": {"inputs": {}}}},
            "invalid_prompt",
            "Cannot execute because a node is missing the class_type property.",
        ),
        (
            {"prompt": {"1": {"class_type": "Nope", "inputs": {}}}},
            "invalid_prompt",
            "Cannot execute because node Nope does not exist.",
        ),
        (
            {"prompt": {"1": {"class_type": "Number"}, "2": SHOW}},
            "prompt_outputs_failed_validation",
            "Prompt outputs failed validation",
        ),
        (
            {"prompt": {"1": {"class_type": "Number", "inputs": {}}, "2": SHOW}},
            "prompt_outputs_failed_validation",
            "Prompt outputs failed validation",
        ),
        ({"prompt": "abc"}, "invalid_prompt", 'A prompt is a JSON object of nodes; this is "abc".'),
        ({"prompt": PROMPT, "number": "x"}, "invalid_request", "'number' must be a number"),
        ({"prompt": PROMPT, "number": "nan"}, "invalid_request", "'number' must be a finite"),
        ({"prompt": PROMPT, "extra_data": []}, "invalid_request", "'extra_data' must be an object"),
        ({"prompt": PROMPT, "prompt_id": "x" * 201}, "invalid_prompt_id", "A prompt_id has 1 to"),
        ({"prompt": PROMPT, "partial_execution_targets": [1]}, "invalid_request", "'partial_ex"),
    ],
)
async def test_each_refusal(comfy: Studio, body: dict[str, Any], kind: str, message: str) -> None:
    status, told = await post(comfy, **body)
    assert status == 400
    assert told.keys() == {"error", "node_errors"}
    assert told["error"].keys() == {"type", "message", "details", "extra_info"}
    assert told["error"]["type"] == kind
    assert told["error"]["message"].startswith(message)
    assert await pending(comfy) == []


@pytest.mark.parametrize("more", [{}, {"inputs": []}])
async def test_an_output_that_cannot_be_read_is_one(comfy: Studio, more: dict[str, Any]) -> None:
    nodes = {"1": {"class_type": "Number", **more}, "2": {"class_type": "Show", **more}}
    _, told = await post(comfy, prompt=nodes)
    outputs = {node: item["dependent_outputs"] for node, item in told["node_errors"].items()}
    assert outputs == {"1": [], "2": ["2"]}


async def test_the_node_of_an_invalid_prompt_is_named(comfy: Studio) -> None:
    _, told = await post(comfy, prompt={"7": {"class_type": "Nope", "inputs": {}}})
    assert told["error"]["details"] == "Node ID '#7'"


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        (b"{", 400, "not JSON"),
        (b"[1]", 400, "must be a JSON object"),
        (b'{"prompt": {}, "prompt": {}}', 400, "twice"),
        (b'{"prompt": {"1": {"class_type": "Number", "inputs": {"value": NaN}}}}', 400, "NaN"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, 400, "deep inside one another"),
        (
            b'{"prompt": "' + b"x" * (9 << 20) + b'"}',
            413,
            "The body of 10 MB is too large",
        ),
    ],
    ids=["no json", "a list", "twice", "nan", "deep", "large"],
)
async def test_a_body_that_cannot_be_read(
    comfy: Studio, text: bytes, status: int, words: str
) -> None:
    found, told, _ = await comfy.ask_bare("POST", "/prompt", data=BytesIO(text))
    assert found == status
    assert words in told["error"]["message"]
    assert told["node_errors"] == {}


async def test_lower_numbers_run_first(comfy: Studio) -> None:
    wishes: dict[str, dict[str, Any]] = {"first": {"front": True}, "c": {"number": 0.5}}
    for name in ("a", "b", "first", "c"):
        body = {"prompt": PROMPT, "prompt_id": name, **wishes.get(name, {})}
        await comfy.ask_bare("POST", "/prompt", json=body)
    numbers = {item[1]: item[0] for item in (await get(comfy, "/queue"))["queue_pending"]}
    assert numbers == {"first": -2, "a": 0, "c": 0.5, "b": 1}
    assert await pending(comfy) == ["first", "a", "c", "b"]
    _, told = await post(comfy, prompt=PROMPT)
    assert told["number"] == 3  # a number that is given counts nothing up


async def test_prompts_are_taken_out_of_the_queue(comfy: Studio) -> None:
    for name in ("a", "b", "c"):
        await post(comfy, prompt=PROMPT, prompt_id=name)
    status, told = await post(comfy, "/queue", delete=["b", "unknown"])
    assert (status, told) == (200, b"")
    assert await pending(comfy) == ["a", "c"]
    assert await post(comfy, "/api/queue", clear=True) == (200, b"")
    assert await pending(comfy) == []
    assert await get(comfy, "/prompt") == {"exec_info": {"queue_remaining": 0}}
    assert await get(comfy, "/history") == {}  # what never ran has none


async def test_keys_of_other_services_are_never_stored(comfy: Studio) -> None:
    secrets = {"auth_token_comfy_org": "hush", "api_key_comfy_org": "hush"}
    await post(comfy, prompt=PROMPT, extra_data={**secrets, "kept": 1})
    (item,) = (await get(comfy, "/queue"))["queue_pending"]
    assert item[3] == {"kept": 1}


async def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    async with running_studio(tmp_path, comfy=True) as studio:
        for name in ("a", "b"):
            await post(studio, prompt=PROMPT, prompt_id=name, client_id="me")
    async with running_studio(tmp_path, comfy=True) as studio:
        assert await pending(studio) == ["a", "b"]
        assert await get(studio, "/prompt") == {"exec_info": {"queue_remaining": 2}}
        _, told = await post(studio, prompt=PROMPT)
        assert told["number"] == 2


async def test_without_node_types_there_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wirebrush.http.comfy.submitting.CATALOG_SECONDS", 0.01)
    async with running_studio(tmp_path, catalog=None, comfy=True) as studio:
        status, told = await post(studio, prompt=PROMPT)
        assert (status, told["error"]["type"]) == (503, "no_catalog")


@pytest.mark.parametrize("path", ["/interrupt", "/free", "/api/history"])
async def test_nothing_to_do_is_no_error(comfy: Studio, path: str) -> None:
    assert await post(comfy, path) == (200, b"")
    body = {"unload_models": True, "free_memory": True, "clear": True, "delete": ["x"]}
    assert await post(comfy, path, **body) == (200, b"")


async def test_an_interrupt_may_bring_anything(comfy: Studio) -> None:
    for text in (b"", b"{", b"[]", b'{"prompt_id": 5}'):
        status, _, _ = await comfy.ask_bare("POST", "/interrupt", data=text)
        assert status == 200


@pytest.mark.parametrize("path", ["/queue", "/history"])
async def test_a_list_of_ids_is_a_list(comfy: Studio, path: str) -> None:
    status, told = await post(comfy, path, delete="abc")
    assert status == 400
    assert told["error"]["message"] == "'delete' must be a list of prompt ids."


@pytest.mark.parametrize("query", ["max_items=x", "offset=1.5", "max_items=9" + "9" * 30])
async def test_numbers_of_the_query_are_numbers(comfy: Studio, query: str) -> None:
    status, told, _ = await comfy.ask_bare("GET", f"/history?{query}")
    assert (status, told["error"]["type"]) == (400, "invalid_request")


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
JSON = st.recursive(PLAIN, nested, max_leaves=6)
NODE = st.fixed_dictionaries(
    {},
    optional={
        "class_type": st.sampled_from([spec.id for spec in CATALOG]) | JSON,
        "inputs": st.dictionaries(
            st.sampled_from(["value", "source", "a", "image", "x"]),
            JSON | st.tuples(st.sampled_from("123"), st.integers(-1, 2)).map(list),
        )
        | JSON,
        "_meta": JSON | st.fixed_dictionaries({"title": JSON}),
    },
)
BODY = st.fixed_dictionaries(
    {},
    optional={
        "prompt": st.dictionaries(st.sampled_from("123"), NODE) | JSON,
        "prompt_id": JSON,
        "number": JSON,
        "front": JSON,
        "client_id": JSON,
        "extra_data": JSON
        | st.fixed_dictionaries(
            {"extra_pnginfo": JSON | st.fixed_dictionaries({"workflow": JSON})}
        ),
        "partial_execution_targets": JSON,
    },
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bodies=st.lists(BODY, min_size=1, max_size=8))
async def test_whatever_comes_there_is_an_answer(tmp_path: Path, bodies: list[Any]) -> None:
    async with running_studio(tmp_path, comfy=True) as studio:
        for body in bodies:
            status, told = await post(studio, **body)
            assert status in (200, 400), (body, told)
            assert status == 200 or told["error"]["message"]
        await get(studio, "/queue")
        await get(studio, "/jobs")
