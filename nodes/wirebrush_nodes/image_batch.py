"""Batches of pictures: put together, cut, repeated, divided anew, measured."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from wirebrush.api import Image, Range, Run, node
from wirebrush_diffusion.pictures.sheets import together
from wirebrush_nodes.live import explained

Amount = Annotated[int, Range(1, 4096)]


class ImageSize(NamedTuple):
    """How large a batch is."""

    width: int
    height: int
    batch_size: int


@node(id="ImageBatch", category="image", title="Batch Images")
def image_batch(image1: Image, image2: Image) -> Image:
    """Put pictures into one batch.

    Args:
        image1: The first pictures.
        image2: The others; resized to the first and cut to their proportions if need be.
    """
    with explained("image2"):
        return together(image1, image2)


@node(id="RepeatImageBatch", category="image/batch")
def repeat_image_batch(image: Image, amount: Amount = 1) -> Image:
    """Repeat pictures.

    Args:
        image: One picture or a batch.
        amount: How many times each is there afterwards.
    """
    with explained("amount"):
        return image.repeat(amount, 1, 1, 1)


@node(id="ImageFromBatch", category="image/batch")
def image_from_batch(
    image: Image, batch_index: Annotated[int, Range(0, 4095)] = 0, length: Amount = 1
) -> Image:
    """Take some pictures out of a batch.

    Args:
        image: The batch.
        batch_index: The first one, counted from 0; beyond the end it is the last.
        length: How many.
    """
    start = min(batch_index, len(image) - 1)
    return image[start : start + length].clone()


@node(id="RebatchImages", category="image/batch", title="Rebatch Images")
def rebatch_images(images: list[Image], batch_size: Amount = 1) -> list[Image]:
    """Divide batches anew: smaller ones need less memory, larger ones are faster.

    Args:
        images: One batch or a list of them; only those of one size come together.
        batch_size: How many pictures a batch has; the last may have fewer.
    """
    groups: list[list[Image]] = []
    for picture in (picture for batch in images for picture in batch):
        last = groups[-1] if groups else []
        if last and last[0].shape == picture.shape and len(last) < batch_size:
            last.append(picture)
        else:
            groups.append([picture])
    with explained("images"):
        return [torch.stack(group) for group in groups]


@node(id="GetImageSize", category="image", title="Get Image Size")
def get_image_size(image: Image, *, run: Run) -> ImageSize:
    """Tell how large pictures are, and how many.

    Args:
        image: One picture or a batch.
    """
    count, height, width = image.shape[:3]
    run.say(f"width: {width}, height: {height}\n batch size: {count}")  # on the node in ComfyUI
    run.show_text(f"width: {width}, height: {height}, batch size: {count}")
    return ImageSize(width, height, count)
