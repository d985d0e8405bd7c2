"""Words between percent signs in the names of files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.jobs.filling import filled

NOW = datetime(2026, 3, 4, 5, 6, 7)
PROMPT: dict[str, Any] = {
    "1": {"class_type": "KSampler", "inputs": {"seed": 11, "model": ["2", 0]}},
    "2": {"class_type": "KSampler", "inputs": {"seed": 22}, "_meta": {"title": "Second"}},
    "3": {"class_type": "Text", "inputs": {"text": "a/b: 100%"}, "_meta": {"title": "My text"}},
    "5": {"class_type": "Odd", "inputs": {}, "_meta": 5},
    "4": {"class_type": "Load", "inputs": {"name": "v1.5.safetensors"}, "_meta": {"title": "a.b"}},
}


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("ComfyUI", "ComfyUI"),
        ("%date:yyyy-MM-dd%/cat", "2026-03-04/cat"),
        ("%date:yy-M-d hh.mm.ss h.m.s%", "26-3-4 05.06.07 5.6.7"),
        ("%date%", "20260304050607"),
        ("%date:dd/MM%", "04_03"),
        ("%year%-%month%-%day% %hour%.%minute%.%second%", "2026-03-04 05.06.07"),
        ("%width%x%height%", "64x32"),
        ("n%batch_num%", "n3"),
        ("%KSampler.seed%_%Second.seed%", "11_22"),
        ("%My text.text%", "a_b_ 100%"),
        ("%a.b.name%", "%a.b.name%"),  # one point stands between title and input
        ("%KSampler.model%", "%KSampler.model%"),  # a wire is no value
        ("%Nobody.seed%.%seed%", "%Nobody.seed%.%seed%"),
        ("100% %% 5%", "100% %% 5%"),
    ],
)
def test_words_are_what_they_mean(prefix: str, name: str) -> None:
    assert filled(prefix, PROMPT, NOW, (64, 32), 3) == name


def test_sound_has_no_width() -> None:
    assert filled("a%width%b", {}, NOW) == "a%width%b"


@given(st.text(max_size=40), st.text(max_size=10))
def test_what_a_node_was_given_makes_no_folder(prefix: str, text: str) -> None:
    prompt = {"1": {"class_type": "T", "inputs": {"t": text}}}
    name = filled("x%T.t%", prompt, NOW)
    assert "/" not in name
    assert "\\" not in name
    assert isinstance(filled(prefix, PROMPT, NOW), str)
