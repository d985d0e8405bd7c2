"""A pack of the newer kind: io.ComfyNode, io.Schema, comfy_entrypoint."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from wirebrush_comfy.shims.api_types import TYPES, ComboInput, Input, comfytype, custom

NEWER = """
    from enum import Enum
    from typing_extensions import override
    import torch
    from comfy_api.latest import ComfyExtension, io, ui, ComfyAPISync, Input, Types
    from comfy_execution.graph_utils import GraphBuilder

    SHADES = io.Custom("SHADES")

    class Mode(Enum):
        soft = "soft light"
        hard = "hard light"

    @io.comfytype(io_type="PAINTS")
    class Paints(io.ComfyTypeIO):
        Type = dict

    class Shade(io.ComfyNode):
        @classmethod
        def define_schema(cls) -> io.Schema:
            return io.Schema(
                node_id="Shade",
                display_name="Shade a picture",
                category="newer/image",
                description="Shades.",
                inputs=[
                    io.Image.Input("image", tooltip="What to shade."),
                    io.Combo.Input("mode", options=Mode, default=Mode.hard),
                    io.Float.Input("amount", default=0.5, min=0.0, max=1.0, step=0.01,
                                   display_mode=io.NumberDisplay.slider),
                    io.Int.Input("seed", default=0, control_after_generate=True),
                    io.String.Input("note", multiline=True, optional=True),
                    SHADES.Input("shades", optional=True),
                    io.MultiType.Input(io.Float.Input("either", default=1.0), [io.Int, io.Mask]),
                ],
                outputs=[io.Image.Output(), SHADES.Output(display_name="shades"),
                         io.String.Output("who", tooltip="The node's id.")],
                hidden=[io.Hidden.unique_id],
                is_experimental=True,
            )

        @classmethod
        def validate_inputs(cls, amount):
            return True if amount != 0.25 else "not a quarter"

        @classmethod
        def execute(cls, image: io.Image.Type, mode, amount, seed, either, note=None,
                    shades=None) -> io.NodeOutput:
            ComfyAPISync().execution.set_progress(1, 2)
            cls.kept = 5
            return io.NodeOutput(image * amount, {"mode": mode, "note": note}, cls.hidden.unique_id)

    class Keep(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Keep", inputs=[io.Image.Input("images")], is_output_node=True)

        @classmethod
        def execute(cls, images):
            assert not hasattr(Shade, "kept")
            shown = ui.ImageSaveHelper.get_save_images_ui(images, "newer/keep", cls)
            return io.NodeOutput(ui=shown)

    class Look(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Look", is_output_node=True, is_input_list=True,
                             inputs=[io.Mask.Input("mask")])

        @classmethod
        async def execute(cls, mask):
            return io.NodeOutput(ui=ui.PreviewMask(mask[0]))

    class Say(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Say", is_output_node=True, not_idempotent=True,
                             inputs=[io.AnyType.Input("value")])

        @classmethod
        def execute(cls, value):
            return io.NodeOutput(ui=ui.PreviewText(f"said {value}"))

    class Choose(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Choose", enable_expand=True, inputs=[
                io.Boolean.Input("first"), io.AnyType.Input("a", lazy=True),
                io.AnyType.Input("b", lazy=True)], outputs=[io.AnyType.Output()])

        @classmethod
        def check_lazy_status(cls, first, a=None, b=None):
            return ["a"] if first else ["b"]

        @classmethod
        def fingerprint_inputs(cls, first, **kwargs):
            return first

        @classmethod
        def execute(cls, first, a=None, b=None):
            if not first:
                return io.NodeOutput(block_execution="the second is blocked")
            graph = GraphBuilder()
            node = graph.node("Choose", first=True, a=a, b=a)
            return io.NodeOutput(node.out(0), expand=graph.finalize()) if a is b else (a,)

    class Film(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Film", inputs=[io.Video.Input("video")],
                             outputs=[io.Int.Output()])

        @classmethod
        def execute(cls, video: Input.Video):
            return io.NodeOutput(Types.VideoComponents(images=video).images)

    class Twice(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="Twice", inputs=[io.Int.Input("a"), io.Int.Input("a")])

    class Extension(ComfyExtension):
        @override
        async def get_node_list(self) -> list[type[io.ComfyNode]]:
            return [Shade, Keep, Look, Say, Choose, Film]

    async def comfy_entrypoint() -> Extension:
        return Extension()
