"""LoRAs for single conditions, through the nodes: what the library does, from wires."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from wirebrush.api import Conditioning, Latent, Model, NodeError, SilentRun, values
from wirebrush.engine.cache.codec import Codec, record_types
from wirebrush_nodes import hook_values
from wirebrush_nodes.conditioning import conditioning_set_timestep_range
from wirebrush_nodes.hook_conditions import (
    conditioning_set_default_combine,
    conditioning_set_properties,
    conditioning_set_properties_and_combine,
    conditioning_timesteps_range,
)
from wirebrush_nodes.hook_keyframes import (
    create_hook_keyframe,
    create_hook_keyframes_from_floats,
    create_hook_keyframes_interpolated,
    set_hook_keyframes,
)
from wirebrush_nodes.hook_pairs import (
    pair_conditioning_combine,
    pair_conditioning_set_default_combine,
    pair_conditioning_set_properties,
    pair_conditioning_set_properties_and_combine,
)
from wirebrush_nodes.hook_values import HookGroup, HookUse, Keyframe, clip_hooks
from wirebrush_nodes.hooks import (
    combine_hooks_2,
    combine_hooks_4,
    combine_hooks_8,
    create_hook_lora,
    create_hook_lora_model_only,
    create_hook_model_as_lora,
    create_hook_model_as_lora_model_only,
    set_clip_hooks,
)
from wirebrush_nodes.loaders import Checkpoint, checkpoint_loader_simple, lora_loader
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode

LATENT = Latent(torch.zeros(1, 4, 8, 8))
STYLE = "style.safetensors"


@pytest.fixture
def parts(run: SilentRun) -> Checkpoint:
    return checkpoint_loader_simple("tiny", run=run)


def painted(
    run: SilentRun, model: Model, positive: Conditioning, negative: Conditioning, **more: Any
) -> torch.Tensor:
    return ksampler(
        model=model,
        seed=1,
        steps=3,
        cfg=4.0,
        positive=positive,
        negative=negative,
        latent_image=LATENT,
        run=run,
        **more,
    ).samples


@pytest.fixture
def texts(parts: Checkpoint, run: SilentRun) -> tuple[Conditioning, Conditioning]:
    red, fog = (clip_text_encode(text, parts.CLIP, run=run) for text in ("red", "fog"))
    return red, fog


def test_the_same_on_both_sides_is_the_lora_on_the_model(
    parts: Checkpoint, texts: Any, run: SilentRun
) -> None:
    hooks = create_hook_lora_model_only(STYLE, 0.7, run=run)
    whole = lora_loader(parts.MODEL, parts.CLIP, STYLE, 0.7, 0.0, run=run).MODEL

    pair = pair_conditioning_set_properties(*texts, hooks=hooks)
    ours = painted(run, parts.MODEL, *pair)

    assert torch.equal(ours, painted(run, whole, *texts))
    plain = painted(run, parts.MODEL, *texts)
    assert not torch.allclose(ours, plain, atol=1e-3)
    alone = painted(run, parts.MODEL, pair.positive, texts[1])
    assert not torch.allclose(alone, plain, atol=1e-3)
    assert not torch.allclose(alone, ours, atol=1e-3)
    assert torch.equal(painted(run, parts.MODEL, *texts), plain)


def test_a_model_as_lora(parts: Checkpoint, texts: Any, run: SilentRun, models: Path) -> None:
    other = checkpoint_loader_simple("other", run=run)
    hooks = create_hook_model_as_lora("other", 1.0, 1.0, run=run)
    clip = set_clip_hooks(parts.CLIP, hooks=hooks)

    positive, negative = (clip_text_encode(text, clip, run=run) for text in ("red", "fog"))
    ours = painted(run, parts.MODEL, positive, negative)

    theirs = [clip_text_encode(text, other.CLIP, run=run) for text in ("red", "fog")]
    assert torch.allclose(positive[0].embedding, theirs[0][0].embedding, atol=1e-5)
    expected = painted(run, other.MODEL, theirs[0], theirs[1])
    assert torch.allclose(ours, expected, atol=1e-3, rtol=1e-3)
    same = create_hook_model_as_lora_model_only("tiny", run=run)
    pair = pair_conditioning_set_properties(*texts, hooks=same)
    assert torch.equal(painted(run, parts.MODEL, *pair), painted(run, parts.MODEL, *texts))


@pytest.fixture(autouse=True)
def _other(models: Path) -> None:
    """The same model with all weights moved a little."""
    source, target = models / "checkpoints" / "tiny", models / "checkpoints" / "other"
    if target.exists():
        return
    shutil.copytree(source, target)
    torch.manual_seed(4)
    for part in ("unet", "text_encoder"):
        for file in (target / part).glob("*.safetensors"):
            tensors = {n: t + 0.02 * torch.randn(t.shape) for n, t in load_file(file).items()}
            save_file(tensors, file)


def test_what_changes_nothing_is_left_out(run: SilentRun) -> None:
    one = create_hook_lora(STYLE, 1.0, 1.0, run=run)

    assert create_hook_lora(STYLE, 0.0, 0.0, run=run) == HookGroup()
    assert create_hook_lora(STYLE, 0.0, 0.0, one, run=run) == one
    assert len(create_hook_lora(STYLE, 0.0, 1.0, one, run=run).hooks) == 2


def test_combined(run: SilentRun) -> None:
    a, b = create_hook_lora(STYLE, run=run), create_hook_lora_model_only(STYLE, run=run)

    assert combine_hooks_2(a, b).hooks == (*a.hooks, *b.hooks)
    assert combine_hooks_4(None, a, None, b) == combine_hooks_8(hooks_B=a, hooks_H=b)
    assert combine_hooks_2() == HookGroup()


def test_keyframes(run: SilentRun) -> None:
    first = create_hook_keyframe(0.2).HOOK_KF
    both = create_hook_keyframe(0.9, 0.5, first).HOOK_KF
    linear = create_hook_keyframes_interpolated(0.0, 1.0, "linear", 0.2, 0.6, 3, True, run=run)
    floats = create_hook_keyframes_from_floats([1.0, 0.5, 0.0], run=run).HOOK_KF

    assert both.frames == (Keyframe(0.2), Keyframe(0.9, 0.5))
    assert [f.start for f in linear.HOOK_KF.frames] == pytest.approx([0.2, 0.4, 0.6])
    assert [f.strength for f in linear.HOOK_KF.frames] == pytest.approx([0.0, 0.5, 1.0])
    assert run.texts == ["0.200: 0.000\n0.400: 0.500\n0.600: 1.000"]
    assert floats.frames == (Keyframe(1.0), Keyframe(0.5, 0.5), Keyframe(0.0, 1.0))
    assert create_hook_keyframes_from_floats(0.3, run=run).HOOK_KF.frames == (Keyframe(0.3),)
    hooks = set_hook_keyframes(create_hook_lora(STYLE, run=run), both)
    (use,) = hooks.hooks
    assert [use.multiplier(p) for p in (0.0, 0.4, 0.5, 1.0)] == [0.2, 0.2, 0.9, 0.9]
    assert set_hook_keyframes(hooks) == hooks


@pytest.mark.parametrize("curve", ["linear", "ease_in", "ease_out", "ease_in_out"])
def test_curves_go_from_end_to_end(run: SilentRun, curve: Any) -> None:
    frames = create_hook_keyframes_interpolated(0.3, 0.9, curve, run=run).HOOK_KF.frames
    strengths = [frame.strength for frame in frames]

    assert (strengths[0], strengths[-1]) == (pytest.approx(0.3), pytest.approx(0.9))
    assert strengths == sorted(strengths)
    assert (strengths[1] < 0.45) == curve.startswith("ease_in")
    assert (strengths[1] > 0.45 + 1e-6) == (curve == "ease_out")


def test_a_lora_for_the_last_half_alone(parts: Checkpoint, texts: Any, run: SilentRun) -> None:
    hooks = create_hook_lora_model_only(STYLE, run=run)
    off = create_hook_keyframe(0.0).HOOK_KF
    late = create_hook_keyframe(1.0, 0.999, off).HOOK_KF
    pair = pair_conditioning_set_properties(*texts, hooks=set_hook_keyframes(hooks, late))
    on = pair_conditioning_set_properties(
        *texts, hooks=set_hook_keyframes(hooks, create_hook_keyframe(1.0, 0.5, off).HOOK_KF)
    )

    assert torch.equal(painted(run, parts.MODEL, *pair), painted(run, parts.MODEL, *texts))
    assert not torch.equal(painted(run, parts.MODEL, *on), painted(run, parts.MODEL, *texts))


def test_texts_follow_keyframes(parts: Checkpoint, run: SilentRun) -> None:
    hooks = create_hook_model_as_lora("other", run=run)
    frames = create_hook_keyframe(1.0, 0.5, create_hook_keyframe(0.0).HOOK_KF).HOOK_KF
    timed = set_hook_keyframes(hooks, frames)

    once = clip_text_encode("red", set_clip_hooks(parts.CLIP, False, False, timed), run=run)
    twice = clip_text_encode("red", set_clip_hooks(parts.CLIP, True, True, timed), run=run)

    plain = clip_text_encode("red", parts.CLIP, run=run)
    full = clip_text_encode("red", set_clip_hooks(parts.CLIP, hooks=hooks), run=run)
    assert torch.equal(once[0].embedding, plain[0].embedding)
    assert "hooks" not in once[0].options
    assert [c.options["scheduled"] for c in twice] == [(0.0, 0.5), (0.5, 1.0)]
    assert torch.equal(twice[0].embedding, plain[0].embedding)
    assert torch.equal(twice[1].embedding, full[0].embedding)
    assert all(c.options["hooks"] == timed.hooks for c in twice)
    always = conditioning_set_timestep_range(twice, 0.0, 1.0)
    timed_run = painted(run, parts.MODEL, always, plain)
    assert torch.equal(timed_run, painted(run, parts.MODEL, twice, plain))
    assert not torch.allclose(timed_run, painted(run, parts.MODEL, plain, plain), atol=1e-3)


def test_a_text_encoder_keeps_its_weights_in_memory(parts: Checkpoint, run: SilentRun) -> None:
    clip_text_encode("red", parts.CLIP, run=run)
    before = set(run.kept)

    clip = set_clip_hooks(parts.CLIP, hooks=create_hook_lora(STYLE, run=run))
    clip_text_encode("red", clip, run=run)

    assert {key for key in set(run.kept) - before if "lora" not in key} == set()
    assert set_clip_hooks(parts.CLIP) == parts.CLIP
    found = clip_hooks(clip)
    assert found is not None
    assert found.hooks == (HookUse("lora", run.file("loras", STYLE), 1.0, 1.0),)


def test_properties(texts: Any, run: SilentRun) -> None:
    hooks = create_hook_lora(STYLE, run=run)
    mask = torch.zeros(1, 16, 16)
    mask[:, 4:8, 8:] = 1.0
    middle = conditioning_timesteps_range(0.2, 0.6)

    (all_of_it,) = conditioning_set_properties(
        texts[0], 0.5, "mask bounds", mask, hooks, middle.TIMESTEPS_RANGE
    )

    assert all_of_it.options["mask_strength"] == 0.5
    assert all_of_it.options["area"] == (0.25, 0.5, 0.25, 0.5, True)
    assert (all_of_it.options["start"], all_of_it.options["end"]) == (0.2, 0.6)
    assert all_of_it.options["hooks"] == hooks.hooks
    assert (middle.BEFORE_RANGE.end, middle.AFTER_RANGE.start) == (0.2, 0.6)
    assert conditioning_set_properties(texts[0]) == texts[0]
    (more,) = conditioning_set_properties((all_of_it,), hooks=hooks)
    assert more.options["hooks"] == hooks.hooks * 2


def test_combinations(texts: Any) -> None:
    red, fog = texts

    assert conditioning_set_properties_and_combine(red, fog) == (*red, *fog)
    assert pair_conditioning_combine(red, fog, fog, red) == ((*red, *fog), (*fog, *red))
    both = pair_conditioning_set_properties_and_combine(red, fog, fog, red)
    assert both == ((*red, *fog), (*fog, *red))
    first, last = conditioning_set_default_combine(red, fog)
    assert (first, last.options["fallback"]) == (red[0], True)
    pair = pair_conditioning_set_default_combine(red, fog, fog, red)
    assert [len(side) for side in pair] == [2, 2]


def test_hooks_survive_the_disk_cache(run: SilentRun, parts: Checkpoint) -> None:
    frames = create_hook_keyframe(0.5, 0.5).HOOK_KF
    hooks = set_hook_keyframes(create_hook_lora(STYLE, run=run), frames)
    codec = Codec(record_types([hook_values, values]))
    clip = set_clip_hooks(parts.CLIP, hooks=hooks)

    encoded = codec.encode((hooks, frames, clip))

    assert codec.decode(encoded.data, encoded.packed) == (hooks, frames, clip)


def test_files_that_are_no_loras(run: SilentRun, models: Path) -> None:
    (models / "loras" / "broken.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")

    for call, reason in (
        (lambda: create_hook_lora("broken.safetensors", run=run), "no safetensors file, or only"),
        (lambda: create_hook_lora("none.safetensors", run=run), "There is no 'none.safetensors'"),
        (lambda: create_hook_model_as_lora("none", run=run), "There is no 'none'"),
    ):
        with pytest.raises(NodeError, match=reason):
            call()


def test_a_model_of_another_size(parts: Checkpoint, texts: Any, run: SilentRun) -> None:
    wide = UNet2DConditionModel(
        block_out_channels=(64, 64),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=4,
    )
    target = run.root / "checkpoints" / "wide"
    shutil.copytree(run.root / "checkpoints" / "tiny", target, dirs_exist_ok=True)
    wide.save_pretrained(target / "unet")
    hooks = create_hook_model_as_lora_model_only("wide", run=run)
    pair = pair_conditioning_set_properties(*texts, hooks=hooks)

    with pytest.raises(NodeError, match="wide is a model of another kind"):
        painted(run, parts.MODEL, *pair)
