"""The texts that saved pictures carry, with the prompt itself as ComfyUI writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any


class TextsWithPrompt(Mapping[str, str]):
    """`prompt` first, then what came with the job.

    Most runs save nothing, or what they saved before: so a large prompt is only spelled when a
    node asks. ASCII, because some readers of PNG files know only its oldest kind of text.
    """

    def __init__(self, prompt: Mapping[str, Any], texts: Mapping[str, str]) -> None:
        self._prompt = prompt
        self._texts = texts

    def __getitem__(self, name: str) -> str:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> Mapping[str, str]:
        prompt = json.dumps(self._prompt, ensure_ascii=True, allow_nan=False)
        return {"prompt": prompt, **self._texts}
