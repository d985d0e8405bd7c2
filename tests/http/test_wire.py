"""Frames: what is written can be read, and what is strange is told so."""

from __future__ import annotations

import json
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.http.schema import page_schema
from wirebrush.http.wire import (
    ClientMessage,
    Failure,
    Hello,
    Pong,
    Resync,
    ServerMessage,
    Submit,
    WireError,
    decode,
    decode_preview,
    encode,
    encode_preview,
    type_of,
)
from wirebrush.schema import Schemas

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_NAMES = st.sampled_from(["type", "ref", "workflow", "prompt", "targets", "job", "since", "server"])
_TYPES = st.sampled_from(["submit", "cancel", "subscribe", "ping", "hello", ""])


@given(st.dictionaries(_NAMES, _JSON), _TYPES)
def test_any_object_is_a_message_or_a_sentence(data: dict[str, Any], kind: str) -> None:
    try:
        message = decode({**data, "type": kind})
    except WireError:
        return
    assert isinstance(message, get_args(ClientMessage))


@given(st.text(), st.text(), st.binary())
def test_a_preview_comes_back(job: str, node: str, data: bytes) -> None:
    frame = encode_preview(job, node, "image/png", data)
    assert decode_preview(frame) == ({"job": job, "node": node, "mime": "image/png"}, data)


def test_the_types_on_the_wire_are_those_of_the_protocol() -> None:
    assert {type_of(kind) for kind in get_args(ServerMessage)} == {
        *("hello", "accepted", "rejected", "event", "resync"),
        *("pong", "catalog", "packs", "worker", "error"),
    }
    assert {type_of(kind) for kind in get_args(ClientMessage)} == {
        *("submit", "cancel", "subscribe", "ping"),
    }


def test_messages_are_their_fields() -> None:
    assert json.loads(encode(Pong())) == {"type": "pong"}
    assert json.loads(encode(Resync(7))) == {"type": "resync", "seq": 7}
    assert json.loads(encode(Hello("b", 1, "0.1"))) == {
        **{"type": "hello", "server": "b"},
        **{"seq": 1, "version": "0.1"},
    }


def test_nan_does_not_leave() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode(Failure("x", "y", ref=float("nan")))  # type: ignore[arg-type]


def test_null_means_left_out() -> None:
    message = decode({"type": "submit", "ref": "a", "prompt": {}, "front": None, "priority": None})
    assert message == Submit("a", prompt={})


def test_the_published_schema_holds_for_what_is_sent() -> None:
    schema = page_schema()
    server = {"$ref": "#/$defs/ServerMessage", "$defs": schema["$defs"]}
    for message in (Pong(), Resync(7), Hello("b", 1, "0.1"), Failure("x", "y")):
        jsonschema.validate(json.loads(encode(message)), server)
    assert isinstance(Schemas().of(Submit), dict)
