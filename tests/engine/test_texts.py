from __future__ import annotations

import json
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
