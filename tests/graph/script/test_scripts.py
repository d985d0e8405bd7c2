"""Scripts: that they are Python whatever the file says, that they look like black's, and that
those that go node by node make the very prompt."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from graphs import (
    NOTHING,
    SHIPPED,
    bare,
    family_of,
    inputs,
    locate,
    made_by,
    modules,
    picture,
    script,
)
from hypothesis import given
from hypothesis import strategies as st
from strangers_words import values, words

from wirebrush.api import Link
from wirebrush.catalog import Catalog
from wirebrush.graph.comfy.importing import import_workflow
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.script.making import script_of
from wirebrush.graph.script.nodewise import nodewise_script


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_workflow(path: Path) -> None:
    found = script(json.loads(path.read_text("utf-8")))
    ast.parse(found.text)
    assert ("wirebrush.client" in modules(found.text)) == bool(found.why)
    plain = {"postcard", "img2img", "hires-fix", "lora-stack", "sd15", "flux-dev", "flux-schnell"}
    plain |= {"sdxl", "two-pass-refine", "controlnet", "inpaint", "outpaint", "batch-grid"}
    plain |= {"textual-inversion", "sd35-large", "prompt-areas"}
    plain |= {"qwen-image", "z-image-turbo", "lumina2"}
    assert (found.why == "") == (path.stem in plain), found.why
    if found.why:
        workflow, _ = open_workflow(json.loads(path.read_text("utf-8")), NOTHING)
        assert workflow is not None
        prompt, _ = compile_workflow(workflow, NOTHING, incomplete=True)
        assert made_by(found.text) == bare(prompt)


def test_every_template_is_laid_out_like_a_person_would(tmp_path: Path) -> None:
    """They parse, and ruff has nothing to say of them: no unknown names, no unused imports."""
    folder = files("comfyui_workflow_templates").joinpath("templates")
    for path in SHIPPED:
        (tmp_path / path.name).with_suffix(".py").write_text(
            script(json.loads(path.read_text())).text
        )
    for item in folder.iterdir():
        data = json.loads(item.read_text("utf-8")) if item.name.endswith(".json") else None
        if isinstance(data, dict) and "nodes" in data:
            text = script(data).text
            ast.parse(text)
            (tmp_path / f"template_{item.name[:-5]}.py").write_text(text, "utf-8")
    assert len(list(tmp_path.iterdir())) > 170
    for command in (["format", "--check"], ["check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        if "No module named ruff" in done.stderr:
            pytest.skip("ruff is not installed")
        assert done.returncode == 0, done.stdout[:2000]


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
    known = {"os", "math", "torch", "diffusers", "PIL", "wirebrush.client"}
    assert modules(found.text) <= known


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
