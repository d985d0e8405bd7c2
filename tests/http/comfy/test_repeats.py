"""The same body of `POST /prompt` again: accepted unread, unless something has changed since."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from aiohttp import FormData
from http_studio import CATALOG, PROMPT, Studio
from PIL import Image

from wirebrush.catalog import Catalog


async def post(studio: Studio, body: dict[str, Any] | bytes) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    status, told, _ = await studio.ask_bare("POST", "/prompt", data=BytesIO(data), headers=headers)
    return status, told


async def upload(studio: Studio) -> str:
    """The name of a picture, which is always the same one."""
    file, form = BytesIO(), FormData()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    form.add_field("image", file.getvalue(), filename="me.png", content_type="image/png")
    status, stored, _ = await studio.ask_bare("POST", "/upload/image", data=form)
    assert status == 200
    return stored["name"]


async def pending(studio: Studio) -> list[Any]:
    return (await studio.ask_bare("GET", "/queue"))[1]["queue_pending"]


def remembered(studio: Studio) -> bool:
    prompts = studio.services.prompts
    assert prompts is not None
    return prompts.last is not None


def showing(**values: Any) -> dict[str, Any]:
    return PROMPT | {"1": {"class_type": "Number", "inputs": values}}


async def test_each_is_a_job_of_its_own(comfy: Studio) -> None:
    body = {"prompt": showing(value="20"), "client_id": "me", "extra_data": {"extra_pnginfo": {}}}
    told = [await post(comfy, body) for _ in range(3)]
    assert [(status, answer["number"]) for status, answer in told] == [(200, 0), (200, 1), (200, 2)]
    items = await pending(comfy)
    assert [item[1] for item in items] == [answer["prompt_id"] for _, answer in told]
    assert len({item[1] for item in items}) == 3
    for item in items:
        assert item[2]["1"]["inputs"] == {"value": 20}
        assert (item[3]["client_id"], item[4]) == ("me", ["2"])
    jobs = await comfy.services.queue.waiting()
    bodies = [await comfy.services.queue.body(job.id) for job in jobs]
    assert bodies[0] == bodies[1] == bodies[2]


async def test_the_client_s_own_name_place_and_order_count_each_time(comfy: Studio) -> None:
    body = {"prompt": PROMPT, "prompt_id": "mine", "front": True}
    assert [(await post(comfy, body))[1]["prompt_id"] for _ in range(2)] == ["mine", "mine"]
    assert [item[0] for item in await pending(comfy)] == [-1, 0]


@pytest.mark.parametrize("other", [b"1", b"1.0", b"true", b'"1"', b"2", b"-1", b"null"])
async def test_what_only_looks_alike_is_judged(comfy: Studio, other: bytes) -> None:
    text = json.dumps({"prompt": showing(value=1)}).encode()
    changed = text.replace(b'"value": 1}', b'"value": ' + other + b"}")
    alone = await post(comfy, changed)
    for body in (text, changed, text):
        status, told = await post(comfy, body)
        expected = alone if body is changed else (200, {"node_errors": {}})
        assert status == expected[0]
        assert told.get("node_errors") == expected[1]["node_errors"]


async def test_what_was_refused_is_refused_again_and_in_the_same_words(comfy: Studio) -> None:
    await post(comfy, {"prompt": PROMPT})
    partly = PROMPT | {
        "3": {"class_type": "Number", "inputs": {"value": -1}},
        "4": {"class_type": "Show", "inputs": {"source": ["3", 0]}},
    }
    for prompt in (partly, showing(value=-1), {}, {"1": {"class_type": "No", "inputs": {}}}):
        (status, first), again = [await post(comfy, {"prompt": prompt}) for _ in range(2)]
        first, second = ({**told, "prompt_id": "", "number": 0} for told in (first, again[1]))
        assert (status, first) == (again[0], second)
    assert not remembered(comfy) or (await post(comfy, b""))[0] == 400


async def test_other_node_types_judge_anew(comfy: Studio) -> None:
    assert (await post(comfy, {"prompt": PROMPT}))[0] == 200
    fewer = Catalog(tuple(spec for spec in CATALOG.specs if spec.id != "Number"))
    comfy.services.catalogs.replace(fewer.to_json())
    status, told = await post(comfy, {"prompt": PROMPT})
    assert (status, told["error"]["type"]) == (400, "invalid_prompt")
    comfy.services.catalogs.replace(CATALOG.to_json())
    assert (await post(comfy, {"prompt": PROMPT}))[0] == 200


async def test_a_file_that_is_gone_is_missed(comfy: Studio) -> None:
    name = await upload(comfy)
    prompt = {
        "1": {"class_type": "Open", "inputs": {"image": name}},
        "2": {"class_type": "Show", "inputs": {"source": ["1", 0]}},
    }
    assert [(await post(comfy, {"prompt": prompt}))[0] for _ in range(2)] == [200, 200]
    assert remembered(comfy)
    record = await comfy.services.assets.find(name)
    assert record is not None
    await comfy.services.assets.trash(record.id)
    status, told = await post(comfy, {"prompt": prompt})
    assert status == 400
    assert "1" in told["node_errors"]
    assert await upload(comfy) == name
    assert (await post(comfy, {"prompt": prompt}))[0] == 200


async def test_no_secret_and_nothing_large_is_remembered(comfy: Studio) -> None:
    secrets = {"auth_token_comfy_org": "s1", "api_key_comfy_org": "s2"}
    for _ in range(2):
        assert (await post(comfy, {"prompt": PROMPT, "extra_data": {**secrets, "a": 1}}))[0] == 200
    prompts = comfy.services.prompts
    assert prompts is not None
    assert prompts.last is not None
    assert prompts.last.order.extra == {"a": 1}
    note = {"note": "x" * (1 << 20)}
    assert (await post(comfy, {"prompt": PROMPT, "extra_data": note}))[0] == 200
    assert not remembered(comfy)
