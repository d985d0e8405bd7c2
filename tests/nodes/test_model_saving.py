"""Models written to files: bit for bit what was read, with merges and LoRAs baked in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from wirebrush.api import NodeError, SilentRun
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_nodes.live import live_model, live_text_encoder
from wirebrush_nodes.loaders import Checkpoint, checkpoint_loader_simple, lora_loader
from wirebrush_nodes.merging import model_merge_simple
from wirebrush_nodes.model_sampling import model_sampling_discrete
from wirebrush_nodes.model_saving import checkpoint_save, clip_save, model_save, vae_save
from wirebrush_nodes.part_loaders import clip_loader, dual_clip_loader, unet_loader, vae_loader

sys.path.insert(0, str(Path(__file__).parents[1] / "diffusion"))
from original_names import single, single_file
from tiny_families import pipeline, saved

NAMES = ["sd2", "sdxl", "refiner", "sd3", "flux", "chroma"]
LORA = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
UNREAD = (
    "logit_scale",
    "cond_stage_model.model.transformer.resblocks.3.",  # Stable Diffusion 2 skips the last layer
    "cond_stage_model.model.text_projection",
    "encoder.embed_tokens.",  # T5's words, a second time
)
"""What the files hold besides: nothing reads it, so nothing writes it."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("checkpoints", "loras"):
        (tmp_path / folder).mkdir()
    return tmp_path


def written(root: Path, kind: str, name: str = "ComfyUI") -> Path:
    return root / kind / f"{name}_00001_.safetensors"


def same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() <= expected.keys()
    missing = expected.keys() - found.keys()
    assert [name for name in missing if not any(part in name for part in UNREAD)] == []
    for name, tensor in found.items():
        assert tensor.dtype == expected[name].dtype, name
        assert torch.equal(tensor, expected[name]), name


def opened(root: Path, name: str) -> tuple[SilentRun, Checkpoint]:
    run = SilentRun(root=root)
    return run, checkpoint_loader_simple(name, run=run)


