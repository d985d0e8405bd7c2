"""Handles are recipes: cheap, comparable, and named by what they stand for."""

from wirebrush.api import Clip, FileRef, Model, Patch

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
