"""Handles are recipes: cheap, comparable, and named by what they stand for."""

import torch

from wirebrush.api import Clip, Cond, FileRef, Guider, Model, Noise, Patch, Sampler, Tweak
from wirebrush.api import values as api_values
from wirebrush.engine.cache.codec import Codec, record_types

FILE = FileRef("checkpoints", "postcards", "abc")
LORA = Patch("lora", FileRef("loras", "ink", "def"), 0.8)


def test_a_patch_makes_another_handle_and_leaves_the_first_alone() -> None:
    base = Model(FILE)
    patched = base.patched(LORA)
    assert base.patches == ()
    assert patched.patches == (LORA,)
    assert base.key != patched.key


def test_equal_recipes_have_equal_keys() -> None:
    assert Model(FILE).patched(LORA).key == Model(FILE).patched(LORA).key


def test_the_key_tells_parts_files_and_kinds_apart() -> None:
    other = FileRef("checkpoints", "postcards", "changed")
    keys = {Model(FILE).key, Clip(FILE).key, Model(FILE, "x").key, Model(other).key}
    assert len(keys) == 4


def test_an_option_is_set_once() -> None:
    clip = Clip(FILE).with_option("clip_skip", -1).with_option("clip_skip", -2)
    assert clip.options == (("clip_skip", -2),)
    assert clip.option("clip_skip") == -2
    assert clip.option("other", 7) == 7


def test_a_tweak_changes_the_recipe_and_keeps_its_order() -> None:
    model = Model(FILE)
    first = model.tweaked("RescaleCFG", multiplier=0.7)
    both = first.tweaked("FreeU", b1=1.1)

    assert model.tweaks == ()
    assert both.tweaks == (
        Tweak("RescaleCFG", (("multiplier", 0.7),)),
        Tweak("FreeU", (("b1", 1.1),)),
    )
    assert len({model.key, first.key, both.key}) == 3
    assert model.tweaked("FreeU", b1=1.1).tweaked("RescaleCFG", multiplier=0.7).key != both.key


def test_what_the_sampling_nodes_hand_on_survives_the_disk() -> None:
    guider = Guider("cfg", Model(FILE), {"positive": (Cond(torch.ones(1, 2, 3)),)}, (("cfg", 5.0),))
    values = (Noise(7), Sampler("euler", (("eta", 0.5),)), guider, torch.tensor([1.0, 0.0]))
    codec = Codec(record_types([api_values]))

    data, packed = codec.encode(values)
    noise, sampler, back, sigmas = codec.decode(bytearray(data), packed)

    assert (noise, sampler) == values[:2]
    assert (back.kind, back.model, back.settings) == (guider.kind, guider.model, guider.settings)
    assert torch.equal(back.conditions["positive"][0].embedding, torch.ones(1, 2, 3))
    assert sigmas.tolist() == [1.0, 0.0]
