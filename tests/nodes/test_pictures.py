"""From a checkpoint to a picture, node by node, as a prompt would."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image as Pil

from wirebrush.api import Cancelled, Clip, Latent, Model, NodeError, SilentRun, Vae
from wirebrush.api.values import Conditioning
from wirebrush_nodes.control import control_net_apply_advanced
from wirebrush_nodes.image_io import save_image
from wirebrush_nodes.latent import empty_latent_image, latent_upscale, set_latent_noise_mask
from wirebrush_nodes.live import explained
from wirebrush_nodes.loaders import checkpoint_loader_simple, control_net_loader, lora_loader
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_set_last_layer, clip_text_encode
from wirebrush_nodes.vae import vae_decode, vae_encode

Loaded = tuple[Model, Clip, Vae]
Texts = tuple[Conditioning, Conditioning]


@pytest.fixture
def loaded(run: SilentRun) -> Loaded:
    return checkpoint_loader_simple("tiny", run=run)


@pytest.fixture
def texts(run: SilentRun, loaded: Loaded) -> Texts:
    clip = loaded[1]
    return clip_text_encode("red", clip, run=run), clip_text_encode("", clip, run=run)


def paint(run: SilentRun, model: Model, texts: Texts, **options: Any) -> Latent:
    settings: dict[str, Any] = {
        "seed": 1,
        "steps": 3,
        "latent_image": empty_latent_image(64, 48),
    } | options
    return ksampler(model=model, positive=texts[0], negative=texts[1], run=run, **settings)


def test_the_whole_way(run: SilentRun, loaded: Loaded, texts: Texts) -> None:
    run.metadata = {"prompt": '{"1": "ü"}', "workflow": "{}"}

    latent = paint(run, loaded[0], texts, latent_image=empty_latent_image(64, 48, 2))
    save_image(vae_decode(latent, loaded[2], run=run), "cats/red", run=run)

    assert run.steps == [(1, 3), (2, 3), (3, 3)]
    assert latent.samples.shape == (2, 4, 6, 8)
    assert [asset.name for asset, _ in run.saved] == ["cats/red.png"] * 2
    (asset, data), _ = run.saved
    assert (asset.width, asset.height, asset.mime, asset.kind) == (64, 48, "image/png", "output")
    picture = Pil.open(io.BytesIO(data))
    assert picture.size == (64, 48)
    assert picture.text == {"prompt": '{"1": "ü"}', "workflow": "{}"}  # type: ignore[attr-defined]


def test_weights_are_loaded_once_and_only_when_used(
    run: SilentRun, loaded: Loaded, texts: Texts
) -> None:
    assert len(run.kept) == 1  # the text encoder, which `texts` used
    for seed in (1, 2):
        paint(run, loaded[0], texts, seed=seed)
    assert len(run.kept) == 2


def test_a_lora_is_laid_over_and_taken_off_exactly(
    run: SilentRun, loaded: Loaded, texts: Texts
) -> None:
    model, clip, _ = loaded
    plain = paint(run, model, texts).samples

    with_lora, same_clip = lora_loader(model, clip, "style.safetensors", 2.0, 0.0, run=run)
    changed = paint(run, with_lora, texts).samples

    assert same_clip == clip
    assert not torch.allclose(changed, plain, atol=1e-3)
    assert torch.equal(paint(run, model, texts).samples, plain)
    zero, _ = lora_loader(model, clip, "style.safetensors", 0.0, 0.0, run=run)
    assert zero == model
    twice, _ = lora_loader(with_lora, clip, "style.safetensors", -2.0, 0.0, run=run)
    assert torch.allclose(paint(run, twice, texts).samples, plain, rtol=1e-3, atol=1e-3)


def test_clip_skip(run: SilentRun, loaded: Loaded) -> None:
    clip = loaded[1]

    def encoded(handle: Clip) -> torch.Tensor:
        return clip_text_encode("red", handle, run=run)[0].embedding

    last = encoded(clip)
    assert torch.equal(encoded(clip_set_last_layer(clip, -1)), last)
    assert not torch.allclose(encoded(clip_set_last_layer(clip, -2)), last, atol=1e-3)
    assert torch.equal(encoded(clip_set_last_layer(clip, -24)), last)  # there is no such layer
    assert len(run.kept) == 1


def test_a_controlnet_steers(run: SilentRun, loaded: Loaded, texts: Texts) -> None:
    net = control_net_loader("edges", run=run)
    hint = torch.rand((1, 48, 64, 3), generator=torch.Generator().manual_seed(0))
    plain = paint(run, loaded[0], texts).samples

    steered = control_net_apply_advanced(*texts, net, hint, 1.0)

    assert not torch.allclose(paint(run, loaded[0], steered).samples, plain, atol=1e-2)
    off = control_net_apply_advanced(*texts, net, hint, 0.0)
    assert torch.equal(paint(run, loaded[0], off).samples, plain)
    twice = control_net_apply_advanced(*steered, net, hint, 1.0)
    assert len(twice.positive[0].options["controls"]) == 2


def test_a_control_that_was_cached_and_read_back_shares_its_pass(
    run: SilentRun,
    loaded: Loaded,
    texts: Texts,
) -> None:
    net = control_net_loader("edges", run=run)
    hint = torch.rand((1, 48, 64, 3), generator=torch.Generator().manual_seed(0))
    positive, negative = control_net_apply_advanced(*texts, net, hint)
    (use,) = negative[0].options["controls"]
    copied = (negative[0].with_options(controls=(replace(use, image=hint.clone()),)),)

    assert torch.equal(
        paint(run, loaded[0], (positive, copied)).samples,
        paint(run, loaded[0], (positive, negative)).samples,
    )


def test_painting_over_a_picture(run: SilentRun, loaded: Loaded, texts: Texts) -> None:
    model, _, vae = loaded
    start = vae_encode(torch.rand((1, 64, 64, 3)), vae, run=run)
    mask = torch.zeros((64, 64))
    mask[:32] = 1.0

    masked = set_latent_noise_mask(start, mask)
    painted = paint(run, model, texts, latent_image=masked, denoise=0.8)

    assert masked.noise_mask is not None
    assert masked.noise_mask.shape == (1, 64, 64)
    assert painted.noise_mask is masked.noise_mask
    assert torch.allclose(painted.samples[:, :, 4:], start.samples[:, :, 4:], atol=1e-3)
    assert not torch.allclose(painted.samples[:, :, :4], start.samples[:, :, :4], atol=1e-2)
    assert torch.equal(
        paint(run, model, texts, latent_image=start, denoise=0.0).samples, start.samples
    )


def test_upscaling_a_latent() -> None:
    latent = Latent(torch.rand((1, 4, 8, 16)))

    assert latent_upscale(latent, "bislerp", 256, 256).samples.shape == (1, 4, 32, 32)
    assert latent_upscale(latent, "bilinear", 0, 128).samples.shape == (1, 4, 16, 32)
    assert latent_upscale(latent, "area", 0, 0) is latent


@pytest.mark.parametrize("numbers", [2**50, 2**62])
def test_more_than_fits_into_memory_is_said(numbers: int) -> None:
    with pytest.raises(NodeError, match="not enough memory") as caught, explained():
        torch.empty(numbers)
    assert caught.value.hint.startswith("Use a smaller picture")


class Watching(SilentRun):
    """Looks at every preview, and is cancelled at the second step."""

    previews: list[bytes]

    def step(
        self, value: int, total: int, preview: Callable[[], bytes | None] | None = None
    ) -> None:
        super().step(value, total, preview)
        data = preview() if preview else None
        if data:
            self.previews.append(data)
        if value == 2:
            raise Cancelled


def test_previews_and_cancelling(models: Path) -> None:
    run = Watching(root=models)
    run.previews = []
    model, clip, _ = checkpoint_loader_simple("tiny", run=run)
    texts = clip_text_encode("red", clip, run=run), clip_text_encode("", clip, run=run)

    with pytest.raises(Cancelled):
        paint(run, model, texts, steps=10)

    assert len(run.previews) == 2
    assert Pil.open(io.BytesIO(run.previews[0])).size == (512, 384)


def test_a_model_without_a_vae_paints_without_previews(models: Path, tmp_path: Path) -> None:
    broken = tmp_path / "checkpoints" / "tiny"
    shutil.copytree(models / "checkpoints" / "tiny", broken)
    (broken / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    run = Watching(root=tmp_path)
    run.previews = []
    model, clip, vae = checkpoint_loader_simple("tiny", run=run)
    texts = clip_text_encode("red", clip, run=run), clip_text_encode("", clip, run=run)

    latent = paint(run, model, texts, steps=1)

    assert run.previews == []
    with pytest.raises(NodeError, match="vae has no weights"):
        vae_decode(latent, vae, run=run)


def test_mistakes_name_the_input_and_the_way_out(
    run: SilentRun, models: Path, loaded: Loaded, texts: Texts
) -> None:
    model, _, vae = loaded
    (models / "checkpoints" / "bad.safetensors").write_bytes(b"\x80\x04 a pickle")
    with pytest.raises(NodeError, match="is a pickle") as caught:
        checkpoint_loader_simple("bad.safetensors", run=run)
    assert caught.value.port == "ckpt_name"
    assert "wirebrush_diffusion.files.convert" in caught.value.hint
    with pytest.raises(NodeError, match="There is no 'missing'"):
        checkpoint_loader_simple("missing", run=run)
    with pytest.raises(NodeError, match="latents of 4 channels"):
        vae_decode(Latent(torch.zeros((1, 16, 8, 8))), vae, run=run)
    with pytest.raises(NodeError, match="16 channels, the model works on 4"):
        paint(run, model, texts, latent_image=Latent(torch.ones((1, 16, 8, 8))))
    wide = (replace(texts[0][0], embedding=torch.zeros((1, 77, 99))),)
    with pytest.raises(NodeError, match="99 wide, this model reads 32"):
        paint(run, model, (wide, texts[1]))
    with pytest.raises(NodeError, match=r"got \[3, 4, 5\]"):
        save_image(torch.zeros((3, 4, 5)), run=run)
