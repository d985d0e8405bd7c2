"""IP-Adapters through the nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from wirebrush.api import Conditioning, Latent, Model, NodeError, SilentRun, values
from wirebrush.engine.cache.codec import Codec, record_types
from wirebrush_diffusion.control.image_prompt import looking
from wirebrush_nodes.image_prompts import ip_adapter_advanced, ip_adapter_model_loader
from wirebrush_nodes.loaders import Checkpoint, checkpoint_loader_simple
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.style import clip_vision_loader
from wirebrush_nodes.text import clip_text_encode

SEEN, STATES, TEXTS = 24, 64, 32


@pytest.fixture(autouse=True)
def _files(models: Path) -> None:
    """An IP-Adapter and a vision encoder for the tiny checkpoint."""
    if (models / "ipadapter").exists():
        return
    torch.manual_seed(3)
    (models / "ipadapter").mkdir()
    (models / "clip_vision").mkdir()
    config = CLIPVisionConfig(
        hidden_size=STATES,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=1,
        image_size=28,
        patch_size=7,
        projection_dim=SEEN,
    )
    vision = CLIPVisionModelWithProjection(config).state_dict()
    save_file(vision, models / "clip_vision" / "vision.safetensors")
    blind = {n: t for n, t in vision.items() if n != "visual_projection.weight"}
    save_file(blind, models / "clip_vision" / "blind.safetensors")
    unet: Any = UNet2DConditionModel.from_pretrained(models / "checkpoints" / "tiny" / "unet")
    tensors = {
        "image_proj.proj.weight": torch.randn(4 * TEXTS, SEEN),
        "image_proj.proj.bias": torch.randn(4 * TEXTS),
        "image_proj.norm.weight": torch.ones(TEXTS),
        "image_proj.norm.bias": torch.zeros(TEXTS),
    }
    for i, (_, layer) in enumerate(looking(unet)):
        for leaf in "kv":
            shape = layer.to_k.weight.shape
            tensors[f"ip_adapter.{2 * i + 1}.to_{leaf}_ip.weight"] = 0.3 * torch.randn(shape)
    save_file(tensors, models / "ipadapter" / "ip.safetensors")


@pytest.fixture
def parts(run: SilentRun) -> Checkpoint:
    return checkpoint_loader_simple("tiny", run=run)


@pytest.fixture
def texts(parts: Checkpoint, run: SilentRun) -> tuple[Conditioning, Conditioning]:
    red, fog = (clip_text_encode(text, parts.CLIP, run=run) for text in ("red", "fog"))
    return red, fog


def painted(run: SilentRun, model: Model, texts: tuple[Conditioning, Conditioning]) -> torch.Tensor:
    return ksampler(
        model=model,
        seed=1,
        steps=2,
        cfg=4.0,
        positive=texts[0],
        negative=texts[1],
        latent_image=Latent(torch.zeros(2, 4, 8, 8)),
        run=run,
    ).samples


def pictures(count: int = 1) -> torch.Tensor:
    return torch.rand((count, 40, 30, 3), generator=torch.Generator().manual_seed(2))


def adapted(run: SilentRun, model: Model, image: torch.Tensor, *given: Any, **named: Any) -> Model:
    adapter = ip_adapter_model_loader("ip.safetensors", run=run)
    named.setdefault("clip_vision", clip_vision_loader("vision.safetensors", run=run))
    return ip_adapter_advanced(model, adapter, image, *given, **named, run=run)


def test_pictures_change_what_is_painted_and_leave_nothing(
    parts: Checkpoint, texts: Any, run: SilentRun
) -> None:
    plain = painted(run, parts.MODEL, texts)
    model = adapted(run, parts.MODEL, pictures())

    with_picture = painted(run, model, texts)

    assert not torch.allclose(with_picture, plain, atol=1e-3)
    assert torch.equal(painted(run, parts.MODEL, texts), plain)
    assert torch.equal(painted(run, model, texts), with_picture)
    assert adapted(run, parts.MODEL, pictures(), 0.0) == parts.MODEL
    another = adapted(run, parts.MODEL, 1 - pictures())
    assert another != model
    assert not torch.allclose(painted(run, another, texts), with_picture, atol=1e-4)


@pytest.mark.parametrize("how", ["concat", "add", "subtract", "average", "norm average"])
def test_several_pictures(parts: Checkpoint, texts: Any, run: SilentRun, how: Any) -> None:
    model = adapted(run, parts.MODEL, pictures(3), 0.8, "linear", how)
    (tweak,) = model.tweaks
    assert tweak.tensors is not None

    assert tweak.tensors["seen"].shape == (3 if how == "concat" else 1, SEEN)
    assert painted(run, model, texts).isfinite().all()


def test_masks_times_and_negatives(parts: Checkpoint, texts: Any, run: SilentRun) -> None:
    plain = painted(run, parts.MODEL, texts)
    nowhere = adapted(run, parts.MODEL, pictures(), attn_mask=torch.zeros(1, 16, 16))
    late = adapted(run, parts.MODEL, pictures(), start_at=1.0)
    against = adapted(run, parts.MODEL, pictures(2), image_negative=pictures())
    usual = adapted(run, parts.MODEL, pictures(2))

    assert torch.allclose(painted(run, nowhere, texts), plain, atol=1e-3)
    assert torch.equal(painted(run, late, texts), plain)
    assert not torch.allclose(painted(run, against, texts), painted(run, usual, texts), atol=1e-4)


def test_it_survives_the_disk_cache(parts: Checkpoint, texts: Any, run: SilentRun) -> None:
    model = adapted(run, parts.MODEL, pictures())
    codec = Codec(record_types([values]))

    encoded = codec.encode((model,))
    (read,) = codec.decode(bytearray(encoded.data), encoded.packed)

    assert read == model
    assert torch.equal(painted(run, read, texts), painted(run, model, texts))


def test_what_is_missing_is_named(parts: Checkpoint, run: SilentRun) -> None:
    def missing() -> None:
        adapted(run, parts.MODEL, pictures(), clip_vision=None)

    def blind() -> None:
        encoder = clip_vision_loader("blind.safetensors", run=run)
        adapted(run, parts.MODEL, pictures(), clip_vision=encoder)

    def strange() -> None:
        ip_adapter_model_loader("../clip_vision/vision.safetensors", run=run)

    for call, reason, port in (
        (missing, "needs a vision encoder, and none is connected", "clip_vision"),
        (blind, "has no projection, which the IP-Adapter reads", "clip_vision"),
        (strange, "is a CLIP vision encoder; an IP-Adapter for pictures", "ipadapter_file"),
    ):
        with pytest.raises(NodeError, match=reason) as caught:
            call()
        assert caught.value.port == port
