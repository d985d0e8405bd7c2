"""Node types of packs in `/object_info`, as ComfyUI 0.3.64 describes the same classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebrush.api import NodeSpec
from wirebrush.graph.comfy.object_info import object_info

OLDER = """
    class Tells:
        @classmethod
        def INPUT_TYPES(s):
            return {
                "required": {"c": (["one", "two"],), "d": (["one"], {"tooltip": "t"})},
                "optional": {"o": ("FLOAT", {"default": 2.0, "forceInput": True})},
                "hidden": {"unique_id": "UNIQUE_ID", "p": "PROMPT", "odd": ("INT", {"default": 4})},
            }
        RETURN_TYPES = ()
        OUTPUT_NODE = True
        API_NODE = True
        FUNCTION = "go"
        def go(self, **kwargs):
            return ()

    class Asks(Tells):
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {}}

    NODE_CLASS_MAPPINGS = {"Tells": Tells, "Asks": Asks}
"""
NEWER = """
    from comfy_api.latest import ComfyExtension, io

    class Tells(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(
                node_id="Tells",
                inputs=[
                    io.Combo.Input("c", options=["a", "b"], default="b"),
                    io.MultiCombo.Input("m", options=["a", "b"], default=["a"]),
                    io.Combo.Input("far", options=[], remote=io.RemoteOptions("/r", True)),
                    io.Image.Input("img", optional=True),
                ],
                outputs=[io.Image.Output(display_name="picture")],
                hidden=[io.Hidden.unique_id],
            )
        @classmethod
        def execute(cls, **kwargs):
            return io.NodeOutput(None)

    class Ours(ComfyExtension):
        async def get_node_list(self):
            return [Tells]

    async def comfy_entrypoint():
        return Ours()
"""


def described(bench: Any, kind: str = "Tells") -> dict[str, Any]:
    spec: NodeSpec = bench.spec(kind)
    assert NodeSpec.from_json(spec.to_json()) == spec
    return object_info(spec, lambda _kind: [])


def test_a_class_says_what_it_wants_hidden(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(OLDER)
    info = described(bench)
    assert info["input"] == {
        "required": {"c": [["one", "two"]], "d": [["one"], {"tooltip": "t"}]},
        "optional": {"o": ["FLOAT", {"forceInput": True, "default": 2.0}]},
        "hidden": {"unique_id": "UNIQUE_ID", "p": "PROMPT", "odd": ["INT", {"default": 4}]},
    }
    assert info["input_order"]["hidden"] == ["unique_id", "p", "odd"]
    assert info["api_node"] is True
    assert "deprecated" not in info
    assert described(bench, "Asks")["input"] == {"required": {}}


def test_the_newer_kind_has_shapes_of_its_own(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(NEWER)
    info = described(bench)
    unchecked = {port.name: port.unchecked for port in bench.spec("Tells").inputs}
    assert (unchecked["c"], unchecked["far"]) == ("", "values")
    required = info["input"]["required"]
    assert required["c"] == ["COMBO", {"multiselect": False, "options": ["a", "b"], "default": "b"}]
    assert required["m"][0] == "COMBO"
    assert required["m"][1].items() >= {"options": ["a", "b"], "default": ["a"]}.items()
    assert required["far"][1]["remote"]["route"] == "/r"
    assert info["input"]["optional"] == {"img": ["IMAGE", {}]}
    assert info["input"]["hidden"] == {"unique_id": ["UNIQUE_ID"]}
    assert info["display_name"] is None
    flags = [info[name] for name in ("deprecated", "experimental", "api_node")]
    assert flags == [False, False, False]
    assert info["output_tooltips"] == [None]
    assert info["output_name"] == ["picture"]
