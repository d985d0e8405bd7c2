"""What a pack may not do while it is imported: install packages, and talk to the network.

Python's audit events see both, however the pack goes about it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

INSTALLERS = frozenset(
    {"pip", "uv", "pipx", "conda", "mamba", "easy_install", "apt", "apt-get", "brew", "npm"}
)
VERBS = frozenset({"install", "add", "sync", "uninstall", "download", "update", "upgrade"})
FETCHERS = frozenset(
    {"curl", "wget", "aria2c", "huggingface-cli", "hf", "gdown", "scp", "ssh", "rsync"}
)
REMOTE_GIT = frozenset({"clone", "fetch", "pull", "push", "submodule", "ls-remote", "remote"})
"""What git does with other machines; a pack may ask it for its own release."""
NETWORK = frozenset(
    {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname",
     "socket.sendto", "urllib.Request"}
)  # fmt: skip
COMMANDS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"})


class NotWhileImporting(RuntimeError):
    """The pack did something that importing it must not do."""


class ImportGuard:
    """Refuses installs and network while it is on. Made once: an audit hook stays for good."""

    def __init__(self) -> None:
        self._on = 0
        self._hooked = False

    @contextmanager
    def on(self) -> Iterator[None]:
        """Refuse, in all threads."""
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(self._look)
        self._on += 1
        try:
            yield
        finally:
            self._on -= 1

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        words = _words(event, arguments) if event in COMMANDS else ()
        if event in NETWORK or is_fetch(words):
            raise NotWhileImporting(
                "The pack uses the network while it is imported, which is refused. "
                "Its files have to be downloaded by a person."
            )
        if is_install(words) or (
            event == "import" and str(arguments[0]).startswith("pip._internal")
        ):
            raise NotWhileImporting(
                "The pack installs Python packages while it is imported, which is refused. "
                "Install what its requirements.txt names yourself, then start again."
            )


def _words(event: str, arguments: tuple[Any, ...]) -> Sequence[str]:
    """The words of a command that is about to run."""
    if event == "os.system":
        parts: Sequence[Any] = [arguments[0]]
    elif event == "subprocess.Popen":
        given = arguments[1]
        parts = [given] if isinstance(given, str | bytes | os.PathLike) else list(given)
    else:
        given = next((item for item in arguments if isinstance(item, list | tuple)), ())
        parts = list(given)
    return [word for part in parts for word in re.split(r"[\s;&|()]+", os.fsdecode(part))]


def is_fetch(words: Sequence[str]) -> bool:
    """Whether a command would use the network: a program for that begins it, or a part of it."""
    names = _programs(words)
    git = [i for i, name in enumerate(names) if name == "git"]
    return any(name in FETCHERS for name in names) or (
        bool(git) and any(name in REMOTE_GIT for name in names[git[0] + 1 :])
    )


def is_install(words: Sequence[str]) -> bool:
    """Whether a command would install packages."""
    names = _programs(words)
    tools = [i for i, name in enumerate(names) if re.sub(r"[\d.]+$", "", name) in INSTALLERS]
    return bool(tools) and any(name in VERBS for name in names[tools[0] + 1 :])


def _programs(words: Sequence[str]) -> list[str]:
    """The words as names of programs: without folders."""
    return [os.path.basename(word).lower().removesuffix(".exe") for word in words]
