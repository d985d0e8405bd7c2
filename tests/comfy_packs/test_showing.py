"""Packs as Custom-Scripts and the savers are: texts, files, uploads, values of every kind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

SHOWING = """
    import json
    import os
    import folder_paths
    import torch
    from nodes import SaveImage, PreviewImage, LoadImage, CLIPTextEncode
    import nodes

    class AnyType(str):
        def __ne__(self, other):
            return False

    class PreviewAny:
        INPUT_IS_LIST = True
        OUTPUT_NODE = True
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"value": (AnyType("*"),)},
                    "hidden": {"unique_id": "UNIQUE_ID", "extra_pnginfo": "EXTRA_PNGINFO",
                               "prompt": "PROMPT"}}
        RETURN_TYPES = ("STRING",)
        OUTPUT_IS_LIST = (True,)
        FUNCTION = "go"
        def go(self, value, unique_id, extra_pnginfo, prompt):
            assert prompt[0][unique_id[0]]["class_type"] == "PreviewAny"
            texts = [json.dumps(v) if isinstance(v, (dict, list)) else str(v) for v in value]
            seen = [extra_pnginfo[0]["workflow"], 1.5, float("inf")]
            return {"ui": {"text": texts, "seen": seen}, "result": (texts,)}

    class SaveTwice(SaveImage):
        def __init__(self):
            super().__init__()
            self.compress_level = 1
        @classmethod
        def INPUT_TYPES(s):
            types = super().INPUT_TYPES()
            types["required"]["note"] = ("STRING", {"default": ""})
            return types
        FUNCTION = "save"
        def save(self, images, filename_prefix="Twice", note="", prompt=None, extra_pnginfo=None):
            first = self.save_images(images, filename_prefix, prompt, extra_pnginfo)
            second = self.save_images(images, filename_prefix, prompt, {"note": note})
            return {"ui": {"images": first["ui"]["images"] + second["ui"]["images"]}}

    class Peek(PreviewImage):
        RETURN_TYPES = ("IMAGE",)
        FUNCTION = "peek"
        def peek(self, images, prompt=None, extra_pnginfo=None):
            return {"ui": {**self.save_images(images)["ui"], "animated": (False,)},
                    "result": (images,)}

    class Load(LoadImage):
        FUNCTION = "load"
        @classmethod
        def IS_CHANGED(s, image):
            return os.path.getmtime(folder_paths.get_annotated_filepath(image))
        @classmethod
        def VALIDATE_INPUTS(s, image):
            return folder_paths.exists_annotated_filepath(image) or f"Invalid image file: {image}"
        def load(self, image):
            path = os.path.join(folder_paths.get_input_directory(), image)
            assert os.path.exists(path)
            return self.load_image(image)

    class Dirty:
        OUTPUT_NODE = True
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"name": ("STRING", {"default": "x.bin"})}}
        RETURN_TYPES = ()
        FUNCTION = "go"
        def go(self, name):
            if name == "x.bin":
                with open(os.path.join(folder_paths.get_output_directory(), name), "wb") as file:
                    file.write(b"abc")
            return {"ui": {"files": [{"filename": name, "subfolder": "", "type": "output"}, 3]}}

    class Deep:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"how": (["latent", "batch", "attribute", "call", "bare", "stop"],),
                                 "value": ("LATENT,MODEL",)}}
        RETURN_TYPES = ("LATENT",)
        FUNCTION = "go"
        def go(self, how, value):
            if how == "latent":
                assert value["noise_mask"].shape == (1, 1, 16, 16), value["noise_mask"].shape
                assert value["batch_index"] == [3]
                value["samples"] *= 2
                return (value,)
            if how == "batch":
                return ({"samples": torch.cat([value["samples"]] * 2), "mine": 1},)
            if how == "attribute":
                return (value.clone().model_options,)
            if how == "call":
                import comfy.sample
                return (comfy.sample.prepare_noise(value["samples"], 1),)
            if how == "stop":
                nodes.interrupt_processing()
            return torch.zeros(1)

    NODE_CLASS_MAPPINGS = {k.__name__: k for k in
        (PreviewAny, SaveTwice, Peek, Load, Dirty, Deep)}
