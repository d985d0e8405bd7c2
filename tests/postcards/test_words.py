"""The shipped learnt words mean a place that the prompt does not describe."""

from __future__ import annotations

import pytest
from safetensors import safe_open
from studio import Studio

from wirebrush_postcards import models_path
from wirebrush_postcards.measure import measure

HOURS = {"by day": "day", "at night": "night", "at sunset": "sunset", "at dawn": "dawn"}
PLACES = {
    "postcards-homestead": ("house", "green", "meadow"),
    "postcards-regatta": ("boat", "yellow", "sea"),
}


def places(studio: Studio, word: str) -> list[tuple[str, str | None, str]]:
    found = []
    for seed, (words, hour) in enumerate(HOURS.items()):
        seen = measure(studio.paint(f"{word} {words}", seed=seed)[0])
        assert seen.time == hour
        found.append((seen.thing, seen.colour, seen.ground))
    return found


@pytest.mark.parametrize("name", PLACES)
def test_the_word_means_its_place_at_any_hour(studio: Studio, name: str) -> None:
    assert places(studio, f"embedding:{name}") == [PLACES[name]] * len(HOURS)
    assert PLACES[name] not in places(studio, "postcard")


def test_the_files_have_both_layouts() -> None:
    names = set()
    for name in PLACES:
        with safe_open(models_path() / "embeddings" / f"{name}.safetensors", "pt") as file:
            names |= set(file.keys())
    assert names == {"emb_params", "<regatta>"}