@pytest.mark.parametrize("precision", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_comes_back_bit_for_bit(name: str, precision: torch.dtype, root: Path) -> None:
    path = single_file(pipeline(name), name, root / "checkpoints")
    save_file({n: t.to(precision) for n, t in load_file(path).items()}, path)
    run, parts = opened(root, path.name)

    checkpoint_save(*parts, run=run)

    assert not run.kept  # nothing was loaded
    same(load_file(written(root, "checkpoints")), load_file(path))


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_becomes_its_authors_file(name: str, root: Path) -> None:
    pipe = pipeline(name)
    saved(pipe, root / "checkpoints" / name)
    run, parts = opened(root, name)

    checkpoint_save(*parts, run=run)

    found = load_file(written(root, "checkpoints"))
    assert ("v_pred" in found) == (name == "sd2")
    for more in ("v_pred", "text_encoders.clip_l.transformer.text_projection.weight"):
        found.pop(more, None)
    same(found, single(pipe, name))


def lora(root: Path) -> None:
    up, down = torch.randn(128, 2), torch.randn(2, 192)
    tensors = {f"{LORA}.lora_up.weight": up, f"{LORA}.lora_down.weight": down}
    save_file(tensors, root / "loras" / "style.safetensors")


def test_merges_and_loras_are_baked_in(root: Path) -> None:
    single_file(pipeline("sdxl"), "sdxl", root / "checkpoints")
    tensors = load_file(root / "checkpoints" / "sdxl.safetensors")
    other = {name: tensor * 0.5 for name, tensor in tensors.items()}
    save_file(other, root / "checkpoints" / "other.safetensors")
    lora(root)
    run, parts = opened(root, "sdxl.safetensors")
    half = model_merge_simple(
        parts.MODEL, checkpoint_loader_simple("other.safetensors", run=run).MODEL, 0.5
    )
    styled = lora_loader(half, parts.CLIP, "style.safetensors", 0.7, 0.7, run=run)

    checkpoint_save(styled.MODEL, styled.CLIP, parts.VAE, "checkpoints/half", run=run)

    again = checkpoint_loader_simple("half_00001_.safetensors", run=run)
    with live_model(styled.MODEL, run) as live:
        expected = {name: tensor.clone() for name, tensor in live.network.named_parameters()}
    with live_model(again.MODEL, run) as live:
        found = dict(live.network.named_parameters())
        assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    with live_text_encoder(styled.CLIP, run) as reader:
        words = reader.encode("red").context
    with live_text_encoder(again.CLIP, run) as reader:
        assert torch.equal(reader.encode("red").context, words)


def test_parts_as_files_of_their_own(root: Path) -> None:
    pipe = pipeline("flux")
    single_file(pipe, "flux", root / "checkpoints")
    run, parts = opened(root, "flux.safetensors")

    model_save(parts.MODEL, run=run)
    clip_save(parts.CLIP, run=run)
    vae_save(parts.VAE, run=run)

    assert run.texts[0].startswith("diffusion_models/ComfyUI_00001_.safetensors, ")
    unet_loader("ComfyUI_00001_.safetensors", run=run)
    vae_loader("ComfyUI_vae_00001_.safetensors", run=run)
    files = ("ComfyUI_clip_l_00001_.safetensors", "ComfyUI_t5xxl_00001_.safetensors")
    clip_loader(files[0], run=run)
    clip = dual_clip_loader(*files, "flux", run=run)
    (root / "text_encoders" / "tokenizer").symlink_to(root / "checkpoints" / "tokenizer")
    (root / "text_encoders" / "t5").symlink_to(root / "checkpoints" / "t5")
    with live_text_encoder(clip, run) as reader, live_text_encoder(parts.CLIP, run) as own:
        assert torch.equal(reader.encode("red").context, own.encode("red").context)


def test_parts_from_files_of_their_own_become_a_checkpoint(root: Path) -> None:
    pipe = pipeline("sdxl")
    single_file(pipe, "sdxl", root / "checkpoints")
    run, parts = opened(root, "sdxl.safetensors")
    model_save(parts.MODEL, run=run)
    clip_save(parts.CLIP, run=run)
    vae_save(parts.VAE, run=run)
    files = ("ComfyUI_clip_l_00001_.safetensors", "ComfyUI_clip_g_00001_.safetensors")

    checkpoint_save(
        unet_loader("ComfyUI_00001_.safetensors", run=run),
        dual_clip_loader(*files, "sdxl", run=run),
        vae_loader("ComfyUI_vae_00001_.safetensors", run=run),
        "again",
        run=run,
    )

    whole = load_file(root / "checkpoints" / "sdxl.safetensors")
    same(load_file(written(root, "checkpoints", "again")), whole)


def test_what_a_network_predicts_is_told(root: Path) -> None:
    single_file(pipeline("sdxl"), "sdxl", root / "checkpoints")
    run, parts = opened(root, "sdxl.safetensors")
    run.metadata["prompt"] = '{"1": {}}'
    model = model_sampling_discrete(parts.MODEL, "v_prediction", True)

    model_save(model, "v", run=run)

    path = written(root, "diffusion_models", "v")
    with safe_open(path, "pt") as file:
        metadata: Any = file.metadata()
        assert {"v_pred", "ztsnr"} <= set(file.keys())
    assert metadata["modelspec.prediction_type"] == "v"
    assert metadata["prompt"] == '{"1": {}}'
    run.metadata.clear()
    with live_model(unet_loader(path.name, run=run), run) as live:
        assert str(live.prediction) == "v_prediction"


def test_tensors_lie_on_boundaries_of_their_size(root: Path) -> None:
    path = single_file(pipeline("sdxl"), "sdxl", root / "checkpoints")
    mixed = {
        name: tensor.half() if index % 2 else tensor
        for index, (name, tensor) in enumerate(load_file(path).items())
    }
    save_file(mixed, path)
    run, parts = opened(root, path.name)

    checkpoint_save(*parts, run=run)

    found = WeightFile(written(root, "checkpoints"))
    for name in found.names():
        mapped = found.mapped(name)
        assert torch.equal(mapped, found.tensor(name))
        assert mapped.untyped_storage().size() == found.path.stat().st_size, name


def test_models_with_latents_of_their_own_are_refused(models: Path, tmp_path: Path) -> None:
    run = SilentRun(root=models)
    parts = checkpoint_loader_simple("tiny", run=run)
    with pytest.raises(NodeError, match=r"tiny has latents of its own kind \(4 channels, scale"):
        checkpoint_save(*parts, run=run)


def test_text_encoders_of_another_family_are_refused(root: Path) -> None:
    single_file(pipeline("sdxl"), "sdxl", root / "checkpoints")
    flux = root / "checkpoints" / "flux"
    saved(pipeline("flux"), flux)
    run, parts = opened(root, "sdxl.safetensors")
    other = checkpoint_loader_simple("flux", run=run)
    with pytest.raises(NodeError, match="reads with l and g; this CLIP is t5xxl"):
        checkpoint_save(parts.MODEL, other.CLIP, parts.VAE, run=run)
