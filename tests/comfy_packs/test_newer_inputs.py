"""Inputs of newer packs that are more than one thing: choices, types and numbers of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wirebrush.events import NodeSent

INPUTS = """
    from comfy_api.latest import ComfyExtension, io, ui
    from comfy_api.latest import _io

    class Grow(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(
                node_id="Grow",
                inputs=[
                    _io.AutogrowDynamic.Input("images", io.Image.Input("image"), min=2, max=4),
                    _io.AutogrowDynamic.Input("texts", io.String.Input("text"), optional=True),
                ],
                outputs=[io.String.Output()],
            )

        @classmethod
        def execute(cls, **inputs):
            return io.NodeOutput(" ".join(sorted(inputs)))

    class Pick(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(
                node_id="Pick",
                inputs=[
                    io.MultiCombo.Input("many", options=["a", "b", "c"], default=["a"], chip=True),
                    io.Combo.Input("far", remote=io.RemoteOptions("/x", True, "first")),
                    io.MultiType.Input(io.Float.Input("either", default=1.5, min=0.0),
                                       [io.Int, io.Mask]),
                ],
                outputs=[io.String.Output()],
            )

        @classmethod
        def execute(cls, many, far, either):
            return io.NodeOutput(f"{many} {either}")

    class Look(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Look", is_output_node=True,
                             inputs=[io.Image.Input("image"), io.Boolean.Input("moves")])

        @classmethod
        def execute(cls, image, moves):
            if moves:
                return io.NodeOutput(ui=ui.ImageSaveHelper.get_save_animated_webp_ui(
                    image, "film", cls, 6.0, True, 80, 0))
            return io.NodeOutput(ui=ui.PreviewImage(image, cls=cls))

    class Extension(ComfyExtension):
        async def get_node_list(self):
            return [Grow, Pick, Look]

    async def comfy_entrypoint():
        return Extension()
"""


@pytest.fixture
def bench(bench_of: Callable[..., Any]) -> Any:
    return bench_of(INPUTS)


def test_inputs_that_grow_in_number(bench: Any) -> None:
    ports = bench.spec("Grow").inputs
    assert [(p.name, p.type, p.optional, p.widget) for p in ports] == [
        ("image1_$images_ag$", "IMAGE", False, None),
        ("image2_$images_ag$", "IMAGE", False, None),
        ("image3_$images_ag$", "IMAGE", True, None),
        ("image4_$images_ag$", "IMAGE", True, None),
        ("text1_$texts_ag$", "STRING", True, None),
    ]
    nodes = {
        "p": ("Picture", {}),
        "g": ("Grow", {f"image{n}_$images_ag$": ["p", 0] for n in (1, 2, 4)}),
        "show": ("Show", {"value": ["g", 0]}),
    }
    job = bench.run(nodes, "show")
    assert job.text("show") == repr("image1_$images_ag$ image2_$images_ag$ image4_$images_ag$")


def test_several_choices_and_several_types(bench: Any) -> None:
    many, far, either = bench.spec("Pick").inputs
    assert (many.list, many.default, many.widget) == (True, ["a"], None)
    assert far.type == "COMBO"
    assert (either.type, either.default, either.widget.kind) == ("FLOAT,INT,MASK", 1.5, "float")
    for value, shown in ((["b", "c"], "['b', 'c'] 2.5"), (["a"], "['a'] 2.5")):
        given = {"many": value, "far": "x", "either": 2.5}
        nodes = {"k": ("Pick", given), "show": ("Show", {"value": ["k", 0]})}
        job = bench.run(nodes, "show")
        assert job.state == "succeeded", job.messages
        assert job.text("show") == repr(shown)


def test_previews_say_that_they_do_not_move(bench: Any) -> None:
    nodes = {"p": ("Picture", {}), "v": ("Look", {"image": ["p", 0], "moves": False})}
    job = bench.run(nodes, "v")
    assert job.data("v") == [{"animated": [False]}]
    assert [item.kind for item in job.outputs("v")] == ["preview", "data"]
    nodes["v"][1]["moves"] = True
    (film, *_) = bench.run(nodes, "v").outputs("v")
    assert (film.kind, film.name, film.mime) == ("output", "film.webp", "image/webp")


SENDER = """
    from server import PromptServer

    class Hello:
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"text": ("STRING", {})}}
        RETURN_TYPES, FUNCTION, OUTPUT_NODE = (), "go", True
        def go(self, text):
            PromptServer.instance.send_sync("mine.hello", {"text": text})
            return {}

    NODE_CLASS_MAPPINGS = {"Hello": Hello}
"""


def test_what_a_running_node_sends_is_an_event(bench_of: Callable[..., Any]) -> None:
    job = bench_of(SENDER).run({"h": ("Hello", {"text": "hi"})}, "h")
    sent = [event for event in job.events if isinstance(event, NodeSent)]
    assert sent == [NodeSent("h", "mine.hello", '{"text": "hi"}')]
