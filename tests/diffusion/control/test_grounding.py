"""GLIGEN acts as in diffusers' pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import save_file
from steering import CFG, HINT, NEGATIVE, PROMPT, SIDE, STEPS, start, steered, taught
from tiny_families import L_WIDTH, assembled, pipeline, saved, sd1_parts, unet
from torch import Tensor

from wirebrush_diffusion.control.grounding import Boxes
from wirebrush_diffusion.control.grounding_file import load_grounding
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.unet import UNetModel
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.files.names import unet_name
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.guidance.condition import Area

PHRASES = ["a house", "red"]
PLACES = [Area(4, 4, 0, 2), Area(2, 6, 5, 1)]
ATTENTION = frozenset({1})  # the level on the way up that has any


def gated_pipe() -> Any:
    torch.manual_seed(0)
    network = taught(unet(L_WIDTH, linear=False, attention_type="gated"), much=0.05)
    parts = sd1_parts() | {"unet": network}
    return assembled(diffusers.StableDiffusionGLIGENPipeline, parts)


def plain_and_added(network: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The UNet without what GLIGEN adds, and the file of that."""
    plain: dict[str, Tensor] = {}
    added: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        if name.startswith("position_net."):
            added[name] = tensor.clone()
        elif ".fuser." in name:
            block, leaf = name.split(".fuser.")
            stored = unet_name(f"{block}.x.y", 1, ATTENTION).removesuffix(".x.y")
            added[f"{stored}.fuser.{leaf}"] = tensor.clone()
        else:
            plain[name] = tensor
    return plain, added


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Parts, Path]:
    root = tmp_path_factory.mktemp("gligen")
    pipe = gated_pipe()
    plain, added = plain_and_added(pipe.unet)
    save_file(added, root / "gligen.safetensors")
    network = unet(L_WIDTH, linear=False)
    network.load_state_dict(plain)
    parts = {name: part for name, part in pipe.components.items() if name in sd1_parts()}
    ordinary = assembled_as_it_is(parts | {"unet": network})
    return pipe, load(saved(ordinary, root / "model")), root / "gligen.safetensors"


def assembled_as_it_is(parts: dict[str, Any]) -> Any:
    unused: Any = None
    return diffusers.StableDiffusionPipeline(
        **parts, safety_checker=unused, feature_extractor=unused, requires_safety_checker=False
    )


def boxes(parts: Parts, file: Path, **more: Any) -> Boxes:
    texts = [parts.text_encoder.encode(phrase).pooled for phrase in PHRASES]
    pooled = torch.cat([text for text in texts if text is not None])
    return Boxes(load_grounding(WeightFile(file), "cpu"), pooled, boxes=tuple(PLACES), **more)


def test_as_in_diffusers(made: Any) -> None:
    pipe, parts, file = made
    noise = start()
    relative = [
        [a.left / 8, a.top / 8, (a.left + a.width) / 8, (a.top + a.height) / 8] for a in PLACES
    ]

    expected = pipe(
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        gligen_phrases=PHRASES,
        gligen_boxes=relative,
        gligen_scheduled_sampling_beta=1.0,
        latents=noise,
        num_inference_steps=STEPS,
        guidance_scale=CFG,
        height=SIDE,
        width=SIDE,
        output_type="latent",
    ).images

    sigmas = pipe.scheduler.sigmas.tolist()
    blocks = set(parts.model.network.state_dict())
    ours = steered(parts, noise, sigmas, boxes(parts, file))
    assert (ours - expected).abs().max() <= 1e-4
    assert (steered(parts, noise, sigmas) - expected).abs().max() > 1e-2
    assert set(parts.model.network.state_dict()) == blocks
    assert not hasattr(parts.model.network, "position_net")


def test_boxes_move_with_an_area(made: Any) -> None:
    _, parts, file = made
    use = boxes(parts, file).on(parts.model)
    shifted = replace(use, boxes=tuple(replace(a, left=a.left - 1) for a in PLACES))

    part = use.prepared(8, 8, Area(8, 6, 0, 1), "positive")

    assert torch.allclose(part, shifted.on(parts.model).prepared(8, 6, None, "positive"))
    assert not torch.allclose(part, use.prepared(8, 8, None, "positive"))
    nothing = use.prepared(8, 8, None, "negative")
    assert torch.equal(nothing[0, 0, 0], nothing[0, 0, 29])


def test_what_does_not_fit_is_named(made: Any) -> None:
    _, parts, file = made
    use = boxes(parts, file)
    many = replace(use, hint=torch.zeros(31, L_WIDTH), boxes=(PLACES[0],) * 31)

    with pytest.raises(DiffusionError, match="are 31 text boxes; GLIGEN knows 30 at most"):
        many.on(parts.model)
    with pytest.raises(DiffusionError, match="reads texts 64 wide, the model that paints 192"):
        use.on(UNetModel(pipeline("sdxl").unet))
    deeper = unet(
        L_WIDTH,
        linear=False,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    with pytest.raises(DiffusionError, match=r"has a layer for down_blocks.0.attentions.0"):
        use.on(UNetModel(deeper))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("position_net.linears.0.weight",), "an incomplete GLIGEN model"),
        (("position_net.linears_text.0.weight",), "a GLIGEN model for texts and pictures"),
        (("lora_unet_x.lora_up.weight",), "a LoRA"),
    ],
)
def test_other_files_are_named(tmp_path: Path, names: tuple[str, ...], found: str) -> None:
    save_file({name: HINT[0, :2, :2, 0].contiguous() for name in names}, tmp_path / "x.safetensors")

    with pytest.raises(DiffusionError, match=f"is {found}; a GLIGEN model for text boxes was exp"):
        load_grounding(WeightFile(tmp_path / "x.safetensors"), "cpu")
