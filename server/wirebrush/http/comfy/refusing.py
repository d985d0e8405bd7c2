"""Refusals of `POST /prompt` and its neighbours, in ComfyUI's shape."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from aiohttp import web

from wirebrush.events import Problem
from wirebrush.http.answers import Invalid, Refused, answer
from wirebrush.http.guard import status_of
from wirebrush.jobs.errors import JobsError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NotRun(Exception):
    """A request that is not obeyed: `{"error": {type, message, details, extra_info}, node_errors}`.

    `node_errors` says it node by node, where it is the nodes' fault.
    """

    def __init__(
        self,
        type: str,
        message: str,
        details: str = "",
        *,
        status: int = 400,
        extra: Mapping[str, Any] | None = None,
        node_errors: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.type = type
        self.message = message
        self.details = details
        self.status = status
        self.extra = dict(extra or {})
        self.node_errors = dict(node_errors or {})

    def response(self) -> web.Response:
        """The answer."""
        error = {
            "type": self.type,
            "message": self.message,
            "details": self.details,
            "extra_info": self.extra,
        }
        return answer({"error": error, "node_errors": self.node_errors}, status=self.status)


def in_their_words(handler: Handler) -> Handler:
    """A handler whose refusals have ComfyUI's shape, whoever made them."""

    @wraps(handler)
    async def told(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotRun as refusal:
            return refusal.response()
        except Invalid as invalid:
            return of_problems(invalid.problems).response()
        except Refused as refused:
            plain = NotRun(refused.code, refused.message, refused.hint, status=refused.status)
            return plain.response()
        except JobsError as error:
            status = status_of(error)
            return NotRun(error.code, error.message, error.hint, status=status).response()
        except web.HTTPRequestEntityTooLarge:
            return _too_large(request).response()

    return told


def _too_large(request: web.Request) -> NotRun:
    size = request.content_length
    whole = "The body" if size is None else f"The body of {math.ceil(size / 1e6)} MB"
    sentence = f"{whole} is too large: JSON may have {request.client_max_size >> 20} MB here."
    hint = "Send pictures to /upload/image, and name them in the prompt instead of sending them."
    return NotRun("too_large", sentence, hint, status=413)


def of_problems(problems: Sequence[Problem]) -> NotRun:
    """A body that is no prompt."""
    first = problems[0]
    extra: dict[str, Any] = {"code": first.code}
    if first.node is not None:
        extra["node_id"] = first.node
    status = 413 if first.code == "too_large" else 400
    return NotRun("invalid_prompt", first.message, first.hint, status=status, extra=extra)
