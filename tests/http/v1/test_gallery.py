"""The gallery over HTTP: pages, facets, stars, the trash, and the workflow that made a picture."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from http_studio import PROMPT, WORKFLOW, Studio
from PIL import Image, PngImagePlugin

from wirebrush.events import Output
from wirebrush.graph.origin import Origin
from wirebrush.jobs.assets import MadeBy


def png(number: int, texts: dict[str, str] | None = None) -> bytes:
    info = PngImagePlugin.PngInfo()
    for key, text in (texts or {}).items():
        info.add_text(key, text)
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (number, 0, 0)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


async def made(studio: Studio, number: int, prompt: str = "", *models: str, job: str = "") -> str:
    by = MadeBy(
        job or f"{number:016d}",
        *("2", 0, "p/x"),
        origin=Origin(prompt, models, 7),
        document=WORKFLOW["id"],
        document_name="three",
    )
    return (await studio.services.assets.put_output(png(number), by)).id


async def found(studio: Studio, query: str = "") -> list[str]:
    listed = (await studio.ask("GET", f"/v1/assets?kind=output&{query}"))[1]
    return [item["id"] for item in listed["assets"]]


async def test_outputs_are_found_by_what_made_them(studio: Studio) -> None:
    red = await made(studio, 1, "a red house", "sd.safetensors")
    sea = await made(studio, 2, "the sea", "flux.safetensors")
    assert await found(studio) == [sea, red]
    assert await found(studio, "search=HOUSE+red") == [red]
    assert await found(studio, "model=flux.safetensors") == [sea]
    assert await found(studio, "after=9999999999") == []
    assert await found(studio, "before=9999999999.5") == [sea, red]
    record = (await studio.ask("GET", f"/v1/assets/{red}/info"))[1]
    assert (record["prompt"], record["models"]) == ("a red house", ["sd.safetensors"])
    assert (record["document"], record["document_name"]) == (WORKFLOW["id"], "three")
    assert (record["seed"], record["trashed"]) == ("7", None)


@pytest.mark.parametrize(
    "query", ["after=x", "before=1e9", "cursor=0", "cursor=x", "limit=0", "kind=x", "after=nan"]
)
async def test_strange_questions_are_answered_in_words(studio: Studio, query: str) -> None:
    status, body, _ = await studio.ask("GET", f"/v1/assets?{query}")
    assert status == 400
    assert body["error"]["message"]


async def test_pages_go_on_where_the_last_one_ended(studio: Studio) -> None:
    ids = [await made(studio, number) for number in range(5)][::-1]
    first = (await studio.ask("GET", "/v1/assets?limit=2"))[1]
    await studio.ask("DELETE", f"/v1/assets/{ids[1]}")  # the one on which the page ended
    second = (await studio.ask("GET", f"/v1/assets?limit=9&cursor={first['next']}"))[1]
    assert [item["id"] for item in second["assets"]] == ids[2:]
    assert second["next"] is None


async def test_stars(studio: Studio) -> None:
    red, path = await made(studio, 1), "/v1/assets/"
    status, record, _ = await studio.ask("PATCH", path + red, json={"starred": True})
    assert (status, record["starred"]) == (200, True)
    assert await found(studio, "starred=1") == [red]
    assert (await studio.ask("PATCH", path + red, json={"starred": False}))[1]["starred"] is False
    for body in ({}, {"starred": 1}, {"starred": "yes"}, {"name": "x"}):
        assert (await studio.ask("PATCH", path + red, json=body))[0] == 400
    assert (await studio.ask("PATCH", path + "0" * 64, json={"starred": True}))[0] == 404


async def test_facets(studio: Studio) -> None:
    for number in range(3):
        await made(studio, number, "", "sd" if number else "flux")
    facets = (await studio.ask("GET", "/v1/assets/facets?kind=output&offset=-600"))[1]
    assert facets["total"] == 3
    assert facets["models"] == [{"model": "sd", "count": 2}, {"model": "flux", "count": 1}]
    assert facets["days"][0]["count"] == 3
    for offset in ("x", "1441", "1e3", "--1"):
        assert (await studio.ask("GET", f"/v1/assets/facets?offset={offset}"))[0] == 400


async def test_delete_can_be_undone_until_the_trash_is_emptied(studio: Studio) -> None:
    red, sea = await made(studio, 1), await made(studio, 2)
    path = f"/v1/assets/{red}"
    assert (await studio.ask("DELETE", path))[0] == 200
    assert (await studio.ask("GET", path))[0] == 404
    assert await found(studio, "trashed=1") == [red]
    status, record, _ = await studio.ask("POST", f"{path}/restore")
    assert (status, record["id"]) == (200, red)
    assert (await studio.ask("POST", f"{path}/restore"))[0] == 404
    assert (await studio.ask("GET", path))[1] == png(1)
    await studio.ask("DELETE", path)
    assert (await studio.ask("POST", "/v1/trash/empty"))[1] == {"removed": 1}
    assert (await studio.ask("POST", f"{path}/restore"))[0] == 404
    assert await found(studio) == [sea]


async def test_a_picture_leads_to_the_workflow_that_made_it(studio: Studio) -> None:
    job = (await studio.ask("POST", "/v1/jobs", json={"workflow": WORKFLOW}))[1]["job"]["id"]
    by_job = await made(studio, 1, job=job)
    told = (await studio.ask("GET", f"/v1/assets/{by_job}/workflow"))[1]
    assert (told["workflow"], told["prompt"]) == (WORKFLOW, PROMPT)
    texts = {"wirebrush": json.dumps(WORKFLOW), "prompt": '{"1":{"a":"\\ud83d"}}'}
    headers = {"X-Filename": "a.png"}
    for data, workflow in ((png(2, texts), WORKFLOW), (png(3), None)):
        record = (await studio.ask("POST", "/v1/assets", data=data, headers=headers))[1]
        status, told, _ = await studio.ask("GET", f"/v1/assets/{record['id']}/workflow")
        assert (status, told["workflow"]) == (200, workflow)
    assert (await studio.ask("GET", f"/v1/assets/{'0' * 64}/workflow"))[0] == 404


async def test_a_workflow_is_shown_by_its_newest_picture(studio: Studio) -> None:
    await studio.ask("PUT", "/v1/workflows/cat", json=WORKFLOW)

    async def shown() -> Any:
        return (await studio.ask("GET", "/v1/workflows"))[1]["workflows"][0]["thumbnail"]

    assert await shown() is None
    for number in (1, 2):
        await studio.ask("POST", "/v1/jobs", json={"workflow": WORKFLOW})
        lease = await studio.services.queue.lease("w")
        assert lease is not None
        asset = await made(studio, number, job=lease.job.id)
        output = Output("output", asset, "x.png", "image/png")
        await studio.services.queue.add_outputs(lease, {"2": [output]})
        assert await shown() == asset
    await studio.ask("DELETE", f"/v1/assets/{asset}")
    assert await shown() != asset
