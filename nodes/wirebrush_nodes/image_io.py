"""Pictures from files, and to files and the screen."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wirebrush.api import File, Image, Mask, NodeError, Run, node
from wirebrush.api.run import AssetKind
from wirebrush_diffusion.pictures.files import encode_png, read_picture
from wirebrush_nodes.live import explained

PNG = "image/png"
SENT = "websocket.png"
"""The name of pictures that ComfyUI's clients get over their websocket."""
QUICK = 1  # compression of what is only looked at


class Loaded(NamedTuple):
    """A picture and its transparency."""

    IMAGE: Image
    MASK: Mask


@node(id="LoadImage", category="image", title="Load Image")
def load_image(image: Annotated[str, File("image", upload=True)], *, run: Run) -> Loaded:
    """Read a picture; what is transparent in it comes out as the mask.

    Args:
        image: An uploaded picture: PNG, JPEG, WebP or GIF (an animation gives a batch).
    """
    path = run.path(run.file("image", image))
    with explained("image"):
        return Loaded(*read_picture(path))


@node(id="LoadImageOutput", category="image", title="Load Image (from Outputs)", experimental=True)
def load_image_output(image: Annotated[str, File("output")], *, run: Run) -> Loaded:
    """Read a picture that was made here; what is transparent in it comes out as the mask.

    Args:
        image: One of the last outputs, the newest first.
    """
    path = run.path(run.file("output", image))
    with explained("image"):
        return Loaded(*read_picture(path))


@node(id="SaveImage", category="image", title="Save Image")
def save_image(images: Image, filename_prefix: str = "ComfyUI", *, run: Run) -> None:
    """Keep pictures as PNG files. The workflow is inside: drop one on the editor to open it.

    Args:
        images: One picture or a batch.
        filename_prefix: How the file names begin; "/" makes a folder.
    """
    _save(images, f"{filename_prefix}.png", "output", run)


@node(id="PreviewImage", category="image", title="Preview Image")
def preview_image(images: Image, *, run: Run) -> None:
    """Show pictures on the node without keeping them.

    Args:
        images: One picture or a batch.
    """
    _save(images, "preview.png", "preview", run)


@node(id="SaveImageWebsocket", category="api/image")
def save_image_websocket(images: Image, *, run: Run) -> None:
    """Send pictures to who asked for them, and keep none: for programs that speak to the server.

    ComfyUI's clients get them as PNG over their websocket. On the page it is a Preview Image.

    Args:
        images: One picture or a batch.
    """
    _save(images, SENT, "preview", run)


def _save(images: Image, name: str, kind: AssetKind, run: Run) -> None:
    if images.ndim != 4 or images.shape[-1] not in (1, 3, 4) or 0 in images.shape:
        raise NodeError(
            f"A picture batch is [B,H,W,C] with 1, 3 or 4 channels, got {list(images.shape)}.",
            "Connect an IMAGE output.",
            port="images",
        )
    for picture in images:
        run.check()
        level = 4 if kind == "output" else QUICK
        data = encode_png(picture, run.metadata, level=level)
        height, width = picture.shape[:2]
        run.save(data, name=name, mime=PNG, kind=kind, width=width, height=height)
