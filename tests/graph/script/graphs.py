"""Graphs to be written as scripts, and what is asked of these."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wirebrush.catalog import Catalog
from wirebrush.graph.compile import compile_workflow
from wirebrush.graph.opening import open_workflow
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.script.families import family_of_name, sight_of_name
from wirebrush.graph.script.making import Script, script_of

SHIPPED = sorted((Path(__file__).parents[3] / "workflows").glob("*.json"))
NOTHING = Catalog()


def locate(kind: str, name: str) -> str:
    return f"models/{kind}/{name}"


def family_of(kind: str, name: str) -> str:
    family = "sd15" if name == "postcards" else family_of_name(name)
    return f"{family} {sight_of_name(name)}".strip() if family else ""


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


def inputs(**values: Any) -> dict[str, Any]:
    """Changed inputs of a node."""
    return {"inputs": values}
