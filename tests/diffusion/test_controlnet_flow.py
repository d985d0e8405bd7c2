"""ControlNets for Stable Diffusion 3 and FLUX.1 act as in diffusers' pipelines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from original_names import written
from safetensors.torch import save_file
from steering import CFG, HINT, NEGATIVE, PROMPT, SIDE, STEPS, STRENGTH, start, steered, taught
from tiny_families import L_WIDTH, T5_WIDTH, pipeline, saved
from torch import Tensor, nn

from wirebrush_diffusion.control.controlnet import Control, ControlModel
from wirebrush_diffusion.control.files import load_controlnet
from wirebrush_diffusion.control.flow_file import STABILITY_RULES, XLABS_RULES, widened
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.flux import packed, unpacked
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.guidance.condition import Area, Condition
from wirebrush_diffusion.guidance.guide import Guided

FILE = "diffusion_pytorch_model.safetensors"
MASK = torch.zeros((1, SIDE, SIDE))
MASK[:, 16:48, 8:40] = 1.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Any, Parts]]:
    kept: dict[str, tuple[Any, Parts]] = {}

    def get(name: str) -> tuple[Any, Parts]:
        if name not in kept:
            pipe = pipeline(name)
            kept[name] = pipe, load(saved(pipe, tmp_path_factory.mktemp("models") / name))
        return kept[name]

    return get


def sd3_control(**settings: Any) -> Any:
    torch.manual_seed(1)
    config: dict[str, Any] = {
        "sample_size": 32,
        "num_layers": 2,
        "attention_head_dim": 64,
        "num_attention_heads": 2,
        "joint_attention_dim": T5_WIDTH,
        "caption_projection_dim": 128,
        "pooled_projection_dim": 192,
        "pos_embed_max_size": 24,
        "qk_norm": "rms_norm",
    }
    return taught(diffusers.SD3ControlNetModel(**config | settings))


def flux_control(**settings: Any) -> Any:
    torch.manual_seed(1)
    config: dict[str, Any] = {
        "num_layers": 1,
        "num_single_layers": 1,
        "attention_head_dim": 32,
        "num_attention_heads": 2,
        "joint_attention_dim": T5_WIDTH,
        "pooled_projection_dim": L_WIDTH,
        "guidance_embeds": True,
        "axes_dims_rope": (4, 14, 14),
    }
    return taught(diffusers.FluxControlNetModel(**config | settings))


def theirs(pipe: Any, cls: Any, control: Any, **asked: Any) -> Tensor:
    """diffusers' latent, with noise from `start`."""
    steering = cls(**pipe.components, controlnet=control)
    steering.set_progress_bar_config(disable=True)
    given: dict[str, Any] = {
        "prompt": PROMPT,
        "control_image": HINT.movedim(-1, 1),
        "num_inference_steps": STEPS,
        "controlnet_conditioning_scale": STRENGTH,
        "height": SIDE,
        "width": SIDE,
        "output_type": "latent",
    }
    return steering(**given | asked).images


SD3 = diffusers.StableDiffusion3ControlNetPipeline
SD3_INPAINT = diffusers.StableDiffusion3ControlNetInpaintingPipeline
FLUX = diffusers.FluxControlNetPipeline
SD3_ASKED: dict[str, Any] = {
    "negative_prompt": NEGATIVE,
    "guidance_scale": CFG,
    "max_sequence_length": 77,
}


def test_sd3_in_its_first_form(made: Any, tmp_path: Path) -> None:
    pipe, parts = made("sd3")
    network = sd3_control()
    network.save_pretrained(tmp_path)
    noise = start(16)
    centred = HINT.movedim(-1, 1) * 2 - 1

    expected = theirs(pipe, SD3, network, latents=noise, **SD3_ASKED | {"control_image": centred})

    for place in (tmp_path, tmp_path / FILE):
        model = load_controlnet(place)
        use = Control(model, HINT, STRENGTH, encode=parts.autoencoder.encode)
        ours = steered(parts, noise, pipe.scheduler.sigmas.tolist(), use)
        assert (ours - expected).abs().max() <= 1e-4
    assert (steered(parts, noise, pipe.scheduler.sigmas.tolist()) - expected).abs().max() > 1e-2


