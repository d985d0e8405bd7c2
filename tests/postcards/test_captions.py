"""Captions name what is there, in words that the model was taught."""

import re
from random import Random

from wirebrush_postcards.captions import caption, varied_caption
from wirebrush_postcards.scenes import Scene, sample_scene
from wirebrush_postcards.words import UNSAID, said, vocabulary


def test_the_plain_caption_names_every_visible_choice_in_order() -> None:
    scene = Scene("sunset", "meadow", "mountains", "house", "red", 2, "left", slots=(0, 3))
    assert (
        caption(scene)
        == "a red house and two trees on a meadow with mountains at sunset with the sun on the left"
    )


def test_nothing_but_the_ground_is_said_of_an_empty_scene() -> None:
    scene = Scene("night", "sea", "none", "none", "red", 0, "right")
    assert caption(scene) == "the sea at night with the moon on the right"


def test_what_the_plain_caption_says_is_what_the_scene_is() -> None:
    for number in range(300):
        scene = sample_scene(Random(number))
        facts = said(caption(scene))
        assert (facts["time"], facts["ground"], facts["side"]) == (
            scene.time,
            scene.ground,
            scene.side,
        )
        assert facts["thing"] == (UNSAID if scene.thing == "none" else scene.thing)
        assert facts["colour"] == (UNSAID if scene.thing == "none" else scene.colour)
        assert facts["trees"] == (str(scene.trees) if scene.trees else UNSAID)


def test_varied_captions_never_say_what_is_not_there() -> None:
    lot = Random(5)
    for number in range(500):
        scene = sample_scene(Random(number))
        facts = said(varied_caption(scene, lot))
        for kind in ("time", "ground", "side"):
            assert facts[kind] in (UNSAID, getattr(scene, kind))
        assert facts["colour"] in (UNSAID, scene.colour)


def test_about_a_tenth_of_the_captions_is_empty() -> None:
    lot = Random(6)
    texts = [varied_caption(sample_scene(lot), lot) for _ in range(1000)]
    assert 60 < texts.count("") < 150


def test_every_word_of_every_caption_is_in_the_vocabulary() -> None:
    lot, known = Random(7), set(vocabulary())
    for _ in range(1000):
        words = re.findall(r"[a-z]+", varied_caption(sample_scene(lot), lot))
        assert set(words) <= known


def test_synonyms_mean_the_same() -> None:
    assert said("a red cabin on a green field at dusk") == said("a red house on a meadow at sunset")
