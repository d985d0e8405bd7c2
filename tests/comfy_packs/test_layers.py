"""A pack as LayerStyle is one: torch and PIL, many widgets, masks beside pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wirebrush.api import MISSING, Port

LAYERS = {
    "__init__.py": """
        import importlib
        import os
        import torch
        from .py import drop_shadow

        NODE_CLASS_MAPPINGS = dict(drop_shadow.NODE_CLASS_MAPPINGS)
        NODE_DISPLAY_NAME_MAPPINGS = drop_shadow.NODE_DISPLAY_NAME_MAPPINGS
        WEB_DIRECTORY = "./js"
        __all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS", "WEB_DIRECTORY"]
        """,
    "py/drop_shadow.py": """
        import copy
        import numpy as np
        import torch
        from PIL import Image, ImageFilter
        from .tools import log, pil2tensor, tensor2pil

        NODE_NAME = "DropShadow"

        class DropShadow:
            def __init__(self):
                self.NODE_NAME = NODE_NAME

            @classmethod
            def INPUT_TYPES(self):
                modes = ["normal", "multiply", "screen"]
                return {
                    "required": {
                        "background_image": ("IMAGE",),
                        "layer_image": ("IMAGE",),
                        "invert_mask": ("BOOLEAN", {"default": True}),
                        "blend_mode": (modes,),
                        "opacity": ("INT", {"default": 50, "min": 0, "max": 100, "step": 1}),
                        "distance": ("FLOAT", {"default": 2.5, "min": -9.5, "max": 9.5}),
                        "shadow_color": ("STRING", {"default": "#000000"}),
                        "seed": ("INT", {"default": 0, "min": 0, "max": 0xffffffffffffffff}),
                    },
                    "optional": {
                        "layer_mask": ("MASK", {"tooltip": "Where the layer is."}),
                        "note": ("STRING", {"multiline": True, "placeholder": "a note"}),
                    },
                }

            RETURN_TYPES = ("IMAGE", "MASK")
            RETURN_NAMES = ("image", "mask")
            FUNCTION = "drop_shadow"
            CATEGORY = "Layers/LayerStyle"
            DESCRIPTION = "Lays a shadow."

            def drop_shadow(self, background_image, layer_image, invert_mask, blend_mode, opacity,
                            distance, shadow_color, seed, layer_mask=None, note="nothing"):
                results = []
                background_image *= 1.0  # as sloppy as people are
                for index, item in enumerate(layer_image):
                    layer = tensor2pil(item).filter(ImageFilter.GaussianBlur(0))
                    results.append(pil2tensor(layer) * opacity / 100)
                log(f"{self.NODE_NAME} Processed {len(results)} image(s), {note}")
                mask = torch.ones(4, 4) if layer_mask is None else layer_mask
                return (torch.cat(results, dim=0), mask)

        class Deco:
            @classmethod
            def INPUT_TYPES(s):
                size = ("INT", {"default": 3, "min": 1})
                return {"required": {"image": ("IMAGE",), "size": size}}
            RETURN_TYPES = ("IMAGE")
            RETURN_NAMES = ("IMAGE")
            FUNCTION = "go"
            CATEGORY = "Layers"
            DEPRECATED = True
            def go(self, image, size):
                return (image,)

        NODE_CLASS_MAPPINGS = {"LayerStyle: DropShadow": DropShadow, "Deco": Deco}
        NODE_DISPLAY_NAME_MAPPINGS = {"LayerStyle: DropShadow": "LayerStyle: Drop Shadow"}
        """,
    "py/tools.py": """
        import numpy as np
        import torch
        from PIL import Image

        def log(message):
            print("LayerStyle:", message)

        def pil2tensor(image):
            return torch.from_numpy(np.array(image).astype(np.float32) / 255.0).unsqueeze(0)

        def tensor2pil(image):
            array = np.clip(255.0 * image.cpu().numpy().squeeze(), 0, 255).astype(np.uint8)
            return Image.fromarray(array)
        """,
}
SHADOW = "LayerStyle: DropShadow"


def port(spec: Any, name: str) -> Port:
    found = spec.port(name)
    assert found is not None
    return found


def test_the_declaration_becomes_ports_and_widgets(bench_of: Callable[..., Any]) -> None:
    spec = bench_of(LAYERS).spec(SHADOW)
    assert (spec.title, spec.category) == ("LayerStyle: Drop Shadow", "Layers/LayerStyle")
    assert spec.help == "Lays a shadow."
    assert spec.pack == "pack"
    assert [(p.name, p.type, p.optional) for p in spec.inputs] == [
        ("background_image", "IMAGE", False),
        ("layer_image", "IMAGE", False),
        ("invert_mask", "BOOLEAN", False),
        ("blend_mode", "COMBO", False),
        ("opacity", "INT", False),
        ("distance", "FLOAT", False),
        ("shadow_color", "STRING", False),
        ("seed", "INT", False),
        ("layer_mask", "MASK", True),
        ("note", "STRING", True),
    ]
    opacity, mode = port(spec, "opacity").widget, port(spec, "blend_mode").widget
    assert opacity is not None
    assert (opacity.kind, opacity.min, opacity.max, opacity.step) == ("int", 0, 100, 1)
    assert mode is not None
    assert mode.choices == ("normal", "multiply", "screen")
    assert port(spec, "blend_mode").default == "normal"
    seed, note = port(spec, "seed").widget, port(spec, "note")
    assert seed is not None
    assert seed.kind == "seed"
    assert note.widget is not None
    assert (note.widget.multiline, note.widget.placeholder) == (True, "a note")
    assert note.default is MISSING
    assert port(spec, "layer_mask").help == "Where the layer is."
    assert [(o.name, o.type) for o in spec.outputs] == [("image", "IMAGE"), ("mask", "MASK")]


def test_forgotten_commas_and_old_nodes(bench_of: Callable[..., Any]) -> None:
    spec = bench_of(LAYERS).spec("Deco")
    assert [(o.name, o.type) for o in spec.outputs] == [("IMAGE", "IMAGE")]
    assert spec.deprecated


def layers(**more: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "1": ("Picture", {"level": 1.0}),
        "2": (SHADOW, {"background_image": ["1", 0], "layer_image": ["1", 0], **more}),
    }


def test_it_paints(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(LAYERS)
    assert "0.5000" in bench.shown(layers(), ("2", 0))
    assert "torch.Size" not in bench.shown(layers(), ("2", 1))


def test_a_node_that_writes_into_its_picture_harms_nobody(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(LAYERS)
    job = bench.run(layers(opacity=10), "2")
    assert job.state == "succeeded", job.messages
    assert bench.run(layers(opacity=11), "2").ran == ["2"]


def test_a_mask_without_a_batch_gets_one(bench_of: Callable[..., Any]) -> None:
    shown = bench_of(LAYERS).shown(layers(), ("2", 1))
    assert shown.startswith("tensor([[[")


@pytest.mark.parametrize("given", [{}, {"note": "mine"}])
def test_a_default_of_the_function_counts_where_none_is_declared(
    bench_of: Callable[..., Any], capsys: pytest.CaptureFixture[str], given: dict[str, str]
) -> None:
    bench_of(LAYERS).run(layers(**given), "2")
    assert f"1 image(s), {given.get('note', 'nothing')}" in capsys.readouterr().out
