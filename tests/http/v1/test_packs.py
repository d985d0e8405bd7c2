"""The list of packs and its switches. Workers are absent: what they find is in the catalog."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from http_studio import CATALOG, Studio, running_studio

from wirebrush.catalog import Catalog, PackFailure
from wirebrush.jobs.errors import PackFatal
from wirebrush.jobs.packswitches import FILE, PackSwitches
from wirebrush.packlist import Ended, PackChoice, PackReport

BUILTIN = PackReport("builtin", "builtin", loaded=True, nodes=("Add", "Number"))
MINE = PackReport("mine", "native", "mine.py", True, True, ("Mine",), 0.1, 10, "m1")
MATH = PackReport("Math Pack", "comfyui", "Math Pack", on=False, size=20, source="c1")
MATH_ON = replace(MATH, on=True, loaded=True, nodes=("Sum",), seconds=0.5)
REFUSED = PackFailure("Math Pack", "Node Wide: it wants the whole screen.")


def found(*reports: PackReport, failures: tuple[PackFailure, ...] = ()) -> Catalog:
    return replace(CATALOG, packs=(BUILTIN, *reports), failures=failures)


@pytest.fixture
async def packs(tmp_path: Path) -> AsyncIterator[Studio]:
    """A server that knows three packs."""
    async with running_studio(tmp_path, found(MINE, MATH)) as started:
        yield started


async def listed(studio: Studio) -> dict[str, Any]:
    _, body, _ = await studio.ask("GET", "/v1/packs")
    return {pack["name"]: pack for pack in body["packs"]}


async def put(studio: Studio, name: str, body: Any) -> tuple[int, Any]:
    status, told, _ = await studio.ask("PUT", f"/v1/packs/{name}", json=body)
    return status, told


def report(studio: Studio, *reports: PackReport, failures: tuple[PackFailure, ...] = ()) -> None:
    """A worker sends its catalog."""
    studio.services.catalogs.replace(found(*reports, failures=failures).to_json())
    studio.services.packs.heard()


def renewed(studio: Studio) -> list[PackChoice]:
    """Collects what workers are told from now on."""
    told: list[PackChoice] = []
    studio.services.packs.serve(told.append)
    return told


async def test_all_packs_are_listed_and_foreign_ones_are_off(packs: Studio) -> None:
    _, body, _ = await packs.ask("GET", "/v1/packs")
    assert [(p["name"], p["kind"], p["on"], p["loaded"]) for p in body["packs"]] == [
        ("builtin", "builtin", True, True),
        ("mine", "native", True, True),
        ("Math Pack", "comfyui", False, False),
    ]
    assert all(pack["settled"] and not pack["changed"] for pack in body["packs"])
    assert body["folders"] == []


async def test_turning_one_on_is_kept_told_to_workers_and_to_all_windows(
    packs: Studio, tmp_path: Path
) -> None:
    told = renewed(packs)
    async with packs.socket() as socket:
        await socket.send_json({"type": "subscribe"})
        await socket.send_json({"type": "ping"})
        await socket.receive_json(timeout=60)
        status, record = await put(packs, "Math%20Pack", {"on": True})
        assert (await socket.receive_json(timeout=60)) == {"type": "packs"}
    assert (status, record["on"], record["settled"]) == (200, True, False)
    assert [choice.switches for choice in told] == [{"Math Pack": True}]
    assert PackSwitches(tmp_path / "data").choice().switches == {"Math Pack": True}

    report(packs, MINE, MATH_ON, failures=(REFUSED,))
    pack = (await listed(packs))["Math Pack"]
    assert (pack["settled"], pack["loaded"], pack["nodes"]) == (True, True, ["Sum"])
    assert [item["error"] for item in pack["failures"]] == [REFUSED.error]
    assert pack["since"] > 1_700_000_000
    assert PackSwitches(tmp_path / "data").of("Math Pack").source == "c1"


async def test_off_again_it_is_still_known_what_it_had(packs: Studio) -> None:
    await put(packs, "Math%20Pack", {"on": True})
    report(packs, MINE, MATH_ON)
    told = renewed(packs)
    await put(packs, "Math%20Pack", {"on": False})
    assert [choice.switches for choice in told] == [{"Math Pack": False}]
    report(packs, MINE, MATH)
    pack = (await listed(packs))["Math Pack"]
    assert (pack["on"], pack["loaded"], pack["nodes"]) == (False, False, ["Sum"])


async def test_what_is_so_already_disturbs_no_worker(packs: Studio) -> None:
    told = renewed(packs)
    assert (await put(packs, "mine", {"on": True}))[0] == 200
    assert (await put(packs, "Math%20Pack", {"on": False}))[0] == 200
    assert told == []


async def test_a_pack_that_changed_stays_on_and_is_marked_until_it_is_accepted(
    packs: Studio,
) -> None:
    await put(packs, "Math%20Pack", {"on": True})
    report(packs, MATH_ON)
    report(packs, replace(MATH_ON, source="c2"))
    pack = (await listed(packs))["Math Pack"]
    assert (pack["on"], pack["changed"]) == (True, True)
    told = renewed(packs)
    _, record = await put(packs, "Math%20Pack", {"on": True})
    assert not record["changed"]
    assert told == [], "it is loaded as it is"


async def test_files_that_changed_unseen_are_accepted_when_a_pack_is_loaded_anew(
    packs: Studio,
) -> None:
    await put(packs, "Math%20Pack", {"on": True})
    report(packs, MATH_ON)
    told = renewed(packs)
    _, record = await put(packs, "Math%20Pack", {"on": True, "anew": True})
    assert (len(told), record["settled"]) == (1, False)
    report(packs, replace(MATH_ON, source="c2"))
    pack = (await listed(packs))["Math Pack"]
    assert (pack["changed"], pack["settled"]) == (False, True)


async def test_a_pack_that_failed_is_tried_again(packs: Studio) -> None:
    report(packs, replace(MINE, loaded=False), failures=(PackFailure("mine", "No."),))
    told = renewed(packs)
    _, record = await put(packs, "mine", {"on": True})
    assert len(told) == 1
    assert not record["settled"]
    report(packs, replace(MINE, loaded=False), failures=(PackFailure("mine", "No."),))
    assert (await listed(packs))["mine"]["settled"]


async def test_workers_look_again_when_they_are_asked_to(packs: Studio) -> None:
    told = renewed(packs)
    status, body, _ = await packs.ask("POST", "/v1/packs/reload")
    assert (status, body) == (202, {"looking": True})
    assert len(told) == 1


async def test_a_pack_that_ended_a_worker_is_off_by_itself_and_says_so(packs: Studio) -> None:
    packs.services.packs.ended(PackFatal("", "", "mine", Ended("It explodes.", "m1")))
    gone = replace(MINE, on=False, loaded=False)
    report(packs, gone, failures=(PackFailure("mine", "It explodes."),))
    pack = (await listed(packs))["mine"]
    assert (pack["on"], pack["ended"], pack["settled"]) == (False, True, True)
    assert pack["failures"][0]["error"] == "It explodes."
    told = renewed(packs)
    _, record = await put(packs, "mine", {"on": True})
    assert (record["on"], record["ended"]) == (True, False)
    assert told[0].ended == {}


async def test_nor_the_built_in_pack_nor_an_end_from_outside_is_kept(
    packs: Studio, tmp_path: Path
) -> None:
    ended = Ended("It explodes.", "")
    packs.services.packs.ended(PackFatal("", "", "builtin", ended))
    packs.services.packs.ended(PackFatal("", "", "mine", ended, lasting=False))
    assert not (tmp_path / "data" / FILE).exists()


@pytest.mark.parametrize(
    ("name", "body", "status", "words"),
    [
        ("builtin", {"on": False}, 409, "The built-in pack is always on."),
        ("nothing", {"on": True}, 404, "There is no pack 'nothing'."),
        ("mine", {"on": 1}, 400, "'on' must be true or false."),
        ("mine", {}, 400, "'on' is missing."),
        ("mine", {"on": True, "anew": 1}, 400, "'anew' must be true or false."),
    ],
)
async def test_what_cannot_be_done_is_a_sentence(
    packs: Studio, name: str, body: Any, status: int, words: str
) -> None:
    answered, told = await put(packs, name, body)
    assert (answered, told["error"]["message"]) == (status, words)


async def test_a_disk_that_refuses_is_told(packs: Studio, tmp_path: Path) -> None:
    (tmp_path / "data" / FILE).mkdir()
    told = renewed(packs)
    status, answer = await put(packs, "mine", {"on": False})
    assert status == 507
    assert "could not be saved" in answer["error"]["message"]
    assert (await listed(packs))["mine"]["on"]
    assert told == []


async def test_an_option_that_names_no_pack_is_complained_about_once(
    packs: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    services = packs.services
    wanting = type(services.packs)(
        services.catalogs, PackSwitches(services.config.data), lambda: None, ["Meth"]
    )
    wanting.heard()
    wanting.heard()
    assert caplog.text.count("--packs-on: there is no pack Meth. There are: builtin, mine") == 1
