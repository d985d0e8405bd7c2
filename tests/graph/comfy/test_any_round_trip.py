"""Whatever ComfyUI saves comes back as it was, when nobody changed anything with us."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.exporting import export_workflow
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.workflow import Workflow
from wirebrush.graph.workflow_format import load_workflow
from wirebrush.graph.workflow_text import dump_workflow

TYPES = ["IMAGE", "INT", "X", "*", "COMBO"]
KNOWN = {
    "KSampler": ["seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"],
    "LoadImage": ["image"],
    "LoadAudio": ["audio", "audioUI"],
    "SaveAudio": ["filename_prefix", "audioUI"],
    "ImageScale": ["upscale_method", "width", "height", "crop"],
    "Blend": ["amount"],
    "Stranger": ["seed", "text", "size"],
    "Nothing": [],
}
INNER = ["d1", "d2"]
words = st.sampled_from(["", "a", "b c", "é", "fixed", "image", "euler"])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.sampled_from([0.5, 8.0]),
    words,
    st.sampled_from([["a", 1], {"k": [1]}]),
)
plain = st.dictionaries(st.sampled_from("kmn"), scalars, max_size=2)
numbers = st.integers(-9, 9) | st.sampled_from([0.25, 0.1])
points = st.lists(numbers, min_size=2, max_size=2)
looks = st.fixed_dictionaries(
    {},
    optional={
        "title": words.filter(bool),
        "color": st.sampled_from(["#322", "#2a363b", "#abcdef"]),
        "bgcolor": st.sampled_from(["#533", "#123456"]),
        "shape": st.integers(0, 5),
        "showAdvanced": st.booleans(),
        "strange": scalars,
    },
)
flags = st.fixed_dictionaries({}, optional={"collapsed": st.just(True), "pinned": st.just(True)})
groups = st.fixed_dictionaries(
    {"title": words, "bounding": st.lists(numbers, min_size=4, max_size=4)},
    optional={
        "color": st.sampled_from(["#3f789e", "#A88", "red"]),
        "font_size": st.integers(8, 40),
        "flags": st.just({"pinned": True}),
        "locked": st.booleans(),
    },
)
modes = st.sampled_from([0, 0, 0, 1, 2, 3, 4])


places = points | points.map(lambda pair: {"0": pair[0], "1": pair[1]})


@st.composite
def slots(draw: st.DrawFn, side: str, widgets: list[str]) -> list[dict[str, Any]]:
    kinds = draw(st.lists(st.sampled_from(TYPES), max_size=3))
    found: list[dict[str, Any]] = [
        {"name": f"{side}{at}", "type": kind} for at, kind in enumerate(kinds)
    ]
    for name in widgets:
        if draw(st.booleans()):
            found.append({"name": name, "type": "INT", "widget": {"name": name}})
    for slot in found:
        slot |= draw(st.fixed_dictionaries({}, optional={"label": words, "shape": st.just(7)}))
    return draw(st.permutations(found))


@st.composite
def nodes(draw: st.DrawFn, node_id: int, kinds: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(kinds))
    node: dict[str, Any] = {"id": node_id, "type": kind, "pos": draw(places), "size": [200, 100]}
    node |= {"flags": draw(flags), "order": node_id, "mode": draw(modes), **draw(looks)}
    node["properties"] = draw(plain)
    node["inputs"], node["outputs"] = [], []
    if kind in ("Note", "MarkdownNote"):
        return node | {"widgets_values": [draw(words)]}
    if kind == "Reroute":
        node["inputs"] = [{"name": "", "type": "*"}]
        node["outputs"] = [{"name": "", "type": draw(st.sampled_from(TYPES))}]
        return node | {"size": [75, 26]}
    if kind == "PrimitiveNode":
        node["outputs"] = [{"name": "INT", "type": "INT", "widget": {"name": "seed"}}]
    else:
        node["inputs"] = draw(slots("in", KNOWN.get(kind, [])))
        node["outputs"] = draw(slots("out", []))
        if kind in INNER and draw(st.integers(0, 4)):  # else it has those of another day
            node["inputs"] = [{"name": f"p{at}", "type": "X"} for at in range(2)]
    values = st.lists(scalars, max_size=9) | (st.nothing() if kind in INNER else plain)
    control = st.sampled_from(["fixed", "randomize", True, False])
    sampler = st.tuples(st.just(5), control, st.just(20), st.just(8), words, words, st.just(1))
    values |= sampler.map(list) if kind == "KSampler" else st.nothing()
    held = draw(st.none() | values)
    if kind in KNOWN and isinstance(held, list) and draw(st.booleans()):
        node["widgets_values_named"] = {"seed": 5, **draw(plain)}
    return node if held is None else node | {"widgets_values": held}


@st.composite
def canvases(draw: st.DrawFn, kinds: list[str], ports: Mapping[str, int]) -> dict[str, Any]:
    """Nodes and links, as objects; `ports` are how many a definition has on each side."""
    count = draw(st.integers(1, 5))
    made = [draw(nodes(at, kinds)) for at in range(1, count + 1)]
    starts = [(n["id"], at, s["type"]) for n in made for at, s in enumerate(n["outputs"])]
    starts += [(-10, at, "X") for at in range(ports.get("inputs", 0))]
    ends: list[tuple[int, int]] = [(n["id"], at) for n in made for at in range(len(n["inputs"]))]
    ends += [(-20, at) for at in range(ports.get("outputs", 0))]
    links: list[dict[str, Any]] = []
    rails = draw(st.lists(points, max_size=2))
    for target, slot in ends:
        usable = [item for item in starts if item[0] > 0 or target > 0]
        start = draw(st.none() | st.sampled_from(usable)) if usable else None
        if start is None:
            continue
        origin, place, kind = start
        link = {"id": len(links) + 3, "origin_id": origin, "origin_slot": place}
        link |= {
            "target_id": target,
            "target_slot": slot,
            "type": draw(st.sampled_from([kind, "*"])),
        }
        parent = draw(st.none() | st.integers(1, len(rails))) if rails else None
        links.append(link | ({} if parent is None else {"parentId": parent}))
    for link in links:
        if link["target_id"] > 0:
            made[link["target_id"] - 1]["inputs"][link["target_slot"]]["link"] = link["id"]
    used = {link.get("parentId") for link in links}
    chain = draw(st.booleans())  # the second point behind the first
    reroutes = [
        {"id": at, "pos": point} | ({"parentId": 1} if chain and at == 2 else {})
        for at, point in enumerate(rails, 1)
        if at in used or (chain and at == 1 and 2 in used)
    ]
    return {
        "nodes": made,
        "links": links,
        "reroutes": reroutes,
        "groups": draw(st.lists(groups, max_size=2)),
    }


@st.composite
def workflows(draw: st.DrawFn) -> dict[str, Any]:
    usual = [*KNOWN, "Reroute", "Reroute", "PrimitiveNode", "Note", "MarkdownNote"]
    definitions: list[dict[str, Any]] = []
    for name in INNER[: draw(st.integers(0, 2))]:
        sides = {side: draw(st.integers(0, 2)) for side in ("inputs", "outputs")}
        inside = draw(canvases([*usual, *(item["id"] for item in definitions)], sides))
        ports = {
            side: [{"id": f"{side}-{at}", "name": f"p{at}", "type": "X"} for at in range(number)]
            for side, number in sides.items()
        }
        shell = {"id": name, "name": draw(words), "version": 1, "extra": draw(plain)}
        boxes = {"inputNode": {"id": -10, "bounding": [0, 0, 9, 9]}, "outputNode": {"id": -20}}
        definitions.append({**shell, **boxes, "widgets": [], **inside, **ports})
    data = draw(canvases([*usual, *(item["id"] for item in definitions)], {}))
    data |= {"id": "w", "revision": 3, "config": draw(plain), "extra": draw(plain)}
    data["definitions"] = {"subgraphs": definitions}
    if draw(st.booleans()):
        return data | {"version": 1}
    return as_version_04(data) | {"version": 0.4}


def as_version_04(data: dict[str, Any]) -> dict[str, Any]:
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    parents = [
        {"id": link["id"], "parentId": link["parentId"]}
        for link in data["links"]
        if "parentId" in link
    ]
    points = {"reroutes": data["reroutes"], "linkExtensions": parents} if data["reroutes"] else {}
    links = [[link[key] for key in keys] for link in data["links"]]
    rest = {name: item for name, item in data.items() if name != "reroutes"}
    return rest | {"links": links, "extra": {**data["extra"], **points}}


@settings(max_examples=60, deadline=None)
@given(workflows(), st.booleans())
def test_any_workflow_comes_back_as_it_was(
    catalog: Catalog, everything: Any, data: dict[str, Any], known: bool
) -> None:
    types = catalog if known else Catalog()
    saved = dump_workflow(import_workflow(data, types).workflow)
    opened = load_workflow(saved)
    assert isinstance(opened, Workflow), opened
    back = json.loads(json.dumps(export_workflow(opened, types), allow_nan=False))
    assert everything(back) == everything(data)
