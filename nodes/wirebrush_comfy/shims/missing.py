"""What ComfyUI has and we do not: importable, and plain words as soon as it is used.

Packs import far more of ComfyUI than the node that somebody wants needs. So a name that is not
there is a class: it can be imported, inherited from, compared and written in an annotation. Calling
it says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from wirebrush.api import NodeError


class _Missing(type):
    """The type of things that are not there. Their attributes are not there either."""

    __wanted__: str

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return missing(f"{cls.__wanted__}.{name}")

    def __call__(cls, *_arguments: Any, **_named: Any) -> NoReturn:
        raise not_there(cls.__wanted__)

    def __iter__(cls) -> Iterator[NoReturn]:
        raise not_there(cls.__wanted__)

    def __len__(cls) -> NoReturn:
        raise not_there(cls.__wanted__)

    def __bool__(cls) -> bool:
        return True

    def __getitem__(cls, _key: Any) -> Any:
        return cls

    def __repr__(cls) -> str:
        return f"<{cls.__wanted__}, which is not here>"


def not_there(name: str) -> NodeError:
    """The error of whoever uses it."""
    return NodeError(
        f"This node uses {name} of ComfyUI, which Wirebrush does not have.",
        "Use another node for this step; the guide to ComfyUI packs says what works.",
    )


def missing(name: str) -> Any:
    """A stand-in for something that is not there, by its full name in ComfyUI."""
    return _Missing(name.rpartition(".")[2], (), {"__wanted__": name, "__module__": "comfy"})


def missing_below(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module: whatever it does not define is missing."""

    def getattr_of_module(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return missing(f"{module}.{name}")

    return getattr_of_module
