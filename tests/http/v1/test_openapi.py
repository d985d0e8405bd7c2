"""The description is true: every route is in it, and its schemas hold."""

from __future__ import annotations

import jsonschema
from http_studio import PROMPT, Studio


async def test_every_v1_route_is_described(studio: Studio) -> None:
    described = (await studio.ask("GET", "/v1/openapi.json"))[1]["paths"]
    for route in studio.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        if path.startswith("/v1/") and route.method not in ("HEAD", "OPTIONS"):
            operation = described[path][route.method.lower()]
            assert operation["summary"].endswith(".")


async def test_it_says_which_route_needs_no_token(studio: Studio) -> None:
    document = (await studio.ask("GET", "/v1/openapi.json"))[1]
    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/v1/health"]["get"]["security"] == []
    assert document["security"] == [{"token": []}]
    ids = [op["operationId"] for path in document["paths"].values() for op in path.values()]
    assert len(ids) == len(set(ids))


async def test_answers_are_what_the_description_says(studio: Studio) -> None:
    document = (await studio.ask("GET", "/v1/openapi.json"))[1]
    await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT})
    for path, methods in document["paths"].items():
        if "get" not in methods or "{" in path or path == "/v1/ws":
            continue
        status, body, _ = await studio.ask("GET", path)
        assert status == 200
        schema = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(body, {**schema, "components": document["components"]})


async def test_errors_are_what_the_description_says(studio: Studio) -> None:
    document = (await studio.ask("GET", "/v1/openapi.json"))[1]
    schema = document["components"]["schemas"]["Error"]
    for path in ("/v1/nothing", "/v1/jobs/nothing", "/v1/jobs?limit=x"):
        jsonschema.validate((await studio.ask("GET", path))[1], schema)