def test_sd3_inside_a_mask(made: Any, tmp_path: Path) -> None:
    pipe, parts = made("sd3")
    network = sd3_control(extra_conditioning_channels=1, force_zeros_for_pooled_projection=False)
    network.save_pretrained(tmp_path)
    noise = start(16)

    expected = theirs(
        pipe,
        SD3_INPAINT,
        network,
        latents=noise,
        **SD3_ASKED,
        **{"control_image": HINT.movedim(-1, 1) * 2 - 1, "control_mask": MASK[:, None]},
    )

    for place in (tmp_path, tmp_path / FILE):
        model = load_controlnet(place)
        use = Control(model, HINT, STRENGTH, mask=MASK, encode=parts.autoencoder.encode)
        ours = steered(parts, noise, pipe.scheduler.sigmas.tolist(), use)
        assert (ours - expected).abs().max() <= 1e-4


@pytest.mark.parametrize("original", [False, True])
def test_sd3_large(made: Any, tmp_path: Path, original: bool) -> None:
    """Stability's read no text, and take the places of the model that paints."""
    pipe, parts = made("sd3")
    network = sd3_control(
        joint_attention_dim=None,
        use_pos_embed=False,
        pos_embed_type=None,
        pos_embed_max_size=None,
        qk_norm=None,
        force_zeros_for_pooled_projection=False,
    )
    network.save_pretrained(tmp_path)
    noise = start(16)
    expected = theirs(
        pipe,
        SD3,
        network,
        latents=noise,
        **SD3_ASKED | {"control_image": HINT.movedim(-1, 1) * 2 - 1},
    )
    state = {n: t for n, t in network.state_dict().items() if not n.startswith("pos_embed.")}
    save_file(written(STABILITY_RULES, state), tmp_path / "large.safetensors")

    model = load_controlnet(tmp_path / ("large.safetensors" if original else FILE))
    use = Control(model, HINT, STRENGTH, encode=parts.autoencoder.encode)
    ours = steered(parts, noise, pipe.scheduler.sigmas.tolist(), use)

    assert (ours - expected).abs().max() <= 1e-4


def test_stabilitys_kinds_read_other_ranges(tmp_path: Path) -> None:
    network = sd3_control(
        joint_attention_dim=None, use_pos_embed=False, pos_embed_max_size=None, qk_norm=None
    )
    state = {n: t for n, t in network.state_dict().items() if not n.startswith("pos_embed.")}
    planes = torch.tensor([0.0, 1.0])
    read: list[list[float]] = []
    for kind in range(3):
        named = written(STABILITY_RULES, state) | {"control_type": torch.tensor([kind])}
        save_file(named, tmp_path / "x.safetensors")
        model: Any = load_controlnet(tmp_path / "x.safetensors")
        read.append((model.adjusted(planes) * 2 - 1).tolist())

    assert read == [[-1.0, 1.0], [0.5, 128.0], [1.0, -1.0]]


def flux_asked(noise: Tensor, **more: Any) -> dict[str, Any]:
    return {
        "latents": packed(noise),
        "max_sequence_length": 256,
        "guidance_scale": 2.5,
        "control_image": HINT.movedim(-1, 1) * 2 - 1,
        **more,
    }


@pytest.mark.parametrize(
    ("mode", "settings"),
    [
        ("auto", {}),
        ("auto", {"guidance_embeds": False, "num_layers": 2}),
        ("depth", {"num_mode": 10}),
        ("canny/lineart/anime_lineart/mlsd", {"num_mode": 10, "num_single_layers": 0}),
    ],
)
def test_flux(made: Any, tmp_path: Path, mode: str, settings: dict[str, Any]) -> None:
    pipe, parts = made("flux")
    network = flux_control(**settings)
    network.save_pretrained(tmp_path)
    noise = start(16)
    number = {"auto": None, "depth": 2}.get(mode, 0)

    tokens = theirs(pipe, FLUX, network, **flux_asked(noise, control_mode=number))

    for place in (tmp_path, tmp_path / FILE):
        model = load_controlnet(place)
        use = Control(model, HINT, STRENGTH, mode=mode, encode=parts.autoencoder.encode)
        sigmas = pipe.scheduler.sigmas.tolist()
        ours = steered(parts, noise, sigmas, use, cfg=1.0, options={"guidance": 2.5})
        assert (ours - unpacked(tokens, 4, 4)).abs().max() <= 1e-4


@pytest.mark.parametrize("original", [False, True])
def test_flux_by_xlabs(made: Any, tmp_path: Path, original: bool) -> None:
    pipe, parts = made("flux")
    network = flux_control(
        num_layers=1, num_single_layers=0, patch_size=2, conditioning_embedding_channels=16
    )
    network.save_pretrained(tmp_path)
    save_file(written(XLABS_RULES, network.state_dict()), tmp_path / "xlabs.safetensors")
    noise = start(16)

    tokens = theirs(pipe, FLUX, network, **flux_asked(noise))

    model = load_controlnet(tmp_path / "xlabs.safetensors" if original else tmp_path)
    use = Control(model, HINT, STRENGTH)
    sigmas = pipe.scheduler.sigmas.tolist()
    ours = steered(parts, noise, sigmas, use, cfg=1.0, options={"guidance": 2.5})
    assert (ours - unpacked(tokens, 4, 4)).abs().max() <= 1e-4
    assert network.config.num_layers < pipe.transformer.config.num_layers


