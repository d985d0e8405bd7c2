"""Saved workflows in folders: moved, deleted and brought back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from http_studio import WORKFLOW, Studio
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush.http.answers import Refused
from wirebrush.http.documentnames import DEPTH
from wirebrush.http.documents import Documents


def url(name: str, end: str = "") -> str:
    return f"/v1/workflows/{quote(name, safe='')}{end}"


async def save(studio: Studio, name: str, title: str = "t", **headers: str) -> dict[str, Any]:
    body = {**WORKFLOW, "name": title}
    status, document, _ = await studio.ask("PUT", url(name), json=body, headers=headers)
    assert status == 200, document
    return document


async def names(studio: Studio) -> list[str]:
    listed = (await studio.ask("GET", "/v1/workflows"))[1]["workflows"]
    return [item["name"] for item in listed]


async def test_a_name_may_hold_folders(studio: Studio, tmp_path: Path) -> None:
    document = await save(studio, "portraits/anna", "Anna")
    assert document["name"] == "portraits/anna"
    assert (document["id"], document["nodes"]) == (WORKFLOW["id"], 2)
    assert (tmp_path / "data" / "workflows" / "portraits" / "anna.json").is_file()
    await save(studio, "portraits")
    await save(studio, "portraits/2026/anna")
    assert await names(studio) == ["portraits", "portraits/2026/anna", "portraits/anna"]
    assert (await studio.ask("GET", url("portraits/anna")))[1]["name"] == "Anna"
    assert (await studio.ask("GET", url("portraits/bob")))[0] == 404
    assert (await studio.ask("GET", url("portraits/anna/x")))[0] == 404


async def test_folders_lie_only_so_deep(studio: Studio) -> None:
    await save(studio, "/".join("abcdefgh"[:DEPTH]))
    status, body, _ = await studio.ask("PUT", url("/".join("abcdefghi")), json=WORKFLOW)
    assert status == 400
    assert f"more than {DEPTH} parts" in body["error"]["message"]


async def test_a_move_takes_the_versions_along(studio: Studio) -> None:
    await save(studio, "cat", "one")
    document = await save(studio, "cat", "two")
    status, moved, headers = await studio.ask(
        "POST", url("cat", "/move"), json={"to": "animals/cat"}, headers={"If-Match": "*"}
    )
    assert status == 200
    assert moved["name"] == "animals/cat"
    assert headers["ETag"] == f'"{document["etag"]}"', "a name is no content"
    assert await names(studio) == ["animals/cat"]
    for name, count in (("animals/cat", 1), ("cat", 0)):
        found = (await studio.ask("GET", url(name, "/versions")))[1]["versions"]
        assert len(found) == count


async def test_a_move_goes_over_nobody(studio: Studio) -> None:
    cat = await save(studio, "cat", "cat")
    await save(studio, "dog", "dog")
    tries = [
        ({"to": "dog"}, {}, 412, "already"),
        ({"to": "DOG"}, {}, 409, "only in case"),
        ({"to": "bird"}, {"If-Match": '"old"'}, 412, "changed or deleted"),
        ({"to": "../bird"}, {}, 400, "dot"),
        ({"to": 3}, {}, 400, "'to'"),
        ({}, {}, 400, "'to'"),
    ]
    for body, headers, expected, words in tries:
        status, told, _ = await studio.ask("POST", url("cat", "/move"), json=body, headers=headers)
        assert (status, words in str(told)) == (expected, True), told
    assert (await studio.ask("POST", url("cow", "/move"), json={"to": "x"}))[0] == 404
    assert (await studio.ask("GET", url("dog")))[1]["name"] == "dog"
    same = await studio.ask("POST", url("cat", "/move"), json={"to": "cat"})
    assert (same[0], same[1]["etag"]) == (200, cat["etag"])
    assert (await studio.ask("POST", url("cat", "/move"), json={"to": "Cat"}))[0] == 200
    assert await names(studio) == ["Cat", "dog"]


async def test_a_deleted_workflow_comes_back_as_it_was(studio: Studio) -> None:
    await save(studio, "a/cat", "one")
    document = await save(studio, "a/cat", "two")
    assert (await studio.ask("POST", url("a/cat", "/restore")))[0] == 412, "it is there"
    assert (await studio.ask("DELETE", url("a/cat")))[0] == 200
    assert await names(studio) == []
    status, back, _ = await studio.ask("POST", url("a/cat", "/restore"))
    assert (status, back["etag"]) == (200, document["etag"])
    assert len((await studio.ask("GET", url("a/cat", "/versions")))[1]["versions"]) == 1
    assert (await studio.ask("POST", url("never", "/restore")))[0] == 404


def test_an_emptied_folder_goes(tmp_path: Path) -> None:
    documents = Documents(tmp_path / "workflows")
    documents.write("a/b/c", "{}", match=None)
    documents.write("a/d", "{}", match=None)
    documents.delete("a/b/c", match=None)
    assert not (tmp_path / "workflows" / "a" / "b").exists()
    documents.move("a/d", "d", match=None)
    assert not (tmp_path / "workflows" / "a").exists()
    assert len(documents.versions("a/b/c")) == 1


def test_folders_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    documents = Documents(tmp_path / "workflows")
    documents.write("Portraits/anna", "{}", match=None)
    with pytest.raises(Refused, match="only in case"):
        documents.write("portraits/bob", "{}", match=None)


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.json").write_text("{}")
    documents = Documents(tmp_path / "workflows")
    documents.write("a", "{}", match=None)
    (tmp_path / "workflows" / "link").symlink_to(outside)
    assert [item.name for item in documents.list()] == ["a"]
    assert documents.read("link/secret") is None
    with pytest.raises(Refused, match="link"):
        documents.write("link/new", "{}", match=None)
    with pytest.raises(Refused, match="link"):
        documents.move("a", "link/a", match=None)
    assert documents.read("a") is not None


def test_a_moved_workflow_joins_the_versions_of_its_new_name(tmp_path: Path) -> None:
    documents = Documents(tmp_path / "workflows")
    for name in ("a", "b"):
        documents.write(name, f'"{name} one"', match=None)
        documents.write(name, f'"{name} two"', match=None)
    documents.delete("b", match=None)
    documents.move("a", "b", match=None)
    texts = {documents.read_version("b", item.id) for item in documents.versions("b")}
    assert texts == {'"a one"', '"b one"', '"b two"'}


def test_what_the_disk_does_not_take_is_said(tmp_path: Path) -> None:
    (tmp_path / "workflows").write_text("a file where the folder should be")
    documents = Documents(tmp_path / "workflows")
    with pytest.raises(Refused, match="could not be saved") as told:
        documents.write("a", "{}", match=None)
    assert told.value.status == 507


async def test_of_all_who_saw_the_same_only_one_changes_it(studio: Studio) -> None:
    for round_ in range(5):
        name = f"round/{round_}"
        seen = {"If-Match": (await save(studio, name))["etag"]}
        changes = [
            studio.ask("PUT", url(name), json={**WORKFLOW, "name": "tab 1"}, headers=seen),
            studio.ask("POST", url(name, "/move"), json={"to": f"moved/{round_}"}, headers=seen),
            studio.ask("DELETE", url(name), headers=seen),
            studio.ask("PUT", url(name), json={**WORKFLOW, "name": "tab 2"}, headers=seen),
            studio.ask("POST", url(name, "/move"), json={"to": f"gone/{round_}"}, headers=seen),
        ]
        answers = [status for status, _, _ in await asyncio.gather(*changes)]
        assert answers.count(200) == 1, answers
        assert set(answers) <= {200, 404, 412}


_NAME = st.sampled_from(["a", "b", "A", "a/b", "a/B", "A/b", "b/a/c", "b.json"])
_STEP = st.tuples(st.sampled_from(["write", "move", "delete", "restore"]), _NAME, _NAME)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(_STEP, max_size=15))
def test_any_sequence_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str]]
) -> None:
    documents = Documents(tmp_path_factory.mktemp("workflows") / "w")
    there: dict[str, str] = {}
    written: set[str] = set()
    for number, (what, name, other) in enumerate(steps):
        try:
            if what == "write":
                documents.write(name, f'"{number}"', match=None)
                there[name] = f'"{number}"'
                written.add(f'"{number}"')
            elif what == "move" and documents.move(name, other, match=None) is not None:
                there[other] = there.pop(name)
            elif what == "delete":
                assert documents.delete(name, match=None) is (there.pop(name, None) is not None)
            elif what == "restore" and documents.restore(name) is not None:
                assert name not in there
                there[name] = documents.read(name)[1]  # type: ignore[index]
        except Refused:
            pass  # taken, or only the case differs: then nothing has changed
        listed = {item.name for item in documents.list()}
        assert listed == there.keys()
        assert len({name.casefold() for name in listed}) == len(listed)
    for name, text in there.items():
        found = documents.read(name)
        assert found is not None
        assert found[1] == text
    kept = {
        documents.read_version(name, version.id)
        for name in ["a", "b", "A", "a/b", "a/B", "A/b", "b/a/c", "b.json"]
        for version in documents.versions(name)
    }
    assert written <= {*kept, *there.values()}, "every saved text is there or among the versions"
