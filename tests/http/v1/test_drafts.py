"""Drafts: what the page keeps while somebody edits."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from http_studio import WORKFLOW, Studio
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush.http.answers import Refused
from wirebrush.http.drafts import Conflict, Draft, Drafts

FIRST = {"If-None-Match": "*"}
ID = WORKFLOW["id"]


def seen(etag: str) -> dict[str, str]:
    return {"If-Match": f'"{etag}"'}


def draft(title: str = "one", **more: Any) -> dict[str, Any]:
    return {"name": title, "file": None, "base": None, "workflow": WORKFLOW, **more}


async def put(
    studio: Studio, body: Any, headers: dict[str, str], name: str = ID
) -> tuple[int, dict[str, Any]]:
    path = f"/v1/drafts/{quote(name, safe='')}"
    status, told, _ = await studio.ask("PUT", path, json=body, headers=headers)
    return status, told


async def test_a_draft_comes_back(studio: Studio) -> None:
    status, told = await put(studio, draft(file="a/b", base="e", by="tab 1"), FIRST)
    assert status == 200
    status, body, headers = await studio.ask("GET", f"/v1/drafts/{ID}")
    assert status == 200
    assert body["workflow"] == WORKFLOW
    assert headers["ETag"] == f'"{told["etag"]}"'
    (listed,) = (await studio.ask("GET", "/v1/drafts"))[1]["drafts"]
    assert {**listed, "workflow": WORKFLOW} == body
    assert (listed["id"], listed["name"], listed["file"]) == (ID, "one", "a/b")
    assert (listed["base"], listed["by"], listed["etag"]) == ("e", "tab 1", told["etag"])


async def test_two_tabs_do_not_write_over_each_other(studio: Studio) -> None:
    _, first = await put(studio, draft("one"), FIRST)
    status, second = await put(studio, draft("two", by="tab 2"), seen(first["etag"]))
    assert status == 200
    for headers in (seen(first["etag"]), FIRST):
        status, told = await put(studio, draft("three"), headers)
        assert status == 412
        assert told["draft"]["by"] == "tab 2"
        assert told["draft"]["etag"] == second["etag"]
        assert "another window" in told["error"]["message"]
    path = f"/v1/drafts/{ID}"
    assert (await studio.ask("DELETE", path, headers=seen(first["etag"])))[0] == 412
    assert (await studio.ask("DELETE", path, headers=seen(second["etag"])))[0] == 200
    assert (await studio.ask("DELETE", path))[0] == 404
    status, told = await put(studio, draft("three"), seen(second["etag"]))
    assert (status, told["draft"]) == (412, None)


async def test_of_two_at_once_one_is_told(studio: Studio) -> None:
    _, first = await put(studio, draft(), FIRST)
    tabs = (put(studio, draft(f"tab {n}"), seen(first["etag"])) for n in range(8))
    answers = [status for status, _ in await asyncio.gather(*tabs)]
    assert sorted(answers) == [200] + [412] * 7


async def test_the_same_once_more_is_no_conflict(studio: Studio) -> None:
    _, first = await put(studio, draft(), FIRST)
    assert await put(studio, draft(), FIRST) == (200, first), "the answer got lost on its way"


async def test_a_page_may_write_again_before_the_answer_came(studio: Studio) -> None:
    """Which of its own states the server has, it need not know; somebody else's it must."""
    _, first = await put(studio, draft("one"), {**FIRST, "Draft-Turns": "w1=1"})
    status, third = await put(studio, draft("three"), {**FIRST, "Draft-Turns": "w1=3"})
    assert status == 200
    assert third["etag"] != first["etag"]
    assert not third["late"]
    for late in (FIRST, seen(first["etag"])):
        assert await put(studio, draft("two"), {**late, "Draft-Turns": "w1=2"}) == (
            200,
            {**third, "late": True},
        )
    status, told = await put(studio, draft("theirs"), {**FIRST, "Draft-Turns": "w2=9"})
    assert (status, told["draft"]["window"], told["draft"]["turn"]) == (412, "w1", 3)
    reloaded = {**FIRST, "Draft-Turns": "w2=10, w1=3"}
    assert (await put(studio, draft("four"), reloaded))[0] == 200
    status, told = await put(studio, draft("three"), {**FIRST, "Draft-Turns": "w1=3"})
    assert (status, told["late"]) == (200, True), "it is in what the other wrote"
    assert (await put(studio, draft("five"), {**FIRST, "Draft-Turns": "w1=4"}))[0] == 412
    path = f"/v1/drafts/{ID}"
    assert (await studio.ask("DELETE", path, headers={"Draft-Turns": "w1=3"}))[0] == 412
    for _ in range(2):  # whether it is there or not
        assert (await studio.ask("DELETE", path, headers={"Draft-Turns": "w2=11"}))[0] == 200
    late = {**FIRST, "Draft-Turns": "w2=10"}
    assert await put(studio, draft("late"), late) == (200, {"etag": None, "late": True})
    assert (await studio.ask("GET", "/v1/drafts"))[1]["drafts"] == []


