"""Node types in the words of ComfyUI's `/object_info`."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from wirebrush.api import (
    Conditioning,
    File,
    Image,
    Mask,
    Model,
    NodeSpec,
    Port,
    Range,
    Seed,
    Text,
    Unit,
    node,
    spec_of,
)
from wirebrush.graph.comfy.object_info import object_info


class Two(NamedTuple):
    IMAGE: Image
    MASK: Mask


@node(id="Everything", category="test/all")
def everything(
    model: Model,
    seed: Seed,
    text: Annotated[str, Text(multiline=True)],
    picture: Annotated[str, File("image", upload=True)],
    name: Annotated[str, File("loras")],
    steps: Annotated[int, Range(1, 50)] = 20,
    strength: Unit = 1.0,
    on: bool = True,
    way: Literal["first", "second"] = "second",
    usual: Literal["first", "second"] = "first",
    mask: Mask | None = None,
    condition: Conditioning | None = None,
) -> Two:
    """Say it all.

    Args:
        steps: How many.
    """
    ...


FILES = {"image": ["a.png"], "loras": ["x.safetensors"]}


def test_every_kind_of_input() -> None:
    info = object_info(spec_of(everything).owned_by("builtin", ""), lambda kind: FILES[kind])
    assert info["input"]["required"] == {
        "model": ["MODEL"],
        "seed": ["INT", {"min": 0, "max": 2**64 - 1, "control_after_generate": True}],
        "text": ["STRING", {"multiline": True}],
        "picture": [["a.png"], {"image_upload": True}],
        "name": [["x.safetensors"], {}],
        "steps": ["INT", {"default": 20, "min": 1, "max": 50, "tooltip": "How many."}],
        "strength": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.01}],
        "on": ["BOOLEAN", {"default": True}],
        "way": [["first", "second"], {"default": "second"}],
        "usual": [["first", "second"], {}],
    }
    assert info["input"]["optional"] == {"mask": ["MASK"], "condition": ["CONDITIONING"]}
    assert info["input_order"]["optional"] == ["mask", "condition"]


def test_the_rest_of_it() -> None:
    info = object_info(spec_of(everything).owned_by("strange", ""), lambda kind: [])
    assert info["output"] == ["IMAGE", "MASK"]
    assert info["output_name"] == ["IMAGE", "MASK"]
    assert info["output_is_list"] == [False, False]
    assert (info["name"], info["category"]) == ("Everything", "test/all")
    assert info["python_module"] == "custom_nodes.strange"
    assert not info["output_node"]
    assert "deprecated" not in info


@node(id="Sink", category="t")
def sink(images: Image) -> None:
    """Show."""
    ...


def test_an_output_node_asks_for_what_it_writes_into_files() -> None:
    info = object_info(spec_of(sink), lambda kind: [])
    assert info["output_node"]
    assert info["input"]["hidden"] == {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}


def test_an_input_that_takes_a_wire_only_gets_no_widget_in_its_editor() -> None:
    ports = (Port("wire", "INT"), Port("items", "INT", list=True), Port("image", "IMAGE"))
    info = object_info(NodeSpec("Wired", inputs=ports), lambda _kind: [])
    assert info["input"]["required"] == {
        "wire": ["INT", {"forceInput": True}],
        "items": ["INT"],
        "image": ["IMAGE"],
    }


def test_a_colour_is_picked() -> None:
    @node(id="Paint", category="test")
    def paint(color: Annotated[int, Range(0, 0xFFFFFF, 1)] = 0, wide: int = 1) -> Image: ...

    fields = object_info(spec_of(paint), lambda kind: [])["input"]["required"]
    assert fields["color"][1]["display"] == "color"
    assert "display" not in fields["wide"][1]
