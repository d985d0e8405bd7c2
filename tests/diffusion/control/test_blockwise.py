"""DiffSynth's ControlNets for Qwen-Image: what they add and where, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tiny_language import qwen_image_parts
from torch import Tensor, nn
from torch.nn.functional import gelu

from wirebrush_diffusion.control.blockwise import (
    Behind,
    BlockwiseControl,
    BlockwiseNetwork,
    load_blockwise,
)
from wirebrush_diffusion.control.controlnet import Control
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.flux import packed
from wirebrush_diffusion.families.qwen_image import QwenImage, QwenImageModel
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.model import Residuals
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import FlowSchedule
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas

WIDTH, BLOCKS = 64, 2
X = torch.randn((1, 16, 8, 8), generator=torch.Generator().manual_seed(0))
TEXT = torch.randn((1, 5, 256), generator=torch.Generator().manual_seed(1))
HINT = torch.rand((1, 64, 64, 3), generator=torch.Generator().manual_seed(2))


def host(**settings: Any) -> QwenImageModel:
    torch.manual_seed(0)
    network = qwen_image_parts(**settings)["transformer"].requires_grad_(False)
    return QwenImageModel(network, Prediction.FLOW, FlowSchedule(1.0), QwenImage.latent)


def written(path: Path, channels: int = 64, width: int = WIDTH, blocks: int = BLOCKS) -> WeightFile:
    torch.manual_seed(3)
    tensors = {
        name: torch.randn(tensor.shape) * 0.1
        for name, tensor in BlockwiseNetwork(channels, width, blocks).state_dict().items()
    }
    save_file(tensors, path)
    return WeightFile(path)


def encoded(pictures: Tensor) -> Tensor:
    """A stand-in for the VAE's size alone: the means of 8 x 8 pixels, in 16 channels."""
    planes = pictures[..., :3].movedim(-1, 1).unfold(2, 8, 8).unfold(3, 8, 8).mean(dim=(-1, -2))
    return planes.repeat(1, 6, 1, 1)[:, :16]


@pytest.fixture(scope="module")
def model() -> QwenImageModel:
    return host()


@pytest.fixture
def patch(tmp_path: Path) -> BlockwiseControl:
    return load_blockwise(written(tmp_path / "patch.safetensors"), "cpu", torch.float32)


def normed(states: Tensor, weight: Tensor) -> Tensor:
    return states * torch.rsqrt(states.pow(2).mean(-1, keepdim=True) + 1e-6) * weight


def test_each_block_is_followed_by_its_part(model: QwenImageModel, tmp_path: Path) -> None:
    """The published formula, written out: hidden += out(gelu(in(norm(hidden) + norm(shown))))."""
    file = written(tmp_path / "patch.safetensors")
    made = load_blockwise(file, "cpu", torch.float32)
    shown = packed(torch.randn((1, 16, 8, 8))) @ file.tensor("img_in.weight").T
    shown = shown + file.tensor("img_in.bias")
    blocks: Any = list(made.network.get_submodule("controlnet_blocks").children())
    calls: list[int] = []

    def expected(number: int) -> Any:
        def add(module: nn.Module, given: Any, answer: Any) -> Any:
            text, states = answer
            part = {leaf: file.tensor(f"controlnet_blocks.{number}.{leaf}") for leaf in PARTS}
            both = normed(states, part["x_rms.weight"]) + normed(shown, part["y_rms.weight"])
            inner = gelu(both @ part["input_proj.weight"].T + part["input_proj.bias"])
            calls.append(number)
            more = inner @ part["output_proj.weight"].T + part["output_proj.bias"]
            return text, states + 0.7 * more

        return add

    time = torch.tensor([500.0])
    with torch.inference_mode():
        plain = model.predict(X, time, TEXT)
        theirs: Any = model.network.get_submodule("transformer_blocks")
        handles = [b.register_forward_hook(expected(i)) for i, b in enumerate(theirs)]
        reference = model.predict(X, time, TEXT)
        for handle in handles:
            handle.remove()
        residuals = Residuals(alterations=[Behind(blocks, shown, 0.7)])
        ours = model.predict(X, time, TEXT, None, residuals)
        after = model.predict(X, time, TEXT)

    assert calls == [0, 1]
    assert (ours - reference).abs().max() < 1e-5
    assert not torch.allclose(ours, plain, atol=1e-3)
    assert torch.equal(after, plain)


