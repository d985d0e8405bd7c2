"""Pictures to learn from: folders below `models/datasets`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from wirebrush.api import (
    Clip,
    Cond,
    Conditioning,
    File,
    Image,
    NodeError,
    Optional,
    Range,
    Run,
    node,
)
from wirebrush_diffusion.training.folder import captions_of, pictures_in, read_pictures
from wirebrush_nodes.live import explained
from wirebrush_nodes.text import encoded

Folder = Annotated[str, File("datasets")]
Resizing = Annotated[Literal["None", "Stretch", "Crop", "Pad"], Optional()]
Side = Annotated[int, Range(-1, 10_000), Optional()]


class Captioned(NamedTuple):
    """Pictures, and a text for each."""

    IMAGE: Image
    CONDITIONING: Conditioning


@node(
    id="LoadImageSetFromFolderNode",
    category="loaders",
    title="Load Image Dataset from Folder",
    experimental=True,
)
def load_image_set_from_folder_node(
    folder: Folder, resize_method: Resizing = "None", *, run: Run
) -> Image:
    """Read all pictures of a folder as one batch.

    Args:
        folder: A folder in `models/datasets` with PNG, JPEG or WebP files.
        resize_method: How pictures of other sizes get the first one's: Crop keeps proportions and
            cuts, Pad keeps all and adds black, Stretch distorts. With None all must have one size.
    """
    with explained("folder"):
        pictures = pictures_in(_folder(folder, run))
        return read_pictures(pictures, resize_method, check=run.check)


@node(
    id="LoadImageTextSetFromFolderNode",
    category="loaders",
    title="Load Image and Text Dataset from Folder",
    experimental=True,
)
def load_image_text_set_from_folder_node(
    folder: Folder,
    clip: Clip,
    resize_method: Resizing = "None",
    width: Side = -1,
    height: Side = -1,
    *,
    run: Run,
) -> Captioned:
    """Read all pictures of a folder with their captions, to train with.

    What `cat.png` shows is said in `cat.txt` beside it.

    Args:
        folder: A folder in `models/datasets` with pictures, and a text file for each.
        clip: The text encoder of the model that will learn.
        resize_method: How pictures of other sizes get the wanted one: Crop keeps proportions and
            cuts, Pad keeps all and adds black, Stretch distorts. With None all must have it.
        width: Pixels; -1 is the width of the first picture.
        height: Pixels; -1 is the height of the first picture.
    """
    with explained("folder"):
        pictures = pictures_in(_folder(folder, run))
        captions = captions_of(pictures)
        batch = read_pictures(pictures, resize_method, max(width, 0), max(height, 0), run.check)
    known: dict[str, Cond] = {}
    for place, caption in enumerate(captions):
        run.step(place + 1, len(captions))
        if caption not in known:
            encoding = encoded(clip, caption, run)
            known[caption] = Cond(encoding.context, encoding.pooled, encoding.options)
    return Captioned(batch, tuple(known[caption] for caption in captions))


def _folder(name: str, run: Run) -> Path:
    path = run.path(run.file("datasets", name))
    if not path.is_dir():
        raise NodeError(
            f"{name!r} is a file, not a folder of pictures.",
            "Put it into a folder in models/datasets, and choose that.",
            port="folder",
        )
    return path
