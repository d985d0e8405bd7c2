"""What handlers answer with: JSON, and refusals that say what is wrong and what helps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from aiohttp import web

from wirebrush.events import Problem

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Refused(Exception):
    """A request that is answered with an error: `{"error": {code, message, hint}}`."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        hint: str = "",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The answer."""
        error = {"code": self.code, "message": self.message, "hint": self.hint}
        return answer({"error": error}, status=self.status, headers=self.headers)


class Invalid(Exception):
    """A graph that cannot run: `{"problems": [...]}`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = tuple(problems)

    def response(self) -> web.Response:
        """The answer."""
        return answer({"problems": [asdict(problem) for problem in self.problems]}, status=400)


def answer(
    data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Data as a JSON response."""
    return web.Response(
        text=to_text(data), status=status, headers=headers, content_type="application/json"
    )


def to_text(data: Any) -> str:
    """Data as compact JSON; ValueError for NaN, which browsers cannot read."""
    return _encode(data)


def unknown(noun: str, name: str) -> Refused:
    """There is no such thing; never "it is done"."""
    return Refused(404, f"unknown_{noun}", f"There is no {noun} {name!r}.", "It may be deleted.")
