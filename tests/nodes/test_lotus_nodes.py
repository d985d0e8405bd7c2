"""Lotus as people run it: ComfyUI's template, and what it is told out of their own files."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

import wirebrush_nodes
from wirebrush.api import FileRef, Latent, NodeError, SilentRun
from wirebrush.catalog import Catalog
from wirebrush.engine.assets import LocalAssets
from wirebrush.engine.engine import Engine, Settings
from wirebrush.engine.packs import Packs, assemble, pack_from
from wirebrush.events import Event, NodeFinished
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.validate import validate
from wirebrush_nodes.custom_sampling import disable_noise, sampler_custom_advanced
from wirebrush_nodes.guiders import basic_guider
from wirebrush_nodes.lotus import encoder_file, lotus_conditioning
from wirebrush_nodes.part_loaders import unet_loader
from wirebrush_nodes.samplers import ksampler_select

sys.path.insert(0, str(Path(__file__).parents[1] / "diffusion"))
from original_names import clip_tensors, open_clip_tensors, plain, single_file
from test_lotus import expected, network
from tiny_families import clip, clip_tokenizer, pipeline, vae

WIDTH, LAYERS = 1024, 2
LOTUS, VAE = "lotus-depth-d-v1-1.safetensors", "vae-ft-mse-840000-ema-pruned.safetensors"
TEMPLATE = "templates/image_lotus_depth_v1_1.json"


@pytest.fixture(scope="module")
def encoder() -> Any:
    torch.manual_seed(1)
    return clip(WIDTH, layers=LAYERS, activation="gelu")


def decoder() -> Any:
    """The template's VAE, the same each time."""
    torch.manual_seed(2)
    return vae()


