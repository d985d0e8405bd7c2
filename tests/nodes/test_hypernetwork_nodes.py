"""Hypernetworks: from the field's pickles to pictures, and off again without a trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from wirebrush.api import Conditioning, Latent, Model, NodeError, SilentRun
from wirebrush_diffusion.control.hypernetwork import Transformed
from wirebrush_diffusion.control.hypernetwork_file import load_hypernetwork
from wirebrush_diffusion.files.convert import convert
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_nodes.hypernetworks import hypernetwork_loader
from wirebrush_nodes.loaders import checkpoint_loader_simple
from wirebrush_nodes.sampling import ksampler
from wirebrush_nodes.text import clip_text_encode

WIDTH = 32  # of the tiny checkpoint's texts and states


def layers() -> nn.Sequential:
    """As the first program for hypernetworks makes them: linear, activation, norm."""
    wide = [nn.Linear(WIDTH, 2 * WIDTH), nn.ReLU(), nn.LayerNorm(2 * WIDTH)]
    made = nn.Sequential(*wide, nn.Linear(2 * WIDTH, WIDTH), nn.LayerNorm(WIDTH))
    for parameter in made.parameters():
        parameter.data += 0.3 * torch.randn(parameter.shape)
    return made.requires_grad_(False)


@pytest.fixture(scope="module")
def networks() -> list[nn.Sequential]:
    torch.manual_seed(4)
    return [layers(), layers()]


@pytest.fixture(autouse=True)
def _file(models: Path, networks: list[nn.Sequential]) -> None:
    """A hypernetwork, as it is trained and converted."""
    folder = models / "hypernetworks"
    if folder.exists():
        return
    folder.mkdir()
    states = tuple(
        {f"linear.{name}": tensor for name, tensor in network.state_dict().items()}
        for network in networks
    )
    told = {"activation_func": "relu", "activate_output": False, "layer_structure": [1, 2, 1]}
    torch.save({WIDTH: states, "step": 100, "name": "style", **told}, folder / "style.pt")
    convert(folder / "style.pt", folder / "style.safetensors")


def painted(run: SilentRun, model: Model, texts: tuple[Conditioning, Conditioning]) -> Tensor:
    return ksampler(
        model=model,
        seed=1,
        steps=2,
        cfg=4.0,
        positive=texts[0],
        negative=texts[1],
        latent_image=Latent(torch.zeros(1, 4, 8, 8)),
        run=run,
    ).samples


def test_it_changes_the_picture_and_leaves_nothing(run: SilentRun) -> None:
    model, clip, _ = checkpoint_loader_simple("tiny", run=run)
    texts: Any = tuple(clip_text_encode(text, clip, run=run) for text in ("red", "fog"))
    plain = painted(run, model, texts)

    some = hypernetwork_loader(model, "style.safetensors", 0.5, run=run)
    more = hypernetwork_loader(model, "style.safetensors", 1.0, run=run)
    both = hypernetwork_loader(some, "style.safetensors", 0.5, run=run)

    assert not torch.allclose(painted(run, some, texts), plain, atol=1e-3)
    assert not torch.allclose(painted(run, some, texts), painted(run, more, texts), atol=1e-3)
    assert not torch.allclose(painted(run, both, texts), painted(run, more, texts), atol=1e-3)
    assert torch.equal(painted(run, model, texts), plain)
    assert hypernetwork_loader(model, "style.safetensors", 0.0, run=run) == model


def test_keys_and_values_see_what_the_networks_make(
    models: Path, networks: list[nn.Sequential]
) -> None:
    file = WeightFile(models / "hypernetworks" / "style.safetensors")
    made = load_hypernetwork(file, "cpu", torch.float32)
    unet: Any = UNet2DConditionModel.from_pretrained(models / "checkpoints" / "tiny" / "unet")
    block = unet.down_blocks[0].attentions[0].transformer_blocks[0]
    states, text = torch.randn(1, 16, WIDTH), torch.randn(1, 5, WIDTH)

    with torch.inference_mode(), Transformed(made.network, 0.7).on(unet):
        found = [layer(text) for layer in (block.attn2.to_k, block.attn2.to_v)]
        around = [layer(states) for layer in (block.attn1.to_k, block.attn1.to_v)]
        asked = block.attn2.to_q(states)

    keys, values = networks
    for seen, answers, layer in ((text, found, block.attn2), (states, around, block.attn1)):
        expected = layer.to_k(seen + 0.7 * keys(seen)), layer.to_v(seen + 0.7 * values(seen))
        assert torch.allclose(answers[0], expected[0], atol=1e-5)
        assert torch.allclose(answers[1], expected[1], atol=1e-5)
    assert torch.equal(asked, block.attn2.to_q(states))
    assert torch.equal(block.attn2.to_k(text), block.attn2.to_k(text + 0))


def test_files_that_will_not_do_are_named(run: SilentRun, models: Path) -> None:
    folder = models / "hypernetworks"
    whole = load_file(folder / "style.safetensors")
    alone = {name: tensor for name, tensor in whole.items() if name.startswith(f"{WIDTH}.0.")}
    save_file(alone, folder / "alone.safetensors")
    wide = {name.replace(f"{WIDTH}.", "48."): tensor for name, tensor in whole.items()}
    save_file(wide, folder / "wide.safetensors")
    save_file({"lora_unet_x": torch.zeros(1)}, folder / "lora.safetensors")
    told = {"activation_func": '"magic"'}
    save_file(whole, folder / "magic.safetensors", metadata=told)
    model = checkpoint_loader_simple("tiny", run=run).MODEL

    for name, reason in (
        ("style.pt", "style.pt is a pickle"),
        ("alone.safetensors", "for states 32 wide is incomplete"),
        ("wide.safetensors", "for states 48 wide is incomplete or does not fit"),
        ("lora.safetensors", "is a LoRA; a hypernetwork was expected"),
        ("magic.safetensors", "the activation 'magic', which is not known"),
    ):
        with pytest.raises(NodeError) as caught:
            hypernetwork_loader(model, name, run=run)
        assert reason in str(caught.value), name
        assert caught.value.port == "hypernetwork_name"


def test_another_models_hypernetwork_is_named(run: SilentRun, models: Path) -> None:
    torch.manual_seed(1)
    plain = {f"{w}.{i}.linear.0.{n}": t for w in (48,) for i in (0, 1) for n, t in _square(w)}
    save_file(plain, models / "hypernetworks" / "other.safetensors")
    model, clip, _ = checkpoint_loader_simple("tiny", run=run)
    texts: Any = tuple(clip_text_encode(text, clip, run=run) for text in ("red", "fog"))

    with pytest.raises(NodeError, match="is for states 48 wide; the model that paints has none"):
        painted(run, hypernetwork_loader(model, "other.safetensors", run=run), texts)


def _square(width: int) -> list[tuple[str, Tensor]]:
    return [("weight", torch.randn(width, width)), ("bias", torch.randn(width))]
