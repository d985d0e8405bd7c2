"""Packs that read what a person has uploaded, and list what there is to choose from."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wirebrush.graph.comfy.object_info import object_info
from wirebrush.graph.prompt import Prompt

LOADERS = """
    import hashlib, os
    import folder_paths

    HERE = os.path.dirname(os.path.realpath(__file__))
    folder_paths.folder_names_and_paths["wild_cards"] = ([os.path.join(HERE, "wild")], {".txt"})
    folder_paths.add_model_folder_path("my_tables", os.path.join(folder_paths.models_dir, "tab"))

    class Open:
        @classmethod
        def INPUT_TYPES(s):
            folder = folder_paths.get_input_directory()
            files = [f for f in os.listdir(folder) if os.path.isfile(os.path.join(folder, f))]
            return {"required": {"image": (["None"] + sorted(files), {"image_upload": True})}}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "go"
        def go(self, image):
            if image == "None":
                return ("nothing",)
            with open(folder_paths.get_annotated_filepath(image), "rb") as file:
                return (f"{len(file.read())} bytes",)
        @classmethod
        def IS_CHANGED(s, image):
            with open(folder_paths.get_annotated_filepath(image), "rb") as file:
                return hashlib.sha256(file.read()).hexdigest()
        @classmethod
        def VALIDATE_INPUTS(s, image):
            if image != "None" and not folder_paths.exists_annotated_filepath(image):
                return f"Invalid image file: {image}"
            return True

    class Plain:
        # It has no button to upload anything.
        @classmethod
        def INPUT_TYPES(s):
            folder = folder_paths.get_input_directory()
            films = [f for f in os.listdir(folder) if f.lower().endswith((".mp4", ".webm"))]
            sound = folder_paths.filter_files_content_types(os.listdir(folder), ["audio"])
            files = sorted(os.listdir(folder))
            return {"required": {"image": (files, {"default": (files or [""])[0]})},
                    "optional": {"film": (["none"] + films,), "mode": (["fast.png", "slow"],),
                                 "sound": ("COMBO", {"options": sound})}}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "go"
        def go(self, image, film="none", sound=""):
            return (image,)

    class Wild:
        @classmethod
        def INPUT_TYPES(s):
            tables = ["None"] + folder_paths.get_filename_list("my_tables")
            return {"required": {"card": (folder_paths.get_filename_list("wild_cards"),),
                                 "table": (tables,), "seed": ("INT", {"default": 0})}}
        RETURN_TYPES = ("STRING",)
        FUNCTION = "go"
        def go(self, card, table, seed):
            with open(folder_paths.get_full_path("wild_cards", card)) as file:
                words = file.read().split()
            return (f"{words[seed % len(words)]} {table}",)
        @classmethod
        def IS_CHANGED(s, card, table, seed):
            return os.path.getmtime(folder_paths.get_full_path("wild_cards", card))

    NODE_CLASS_MAPPINGS = {"Open": Open, "Plain": Plain, "Wild": Wild}
"""
PACK = {"__init__.py": LOADERS, "wild/animals.txt": "cat dog", "wild/sub/colours.txt": "red"}


def test_a_list_of_uploads_keeps_the_choice_that_means_none(bench_of: Callable[..., Any]) -> None:
    bench = bench_of(PACK)
    (image,) = bench.spec("Open").inputs
    assert (image.widget.kind, image.widget.folder) == ("file", "image")
    assert image.widget.choices == ("None",)
    assert bench.shown({"1": ("Open", {"image": "None"})}, ("1", 0)) == "'nothing'"
    prompt = Prompt.from_json({"1": {"class_type": "Open", "inputs": {"image": "a.png"}}})
    assert list(bench.engine.check(prompt)) == []


def test_a_list_of_what_was_uploaded_is_known_as_one_without_a_button(
    bench_of: Callable[..., Any], tmp_path: Path
) -> None:
    spec = bench_of(PACK).spec("Plain")
    widgets = {port.name: port.widget for port in spec.inputs}
    kinds = {name: (widget.kind, widget.folder) for name, widget in widgets.items()}
    assert kinds == {
        "image": ("file", "image"),
        "film": ("file", "video"),
        "sound": ("file", "audio"),
        "mode": ("choice", None),
    }
    assert widgets["film"].choices == ("none",)
    info = object_info(spec, lambda kind: [f"a {kind}"])["input"]
    assert info["required"] == {"image": [["a image"]]}, "what lay there in our stead is no default"
    assert info["optional"]["film"] == [["none", "a video"]]
    assert list((tmp_path / "comfyui" / "input").iterdir()) == []


def test_folders_of_a_packs_own_are_listed_and_watched(
    bench_of: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "models" / "tab").mkdir(parents=True)
    (tmp_path / "models" / "tab" / "t.safetensors").touch()
    bench = bench_of(PACK, models=(tmp_path / "models",))
    card, table, _ = bench.spec("Wild").inputs
    assert card.widget.choices == ("animals.txt", "sub/colours.txt")
    assert table.widget.choices == ("None", "t.safetensors")
    nodes = {"1": ("Wild", {"card": "animals.txt", "table": "None", "seed": 1})}
    assert bench.shown(nodes, ("1", 0)) == "'dog None'"
    assert bench.run(nodes).ran == []
    file = tmp_path / "custom_nodes" / "pack" / "wild" / "animals.txt"
    file.write_text("cat fish", encoding="utf-8")
    later = file.stat().st_mtime + 5
    os.utime(file, (later, later))
    assert bench.shown(nodes, ("1", 0)) == "'fish None'"
