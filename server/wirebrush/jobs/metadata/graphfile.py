"""The graph in any file: JSON, or what a picture, video, sound or model carries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import IO, Any

from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem
from wirebrush.graph.jsontext import DEFAULT_LIMITS, Locate, nowhere, read_json
from wirebrush.jobs.metadata.embedded import Graphs, graphs_in

_CARRIERS = frozenset(
    {
        *(".png", ".webp", ".jpg", ".jpeg", ".mp4", ".mov", ".webm", ".mkv", ".flac"),
        *(".safetensors", ".latent"),
    }
)


def graph_in(file: IO[bytes], name: str, locate: Locate = nowhere) -> tuple[Any, list[Problem]]:
    """The JSON of the workflow or prompt in a file, or None and why there is none.

    `name` is how the file is called; it decides nothing but the words. `locate` says which node a
    place in plain JSON belongs to.
    """
    file.seek(0)
    plain = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))
    found = Graphs() if plain else graphs_in(file)
    carried: Mapping[str, Any] | None = found.workflow or found.prompt
    if carried is not None:
        return read_json(dict(carried))
    if not plain and PurePath(name).suffix.lower() in _CARRIERS:
        message = f"{name} carries no workflow."
        hint = "It was saved without one, or lost it on the way: many sites and chats remove it."
        return None, [problem(Code.WRONG_FORMAT, message, hint)]
    file.seek(0)
    return read_json(file.read(DEFAULT_LIMITS.size + 1), locate=locate, forgiving=True)