@pytest.fixture(scope="module")
def root(encoder: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the template names, and an encoder with its last, unread layer."""
    root = tmp_path_factory.mktemp("models")
    found: Mapping[str, dict[str, Tensor]] = {
        f"diffusion_models/{LOTUS}": plain(network(), ""),
        f"vae/{VAE}": plain(decoder(), ""),
        "text_encoders/a_clip_l.safetensors": clip_tensors(clip(64), ""),
        "text_encoders/clip_h.safetensors": open_clip_tensors(encoder, "", spare=True),
    }
    for name, tensors in found.items():
        (root / name).parent.mkdir(exist_ok=True)
        save_file(tensors, root / name)
    (root / "text_encoders" / "b.safetensors").write_bytes(b"nonsense")
    clip_tokenizer("!").save_pretrained(root / "tokenizers" / "clip")
    return root


def without_encoder(root: Path, folder: Path) -> Path:
    """A copy of the models in which nothing holds the encoder."""
    copy = shutil.copytree(root, folder / "models")
    (copy / "text_encoders" / "clip_h.safetensors").unlink()
    return copy


def said(encoder: Any) -> Tensor:
    """By transformers, to an empty text that is not filled up."""
    ids = torch.tensor([[encoder.config.bos_token_id, encoder.config.eos_token_id]])
    with torch.inference_mode():
        return encoder(ids).last_hidden_state


def test_it_is_what_the_encoder_says_to_an_empty_text(encoder: Any, root: Path) -> None:
    ((cond,),) = lotus_conditioning(run=SilentRun(root=root))

    assert cond.embedding.shape == (1, 2, WIDTH)
    assert (cond.embedding - said(encoder)).abs().max() <= 1e-4
    assert cond.pooled is None
    assert not cond.options
    assert encoder_file(SilentRun(root=root)) == [FileRef("text_encoders", "clip_h.safetensors")]


def test_a_checkpoint_of_stable_diffusion_2_will_do(
    encoder: Any, root: Path, tmp_path: Path
) -> None:
    models = without_encoder(root, tmp_path)
    (models / "checkpoints").mkdir()
    for name in ("sd2", "sdxl"):
        single_file(pipeline(name), name, models / "checkpoints")
    path = models / "checkpoints" / "sd2.safetensors"
    prefix = "cond_stage_model.model."
    tensors = {name: t for name, t in load_file(path).items() if not name.startswith(prefix)}
    assert encoder_file(SilentRun(root=models)) == []  # this one is 128 wide
    save_file(tensors | open_clip_tensors(encoder, prefix, spare=True), path)

    ((cond,),) = lotus_conditioning(run=SilentRun(root=models))

    assert (cond.embedding - said(encoder)).abs().max() <= 1e-4


def test_without_one_a_sentence_says_what_to_get(root: Path, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="is in no file of text_encoders or check") as caught:
        lotus_conditioning(run=SilentRun(root=without_encoder(root, tmp_path)))

    assert "text_encoder/model.safetensors of Lotus" in caught.value.hint
    assert "models/text_encoders, as clip_h.safetensors" in caught.value.hint


@pytest.fixture(scope="module")
def packs() -> Packs:
    return assemble([pack_from("builtin", wirebrush_nodes)])


@pytest.fixture
def assets(tmp_path: Path) -> LocalAssets:
    """With the picture that the template reads."""
    buffer = BytesIO()
    Image.effect_noise((64, 48), 80).convert("RGB").save(buffer, "PNG")
    assets = LocalAssets(tmp_path / "assets")
    assets.names["input.png"] = assets.add(buffer.getvalue())[0]
    return assets


def template(packs: Packs) -> Prompt:
    """The template of ComfyUI's page, opened and found to be in order."""
    data = json.loads(files("comfyui_workflow_templates").joinpath(TEMPLATE).read_text("utf-8"))
    catalog = Catalog(tuple(kind.spec for kind in packs.types.values()))
    workflow, opened = open_workflow(data, catalog)
    assert workflow is not None
    prompt, compiled = compile_workflow(workflow, catalog)
    found = [*opened, *compiled, *validate(prompt, catalog)]
    assert [item for item in found if item.severity == "error"] == []
    return prompt


def pixels(path: Path) -> Tensor:
    """`[1,3,H,W]`, 0..1."""
    return torch.from_numpy(np.asarray(Image.open(path), np.float32) / 255).movedim(-1, 0)[None]


def depth(encoder: Any, picture: Tensor) -> Tensor:
    """As Lotus' own pipeline has it, by diffusers; inverted at the end as in the template."""
    autoencoder, scale = decoder(), 0.18215
    with torch.inference_mode():
        latent = autoencoder.encode(picture * 2 - 1).latent_dist.mode() * scale
        answer = expected(network(), latent, said(encoder))
        return 1 - (autoencoder.decode(answer / scale).sample / 2 + 0.5).clamp(0, 1)


def test_the_template_paints_what_diffusers_does(
    packs: Packs, encoder: Any, root: Path, assets: LocalAssets
) -> None:
    events: list[Event] = []
    prompt = template(packs)
    (target,) = [id for id, node in prompt.nodes.items() if node.class_type == "SaveImage"]

    with Engine(packs, Settings(models=[root]), assets) as engine:
        finished = engine.run(prompt, [target], events.extend)

    assert finished.state == "succeeded", finished.problems
    (shown,) = [
        o for e in events if isinstance(e, NodeFinished) and e.node == target for o in e.outputs
    ]
    assert shown.asset is not None
    ours = pixels(assets.path(shown.asset))
    theirs = depth(encoder, pixels(assets.path(assets.names["input.png"])))
    assert ours.shape == (1, 3, 48, 64)
    assert ours.std() > 0.01
    assert (ours - theirs).abs().max() <= 1.5 / 255


def test_another_encoder_is_another_condition(
    packs: Packs, encoder: Any, root: Path, tmp_path: Path
) -> None:
    models = without_encoder(root, tmp_path)
    folder = models / "text_encoders"
    prompt = Prompt.from_json({"1": {"class_type": "LotusConditioning", "inputs": {}}})

    with Engine(packs, Settings(models=[models])) as engine:

        def ran() -> str | bool:
            finished = engine.run(prompt, ["1"])
            if finished.state != "succeeded":
                return finished.problems[0].message
            return "1" in finished.summary.per_node

        assert "Stable Diffusion 2's text encoder" in str(ran())
        shutil.copy(root / "text_encoders" / "clip_h.safetensors", folder)
        assert [ran(), ran()] == [True, False]
        save_file(clip_tensors(clip(64), ""), folder / "another.safetensors")  # of another kind
        assert ran() is False
        tensors = open_clip_tensors(encoder, "", spare=True)
        tensors["ln_final.bias"] = tensors["ln_final.bias"] + 1
        save_file(tensors, folder / "clip_h.safetensors")
        assert [ran(), ran()] == [True, False]


def test_a_model_of_another_family_says_that_it_reads_other_texts(
    root: Path, tmp_path: Path
) -> None:
    run = SilentRun(root=shutil.copytree(root, tmp_path / "models"))
    save_file(plain(pipeline("sd1").unet, ""), run.root / "diffusion_models" / "sd1.safetensors")
    guider = basic_guider(
        unet_loader("sd1.safetensors", run=run), lotus_conditioning(run=run).conditioning
    )

    with pytest.raises(NodeError, match="1024 wide"):
        sampler_custom_advanced(
            disable_noise(),
            guider,
            ksampler_select("euler"),
            torch.tensor([999.0, 0.0]),
            Latent(torch.zeros((1, 4, 8, 8))),
            run=run,
        )


def test_other_files_are_no_lotus(root: Path) -> None:
    run = SilentRun(root=root)
    shutil.copy(root / "vae" / VAE, root / "diffusion_models" / "vae.safetensors")

    with pytest.raises(NodeError, match="is a VAE; a diffusion model was expected"):
        unet_loader("vae.safetensors", run=run)
