"""Progress bars of packs: what they count is what the person sees on the node."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from PIL import Image

from wirebrush.api import Run
from wirebrush_comfy.current import current_run
from wirebrush_comfy.world import World
from wirebrush_diffusion.pictures.files import to_pil

FINE = 1000
"""Steps that a progress in fractions is told in."""


class ProgressBar:
    """`comfy.utils.ProgressBar`.

    Args:
        total: What it counts to.
        node_id: Ignored: the node is the one that is being called.
    """

    def __init__(self, total: float, node_id: str | None = None) -> None:
        self.total = total
        self.current: float = 0
        self.node_id = node_id
        self._run = current_run()  # the bar may be moved in a thread of the node's own

    def update_absolute(
        self, value: float, total: float | None = None, preview: Any = None
    ) -> None:
        """So much of it is done."""
        if total is not None:
            self.total = total
        self.current = min(value, self.total)
        tell(self._run or current_run(), self.current, self.total, preview)

    def update(self, value: float) -> None:
        """So much more is done."""
        self.update_absolute(self.current + value)


def tell(run: Run | None, value: float, total: float, preview: Any = None) -> None:
    """Report progress, in whole steps."""
    if run is None or total <= 0:
        return
    if float(total).is_integer():
        steps, of = int(value), int(total)
    else:
        steps, of = int(FINE * value / total), FINE
    run.step(steps, of, _encoder(preview))


def _encoder(preview: Any) -> Callable[[], bytes | None] | None:
    """Makes JPEG of what packs give as a preview: `(format, picture, size)`, PIL or a tensor."""
    if preview is None:
        return None
    picture = preview[1] if isinstance(preview, tuple) else preview

    def encode() -> bytes | None:
        image = picture
        if not isinstance(image, Image.Image):
            image = to_pil(picture[0] if picture.ndim == 4 else picture)
        data = io.BytesIO()
        image.convert("RGB").save(data, "JPEG", quality=90)
        return data.getvalue()

    return encode


class ProgressState:
    """`comfy_execution.progress.get_progress_state()`: every node's bar is its own here."""

    def update_progress(
        self, node_id: str, value: float, max_value: float, image: Any = None
    ) -> None:
        """The node that is being called has done so much."""
        tell(current_run(), value, max_value, image)

    def start_progress(self, node_id: str) -> None:
        """Nothing to do: the engine says when a node starts."""

    def finish_progress(self, node_id: str) -> None:
        """Nothing to do: the engine says when a node ends."""

    def register_handler(self, handler: Any) -> None:
        """Nobody listens in the worker."""


def progress(_world: World) -> Mapping[str, Any]:
    """The module `comfy_execution.progress`."""
    state = ProgressState()
    return {
        "ProgressRegistry": ProgressState,
        "get_progress_state": lambda: state,
        "add_progress_handler": state.register_handler,
        "reset_progress_state": lambda *_: None,
    }


def prepare_callback(
    _model: Any, steps: int, _x0_output_dict: Any = None
) -> Callable[[int, Any, Any, int], None]:
    """`latent_preview.prepare_callback`: counts a sampler's steps."""
    bar = ProgressBar(steps)
    return lambda step, _x0, _x, total: bar.update_absolute(step + 1, total)


class LatentPreviewer:
    """`latent_preview.LatentPreviewer`; there are no previews of ComfyUI's own sampling."""

    def decode_latent_to_preview_image(self, preview_format: str, x0: Any) -> Any:
        """What subclasses of packs fill in."""
        return (preview_format, self.decode_latent_to_preview(x0), 512)

    def decode_latent_to_preview(self, x0: Any) -> Any:
        """A small picture of a latent; None without one."""
        return None


def latent_preview(_world: World) -> Mapping[str, Any]:
    """The module `latent_preview`."""
    return {
        "MAX_PREVIEW_RESOLUTION": 512,
        "LatentPreviewer": LatentPreviewer,
        "get_previewer": lambda *_arguments, **_named: None,
        "prepare_callback": prepare_callback,
        "set_preview_method": lambda *_arguments, **_named: None,
        "default_preview_method": SimpleNamespace(value="none"),
    }
