from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wirebrush.engine.texts import TextsWithPrompt

PROMPT: dict[str, Any] = {"1": {"class_type": "Straße", "inputs": {"a": ["2", 0], "b": 1.0}}}


def test_the_prompt_comes_first_in_ascii_and_as_comfyui_spells_it() -> None:
    texts = TextsWithPrompt(PROMPT, {"workflow": "{}"})
    assert list(texts) == ["prompt", "workflow"]
    assert len(texts) == 2
    assert texts["workflow"] == "{}"
    assert texts["prompt"].isascii()
    assert texts["prompt"] == json.dumps(PROMPT)


def test_a_prompt_that_came_with_the_job_is_kept() -> None:
    assert dict(TextsWithPrompt(PROMPT, {"prompt": "mine"})) == {"prompt": "mine"}


class Dear(Mapping[str, str]):
    def __getitem__(self, name: str) -> str:
        raise AssertionError(f"{name} was read")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("the names were read")

    def __len__(self) -> int:
        raise AssertionError("it was asked whether there is anything")


def test_what_saves_nothing_has_no_texts_spelled(bench_of: Callable[..., Any]) -> None:
    bench = bench_of('@node(id="One", category="t")\ndef one() -> int:\n    return 1\n')
    for _ in range(2):
        assert bench.run({"1": ("One", {})}, metadata=Dear()).state == "succeeded"