PARTS = (
    "x_rms.weight",
    "y_rms.weight",
    "input_proj.weight",
    "input_proj.bias",
    "output_proj.weight",
    "output_proj.bias",
)


def painted(model: QwenImageModel, *controls: Control, options: Any = None) -> Tensor:
    extra = model.inputs(None, options or {}, X.shape)
    sides = [[Condition(text, extra, controls=controls)] for text in (TEXT, -TEXT)]
    empty = torch.zeros_like(X)
    sigmas = [1.0, 0.6, 0.3, 0.0]
    return sample_sigmas(
        model, empty, X, *sides, sigmas, sampler=SAMPLERS["euler"], seed=1, cfg=3.0
    )


def test_pictures_are_steered_and_nothing_stays(
    model: QwenImageModel, patch: BlockwiseControl
) -> None:
    plain = painted(model)
    steered = painted(model, Control(patch, HINT, 1.0, encode=encoded))

    assert not torch.allclose(steered, plain, atol=1e-3)
    other = painted(model, Control(patch, 1 - HINT, 1.0, encode=encoded))
    assert not torch.allclose(steered, other, atol=1e-3)
    late = painted(model, Control(patch, HINT, 1.0, start=1.0, encode=encoded))
    assert torch.allclose(late, plain, atol=1e-5)
    assert torch.equal(painted(model), plain)


def test_reference_pictures_are_left_alone(model: QwenImageModel, patch: BlockwiseControl) -> None:
    options = {"reference_latents": (torch.randn((1, 16, 6, 10)),)}
    plain = painted(model, options=options)

    steered = painted(model, Control(patch, HINT, 1.0, encode=encoded), options=options)

    assert steered.shape == plain.shape
    assert not torch.allclose(steered, plain, atol=1e-3)


def test_the_patch_for_inpainting_reads_a_mask(model: QwenImageModel, tmp_path: Path) -> None:
    patch = load_blockwise(written(tmp_path / "inpaint.safetensors", 68), "cpu", torch.float32)
    mask = torch.zeros(1, 64, 64)
    mask[:, 32:] = 1.0
    control = Control(patch, HINT, 1.0, mask=mask, encode=encoded).on(model)

    read, known = control.prepared(8, 8, None).split([16, 1], dim=1)

    assert torch.equal(read, model.latent.to_network(encoded(HINT)))
    assert known[0, 0, :4].eq(1).all()
    assert known[0, 0, 4:].eq(0).all()
    free = painted(model, Control(patch, HINT, 1.0, encode=encoded))
    assert not torch.allclose(painted(model, control), free, atol=1e-3)


def test_what_does_not_fit_is_named(
    model: QwenImageModel, patch: BlockwiseControl, tmp_path: Path
) -> None:
    longer = load_blockwise(
        written(tmp_path / "longer.safetensors", blocks=3), "cpu", torch.float32
    )
    for control, reason in (
        (Control(longer, HINT, encode=encoded), "3 blocks for states 64 wide, the model 2 for 64"),
        (Control(patch, HINT, mask=torch.ones(1, 8, 8), encode=encoded), "reads no mask, and one"),
    ):
        with pytest.raises(DiffusionError, match=reason):
            control.on(model)
    save_file({"redux_up.weight": torch.zeros(1)}, tmp_path / "style.safetensors")
    with pytest.raises(DiffusionError, match=r"is a style model; a model patch for Qwen-Image"):
        load_blockwise(WeightFile(tmp_path / "style.safetensors"), "cpu")
