from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from wirebrush.api import NodeSpec, Output, Port, Widget
from wirebrush.catalog import Catalog, Clash, PackFailure
from wirebrush.packlist import PackReport

BLUR = NodeSpec(
    "Blur",
    title="Blur",
    inputs=(Port("image", "IMAGE"), Port("radius", "FLOAT", 2.0, Widget("float", min=0))),
    outputs=(Output("IMAGE", "IMAGE"),),
    formerly=("GaussianBlur",),
    pack="basic",
    source="1",
)
SAVE = NodeSpec("Save", title="Save", inputs=(Port("images", "IMAGE"),), sink=True, pack="basic")
OTHER_BLUR = replace(BLUR, pack="fancy", formerly=("Softener",), version="9")
CATALOG = Catalog((BLUR, SAVE, OTHER_BLUR), (PackFailure("broken", "ImportError: x", "Trace..."),))


def test_a_type_is_found_by_all_its_names() -> None:
    assert CATALOG.spec("Blur") is BLUR
    assert CATALOG.spec("basic/Blur") is BLUR
    assert CATALOG.spec("GaussianBlur") is BLUR
    assert CATALOG.spec("basic/GaussianBlur") is BLUR
    assert CATALOG.spec("Bl") is None
    assert "Save" in CATALOG
    assert "fancy/Save" not in CATALOG


def test_the_earlier_pack_keeps_a_claimed_name() -> None:
    assert CATALOG.spec("fancy/Blur") is OTHER_BLUR
    assert CATALOG.spec("Softener") is OTHER_BLUR
    assert CATALOG.clashes == (Clash("Blur", kept="basic", other="fancy"),)


def test_a_loader_may_have_renamed_the_later_one() -> None:
    renamed = replace(OTHER_BLUR, id="fancy/Blur")
    catalog = Catalog((BLUR, renamed))
    assert catalog.spec("fancy/Blur") is renamed
    assert catalog.spec("Blur") is BLUR
    assert catalog.clashes == (Clash("Blur", kept="basic", other="fancy"),)


def test_an_earlier_name_never_hides_a_real_one() -> None:
    greedy = NodeSpec("New", formerly=("Save",), pack="greedy")
    assert Catalog((greedy, SAVE)).spec("Save") is SAVE


def test_sinks() -> None:
    assert CATALOG.sinks() == [SAVE]


def test_json_and_back() -> None:
    text = json.dumps(CATALOG.to_json())
    again = Catalog.from_json(json.loads(text))
    assert again == CATALOG
    assert again.digest == CATALOG.digest
    assert json.loads(text)["digest"] == CATALOG.digest


def test_the_digest_changes_with_the_content_only() -> None:
    assert Catalog((BLUR,)).digest == Catalog((replace(BLUR),)).digest
    assert Catalog((BLUR,)).digest != Catalog((replace(BLUR, version="2"),)).digest
    assert Catalog((BLUR, SAVE)).digest != Catalog((SAVE, BLUR)).digest
    failure = PackFailure("p", "E", "at 0x7f01")
    elsewhere = PackFailure("p", "E", "at 0x7f02")
    assert Catalog((), (failure,)).digest == Catalog((), (elsewhere,)).digest != Catalog().digest


@pytest.mark.parametrize(
    "data", [{}, {"nodes": 3}, {"nodes": [{}]}, {"nodes": [3]}, {"nodes": None}]
)
def test_what_is_no_catalog_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no catalog"):
        Catalog.from_json(data)


def test_it_is_kept_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    assert Catalog.load(path) is None
    Catalog((SAVE,)).save(path)
    CATALOG.save(path)
    assert Catalog.load(path) == CATALOG
    assert [item.name for item in tmp_path.iterdir()] == ["catalog.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"nodes": 1}', "[" * 100_000, "\ud800"])
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    assert Catalog.load(path) is None


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    CATALOG.save(path)
    unserialisable = Catalog((replace(SAVE, inputs=(Port("x", "INT", default=object()),)),))
    with pytest.raises(TypeError):
        unserialisable.save(path)
    assert Catalog.load(path) == CATALOG
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("blur", ["Blur"]),
        ("Bulr", ["Blur"]),
        ("save", ["Save"]),
        ("Save Image", ["Save"]),
        ("Unrelated", []),
        ("", []),
        ("\U0001f3a8", []),
        ("x" * 10_000, []),
    ],
)
def test_nearest_names(asked: str, found: list[str]) -> None:
    assert CATALOG.nearest(asked) == found


def test_nearest_is_quick_among_five_thousand() -> None:
    parts = [
        "Load",
        "Save",
        "Image",
        "Mask",
        "Latent",
        "Upscale",
        "Blend",
        "Control",
        "Text",
        "Vae",
    ]
    names = ["".join(words) for words in product(parts, repeat=4)][:5_000]
    catalog = Catalog(tuple(NodeSpec(name) for name in names))
    assert catalog.nearest("loadimagemasklatnet")[0] == "LoadImageMaskLatent"  # makes the index
    start = time.thread_time()
    assert catalog.nearest("SaveTextUpscale Vea")[0] == "SaveTextUpscaleVae"
    assert time.thread_time() - start < 0.1


def test_a_pack_that_lacks_a_node_is_not_lost_and_one_that_is_off_is_remembered() -> None:
    refused, lost = PackFailure("a", "Node X: no."), PackFailure("b", "ImportError: c")
    packs = (
        PackReport("a", "comfyui", loaded=True, nodes=("A",)),
        PackReport("b", "native"),
        PackReport("c", "comfyui", on=False, nodes=("C",)),
    )
    catalog = Catalog((), (refused, lost), packs)
    assert catalog.lost == [lost]
    assert [catalog.off_pack(name) for name in ("A", "C", "D")] == [None, "c", None]
