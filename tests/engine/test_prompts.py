from __future__ import annotations

import json
from typing import Any

import pytest

from wirebrush.channel import text_to_bytes
from wirebrush.engine.prompts import PromptReader


def spelled(**inputs: Any) -> bytes:
    return text_to_bytes(json.dumps({"1": {"class_type": "Größe", "inputs": inputs}}))


def test_the_same_text_is_the_same_prompt_and_another_is_not() -> None:
    reader = PromptReader()
    first = reader.read(spelled(a=1))
    assert first.data["1"]["inputs"] == {"a": 1}
    assert first.prompt.nodes["1"].class_type == "Größe"
    assert reader.read(spelled(a=1)) is first
    for other in (spelled(a=True), spelled(a=1.0), spelled(a=["2", 0])):
        assert reader.read(other).data == json.loads(other)
        assert reader.read(spelled(a=1)) is not first
    assert reader.read(spelled(a=1)).prompt == first.prompt


def test_half_a_surrogate_pair_arrives() -> None:
    text = text_to_bytes('{"1": {"class_type": "A", "inputs": {"a": "\ud800"}}}')
    assert PromptReader().read(text).data["1"]["inputs"]["a"] == "\ud800"


@pytest.mark.parametrize("nonsense", [b"{", b"5", b'{"1": 5}', b""])
def test_nonsense_is_an_error_each_time_and_what_was_read_stays(nonsense: bytes) -> None:
    reader = PromptReader()
    first = reader.read(spelled())
    for _ in range(2):
        with pytest.raises((ValueError, TypeError, AttributeError)):
            reader.read(nonsense)
    assert reader.read(spelled()) is first
