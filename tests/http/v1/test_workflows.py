"""Saved workflows."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest
from http_studio import WORKFLOW, Studio
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.http.answers import Refused
from wirebrush.http.documentnames import DEPTH, clean_name
from wirebrush.http.documents import VERSIONS, Documents


async def save(
    studio: Studio, name: str = "cat", title: str = "cat", **headers: str
) -> tuple[int, dict[str, str]]:
    status, body, _ = await studio.ask(
        "PUT",
        f"/v1/workflows/{quote(name, safe='')}",
        json={**WORKFLOW, "name": title},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    return status, body


async def test_what_is_saved_can_be_opened(studio: Studio, tmp_path: Path) -> None:
    status, document = await save(studio)
    assert status == 200
    status, body, headers = await studio.ask("GET", "/v1/workflows/cat")
    assert body == {**WORKFLOW, "name": "cat"}
    assert headers["ETag"] == f'"{document["etag"]}"'
    kept = (tmp_path / "data" / "workflows" / "cat.json").read_text()
    assert kept.endswith("}\n"), "canonical text, for diffs"
    listed = (await studio.ask("GET", "/v1/workflows"))[1]
    assert [item["name"] for item in listed["workflows"]] == ["cat"]


async def test_nobody_overwrites_what_they_did_not_see(studio: Studio) -> None:
    _, first = await save(studio, title="one")
    assert (await save(studio, title="two", If_Match=f'"{first["etag"]}"'))[0] == 200
    status, body = await save(studio, title="three", If_Match=f'"{first["etag"]}"')
    assert status == 412
    assert "another name" in str(body)
    assert (await save(studio, title="four", If_None_Match="*"))[0] == 412
    assert (await studio.ask("GET", "/v1/workflows/cat"))[1]["name"] == "two"


async def test_earlier_versions_stay_and_are_bounded(studio: Studio) -> None:
    for number in range(VERSIONS + 5):
        await save(studio, title=f"v{number}")
    await save(studio, title=f"v{VERSIONS + 4}")  # nothing new: no version
    listed = (await studio.ask("GET", "/v1/workflows/cat/versions"))[1]["versions"]
    assert len(listed) == VERSIONS
    assert listed[0]["nodes"] == 2
    assert len({item["etag"] for item in listed}) == VERSIONS
    path = f"/v1/workflows/cat/versions/{listed[0]['id']}"
    assert (await studio.ask("GET", path))[1]["name"] == f"v{VERSIONS + 3}"
    for strange in ("..%2f..%2fx", "1", "x"):
        assert (await studio.ask("GET", f"/v1/workflows/cat/versions/{strange}"))[0] == 404


async def test_a_deleted_workflow_stays_among_its_versions(studio: Studio) -> None:
    await save(studio)
    assert (await studio.ask("DELETE", "/v1/workflows/cat"))[0] == 200
    assert (await studio.ask("DELETE", "/v1/workflows/cat"))[0] == 404
    assert (await studio.ask("GET", "/v1/workflows/cat"))[0] == 404
    assert len((await studio.ask("GET", "/v1/workflows/cat/versions"))[1]["versions"]) == 1


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".hidden",
        "a/../b",
        "/a",
        "a//b",
        "a/",
        "x.json/y",
        "a/.b/c",
        "con/x",
        "a\\b",
        "C:x",
        "con",
        "AUX.png",
        "x" * 300,
        "a\u202eb",
        "a\nb",
        "a.",
    ],
)
async def test_t11_names_that_no_disk_should_hold_are_refused(
    studio: Studio, tmp_path: Path, name: str
) -> None:
    status, body = await save(studio, name)
    assert status in (400, 404, 405)
    assert "error" in body
    assert not (tmp_path / "data" / "workflows").exists()


@pytest.mark.parametrize("name", ["Katze & Hund", "日本", "é", "50%", "a b", "cat.json"])
async def test_t50_other_names_make_a_round_trip(studio: Studio, name: str) -> None:
    assert (await save(studio, name))[0] == 200
    assert [d.name for d in studio.services.documents.list()] == [name]
    assert (await studio.ask("GET", f"/v1/workflows/{quote(name)}"))[0] == 200


async def test_names_that_differ_in_case_are_refused(studio: Studio) -> None:
    assert (await save(studio, "Cat"))[0] == 200
    status, body = await save(studio, "cat")
    assert status == 409
    assert "Cat" in str(body)


async def test_only_workflows_are_saved(studio: Studio) -> None:
    for text in ("{}", "[]", '{"1":{"class_type":"A","inputs":{}}}', "x", '{"a":1,"a":2}'):
        status, _, _ = await studio.ask(
            "PUT", "/v1/workflows/x", data=text, headers={"Content-Type": "application/json"}
        )
        assert status == 400


async def test_what_only_a_later_version_reads_is_kept_as_it_is(studio: Studio) -> None:
    later = {"format": "wirebrush/9", "nodes": {"1": {"type": "A"}}, "new": [1, 2]}
    assert (await studio.ask("PUT", "/v1/workflows/later", json=later))[0] == 200
    assert (await studio.ask("GET", "/v1/workflows/later"))[1] == later


async def test_templates_are_read_only_and_found_by_name(studio: Studio, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    about = {"name": "A postcard", "about": "From words.", "tags": ["first"]}
    (folder / "postcard.json").write_text(json.dumps({**WORKFLOW, **about}))
    (folder / "postcard.webp").write_bytes(b"picture")
    (folder / "broken.json").write_text("{")
    assert (await studio.ask("GET", "/v1/templates"))[1]["templates"] == [
        {
            **{"name": "postcard", "title": "A postcard", "description": "From words."},
            **{"tags": ["first"], "thumbnail": "/v1/templates/postcard/thumbnail"},
        }
    ]
    status, body, headers = await studio.ask("GET", "/v1/templates/postcard/thumbnail")
    assert (status, body, headers["Content-Type"]) == (200, b"picture", "image/webp")
    assert (await studio.ask("GET", "/v1/templates/postcard"))[1]["name"] == "A postcard"
    for name in ("broken", "..%2fdata%2ftoken", "nothing"):
        assert (await studio.ask("GET", f"/v1/templates/{name}"))[0] == 404
        assert (await studio.ask("GET", f"/v1/templates/{name}/thumbnail"))[0] == 404


async def test_many_writers_at_once_lose_nothing(studio: Studio) -> None:
    answers = await asyncio.gather(*(save(studio, title=f"w{n}") for n in range(12)))
    assert {status for status, _ in answers} == {200}
    documents = studio.services.documents
    texts = [documents.read_version("cat", item.id) for item in documents.versions("cat")]
    last = documents.read("cat")
    assert last is not None
    assert {json.loads(text or "")["name"] for text in [*texts, last[1]]} == {
        f"w{n}" for n in range(12)
    }


_CORPUS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(["..", "%2e", "..\\", "C:", "//h", "\0", "root-2", "a:b", ".", "x"]))
    .map("/".join),
)  # fmt: skip


@given(_CORPUS)
def test_t11_no_name_leaves_the_folder(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except Refused:
        return
    path = Path(os.path.normpath(Path("/data/workflows") / f"{cleaned}.json"))
    assert path.relative_to("/data/workflows").as_posix() == f"{cleaned}.json"
    assert len(path.relative_to("/data/workflows").parts) <= DEPTH
    assert clean_name(cleaned) == cleaned


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    documents = Documents(tmp_path / "workflows")
    documents.write("a", "{}", match=None)
    (tmp_path / "secret.json").write_text("secret")
    (tmp_path / "workflows" / "link.json").symlink_to(tmp_path / "secret.json")
    assert [item.name for item in documents.list()] == ["a"]
    assert documents.read("link") is None
