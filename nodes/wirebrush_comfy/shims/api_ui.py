"""`comfy_api.latest.ui`: what nodes of the newer kind show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

from torch import Tensor

from wirebrush_comfy.shims.api_types import FolderType
from wirebrush_comfy.shims.nodes import png_texts
from wirebrush_comfy.world import World
from wirebrush_diffusion.pictures.animations import encode_apng, encode_webp
from wirebrush_diffusion.pictures.files import encode_png, to_pil


class SavedResult(dict[str, str]):
    """A file that was written, as a node reports it."""

    def __init__(self, filename: str, subfolder: str, type: FolderType | str) -> None:
        super().__init__(filename=filename, subfolder=subfolder, type=str(FolderType(type)))

    @property
    def filename(self) -> str:
        """The name of the file."""
        return self["filename"]

    @property
    def subfolder(self) -> str:
        """The folder below its place."""
        return self["subfolder"]

    @property
    def type(self) -> FolderType:
        """Its place: output, temp or input."""
        return FolderType(self["type"])


class _Shown:
    """Something that a node shows."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        self._shown = dict(shown)

    def as_dict(self) -> dict[str, Any]:
        """It as `ui`."""
        return self._shown


class SavedImages(_Shown):
    """Pictures that were written."""

    def __init__(self, results: Sequence[SavedResult], is_animated: bool = False) -> None:
        self.results = list(results)
        self.is_animated = is_animated
        super().__init__({"images": self.results} | ({"animated": (True,)} if is_animated else {}))


class SavedAudios(_Shown):
    """Sounds that were written."""

    def __init__(self, results: Sequence[SavedResult]) -> None:
        self.results = list(results)
        super().__init__({"audio": self.results})


class ImageSaveHelper:
    """Writes pictures into the folders of packs."""

    @staticmethod
    def save_images(
        images: Tensor,
        filename_prefix: str,
        folder_type: FolderType,
        cls: Any = None,
        compress_level: int = 4,
    ) -> list[SavedResult]:
        """PNG files with the workflow inside."""
        texts, results = _texts(cls), []
        place, stem, number, subfolder = _next(images, filename_prefix, folder_type)
        for index, image in enumerate(images):
            name = f"{stem.replace('%batch_num%', str(index))}_{number + index:05}_.png"
            (place / name).write_bytes(encode_png(image, texts, level=compress_level))
            results.append(SavedResult(name, subfolder, folder_type))
        return results

    @staticmethod
    def get_save_images_ui(
        images: Tensor, filename_prefix: str, cls: Any = None, compress_level: int = 4
    ) -> SavedImages:
        """The same into output, as something to show."""
        return SavedImages(
            ImageSaveHelper.save_images(
                images, filename_prefix, FolderType.output, cls, compress_level
            )
        )

    @staticmethod
    def save_animated_png(
        images: Tensor,
        filename_prefix: str,
        folder_type: FolderType,
        cls: Any,
        fps: float,
        compress_level: int = 4,
    ) -> SavedResult:
        """One animated PNG file."""
        data = encode_apng(images, fps, _texts(cls), level=compress_level)
        return _one(data, ".png", images, filename_prefix, folder_type)

    @staticmethod
    def get_save_animated_png_ui(
        images: Tensor, filename_prefix: str, cls: Any, fps: float, compress_level: int = 4
    ) -> SavedImages:
        """The same into output, as something to show."""
        saved = ImageSaveHelper.save_animated_png(
            images, filename_prefix, FolderType.output, cls, fps, compress_level
        )
        return SavedImages([saved], is_animated=len(images) > 1)

    @staticmethod
    def save_animated_webp(
        images: Tensor,
        filename_prefix: str,
        folder_type: FolderType,
        cls: Any,
        fps: float,
        lossless: bool,
        quality: int,
        method: int,
    ) -> SavedResult:
        """One animated WebP file."""
        data = encode_webp(
            images, fps, _texts(cls), lossless=lossless, quality=quality, effort=method
        )
        return _one(data, ".webp", images, filename_prefix, folder_type)

    @staticmethod
    def get_save_animated_webp_ui(
        images: Tensor,
        filename_prefix: str,
        cls: Any,
        fps: float,
        lossless: bool,
        quality: int,
        method: int,
    ) -> SavedImages:
        """The same into output, as something to show."""
        saved = ImageSaveHelper.save_animated_webp(
            images, filename_prefix, FolderType.output, cls, fps, lossless, quality, method
        )
        return SavedImages([saved], is_animated=len(images) > 1)

    @staticmethod
    def _convert_tensor_to_pil(image_tensor: Tensor) -> Any:
        """A picture `[H,W,C]` for PIL."""
        return to_pil(image_tensor)


class PreviewImage(SavedImages):
    """Pictures that are looked at and not kept."""

    def __init__(
        self, image: Tensor, animated: bool = False, cls: Any = None, **_more: Any
    ) -> None:
        prefix = f"ComfyUI_temp_{uuid4().hex[:5]}"
        results = ImageSaveHelper.save_images(image, prefix, FolderType.temp, cls, 1)
        super().__init__(results, animated)
        self.values = self.results
        self.animated = animated

    def as_dict(self) -> dict[str, Any]:
        """They say also that they do not move."""
        return {**super().as_dict(), "animated": (self.animated,)}


class PreviewMask(PreviewImage):
    """Masks that are looked at, in grey."""

    def __init__(self, mask: Tensor, animated: bool = False, cls: Any = None, **more: Any) -> None:
        pictures = mask.reshape(-1, *mask.shape[-2:])[..., None].expand(-1, -1, -1, 3)
        super().__init__(pictures, animated, cls, **more)


class PreviewText(_Shown):
    """A text on the node."""

    def __init__(self, value: str, **_more: Any) -> None:
        self.value = value
        super().__init__({"text": (value,)})


class PreviewVideo(_Shown):
    """Films that were written."""

    def __init__(self, values: Sequence[SavedResult], **_more: Any) -> None:
        self.values = list(values)
        super().__init__({"images": self.values, "animated": (True,)})


def _next(images: Tensor, prefix: str, folder_type: FolderType) -> tuple[Path, str, int, str]:
    """Folder, stem, number and subfolder of the next file."""
    paths: Any = import_module("folder_paths")
    root = paths.get_directory_by_type(str(FolderType(folder_type)))
    height, width = images[0].shape[:2]
    folder, stem, number, subfolder, _ = paths.get_save_image_path(prefix, root, width, height)
    return Path(folder), stem, number, subfolder


def _one(
    data: bytes, suffix: str, images: Tensor, prefix: str, folder_type: FolderType
) -> SavedResult:
    folder, stem, number, subfolder = _next(images, prefix, folder_type)
    name = f"{stem}_{number:05}_{suffix}"
    (folder / name).write_bytes(data)
    return SavedResult(name, subfolder, folder_type)


def _texts(cls: Any) -> dict[str, str]:
    """What the node's run says should be in its pictures."""
    hidden = getattr(cls, "hidden", None)
    if hidden is None:
        return {}
    return png_texts(hidden.prompt, hidden.extra_pnginfo)


def ui(_world: World) -> Mapping[str, Any]:
    """The module `comfy_api.latest.ui`."""
    shown = (
        SavedResult, SavedImages, SavedAudios, ImageSaveHelper, PreviewImage, PreviewMask,
        PreviewText, PreviewVideo,
    )  # fmt: skip
    return {item.__name__: item for item in shown}