@pytest.mark.parametrize("turns", ["", "w1", "w1=", "=1", "w1=-1", "w 1=1", "a=1;b=2", "a=1," * 60])
async def test_turns_that_are_none_are_refused_in_words(studio: Studio, turns: str) -> None:
    status, told = await put(studio, draft(), {**FIRST, "Draft-Turns": turns})
    assert status == 400
    assert "Draft-Turns" in told["error"]["message"]
    assert "window-1=7" in told["error"]["hint"]


async def test_who_does_not_say_what_they_saw_is_asked(studio: Studio) -> None:
    status, told = await put(studio, draft(), {})
    assert status == 428
    assert "If-None-Match" in told["error"]["hint"]
    assert (await put(studio, draft(), {**FIRST, **seen("x")}))[0] == 428


@pytest.mark.parametrize(
    "workflow",
    [
        {},
        {"format": "wirebrush/99", "nodes": 7},
        {"nodes": {"1": {"type": "NoSuchNode"}}, "wires": [{"from": ["9", 0], "to": 3}]},
        {"text": "half \ud83d a smile", "\udc00": "\x00\u2028"},
        {"big": 10**300, "small": 1e-300, "one": 1.0, "zero": -0.0},
    ],
)
async def test_a_broken_workflow_is_kept_as_it_is(studio: Studio, workflow: Any) -> None:
    body = json.dumps(draft(workflow=workflow)).encode()
    headers = {**FIRST, "Content-Type": "application/json"}
    status, told, _ = await studio.ask("PUT", "/v1/drafts/x", data=body, headers=headers)
    assert status == 200, told
    assert (await studio.ask("GET", "/v1/drafts/x"))[1]["workflow"] == workflow


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"name":"x"}',
        b'{"workflow":[]}',
        b'{"workflow":{"a":NaN}}',
        b'{"workflow":{},"name":7}',
        b'{"workflow":{},"name":"' + b"x" * 700 + b'"}',
        b'{"workflow":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b'{"workflow":{"a":' + b"9" * 5000 + b"}}",
    ],
)
async def test_what_is_no_draft_is_refused_in_words(studio: Studio, body: bytes) -> None:
    headers = {**FIRST, "Content-Type": "application/json"}
    status, told, _ = await studio.ask("PUT", "/v1/drafts/x", data=body, headers=headers)
    assert status == 400
    assert told["error"]["message"]
    assert (await studio.ask("GET", "/v1/drafts"))[1]["drafts"] == []


@pytest.mark.parametrize("name", ["../../x", "a/b", "con", ".", "日本", "x" * 200, "%00", "\u202e"])
async def test_any_id_is_an_id(studio: Studio, tmp_path: Path, name: str) -> None:
    if name == ".":
        name = "%2e"
    status, _ = await put(studio, draft(), FIRST, name)
    assert status == 200
    (listed,) = (await studio.ask("GET", "/v1/drafts"))[1]["drafts"]
    assert listed["id"] == name
    assert len(list((tmp_path / "data" / "drafts").iterdir())) == 1
    assert (await studio.ask("GET", f"/v1/drafts/{'x' * 201}"))[0] == 400


def make(number: int, text: str = "{}") -> Draft:
    return Draft(str(number), "", None, None, "", text)


def test_there_is_an_end_to_drafts(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, max_drafts=2, max_bytes=1000)
    first = drafts.write(make(1), None)
    assert first is not None
    drafts.write(make(2), None)
    with pytest.raises(Refused, match="not"):
        drafts.write(make(3), None)
    with pytest.raises(Refused):
        drafts.write(make(1, '{"a":"' + "x" * 1000 + '"}'), first.etag)
    assert drafts.write(make(1, '{"a":1}'), first.etag) != first
    assert drafts.delete("2", None)
    drafts.write(make(3), None)


def test_files_that_are_no_drafts_are_passed_over(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.write(make(1), None)
    for number, text in enumerate(["", "{", "[]", "{}", '{"id":1}\n{}', "\x00" * 100]):
        (tmp_path / f"{number}.draft").write_text(text)
    (tmp_path / ".saving-x").write_text("half")
    assert [item.id for item in drafts.list()] == ["1"]


_STEP = st.tuples(st.sampled_from(["write", "delete"]), st.integers(0, 2), st.integers(0, 3))


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(_STEP, max_size=12))
def test_drafts_do_what_a_dictionary_does(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    drafts, known = Drafts(tmp_path_factory.mktemp("drafts")), dict[str, tuple[str, str]]()
    for what, number, value in steps:
        name, text = str(number), f'{{"v":{value}}}'
        if what == "write":
            stale = value == 3 and name in known
            match = "stale" if stale else known[name][0] if name in known else None
            try:
                written = drafts.write(make(number, text), match)
                assert written is not None
                known[name] = written.etag, text
            except Conflict:
                assert stale
        else:
            assert drafts.delete(name, None) is (known.pop(name, None) is not None)
    assert {item.id: item.etag for item in drafts.list()} == {n: e for n, (e, _) in known.items()}
    for name, (_, text) in known.items():
        found = drafts.read(name)
        assert found is not None
        assert found[1] == text