"""


@pytest.fixture
def showing(bench_of: Callable[..., Any]) -> Any:
    return bench_of(SHOWING)


def stored(bench: Any, output: Any) -> bytes:
    """A file that a node showed."""
    found = bench.engine.parts.assets.find(output.asset)
    assert found is not None
    return found[1].read_bytes()


def test_texts_and_other_things_that_a_node_shows(showing: Any) -> None:
    nodes = {"1": ("PreviewAny", {"value": 3}), "2": ("PreviewAny", {"value": {"a": [1]}})}
    job = showing.run(nodes, workflow={"version": 0.4})
    assert job.state == "succeeded", job.messages
    assert job.text("1") == "3"
    assert job.text("2") == '{"a": [1]}'
    assert job.data("1") == [{"text": ["3"], "seen": [{"version": 0.4}, 1.5, "inf"]}]


def test_files_of_a_saver_are_outputs_with_their_workflow(showing: Any) -> None:
    nodes = {
        "p": ("Picture", {"width": 6, "height": 5}),
        "s": ("SaveTwice", {"images": ["p", 0], "filename_prefix": "a/b", "note": "hello"}),
    }
    job = showing.run(nodes, "s", workflow={"nodes": []})
    assert job.state == "succeeded", job.messages
    first, second = job.outputs("s")
    assert (first.kind, first.name, second.name) == ("output", "a/b.png", "a/b.png")
    assert (first.width, first.height, first.mime) == (6, 5, "image/png")
    with Image.open(io.BytesIO(stored(showing, first))) as picture:
        assert json.loads(picture.info["workflow"]) == {"nodes": []}
        assert set(json.loads(picture.info["prompt"])) == {"p", "s"}
    with Image.open(io.BytesIO(stored(showing, second))) as picture:
        assert json.loads(picture.info["note"]) == "hello"
    assert showing.run(nodes, "s").ran == []


def test_previews_are_no_outputs(showing: Any) -> None:
    nodes = {"p": ("Picture", {}), "v": ("Peek", {"images": ["p", 0]})}
    job = showing.run(nodes, "v")
    (preview, _) = job.outputs("v")
    assert preview.kind == "preview"
    assert job.data("v") == [{"animated": [False]}]


def test_an_upload_is_read_by_its_name(showing: Any, tmp_path: Path) -> None:
    port = showing.spec("Load").port("image")
    assert (port.widget.kind, port.widget.folder, port.widget.upload) == ("file", "image", True)
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(buffer, "PNG")
    asset, _ = showing.engine.parts.assets.add(buffer.getvalue())
    nodes = {"l": ("Load", {"image": asset})}
    assert showing.run(nodes, "l").ran == ["l"]
    assert showing.run(nodes, "l").ran == []
    assert "1., 0., 0." in showing.shown(nodes, ("l", 0))
    judge = showing.packs.types["Load"].declared.validate
    assert judge({"image": asset}, {}) == []


def test_what_is_no_picture_is_stored_too(showing: Any) -> None:
    job = showing.run({"d": ("Dirty", {})})
    file, _ = job.outputs("d")
    assert (file.name, file.mime, stored(showing, file)) == (
        "x.bin",
        "application/octet-stream",
        b"abc",
    )
    assert job.data("d") == [{"files": [3]}]


@pytest.mark.parametrize(
    ("name", "said"), [("../../y", "outside of output"), ("none.png", "has not written it")]
)
def test_a_file_that_cannot_be_is_not_stored(showing: Any, name: str, said: str) -> None:
    (message,) = showing.run({"d": ("Dirty", {"name": name})}).messages
    assert said in message


@pytest.mark.parametrize(
    ("how", "shown"), [("latent", "batch_index=(3,)"), ("batch", "batch_index=None")]
)
def test_latents_cross_the_border(showing: Any, how: str, shown: str) -> None:
    nodes = {"n": ("Noise", {}), "d": ("Deep", {"how": how, "value": ["n", 0]})}
    text = showing.shown(nodes, ("d", 0))
    assert text.startswith("Latent(")
    assert shown in text
    job = showing.run({"n": ("Noise", {}), "show": ("Show", {"value": ["n", 0]})}, "show")
    assert "2., 2." not in job.text("show")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("call", "This node uses comfy.sample.prepare_noise of ComfyUI, which Wirebrush does not"),
        ("bare", "The function of Deep returned a Tensor, not a tuple."),
    ],
)
def test_errors_say_what_is_not_there(showing: Any, how: str, said: str) -> None:
    nodes = {"n": ("Noise", {}), "d": ("Deep", {"how": how, "value": ["n", 0]})}
    (message,) = showing.run(nodes, "d").messages
    assert said in message


def test_a_node_may_stop_its_job(showing: Any) -> None:
    nodes = {"n": ("Noise", {}), "d": ("Deep", {"how": "stop", "value": ["n", 0]})}
    assert showing.run(nodes, "d").state == "cancelled"


MODELS = """
    class Inside:
        @classmethod
        def INPUT_TYPES(s):
            return {"required": {"value": ("*",), "how": (["attribute", "index", "loop", "own"],)}}
        RETURN_TYPES = ("*",)
        FUNCTION = "go"
        def go(self, value, how):
            if how == "attribute":
                return (value.clone(),)
            if how == "index":
                return (value[0],)
            if how == "loop":
                return ([one for one, two in [value]],)
            return (None.nothing,)

    class Pass(Inside):
        FUNCTION = "same"
        def same(self, value, how):
            return (value,)

    NODE_CLASS_MAPPINGS = {"Inside": Inside, "Pass": Pass}
"""
NATIVE_MODEL = """
    from wirebrush.api import FileRef, Model, node

    @node(id="AModel", category="t")
    def a_model() -> Model:
        "A model."
        return Model(FileRef("checkpoints", "a.safetensors"), "model")
"""


@pytest.fixture
def models(bench_of: Callable[..., Any], tmp_path: Path) -> Any:
    (tmp_path / "packs").mkdir()
    source = "\n".join(line.removeprefix("    ") for line in NATIVE_MODEL.splitlines())
    (tmp_path / "packs" / "amodel.py").write_text(source)
    return bench_of(MODELS)


def test_models_pass_through_untouched(models: Any) -> None:
    nodes = {"m": ("AModel", {}), "p": ("Pass", {"value": ["m", 0]})}
    assert models.shown(nodes, ("p", 0)) == models.shown(nodes, ("m", 0))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("attribute", "Inside works inside ComfyUI's own model objects (MODEL.clone)"),
        ("index", "Inside works inside ComfyUI's own model objects (MODEL)"),
        ("loop", "Inside works inside ComfyUI's own model objects (MODEL)"),
        ("own", "AttributeError: 'NoneType' object has no attribute 'nothing'"),
    ],
)
def test_who_looks_into_a_model_is_told(models: Any, how: str, said: str) -> None:
    nodes = {"m": ("AModel", {}), "i": ("Inside", {"value": ["m", 0], "how": how})}
    (message,) = models.run(nodes, "i").messages
    assert said in message
