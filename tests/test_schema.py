from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import jsonschema
import pytest

from wirebrush import events
from wirebrush.api import Choice, Image, Output, Unit, node, spec_of
from wirebrush.catalog import Catalog, PackFailure
from wirebrush.events import Event, Problem, Summary, event_to_json
from wirebrush.schema import Schemas, wire_schema


@dataclass(frozen=True)
class Ask:
    """A question."""

    ref: str
    front: bool = False


@dataclass(frozen=True)
class Answer:
    """An answer."""

    ref: str
    problem: Mapping[str, Any]
    note: str | None = None


@dataclass(frozen=True)
class Shown:
    """Something shown."""

    node: str
    output: events.Output


SCHEMA = wire_schema(
    records=[Shown],
    client={"ask": Ask},
    server={"answer": Answer},
    instead={"Answer.problem": Problem},
    merged=["Shown.output"],
)


def check(name: str, data: Any) -> None:
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(data)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


EVENTS: list[Event] = [
    events.Queued(3),
    events.Started("cpu-0", 1, 7),
    events.NodesPlanned(("1",), ("2", "3")),
    events.NodeStarted("1", "seed changed"),
    events.NodeProgress("1", 3, 20),
    events.NodeSaid("1", "Reading."),
    events.NodeSent("1", "progress", "{}"),
    events.Preview("1", "image/jpeg", b"..."),
    events.NodeFinished("1", False, 1.5, (events.Output("output", "ab" * 32, width=128),)),
    events.NodeFailed("1", Problem("x", "y", node="1"), "ValueError", ("line",), {"a": 1}),
    events.Finished("failed", Summary(per_node={"1": 1.0}), (Problem("x", "y", node="1"),)),
]


def test_every_event_follows_it() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))
    for event in EVENTS:
        data = json.loads(json.dumps(event_to_json(event)))
        check("Event", data)
        with pytest.raises(jsonschema.ValidationError):
            check("Event", {**data, "type": "nonsense"})


@node(id="Fade", category="image", formerly=("Dim",))
def fade(image: Image, how: Choice | None = None, amount: Unit = 0.5) -> Image:
    """Fade a picture.

    Args:
        amount: How much.
    """
    return image


def test_a_catalog_follows_it() -> None:
    spec = spec_of(fade).owned_by("basic", "1")
    check("Catalog", Catalog((spec,), (PackFailure("p", "e", "t"),)).to_json())
    check("Catalog", Catalog().to_json())
    assert set(SCHEMA["$defs"]["NodeOutput"]["properties"]) >= set(Output("a", "B").to_json())
    assert SCHEMA["$defs"]["NodePort"]["required"] == ["name", "type"]


def test_messages_have_their_type() -> None:
    check("ClientMessage", {"type": "ask", "ref": "1"})
    problem = {"code": "x", "message": "y", "hint": "", "node": None, "port": None}
    answer = {
        "type": "answer",
        "ref": "1",
        "problem": {**problem, "severity": "error"},
        "note": None,
    }
    check("ServerMessage", answer)
    with pytest.raises(jsonschema.ValidationError):
        check("ServerMessage", {**answer, "problem": {"code": 3}})


def test_merged_records_stand_beside() -> None:
    shown = {"node": "1", "kind": "text", "asset": None, "name": "", "mime": "", "text": "hi"}
    check("Shown", {**shown, "width": None, "height": None})
    assert SCHEMA["$defs"]["Shown"]["allOf"] == [{"$ref": "#/$defs/Output"}]


def test_an_object_given_by_its_fields() -> None:
    assert Schemas().of({"id": str, "next": str | None, "deep": {"more": list[int]}}) == {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "next": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "deep": {
                "type": "object",
                "properties": {"more": {"type": "array", "items": {"type": "integer"}}},
                "required": ["more"],
            },
        },
        "required": ["id", "deep"],
    }


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="no JSON Schema"):
        Schemas().of(set[int])


def test_two_records_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="same name"):
        wire_schema(records=[type("Summary", (Ask,), {})])
