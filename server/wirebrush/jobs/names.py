"""Names that people choose: labels to look at, never paths that are followed."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

_MAX_BYTES = 120
_MAX_FOLDERS = 8
_FORBIDDEN = re.compile(r'[<>:"|?*/\\]')  # on some system or other
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


def clean_label(name: str) -> str:
    """A name to show: the last part of a path, without what cannot stand in a file name.

    >>> clean_label("../../etc/pass\\u202ewd.png")
    'passwd.png'
    """
    parts = _parts(name)
    return parts[-1] if parts else "file"


def clean_path(name: str) -> str:
    """The same with the folders before it.

    >>> clean_path("masks//../old/pass\\u202ewd.png")
    'masks/old/passwd.png'
    """
    return "/".join(_parts(name)[-_MAX_FOLDERS:]) or "file"


def output_name(prefix: str, job_tail: str, node: str, index: int, extension: str) -> PurePosixPath:
    """The path of a readable copy, relative to the output folder. The same work, the same name.

    >>> output_name("cats/blue", "9e7q2x4z", "9", 0, "png").as_posix()
    'cats/blue_9e7q2x4z_9_0.png'
    """
    stem = output_stem(prefix, extension)
    return stem.with_name(f"{stem.name}_{job_tail}_{_node(node)}_{index}.{extension}")


def output_stem(prefix: str, extension: str) -> PurePosixPath:
    """What the names of outputs begin with: the prefix, harmless and without its ending.

    >>> output_stem("../cats/blue.PNG", "png").as_posix()
    'cats/blue'
    """
    ending = rf"\.{re.escape(extension)}$"
    named = re.sub(rf"(^|[/\\]) *{ending}", r"\1output", prefix, flags=re.IGNORECASE)
    parts = _parts(named)[-_MAX_FOLDERS:] or ["output"]
    stem = re.sub(ending, "", parts[-1], flags=re.IGNORECASE) or "output"
    return PurePosixPath(*parts[:-1], stem)


def _parts(path: str) -> list[str]:
    cleaned = (_part(part) for part in re.split(r"[/\\]", path))
    return [part for part in cleaned if part]


def _part(text: str) -> str:
    kept = "".join(c for c in text if unicodedata.category(c)[0] != "C")  # controls, surrogates
    kept = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", kept)).strip(" .")
    if _RESERVED.match(kept):
        kept = f"_{kept}"
    return _shortened(kept)


def _shortened(name: str) -> str:
    """The name in at most `_MAX_BYTES` of UTF-8, with its ending."""
    if len(name.encode()) <= _MAX_BYTES:
        return name
    ending = PurePosixPath(name).suffix
    if len(ending.encode()) > 16:
        ending = ""
    room = _MAX_BYTES - len(ending.encode())
    stem = name.encode()[:room].decode(errors="ignore")
    return stem.rstrip(" .") + ending


def _node(node: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", node)[:40]
    if plain == node and plain:
        return plain
    return f"{plain}-{hashlib.sha256(node.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
