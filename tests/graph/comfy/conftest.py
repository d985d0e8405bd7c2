"""The workflows of the public template package, which people bring with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from typing import Any

import pytest


def _templates() -> dict[str, dict[str, Any]]:
    folder = files("comfyui_workflow_templates").joinpath("templates")
    texts = {
        item.name.removesuffix(".json"): item.read_text("utf-8")
        for item in folder.iterdir()
        if item.name.endswith(".json")
    }
    read = {name: json.loads(text) for name, text in sorted(texts.items())}
    return {name: data for name, data in read.items() if isinstance(data, dict) and "nodes" in data}


@pytest.fixture(scope="session")
def templates() -> Mapping[str, dict[str, Any]]:
    """The files by name; the package's own indexes are none."""
    return _templates()


@pytest.fixture(scope="session")
def everything() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A file of ComfyUI's editor in a form in which two that look alike there are equal: links
    have numbers that nobody sees, and what is off, empty or not there is one and the same."""
    return _everything


def _everything(data: Mapping[str, Any]) -> dict[str, Any]:
    definitions = [*_inner(data)]
    return _canvas(data) | {"inside": {item["id"]: _canvas(item) for item in definitions}}


def _inner(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in (data.get("definitions") or {}).get("subgraphs", []):
        yield item
        yield from _inner(item)


_COUNTED = {
    "version",
    "nodes",
    "links",
    "last_link_id",
    "last_node_id",
    "definitions",
    "state",
    "extra",
}


def _canvas(data: Mapping[str, Any]) -> dict[str, Any]:
    extra = dict(data.get("extra") or {})
    parents = {each["id"]: each["parentId"] for each in extra.pop("linkExtensions", [])}
    links = [_link(item, parents) for item in data["links"] if item]
    starts = {number: (origin, *rest) for number, origin, *rest in links}
    nodes = [_node(node, starts) for node in data["nodes"]]
    points = [*data.get("reroutes", []), *extra.pop("reroutes", [])]
    ends = {tuple(link[1:]) for link in links if link[3] == -20}
    return {
        **{name: item for name, item in data.items() if name not in _COUNTED and item},
        **{side: _ports(data.get(side, [])) for side in ("inputs", "outputs")},
        "nodes": {node["id"]: node for node in nodes},
        "order": [node["id"] for node in nodes],
        "ends": sorted(ends, key=repr),
        "reroutes": {p["id"]: (p.get("parentId"), _rounded(p["pos"])) for p in points},
        "extra": extra,
        "groups": [_group(group) for group in data.get("groups", [])],
    }


def _ports(ports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: item for name, item in port.items() if name != "linkIds"} for port in ports]


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: item for name, item in group.items() if item != {} and name != "id"}
    return found | {"bounding": _rounded(group["bounding"])}


def _link(item: Any, parents: Mapping[int, int]) -> list[Any]:
    """Number, origin and slot, target and slot, type, and the last point before its end."""
    if isinstance(item, list):
        return [*item[:6], parents.get(item[0])]
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    return [*(item[key] for key in keys), item.get("parentId") or parents.get(item["id"])]


def _node(node: Mapping[str, Any], starts: Mapping[int, Any]) -> dict[str, Any]:
    found = {name: item for name, item in node.items() if item not in ("", [], {})}
    found.pop("order", None)
    found["flags"] = {name: flag for name, flag in node.get("flags", {}).items() if flag}
    found["pos"] = _rounded(node["pos"])
    found["size"] = _rounded(node["size"])
    found["inputs"] = [
        {**slot, "link": starts.get(slot.get("link", 0))} for slot in node.get("inputs", [])
    ]
    found["outputs"] = [
        {name: item for name, item in slot.items() if name not in ("links", "slot_index")}
        for slot in node.get("outputs", [])
    ]
    return found


def _rounded(numbers: Any) -> list[float]:
    """To a thousandth of a pixel: titles are taken off and put on again."""
    pairs = [numbers[str(at)] for at in range(2)] if isinstance(numbers, dict) else numbers
    return [round(float(number), 3) for number in pairs]
