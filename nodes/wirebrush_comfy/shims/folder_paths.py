"""`folder_paths`: which files there are and where, in ComfyUI's words, from our folders."""

from __future__ import annotations

import mimetypes
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wirebrush.api import NodeError
from wirebrush_comfy.current import current_run
from wirebrush_comfy.staging import place, where
from wirebrush_comfy.world import World

PT_EXTENSIONS = frozenset({".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"})
KINDS: Mapping[str, tuple[str, ...]] = {
    "checkpoints": ("checkpoints",),
    "configs": ("configs",),
    "loras": ("loras",),
    "vae": ("vae",),
    "text_encoders": ("text_encoders", "clip"),
    "diffusion_models": ("unet", "diffusion_models"),
    "clip_vision": ("clip_vision",),
    "style_models": ("style_models",),
    "embeddings": ("embeddings",),
    "diffusers": ("diffusers",),
    "vae_approx": ("vae_approx",),
    "controlnet": ("controlnet", "t2i_adapter"),
    "gligen": ("gligen",),
    "upscale_models": ("upscale_models",),
    "hypernetworks": ("hypernetworks",),
    "photomaker": ("photomaker",),
    "classifiers": ("classifiers",),
    "model_patches": ("model_patches",),
    "audio_encoders": ("audio_encoders",),
}
FRESH_SECONDS = 1.0
LEGACY = {"unet": "diffusion_models", "clip": "text_encoders"}
PLAIN_EXTENSIONS: Mapping[str, frozenset[str]] = {
    "configs": frozenset({".yaml"}),
    "classifiers": frozenset({""}),
    "diffusers": frozenset({"folder"}),
}


class FileNames(list[str]):
    """The names of a kind of files. Still known as such in `["None"] + names`."""

    def __init__(self, names: Iterable[str], kind: str, others: Sequence[str] = ()) -> None:
        super().__init__([*others, *names])
        self.kind = kind
        self.others = tuple(others)

    def __radd__(self, others: list[str]) -> FileNames:
        return FileNames(self[len(self.others) :], self.kind, [*others, *self.others])


