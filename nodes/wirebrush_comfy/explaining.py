"""Errors of packs in words: what a pack misses here is said, not shown as a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wirebrush.api import Cancelled, Handle, NodeError
from wirebrush_comfy.shims.devices import InterruptProcessingException

GUIDE = "Use one of Wirebrush's own nodes for this step; the guide to ComfyUI packs says why."
RECORDS = ("Cond", "Latent", "Noise", "Sampler", "Guider")
_ABOUT = re.compile(
    r"(?:'|type '|-iterable )(Model|Clip|Vae|ControlNet|Cond|Guider|Noise|Sampler)(?:'| object)"
)


@contextmanager
def explained(node_id: str) -> Iterator[None]:
    """While a pack's function runs: an attempt to use ComfyUI's model objects is explained."""
    try:
        yield
    except InterruptProcessingException:
        raise Cancelled from None
    except AttributeError as error:
        if _is_ours(getattr(error, "obj", None)):
            what = f"{type(error.obj).__name__.upper()}.{error.name}"
            raise _foreign(node_id, what) from error
        raise
    except TypeError as error:
        if about := _ABOUT.search(str(error)):
            raise _foreign(node_id, about[1].upper()) from error
        raise


def _is_ours(value: Any) -> bool:
    return isinstance(value, Handle) or (
        type(value).__module__ == Handle.__module__ and type(value).__name__ in RECORDS
    )


def _foreign(node_id: str, what: str) -> NodeError:
    return NodeError(
        f"{node_id} works inside ComfyUI's own model objects ({what}); Wirebrush has others.", GUIDE
    )
