"""The prompts that a worker gets: the same one again is the same object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wirebrush.channel import text_from_bytes
from wirebrush.graph.prompt import Prompt


@dataclass(frozen=True, slots=True)
class GivenPrompt:
    """A prompt and the data that it was read from. Nobody changes either."""

    data: Mapping[str, Any]
    prompt: Prompt


class PromptReader:
    """Reads prompts, and remembers the last: reading 400 nodes takes 0.6 ms, and nodes that are
    known to be those of the last run have known keys, which saves as much again."""

    def __init__(self) -> None:
        self._text: bytes | None = None
        self._last = GivenPrompt({}, Prompt())

    def read(self, text: bytes) -> GivenPrompt:
        """The prompt in a text as JSON; ValueError or another error if it is none."""
        if text != self._text:
            data = json.loads(text_from_bytes(text))
            self._last = GivenPrompt(data, Prompt.from_json(data))
            self._text = text
        return self._last
