from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import jsonschema
import pytest

from wirebrush.events import Finished, Output, Problem, event_to_json
from wirebrush.http import wire
from wirebrush.http.schema import page_schema
from wirebrush.jobs.records import JobOutput, JobRecord

SCHEMA = page_schema()
JOB = JobRecord(
    "j1", "running", 0, 1.0, 12.5, outputs=(JobOutput("7", 0, Output("output", "ab" * 32)),)
)
PROBLEM = Problem("cycle", "In a circle.", "Cut it.", "3")
MESSAGES: list[wire.ServerMessage] = [
    wire.Hello("boot", 3, "0.1.0"),
    wire.Accepted("r", JOB.to_json(), (asdict(PROBLEM),)),
    wire.Rejected("r", (asdict(PROBLEM),)),
    wire.EventMessage(4, "j1", event_to_json(Finished("failed", problems=(PROBLEM,)))),
    wire.Resync(9),
    wire.Pong(),
    wire.CatalogChanged("digest"),
    wire.PacksChanged(),
    wire.WorkerChanged("cpu-0", "ready"),
    wire.Failure("bad", "No."),
]


def check(name: str, data: Any) -> None:
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(data)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_what_the_server_sends_follows_it(message: wire.ServerMessage) -> None:
    check("ServerMessage", json.loads(wire.encode(message)))


def test_what_the_page_sends_follows_it() -> None:
    check("ClientMessage", {"type": "submit", "ref": "1", "workflow": {"format": "wirebrush/1"}})
    check("ClientMessage", {"type": "subscribe", "since": None, "server": None})
    check("ClientMessage", {"type": "cancel", "job": "j1"})
    check("ClientMessage", {"type": "ping"})
    with pytest.raises(jsonschema.ValidationError):
        check("ClientMessage", {"type": "cancel"})


def test_every_message_is_in_it() -> None:
    assert len(SCHEMA["$defs"]["ServerMessage"]["oneOf"]) == len(MESSAGES)
