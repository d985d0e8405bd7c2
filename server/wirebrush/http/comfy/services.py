"""What the handlers of ComfyUI's routes need besides our own services."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ComfyServices:
    """Made once, by the composition root, if the server speaks ComfyUI's API.

    `folder` is for what only ComfyUI's clients keep: settings and user data. `page` is the folder
    of ComfyUI's own page, if that is served too.
    """

    folder: Path
    page: Path | None = None
