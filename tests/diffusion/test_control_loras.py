"""ControlNets that are told as a change of a model become what was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import save_file
from steering import HINT, start, steered, taught
from tiny_families import pipeline, saved
from torch import Tensor

from wirebrush_diffusion.control.controlnet import Control, ControlModel
from wirebrush_diffusion.control.files import (
    check_controlnet,
    depends_on_model,
    load_controlnet,
)
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.files.names import controlnet_name

RANK, HINTS = 3, 6


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return load(saved(pipeline("sd1"), tmp_path_factory.mktemp("models") / "sd1"))


def original(name: str) -> str:
    return controlnet_name(name, 1, HINTS)


def control_lora(unet: Any) -> tuple[Any, dict[str, Tensor]]:
    """A ControlNet whose weights differ from the UNet's by factors, and the file of it."""
    torch.manual_seed(1)
    control: Any = diffusers.ControlNetModel.from_unet(unet)
    taught(control)
    ours = dict(unet.named_parameters())
    tensors: dict[str, Tensor] = {"lora_controlnet": torch.zeros(())}
    for name, parameter in control.named_parameters():
        base = ours.get(name)
        if base is None:
            tensors[original(name)] = parameter.data.clone()
        elif parameter.ndim < 2:
            parameter.data = base.data.clone()  # left out: it is the model's own
        else:
            up = 0.1 * torch.randn(base.shape[0], RANK)
            down = 0.1 * torch.randn(RANK, *base.shape[1:])
            change = (up @ down.flatten(1)).reshape(base.shape)
            parameter.data = base.data + change
            stem = original(name).removesuffix(".weight")
            tensors |= {f"{stem}.up": up.reshape(*up.shape, *[1] * (base.ndim - 2))}
            tensors |= {f"{stem}.down": down}
    return control, tensors


def difference(unet: Any) -> tuple[Any, dict[str, Tensor]]:
    torch.manual_seed(2)
    control: Any = taught(diffusers.ControlNetModel.from_unet(unet), much=0.05)
    ours = dict(unet.named_parameters())
    tensors = {
        f"control_model.{original(name)}": (
            parameter.data - ours[name].data if name in ours else parameter.data.clone()
        )
        for name, parameter in control.named_parameters()
    }
    return control, tensors | {"difference": torch.zeros(())}


@pytest.mark.parametrize("make", [control_lora, difference])
def test_it_is_the_network_that_was_trained(parts: Parts, tmp_path: Path, make: Any) -> None:
    control, tensors = make(pipeline("sd1").unet)
    save_file(tensors, tmp_path / "x.safetensors")
    assert depends_on_model(tmp_path / "x.safetensors")
    check_controlnet(tmp_path / "x.safetensors")

    loaded = load_controlnet(tmp_path / "x.safetensors", model=parts.model)

    expected = control.state_dict()
    found = loaded.network.state_dict()
    assert all(torch.allclose(t, expected[n], atol=1e-6) for n, t in found.items())
    noise, sigmas = start(), [8.0, 3.0, 0.0]
    ours, theirs = (
        steered(parts, noise, sigmas, Control(model, HINT))
        for model in (loaded, ControlModel(control))
    )
    assert (ours - theirs).abs().max() <= 1e-4


def test_without_a_model_it_says_so(parts: Parts, tmp_path: Path) -> None:
    save_file(control_lora(pipeline("sd1").unet)[1], tmp_path / "x.safetensors")

    with pytest.raises(DiffusionError, match=r"is a change of a model .* there is none to change"):
        load_controlnet(tmp_path / "x.safetensors")


def test_made_for_another_model(tmp_path: Path) -> None:
    save_file(control_lora(pipeline("sd1").unet)[1], tmp_path / "x.safetensors")
    other = load(saved(pipeline("sd2"), tmp_path / "sd2"))

    with pytest.raises(DiffusionError, match=r"changes \d+ numbers, the model has \d+ there"):
        load_controlnet(tmp_path / "x.safetensors", model=other.model)
