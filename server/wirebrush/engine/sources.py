"""Code identity: the hash of a pack's source files, so that edited code gets no old results."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from uuid import uuid4

CODE = frozenset(".py .pyw .pyx .so .pyd .dll .dylib .exe .js .mjs .html .sh .bat .ps1".split())
"""Endings of files that can do something, as against settings, pictures and models."""


@dataclass(frozen=True, slots=True)
class Source:
    """`digest` names the code. `volatile` code cannot be read: it has a new name every time."""

    digest: str
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a pack that was not imported: its hash, and its size in bytes."""

    digest: str
    size: int = 0


def code_of(path: Path) -> Code:
    """The code below a folder, or in a file: what runs here or in a browser, and nothing that a
    pack keeps beside it. Only looks at the files."""
    digest = blake2b(digest_size=16)
    size = 0
    for name, file in sorted(_code_files(path)):
        try:
            content = file.read_bytes()
        except OSError:  # gone meanwhile, or not for us to read
            continue
        digest.update(f"{name}\0{len(content)}\0".encode("utf-8", "surrogatepass"))
        digest.update(content)
        size += len(content)
    return Code(digest.hexdigest(), size)


def _code_files(path: Path) -> Iterator[tuple[str, Path]]:
    if not path.is_dir():
        yield path.name, path
        return
    for where, folders, files in os.walk(path):
        folders[:] = [name for name in folders if name[0] != "." and name != "__pycache__"]
        for name in files:
            file = Path(where, name)
            if file.suffix.lower() in CODE:
                yield file.relative_to(path).as_posix(), file


def source_hash(module: ModuleType, version: str = "") -> Source:
    """The identity of a pack's code: its `.py` files, and the version it was installed as.

    A pack whose results depend on further packages names them in `__sources__ = ("package", ...)`
    at its top; their files count as its own.
    """
    files = _python_files(getattr(module, "__file__", None))
    if not files:
        return Source(f"process:{uuid4().hex}", volatile=True)
    for name in getattr(module, "__sources__", ()):
        spec = find_spec(name)
        files |= _python_files(spec.origin if spec else None)
    digest = blake2b(digest_size=16)
    for name in sorted(files):
        content = files[name].read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode("utf-8", "surrogatepass"))
        digest.update(content)
    digest.update(version.encode())
    return Source(digest.hexdigest())


def _python_files(origin: str | None) -> dict[str, Path]:
    """The source files of a package or single module, by name; none if it is compiled."""
    if origin is None or not origin.endswith(".py"):
        return {}
    path = Path(origin)
    if path.name != "__init__.py":
        return {path.name: path}
    root = path.parent
    return {f"{root.name}/{p.relative_to(root).as_posix()}": p for p in root.rglob("*.py")}
