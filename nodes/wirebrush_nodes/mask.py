"""Masks."""

from __future__ import annotations

from typing import Annotated, Literal

from wirebrush.api import File, Mask, Run, node
from wirebrush_diffusion.pictures import read_channel
from wirebrush_nodes.live import explained


@node(id="LoadImageMask", category="mask", title="Load Image (as Mask)")
def load_image_mask(
    image: Annotated[str, File("image", upload=True)],
    channel: Literal["alpha", "red", "green", "blue"] = "alpha",
    *,
    run: Run,
) -> Mask:
    """Read one channel of a picture as a mask.

    Args:
        image: An uploaded picture.
        channel: Of alpha, what is transparent becomes 1; of a colour, what is bright.
    """
    path = run.path(run.file("image", image))
    with explained("image"):
        return read_channel(path, channel)