def test_flux_inside_a_mask(made: Any, tmp_path: Path) -> None:
    """AliMama's network reads 16 channels and the mask; diffusers has no class for it."""
    _, parts = made("flux")
    network = flux_control()
    widened(network, 1)
    network.controlnet_x_embedder = nn.Linear(68, 64)
    nn.init.normal_(network.controlnet_x_embedder.weight, std=0.1)
    network.save_pretrained(tmp_path)
    noise, sigmas = start(16), [0.9, 0.4, 0.0]
    hint = parts.autoencoder.encode(HINT * (1 - MASK[..., None]))
    beside = 1 - MASK[:, None, 4::8, 4::8]
    read = packed(torch.cat([parts.model.latent.to_network(hint), beside], dim=1))
    given: list[Tensor] = []

    model = load_controlnet(tmp_path / FILE)
    model.network.controlnet_x_embedder.register_forward_pre_hook(
        lambda layer, args: given.append(args[0])
    )
    use = Control(model, HINT, mask=MASK, encode=parts.autoencoder.encode)
    ours = steered(parts, noise, sigmas, use, cfg=1.0)
    unmasked = Control(model, HINT, encode=parts.autoencoder.encode)

    assert torch.allclose(given[0], read, atol=1e-5)
    assert not torch.allclose(ours, steered(parts, noise, sigmas, cfg=1.0), atol=1e-3)
    with pytest.raises(DiffusionError, match="paints inside a mask, and none is given"):
        unmasked.on(parts.model)


def test_several_of_different_depths(made: Any, tmp_path: Path) -> None:
    _, parts = made("flux")
    models: list[ControlModel] = []
    for i, settings in enumerate(({"num_layers": 2}, {"num_single_layers": 2})):
        flux_control(**settings).save_pretrained(tmp_path / str(i))
        models.append(load_controlnet(tmp_path / str(i)))
    noise, sigmas = start(16), [0.9, 0.4, 0.0]
    one, two = (Control(m, HINT, 0.5, encode=parts.autoencoder.encode) for m in models)

    both = steered(parts, noise, sigmas, one, two, cfg=1.0)

    assert torch.allclose(both, steered(parts, noise, sigmas, two, one, cfg=1.0), atol=1e-4)
    for alone in (one, two):
        assert not torch.allclose(both, steered(parts, noise, sigmas, alone, cfg=1.0), atol=1e-3)


def test_a_hint_is_encoded_once_in_a_run(made: Any, tmp_path: Path) -> None:
    _, parts = made("sd3")
    sd3_control().save_pretrained(tmp_path)
    calls: list[torch.Size] = []

    def encode(pictures: Tensor) -> Tensor:
        calls.append(pictures.shape)
        return parts.autoencoder.encode(pictures)

    use = Control(load_controlnet(tmp_path), HINT, encode=encode)
    text = parts.text_encoder.encode("a red house")
    extra = parts.model.inputs(text.pooled, {}, (1, 16, 16, 16))
    left, right = (
        Condition(text.context, extra, area=Area(16, 8, left=x), controls=(use,)) for x in (0, 8)
    )
    whole = Condition(text.context, extra, controls=(use,))

    guided = Guided(parts.model, [left, right, whole], [], 1.0, (1, 16, 16, 16))
    with torch.inference_mode():
        answers = [guided(torch.randn(1, 16, 16, 16), sigma) for sigma in (0.9, 0.5)]

    assert calls == [(1, 128, 128, 3)]
    assert all(answer.isfinite().all() for answer in answers)


def test_odd_latents(made: Any, tmp_path: Path) -> None:
    """Sides that are no whole patches are filled up, as the model does it."""
    for name, make, cfg in (("sd3", sd3_control, CFG), ("flux", flux_control, 1.0)):
        _, parts = made(name)
        make().save_pretrained(tmp_path / name)
        use = Control(load_controlnet(tmp_path / name), HINT, encode=parts.autoencoder.encode)
        assert steered(parts, start(16, 72), [0.9, 0.0], use, cfg=cfg).shape == (1, 16, 9, 9)
