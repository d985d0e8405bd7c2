"""Scripts: that they are Python whatever the file says, that they look like black's, and that
those that go node by node make the very prompt."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strangers_words import values, words

from wirebrush.api import Link
from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.script.families import family_of_name
from wirebrush.graph.script.making import Script, script_of
from wirebrush.graph.script.nodewise import nodewise_script

SHIPPED = sorted((Path(__file__).parents[3] / "workflows").glob("*.json"))
NOTHING = Catalog()


def locate(kind: str, name: str) -> str:
    return f"models/{kind}/{name}"


def family_of(kind: str, name: str) -> str:
    return "sd15" if name == "postcards" else family_of_name(name) or ""


def script(data: dict[str, Any], catalog: Catalog = NOTHING) -> Script:
    workflow, _ = open_workflow(data, catalog)
    assert workflow is not None
    prompt, _ = compile_workflow(workflow, catalog, incomplete=True)
    return script_of(prompt, catalog, locate, family_of)


def made_by(text: str) -> dict[str, Any]:
    """The prompt that a script would send, without sending it."""
    tree = ast.parse(text)
    assert isinstance(tree.body[-1], ast.If)
    names: dict[str, Any] = {"__name__": "script"}
    exec(compile(tree, "script", "exec"), names)
    nodes: dict[str, Any] = names["nodes"]
    return nodes


def modules(text: str) -> set[str]:
    """What a script imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def bare(prompt: Prompt) -> dict[str, Any]:
    """A prompt in API format, without titles."""
    return {
        name: {"class_type": item["class_type"], "inputs": item["inputs"]}
        for name, item in prompt.to_json().items()
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_workflow(path: Path) -> None:
    found = script(json.loads(path.read_text("utf-8")))
    ast.parse(found.text)
    assert ("wirebrush.client" in modules(found.text)) == bool(found.why)
    plain = {"postcard", "img2img", "hires-fix", "lora-stack", "sd15", "flux-dev", "flux-schnell"}
    plain |= {"sdxl", "two-pass-refine"}
    assert (found.why == "") == (path.stem in plain), found.why
    if found.why:
        workflow, _ = open_workflow(json.loads(path.read_text("utf-8")), NOTHING)
        assert workflow is not None
        prompt, _ = compile_workflow(workflow, NOTHING, incomplete=True)
        assert made_by(found.text) == bare(prompt)


def test_every_template() -> None:
    folder = files("comfyui_workflow_templates").joinpath("templates")
    count = 0
    for item in folder.iterdir():
        data = json.loads(item.read_text("utf-8")) if item.name.endswith(".json") else None
        if isinstance(data, dict) and "nodes" in data:
            ast.parse(script(data).text)
            count += 1
    assert count > 150


def test_they_look_like_blacks(tmp_path: Path) -> None:
    for path in SHIPPED:
        (tmp_path / f"{path.stem}.py").write_text(script(json.loads(path.read_text())).text)
    ruff = [sys.executable, "-m", "ruff", "format", "--check", "--isolated", "--no-cache"]
    done = subprocess.run([*ruff, str(tmp_path)], capture_output=True, text=True, check=False)
    if "No module named ruff" in done.stderr:
        pytest.skip("ruff is not installed")
    assert done.returncode == 0, done.stdout


KSAMPLER = {
    "seed": 1,
    "steps": 4,
    "cfg": 2.0,
    "sampler_name": "euler",
    "scheduler": "normal",
    "denoise": 1.0,
}


def picture(**changed: Mapping[str, Any]) -> dict[str, Any]:
    """A picture from words, with some nodes changed or added."""
    nodes: dict[str, Any] = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["1", 1]}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
        "4": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": 64, "height": 32, "batch_size": 2},
        },
        "5": {
            "class_type": "KSampler",
            "inputs": {
                **KSAMPLER,
                "model": ["1", 0],
                "positive": ["2", 0],
                "negative": ["3", 0],
                "latent_image": ["4", 0],
            },
        },
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {
            "class_type": "SaveImage",
            "inputs": {"images": ["6", 0], "filename_prefix": "out/x"},
        },
    }
    for name, node in changed.items():
        key = name.removeprefix("n")
        before = nodes.get(key, {"class_type": "", "inputs": {}})
        kind = node.get("class_type", before["class_type"])
        nodes[key] = {"class_type": kind, "inputs": before["inputs"] | node["inputs"]}
    return nodes


