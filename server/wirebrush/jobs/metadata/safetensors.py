"""Texts in the header of safetensors files, `.latent` files among them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any, cast

from wirebrush.jobs.metadata.limits import LONGEST


def safetensors_texts(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """The entries of `__metadata__`; none if this is no such file."""
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= 2 * LONGEST:
        return
    head = json.loads(file.read(length))
    texts = cast("dict[str, Any]", head).get("__metadata__") if isinstance(head, dict) else None
    if isinstance(texts, dict):
        for name, text in cast("dict[str, Any]", texts).items():
            if isinstance(text, str):
                yield name, text
