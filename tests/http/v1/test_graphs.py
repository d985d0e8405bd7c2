"""Questions about graphs that are not run."""

from __future__ import annotations

from typing import Any

from http_studio import PROMPT, WORKFLOW, Studio


async def test_problems_are_told_without_queueing(studio: Studio) -> None:
    for good in ({"workflow": WORKFLOW}, {"prompt": PROMPT}):
        assert (await studio.ask("POST", "/v1/validate", json=good))[:2] == (200, {"problems": []})
    nodes = {**WORKFLOW["nodes"], "3": {"type": "Numbr", "at": [0, 0]}}
    status, body, _ = await studio.ask(
        "POST", "/v1/validate", json={"workflow": {**WORKFLOW, "nodes": nodes, "wires": []}}
    )
    assert status == 200
    assert {"2", "3"} <= {problem["node"] for problem in body["problems"]}
    assert (await studio.ask("GET", "/v1/jobs"))[1]["jobs"] == []


async def test_a_text_that_is_no_graph_has_problems_too(studio: Studio) -> None:
    headers = {"Content-Type": "application/json"}
    for text in (b'{"prompt":{"1":{"a":NaN}}}', b"{", b'{"workflow":{"format":"x"}}'):
        status, body, _ = await studio.ask("POST", "/v1/validate", data=text, headers=headers)
        assert status == 200
        assert body["problems"][0]["hint"]
    assert (await studio.ask("POST", "/v1/validate", json={}))[0] == 400
    assert (await studio.ask("POST", "/v1/validate", json={"prompt": 3}))[0] == 400


async def test_a_picture_that_is_not_there_is_a_problem(studio: Studio) -> None:
    prompt: dict[str, Any] = {
        "1": {"class_type": "Open", "inputs": {"image": "cat.png"}},
        "2": {"class_type": "Show", "inputs": {"source": ["1", 0]}},
    }
    (problem,) = (await studio.ask("POST", "/v1/validate", json={"prompt": prompt}))[1]["problems"]
    assert (problem["node"], problem["port"]) == ("1", "image")


async def test_two_thousand_nodes_are_checked(studio: Studio) -> None:
    nodes = {str(n): {"type": "Add", "at": [n, 0], "values": {"a": 1, "b": n}} for n in range(2000)}
    nodes["end"] = {"type": "Show", "at": [0, 0]}
    wires = [{"from": [str(n), "INT"], "to": [str(n + 1), "a"]} for n in range(1999)]
    wires.append({"from": ["1999", "INT"], "to": ["end", "source"]})
    body = {"workflow": {**WORKFLOW, "nodes": nodes, "wires": wires}}
    assert (await studio.ask("POST", "/v1/validate", json=body))[1] == {"problems": []}


async def test_a_plan_needs_a_worker_and_a_graph_that_can_run(studio: Studio) -> None:
    status, body, _ = await studio.ask("POST", "/v1/plan", json={"workflow": WORKFLOW})
    assert status == 503
    assert body["error"]["code"] == "no_worker"
    bad = {"1": {"class_type": "Show", "inputs": {}}}
    status, body, _ = await studio.ask("POST", "/v1/plan", json={"prompt": bad})
    assert (status, body["problems"][0]["node"]) == (400, "1")
    assert (await studio.ask("POST", "/v1/plan", json={"prompt": PROMPT, "targets": 3}))[0] == 400