def test_a_picture_from_words() -> None:
    text = script(picture()).text
    for line in (
        'CHECKPOINT = "models/checkpoints/sd15.safetensors"',
        "pipe = StableDiffusionPipeline.from_single_file(",
        "    num_images_per_prompt=2,",
        '    generator=torch.Generator("cpu").manual_seed(1),',
        '    picture.save(f"x_{number:05}.png")',
    ):
        assert line in text.splitlines()


def inputs(**values: Any) -> dict[str, Any]:
    return {"inputs": values}


CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "another VAE": (
        {
            "n8": {"class_type": "VAELoader", **inputs(vae_name="v.safetensors")},
            "n6": inputs(vae=["8", 0]),
        },
        ["vae = AutoencoderKL.from_single_file(VAE, torch_dtype=dtype)", "vae=vae"],
    ),
    "a LoRA": (
        {
            "n8": {
                "class_type": "LoraLoader",
                **inputs(
                    model=["1", 0],
                    clip=["1", 1],
                    lora_name="l.safetensors",
                    strength_model=0.5,
                    strength_clip=1.0,
                ),
            },
            "n5": inputs(model=["8", 0]),
            "n2": inputs(clip=["8", 1]),
        },
        [
            'pipe.load_lora_weights(LORA_1, adapter_name="lora_1")',
            '{"unet": 0.5, "text_encoder": 1.0}',
            "peft",
        ],
    ),
    "a ControlNet": (
        {
            "n8": {"class_type": "ControlNetLoader", **inputs(control_net_name="c.safetensors")},
            "n9": {"class_type": "LoadImage", **inputs(image="edges.png")},
            "n10": {
                "class_type": "ControlNetApplyAdvanced",
                **inputs(
                    positive=["2", 0],
                    negative=["3", 0],
                    control_net=["8", 0],
                    image=["9", 0],
                    strength=0.8,
                    start_percent=0.0,
                    end_percent=0.5,
                ),
            },
            "n5": inputs(positive=["10", 0], negative=["10", 1]),
        },
        [
            "StableDiffusionControlNetPipeline.from_pipe",
            "controlnet_conditioning_scale=0.8",
            'Image.open(PICTURE).convert("RGB")',
        ],
    ),
    "a picture to begin with": (
        {
            "n8": {"class_type": "LoadImage", **inputs(image="photo.png")},
            "n9": {"class_type": "VAEEncode", **inputs(pixels=["8", 0], vae=["1", 2])},
            "n5": inputs(latent_image=["9", 0], denoise=0.5),
        },
        ["StableDiffusionImg2ImgPipeline.from_pipe", "denoise=0.5", "image=encoded(start)"],
    ),
    "a mask": (
        {
            "n8": {"class_type": "LoadImage", **inputs(image="photo.png")},
            "n9": {"class_type": "VAEEncode", **inputs(pixels=["8", 0], vae=["1", 2])},
            "n10": {"class_type": "SetLatentNoiseMask", **inputs(samples=["9", 0], mask=["8", 1])},
            "n5": inputs(latent_image=["10", 0], denoise=0.5),
        },
        [
            "StableDiffusionInpaintPipeline.from_pipe",
            "mask_image=transparency(PICTURE)",
            "strength=0.5625",
        ],
    ),
    "skipped layers": (
        {
            "n8": {
                "class_type": "CLIPSetLastLayer",
                **inputs(clip=["1", 1], stop_at_clip_layer=-2),
            },
            "n2": inputs(clip=["8", 0]),
        },
        ["clip_skip=1"],
    ),
    "SDXL": (
        {"n1": inputs(ckpt_name="sd_xl_base.safetensors")},
        ["StableDiffusionXLPipeline.from_single_file"],
    ),
    "SD3": (
        {"n1": inputs(ckpt_name="sd3_medium.safetensors"), "n5": inputs(scheduler="simple")},
        [
            "StableDiffusion3Pipeline.from_single_file",
            "flow_levels(steps=4, shift=3.0, resolution=1000)",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_else_is_said_in_plain_code(case: str) -> None:
    changed, expected = CASES[case]
    found = script(picture(**changed))
    assert found.why == ""
    ast.parse(found.text)
    for part in expected:
        assert part in found.text


REASONS: dict[str, dict[str, Any]] = {
    "no sampler that is the same as uni_pc": {"n5": inputs(sampler_name="uni_pc")},
    "no noise schedule like beta": {"n5": inputs(scheduler="beta")},
    "weights, embeddings or choices": {"n2": inputs(text="a (red:1.2) cat")},
    "longer than diffusers reads": {"n2": inputs(text="cat " * 100)},
    "is computed by another node": {"n5": inputs(seed=["4", 0])},
    "is not connected": {"n5": inputs(model="x")},
    "does not say its steps": {"n5": inputs(steps=["gone", 0])},
    "what kind of model": {"n1": inputs(ckpt_name="hidream.safetensors")},
    "it uses Stranger": {
        "n4": {"class_type": "X", **inputs()},
        "n6": {"class_type": "Stranger", **inputs()},
    },
    "nothing in it saves a picture": {"n7": {"class_type": "Show", **inputs()}},
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_is_not_is_said_with_its_reason(reason: str) -> None:
    found = script(picture(**REASONS[reason]))
    if reason != "does not say its steps":
        assert reason in found.why
    assert found.text.startswith("# This runs in a Wirebrush studio")
    made_by(found.text)


def test_a_circle_of_pictures_ends() -> None:
    nodes = picture(
        n8={"class_type": "VAEEncode", **inputs(pixels=["6", 0], vae=["1", 2])},
        n5=inputs(latent_image=["8", 0]),
    )
    prompt = Prompt.from_json(nodes)
    assert "in a circle" in script_of(prompt, NOTHING, locate, family_of).why


@given(
    st.dictionaries(
        words,
        st.tuples(
            words,
            st.dictionaries(words, values | st.builds(Link, words, st.integers(0, 3)), max_size=4),
            words,
        ),
        max_size=5,
    ),
    words,
)
def test_a_strangers_words_stay_words(drawn: dict[str, Any], why: str) -> None:
    nodes = {
        name: PromptNode(name, kind, taken, title) for name, (kind, taken, title) in drawn.items()
    }
    prompt = Prompt(nodes)
    assert made_by(nodewise_script(prompt, why)) == bare(prompt)


@given(words, words, words)
def test_nor_do_names_become_code(text: str, name: str, prefix: str) -> None:
    nodes = picture(
        n2=inputs(text=text), n1=inputs(ckpt_name="sd15 " + name), n7=inputs(filename_prefix=prefix)
    )
    found = script_of(Prompt.from_json(nodes), NOTHING, locate, lambda kind, name: "sd15")
    assert modules(found.text) <= {"os", "torch", "diffusers", "PIL", "wirebrush.client"}


def test_imported_and_written(catalog: Catalog) -> None:
    """A ComfyUI workflow needs no studio to become a script."""
    data = {"nodes": [{"id": 1, "type": "Stranger"}], "links": []}
    workflow = import_workflow(data, catalog).workflow
    prompt, _ = compile_workflow(workflow, catalog, incomplete=True)
    assert made_by(script_of(prompt, catalog, locate, family_of).text) == {
        "1": {"class_type": "Stranger", "inputs": {}}
    }


def test_a_long_row_of_pictures_needs_no_stack() -> None:
    nodes = picture()
    last = "6"
    for at in range(100, 400, 3):
        encode, paint, decode = map(str, range(at, at + 3))
        given = {**nodes["5"]["inputs"], "latent_image": [encode, 0], "denoise": 0.5}
        nodes[encode] = {"class_type": "VAEEncode", **inputs(pixels=[last, 0], vae=["1", 2])}
        nodes[paint] = {"class_type": "KSampler", "inputs": given}
        nodes[decode] = {"class_type": "VAEDecode", **inputs(samples=[paint, 0], vae=["1", 2])}
        last = decode
    nodes["7"]["inputs"]["images"] = [last, 0]
    found = script_of(Prompt.from_json(nodes), NOTHING, locate, family_of)
    assert found.why == "it is too long."
    made_by(found.text)
