"""Talking to a person on a terminal: answers on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from wirebrush.events import Problem


def say(text: str = "") -> None:
    """One line on stdout."""
    print(text, flush=True)


def say_json(data: Any) -> None:
    """Exactly one JSON object on stdout, in ASCII: a terminal or pipe may take nothing else."""
    print(json.dumps(data, allow_nan=False), flush=True)


def complain(text: str) -> None:
    """One sentence on stderr."""
    print(f"wirebrush: {text}", file=sys.stderr, flush=True)


def tell_problems(problems: Iterable[Problem], where: str) -> None:
    """Problems as a person reads them: what, where, and how to mend it."""
    for problem in problems:
        print(f"{problem.severity}: {problem.message}", file=sys.stderr)
        place = _place(problem, where)
        print(f"    in {place}", file=sys.stderr)
        if problem.hint:
            print(f"    {problem.hint}", file=sys.stderr)
    sys.stderr.flush()


def _place(problem: Problem, where: str) -> str:
    node = "" if problem.node is None else f", node {problem.node}"
    port = "" if problem.port is None else f", input {problem.port}"
    return f"{where}{node}{port}"


class Bar:
    """A progress bar on one line of a terminal; elsewhere nothing, so that logs stay short."""

    WIDTH = 24

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._last = ""

    def show(self, share: float, text: str) -> None:
        """Show how much is done, from 0 to 1."""
        if not self._shown:
            return
        full = int(self.WIDTH * min(1.0, max(0.0, share)))
        line = f"[{'█' * full}{'·' * (self.WIDTH - full)}] {text}"[:100]
        if line != self._last:
            self._stream.write("\r" + line.ljust(len(self._last)))
            self._stream.flush()
            self._last = line

    def clear(self) -> None:
        """Leave an empty line behind."""
        if self._last:
            self._stream.write("\r" + " " * len(self._last) + "\r")
            self._stream.flush()
            self._last = ""