"""


@pytest.fixture
def newer(bench_of: Callable[..., Any]) -> Any:
    return bench_of(NEWER)


def test_the_schema_becomes_ports(newer: Any) -> None:
    spec = newer.spec("Shade")
    assert (spec.title, spec.category, spec.help) == ("Shade a picture", "newer/image", "Shades.")
    assert spec.experimental
    assert spec.cache == "node"
    assert [(p.name, p.type, p.optional) for p in spec.inputs] == [
        ("image", "IMAGE", False),
        ("mode", "COMBO", False),
        ("amount", "FLOAT", False),
        ("seed", "INT", False),
        ("either", "FLOAT,INT,MASK", False),
        ("note", "STRING", True),
        ("shades", "SHADES", True),
    ]
    assert spec.port("mode").widget.choices == ("soft light", "hard light")
    assert spec.port("mode").default == "hard light"
    assert spec.port("seed").widget.kind == "seed"
    assert spec.port("image").help == "What to shade."
    assert [(o.name, o.type, o.help) for o in spec.outputs] == [
        ("IMAGE", "IMAGE", ""),
        ("shades", "SHADES", ""),
        ("who", "STRING", "The node's id."),
    ]


def test_it_runs_and_keeps_nothing_on_its_class(newer: Any) -> None:
    nodes = {
        "p": ("Picture", {"level": 1.0}),
        "s": ("Shade", {"image": ["p", 0], "either": 2.0, "note": "hm"}),
        "k": ("Keep", {"images": ["s", 0]}),
        "show": ("Show", {"value": ["s", 2]}),
    }
    job = newer.run(nodes, "k", "show", workflow={"nodes": []})
    assert job.state == "succeeded", job.messages
    assert job.text("show") == "'s'"
    (saved,) = job.outputs("k")
    assert (saved.kind, saved.name, saved.mime) == ("output", "newer/keep.png", "image/png")
    assert (saved.width, saved.height) == (4, 4)
    assert (1, 2) in job.progress


def test_previews_and_texts(newer: Any) -> None:
    nodes = {
        "n": ("Noise", {}),
        "w": ("Say", {"value": 3}),
    }
    job = newer.run(nodes, "w")
    assert job.text("w") == "said 3"
    assert job.data("w") == [{"text": ["said 3"]}]


def test_lazy_inputs_and_blockers(newer: Any) -> None:
    nodes = {
        "p": ("Picture", {}),
        "q": ("Picture", {"level": 0.1}),
        "c": ("Choose", {"first": True, "a": ["p", 0], "b": ["q", 0]}),
    }
    job = newer.run({**nodes, "show": ("Show", {"value": ["c", 0]})}, "show")
    assert job.state == "succeeded", job.messages
    assert "q" not in job.ran
    nodes["c"][1]["first"] = False
    assert newer.run({**nodes, "show": ("Show", {"value": ["c", 0]})}, "show").outputs("show") == []


def test_its_own_check(newer: Any) -> None:
    judge = newer.packs.types["Shade"].declared.validate
    assert judge({"amount": 0.5}, {"image": "IMAGE"}) == []
    assert judge({"amount": 0.25}, {}) == [("amount", "not a quarter")]


def test_what_of_the_interface_is_missing_is_said_when_it_is_used(newer: Any) -> None:
    job = newer.run({"p": ("Picture", {}), "f": ("Film", {"video": ["p", 0]})}, "f")
    (message,) = job.messages
    assert "comfy_api.latest.Types.VideoComponents" in message


def test_inputs_of_later_versions_are_refused_by_name(load_pack: Callable[..., Any]) -> None:
    packs = load_pack(NEWER.replace('io.Int.Input("a"), io.Int', "io.Autogrow").replace(
        "return [Shade", "return [Twice, Shade"))  # fmt: skip
    (failure,) = packs.failures
    assert (
        "Node Twice: This node uses comfy_api.latest.io.Autogrow.Input of ComfyUI" in failure.error
    )


def test_a_schema_that_contradicts_itself_is_refused(load_pack: Callable[..., Any]) -> None:
    packs = load_pack(NEWER.replace("return [Shade", "return [Twice, Shade"))
    (failure,) = packs.failures
    assert "Node Twice: " in failure.error
    assert "the inputs a are declared twice" in failure.error
    assert "Shade" in packs.types


def test_types_carry_their_names() -> None:
    assert TYPES["AnyType"].io_type == "*"
    assert TYPES["Image"].Input("x").get_io_type() == "IMAGE"
    assert custom("MINE").Output().get_io_type() == "MINE"
    named = comfytype(io_type="YOURS")(type("Yours", (TYPES["Image"],), {}))
    assert named.Input("y").as_v1() == ("YOURS", {})
    assert TYPES["Image"].LatentDict is dict


def test_inputs_and_outputs_of_one_type() -> None:
    match: Any = TYPES["MatchType"]
    either = match.Template("x", allowed_types=[TYPES["Image"], TYPES["Mask"]])
    assert match.Input("a", template=either).as_v1()[0] == "IMAGE,MASK"
    assert match.Output(template=either, display_name="b").get_io_type() == "IMAGE,MASK"
    assert match.Template("any").io_type == "*"


def test_options_have_their_names_of_input_types() -> None:
    class Pick(Enum):
        one = 1

    given = Input("x", lazy=True, default=3, force_input=True, extra_dict={"mine": 1})
    assert given.as_v1() == ("*", {"lazy": True, "default": 3, "forceInput": True, "mine": 1})
    assert given.default == 3
    assert ComboInput("c", Pick, default=Pick.one).as_v1()[1] == {"options": [1], "default": 1}
    upload = ComboInput("c", ["a.png"], upload="image_upload").as_v1()[1]
    assert upload == {"options": ["a.png"], "image_upload": True}
