"""A pack that paints by calling ComfyUI's nodes, as detailers do: here it calls ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wirebrush.folders import packaged_roots

PAINTING = """
    import torch
    import nodes
    from comfy_execution.graph_utils import GraphBuilder

    INPUTS = {"required": {
        "model": ("MODEL",), "clip": ("CLIP",), "vae": ("VAE",),
        "text": ("STRING", {"default": "a red house"}),
        "seed": ("INT", {"default": 5}),
        "sampler_name": (nodes.NODE_CLASS_MAPPINGS["KSampler"].INPUT_TYPES()
                         ["required"]["sampler_name"][0],),
    }}

    class Inside:
        @classmethod
        def INPUT_TYPES(s):
            return INPUTS
        RETURN_TYPES = ("IMAGE", "LATENT")
        FUNCTION = "paint"
        def paint(self, model, clip, vae, text, seed, sampler_name):
            positive = nodes.CLIPTextEncode().encode(clip, text)[0]
            negative, = nodes.NODE_CLASS_MAPPINGS["CLIPTextEncode"]().encode(clip=clip, text="")
            latent = nodes.EmptyLatentImage().generate(64, 64, 1)[0]
            (painted,) = nodes.common_ksampler(
                model, seed, 2, 3.0, sampler_name, "normal", positive, negative, latent)
            return (nodes.VAEDecode().decode(vae, painted)[0], painted)

    class Outside:
        @classmethod
        def INPUT_TYPES(s):
            return INPUTS
        RETURN_TYPES = ("IMAGE", "LATENT")
        FUNCTION = "paint"
        def paint(self, model, clip, vae, text, seed, sampler_name):
            graph = GraphBuilder()
            positive = graph.node("CLIPTextEncode", clip=clip, text=text)
            negative = graph.node("CLIPTextEncode", clip=clip, text="")
            latent = graph.node("EmptyLatentImage", width=64, height=64, batch_size=1)
            painted = graph.node("KSampler", model=model, seed=seed, steps=2, cfg=3.0,
                sampler_name=sampler_name, scheduler="normal", positive=positive.out(0),
                negative=negative.out(0), latent_image=latent.out(0), denoise=1.0)
            image = graph.node("VAEDecode", vae=vae, samples=painted.out(0))
            return {"result": (image.out(0), painted.out(0)), "expand": graph.finalize()}

    class Difference:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"a": ("IMAGE",), "b": ("IMAGE",)}}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "go"
        def go(self, a, b):
            return (f"{tuple(a.shape)} {(a - b).abs().max().item():.4f} {a.std() > 0.01}",)

    NODE_CLASS_MAPPINGS = {k.__name__: k for k in (Inside, Outside, Difference)}
"""


@pytest.mark.parametrize("kind", ["Inside", "Outside"])
def test_it_paints_what_our_own_nodes_paint(bench_of: Callable[..., Any], kind: str) -> None:
    bench = bench_of(PAINTING, builtin=True, models=tuple(packaged_roots()))
    parts = {"model": ["m", 0], "clip": ["m", 1], "vae": ["m", 2]}
    nodes = {
        "m": ("CheckpointLoaderSimple", {"ckpt_name": "postcards"}),
        "theirs": (kind, parts),
        "yes": ("CLIPTextEncode", {"clip": ["m", 1], "text": "a red house"}),
        "no": ("CLIPTextEncode", {"clip": ["m", 1], "text": ""}),
        "empty": ("EmptyLatentImage", {"width": 64, "height": 64}),
        "ours": (
            "KSampler",
            {"model": ["m", 0], "positive": ["yes", 0], "negative": ["no", 0], "seed": 5,
             "latent_image": ["empty", 0], "steps": 2, "cfg": 3.0, "scheduler": "normal"},
        ),
        "image": ("VAEDecode", {"vae": ["m", 2], "samples": ["ours", 0]}),
        "both": ("Difference", {"a": ["theirs", 0], "b": ["image", 0]}),
    }  # fmt: skip
    assert bench.shown(nodes, ("both", 0)) == "'(1, 64, 64, 3) 0.0000 True'"
