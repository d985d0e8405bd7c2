"""Pictures to learn from: a folder with `cat.png`, and what is to be seen in `cat.txt` beside it.

As with kohya's tools, the pictures of a folder inside it named `10_cats` are shown ten times.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torch.nn.functional import pad

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.pictures.files import read_picture
from wirebrush_diffusion.pictures.resize import resize

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"})
MAX_BYTES = 4 * 1024**3
"""Memory that the pictures of a folder may take together."""
MAX_CAPTION = 10_000
MAX_REPEATS = 1000
ORIENTATION, SIDEWAYS = 0x0112, (5, 6, 7, 8)
"""EXIF's tag, and its values for pictures that lie on a side."""
_REPEATED = re.compile(r"(\d{1,4})_.*")


def pictures_in(folder: Path) -> list[Path]:
    """The folder's pictures by name, some of them several times."""
    found = _pictures(folder)
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        match = _REPEATED.fullmatch(inner.name)
        if match:
            found += _pictures(inner) * min(int(match[1]), MAX_REPEATS)
    if not found:
        others = sum(path.is_file() for path in folder.iterdir())
        but = f", but {others} other file{'s' * (others > 1)}" if others else ": it is empty"
        raise DiffusionError(
            f"The folder {folder.name} has no pictures{but}.",
            "Put PNG, JPEG or WebP files into it.",
        )
    return found


def captions_of(pictures: Sequence[Path]) -> list[str]:
    """What lies in the text file beside each picture; a file that is empty says nothing."""
    missing = [path.name for path in pictures if not path.with_suffix(".txt").is_file()]
    if missing:
        some = ", ".join(dict.fromkeys(missing[:3])) + ("..." if len(missing) > 3 else "")
        raise DiffusionError(
            f"{len(missing)} of {len(pictures)} pictures have no caption: {some}",
            "Say what a picture shows in a text file beside it, such as "
            f"{Path(missing[0]).stem}.txt; leave that empty to say nothing.",
        )
    return [_caption(path.with_suffix(".txt")) for path in pictures]


def read_pictures(
    pictures: Sequence[Path],
    method: str = "None",
    width: int | None = None,
    height: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> Tensor:
    """All pictures as one batch `[N,H,W,3]`, 0..1; `check` is called before each and may raise.

    A side that is not given is that of the first picture. `method`: "Stretch", "Crop" to the
    proportions, or "Pad" with black; with "None" all must have the size.
    """
    sizes = {path: _size(path) for path in dict.fromkeys(pictures)}
    first = sizes[pictures[0]]
    size = (width or first[0], height or first[1])
    if method == "None":
        _check_alike(sizes, size)
    needed = len(pictures) * size[0] * size[1] * 3 * 4
    if needed > MAX_BYTES:
        raise DiffusionError(
            f"{len(pictures)} pictures of {size[0]}x{size[1]} pixels would take "
            f"{needed / 1024**3:.1f} GB of memory.",
            "Have them resized to a smaller width and height.",
        )
    fit = FITS[method]
    known: dict[Path, Tensor] = {}
    for path in sizes:
        check()
        planes = read_picture(path)[0][:1].movedim(-1, 1)
        known[path] = fit(planes, *size).movedim(1, -1)
    return torch.cat([known[path] for path in pictures])


def _pictures(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in ENDINGS and path.is_file() and not path.name.startswith(".")
    )


def _caption(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CAPTION * 4).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DiffusionError(f"{path.name} is no text in UTF-8.", "Save it as UTF-8.") from error
    if len(text) > MAX_CAPTION:
        raise DiffusionError(
            f"{path.name} is too long for a caption.", "One or two sentences are enough."
        )
    return " ".join(text.split())


def _size(path: Path) -> tuple[int, int]:
    """Width and height of the upright picture, from its header."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its reader decides
            image = Image.open(path)
        with image:
            turned = image.getexif().get(ORIENTATION, 1) in SIDEWAYS
            return (image.height, image.width) if turned else image.size
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise DiffusionError(
            f"{path.name} cannot be read as a picture: {error}.", "Take it out of the folder."
        ) from error


def _check_alike(sizes: Mapping[Path, tuple[int, int]], size: tuple[int, int]) -> None:
    other = next((path for path, found in sizes.items() if found != size), None)
    if other is not None:
        found = "x".join(map(str, sizes[other]))
        raise DiffusionError(
            f"The pictures have different sizes: {other.name} is {found}, "
            f"{size[0]}x{size[1]} was expected.",
            "Choose Crop, Stretch or Pad, and they all get one size.",
        )


def _padded(planes: Tensor, width: int, height: int) -> Tensor:
    """The whole picture in the middle of black."""
    scale = min(width / planes.shape[-1], height / planes.shape[-2])
    wide = min(width, max(1, round(planes.shape[-1] * scale)))
    tall = min(height, max(1, round(planes.shape[-2] * scale)))
    left, top = (width - wide) // 2, (height - tall) // 2
    small = resize(planes, wide, tall, "lanczos")
    return pad(small, (left, width - wide - left, top, height - tall - top))


FITS: Mapping[str, Callable[[Tensor, int, int], Tensor]] = MappingProxyType(
    {
        "None": lambda planes, width, height: planes,
        "Stretch": lambda planes, width, height: resize(planes, width, height, "lanczos"),
        "Crop": lambda planes, width, height: resize(planes, width, height, "lanczos", "center"),
        "Pad": _padded,
    }
)