class FolderPaths:
    """The functions of `folder_paths`.

    Args:
        world: Where things are.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._roots = [str(root) for root in world.models] or [str(world.home / "models")]
        self.base_path = str(world.home)
        self.models_dir = self._roots[0]
        self.supported_pt_extensions = set(PT_EXTENSIONS)
        self.folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = {
            kind: (self._below_roots(folders), set(PLAIN_EXTENSIONS.get(kind, PT_EXTENSIONS)))
            for kind, folders in KINDS.items()
        }
        self.folder_names_and_paths["custom_nodes"] = (world.pack_folders, set())
        self._lists: dict[Any, tuple[float, Sequence[str]]] = {}
        self.extension_mimetypes_cache: dict[str, str] = {"webp": "image", "fbx": "model"}
        self.output_directory = str(world.output)
        self.temp_directory = str(world.temp)
        self.input_directory = str(world.input)
        self.user_directory = str(world.user)

    def _below_roots(self, folders: Sequence[str]) -> list[str]:
        return [os.path.join(root, folder) for root in self._roots for folder in folders]

    # --- folders

    def map_legacy(self, folder_name: str) -> str:
        """The name that a kind has today."""
        return LEGACY.get(folder_name, folder_name)

    def get_output_directory(self) -> str:
        """Where results are written."""
        return self.output_directory

    def get_temp_directory(self) -> str:
        """Where previews are written."""
        return self.temp_directory

    def get_input_directory(self) -> str:
        """Where uploaded files are put on demand."""
        return self.input_directory

    def get_user_directory(self) -> str:
        """Where settings may be kept."""
        return self.user_directory

    def get_directory_by_type(self, type_name: str) -> str | None:
        """The folder called output, temp or input; else None."""
        named = {
            "output": self.output_directory,
            "temp": self.temp_directory,
            "input": self.input_directory,
        }
        return named.get(type_name)

    def set_output_directory(self, output_dir: str) -> None:
        """Write results elsewhere from now on."""
        self.output_directory = output_dir

    def set_temp_directory(self, temp_dir: str) -> None:
        """Write previews elsewhere from now on."""
        self.temp_directory = temp_dir

    def set_input_directory(self, input_dir: str) -> None:
        """Put uploads elsewhere from now on."""
        self.input_directory = input_dir

    def add_model_folder_path(
        self, folder_name: str, full_folder_path: str, is_default: bool = False
    ) -> None:
        """One more folder for a kind of models; a new kind if it is not known."""
        kind = self.map_legacy(folder_name)
        paths, _ = self.folder_names_and_paths.setdefault(kind, ([], set()))
        if full_folder_path in paths:
            return
        paths.insert(0 if is_default else len(paths), full_folder_path)

    def get_folder_paths(self, folder_name: str) -> list[str]:
        """All folders of a kind."""
        return list(self._kind(folder_name)[0])

    # --- models

    def get_filename_list(self, folder_name: str) -> list[str]:
        """The files of a kind, by their names relative to its folders, sorted."""
        kind = self.map_legacy(folder_name)
        paths, extensions = self._kind(folder_name)
        names = self._listed(tuple(paths), frozenset(extensions))
        known = kind in KINDS and list(paths) == self._below_roots(KINDS[kind])
        return FileNames(names, kind) if known else list(names)

    def _listed(self, paths: tuple[str, ...], extensions: frozenset[str]) -> Sequence[str]:
        """The files of some folders. A pack of a hundred nodes asks a hundred times at once."""
        key, now = (paths, extensions), time.monotonic()
        seen, names = self._lists.get(key, (-FRESH_SECONDS, ()))
        if now - seen >= FRESH_SECONDS:
            found: set[str] = set()
            for path in paths:
                files, _ = self.recursive_search(path, excluded_dir_names=[".git"])
                found.update(self.filter_files_extensions(files, extensions))
            names = sorted(found)
            self._lists[key] = (now, names)
        return names

    def get_full_path(self, folder_name: str, filename: str) -> str | None:
        """Where a file of a kind lies, or None. Names that leave the folder find nothing."""
        for folder in self._kind(folder_name)[0]:
            path = os.path.normpath(os.path.join(folder, filename))
            inside = os.path.commonpath([os.path.abspath(folder), os.path.abspath(path)])
            if inside == os.path.abspath(folder) and os.path.exists(path):
                return path
        return None

    def get_full_path_or_raise(self, folder_name: str, filename: str) -> str:
        """Where a file of a kind lies; a NodeError that names it if there is none."""
        path = self.get_full_path(folder_name, filename)
        if path is None:
            raise NodeError(
                f"There is no {filename!r} in {folder_name}.",
                f"Put it into a models folder under {folder_name}/.",
            )
        return path

    def recursive_search(
        self, directory: str, excluded_dir_names: Sequence[str] | None = None
    ) -> tuple[list[str], dict[str, float]]:
        """All files below a folder by relative name, and the folders with their times."""
        files: list[str] = []
        folders: dict[str, float] = {}
        seen: set[str] = set()
        for here, below, names in os.walk(directory, followlinks=True):
            real = os.path.realpath(here)
            if real in seen:  # a link to a folder above
                below.clear()
                continue
            seen.add(real)
            below[:] = [name for name in below if name not in (excluded_dir_names or ())]
            folders[here] = os.path.getmtime(here)
            files += [os.path.relpath(os.path.join(here, name), directory) for name in names]
        return files, folders

    def filter_files_extensions(self, files: Iterable[str], extensions: Iterable[str]) -> list[str]:
        """The files that end so; all if no ending is named."""
        wanted = set(extensions)
        return sorted(
            name
            for name in files
            if not wanted or os.path.splitext(name)[1].lower() in wanted or "folder" in wanted
        )

    def filter_files_content_types(
        self, files: Iterable[str], content_types: Iterable[str]
    ) -> list[str]:
        """The files whose ending means an image, video, audio or model."""
        wanted = set(content_types)
        return [name for name in files if self._content_type(name) in wanted]

    def _content_type(self, name: str) -> str:
        extension = name.rpartition(".")[2].lower()
        guessed = mimetypes.guess_type(name, strict=False)[0] or ""
        return self.extension_mimetypes_cache.get(extension, guessed.partition("/")[0])

    def _kind(self, folder_name: str) -> tuple[Sequence[str], Iterable[str]]:
        kind = self.map_legacy(folder_name)
        if kind not in self.folder_names_and_paths:
            raise KeyError(f"ComfyUI has no folder {folder_name!r}; this pack must add it first")
        paths, extensions = self.folder_names_and_paths[kind]
        return list(paths), extensions

    # --- uploads and outputs

    def annotated_filepath(self, name: str) -> tuple[str, str | None]:
        """A name without its `[output]`, `[temp]` or `[input]`, and the folder that this means."""
        plain, said = where(name)
        return plain, self.get_directory_by_type(said)

    def get_annotated_filepath(self, name: str, default_dir: str | None = None) -> str:
        """Where an uploaded file lies; a node that runs has it put there."""
        plain, base = self.annotated_filepath(name)
        path = os.path.join(base or default_dir or self.input_directory, plain)
        run = current_run()
        if run is not None and base != self.temp_directory:
            place(self._world, run, "output" if base == self.output_directory else "image", plain)
        elif run is None and (os.path.islink(path) or not os.path.exists(path)):
            raise FileNotFoundError(f"{plain} is fetched only while the node runs")
        return path

    def exists_annotated_filepath(self, name: str) -> bool:
        """Whether there is such a file. Before a job runs the server has looked already."""
        plain, base = self.annotated_filepath(name)
        if current_run() is None or os.path.exists(
            os.path.join(base or self.input_directory, plain)
        ):
            return True
        try:
            return os.path.exists(self.get_annotated_filepath(name))
        except NodeError:
            return False

    def get_save_image_path(
        self, filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
    ) -> tuple[str, str, int, str, str]:
        """Where the next picture goes: folder, file stem, number, subfolder, whole prefix."""
        prefix = _filled(filename_prefix, image_width, image_height)
        subfolder, stem = os.path.split(os.path.normpath(prefix))
        folder = os.path.join(output_dir, subfolder)
        if not _stays_below(folder, Path(output_dir)):
            raise NodeError(
                f"The name {filename_prefix!r} leaves the output folder.",
                'Use a plain name; "/" makes folders below it.',
            )
        os.makedirs(folder, exist_ok=True)
        taken = re.compile(re.escape(stem) + r"_(\d+)_?(?:\.|$)", re.IGNORECASE)
        numbers = [int(m[1]) for name in os.listdir(folder) if (m := taken.match(name))]
        return folder, stem, max(numbers, default=0) + 1, subfolder, prefix

    def get_input_subfolders(self) -> list[str]:
        """The folders below input."""
        below = Path(self.input_directory).rglob("*")
        return sorted(p.relative_to(self.input_directory).as_posix() for p in below if p.is_dir())


def _stays_below(path: str, folder: Path) -> bool:
    root = os.path.abspath(folder)
    return os.path.commonpath([root, os.path.abspath(path)]) == root


def _filled(prefix: str, width: int, height: int) -> str:
    """The prefix with %width%, %height% and the parts of the time that it names."""
    now = time.localtime()
    parts = {
        "width": width, "height": height, "year": now.tm_year, "month": now.tm_mon,
        "day": now.tm_mday, "hour": now.tm_hour, "minute": now.tm_min, "second": now.tm_sec,
    }  # fmt: skip
    for name, number in parts.items():
        text = str(number) if name in ("width", "height", "year") else f"{number:02}"
        prefix = prefix.replace(f"%{name}%", text)
    return prefix


def folder_paths(world: World) -> Mapping[str, Any]:
    """The module `folder_paths`."""
    paths = FolderPaths(world)
    names = (name for name in dir(paths) if not name.startswith("_"))
    return {name: getattr(paths, name) for name in names}
