"""What stands between percent signs in the prefix of a file's name, as in ComfyUI.

`%date:yyyy-MM-dd%`, `%year%` and the like are the time of the job, `%width%` and `%height%` the
picture's, and `%KSampler.seed%` is what the node of that title, or of that type, was given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from wirebrush.graph.nametokens import NamedNode, replace_tokens

_WORD = re.compile(r"%(year|month|day|hour|minute|second|width|height|batch_num)%")


def filled(
    prefix: str,
    prompt: Mapping[str, Mapping[str, Any]],
    when: datetime,
    size: tuple[int | None, int | None] = (None, None),
    number: int = 0,
) -> str:
    """The prefix with what its words mean; what means nothing stays as it is.

    Args:
        prefix: As a person wrote it.
        prompt: The job's nodes in API format.
        when: When the job was asked for.
        size: Width and height in pixels, of what is a picture.
        number: Which of the node's files it is, from 0: `%batch_num%`.

    >>> filled("%date:yy-M%/%year%_%Seed.value%", {}, datetime(2026, 3, 4))
    '26-3/2026_%Seed.value%'
    """
    words = {
        "year": str(when.year),
        **{name: f"{getattr(when, name):02}" for name in ("month", "day", "hour", "minute")},
        "second": f"{when.second:02}",
        "batch_num": str(number),
        **{name: str(n) for name, n in zip(("width", "height"), size, strict=True) if n},
    }

    text = _WORD.sub(lambda found: words.get(found[1], found[0]), prefix)
    nodes = [NamedNode(_title(node), _type(node), _inputs(node)) for node in prompt.values()]
    return replace_tokens(text, nodes, when)


def _title(node: Mapping[str, Any]) -> str:
    meta: Any = node.get("_meta")  # clients write all sorts of things there
    return str(cast("dict[str, Any]", meta).get("title")) if isinstance(meta, dict) else ""


def _type(node: Mapping[str, Any]) -> str:
    return str(node.get("class_type"))


def _inputs(node: Mapping[str, Any]) -> Mapping[str, Any]:
    given: Any = node.get("inputs")
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}
