"""The body of `POST /prompt`, read field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast
from uuid import uuid4

from wirebrush.http.comfy.refusing import NotRun
from wirebrush.jobs.prompttable import PromptNote

SECRETS = ("auth_token_comfy_org", "api_key_comfy_org")
"""Keys to somebody else's service, which some clients send along. They are never stored."""
LONGEST_ID = 200
_KEYWORD = re.compile(r"[!-~][ -~]{0,77}[!-~]|[!-~]")
"""What a text chunk of a PNG may be called."""
_OURS = frozenset({"prompt", "wirebrush"})


@dataclass(frozen=True, slots=True)
class Order:
    """What a client wants run. `targets` are the outputs it wants, all if it does not say; it may
    have named the job by a `prompt_id`, and its place by a `number`."""

    nodes: Any
    targets: frozenset[str] | None
    prompt_id: str | None
    number: float | None
    front: bool
    extra: Mapping[str, Any]

    def note(self) -> PromptNote:
        """What the journal keeps of a job of this order; one without a name gets a new one."""
        return PromptNote(self.prompt_id or str(uuid4()), self.number, self.front, self.extra)

    @property
    def embedded(self) -> Mapping[str, Any]:
        """What pictures shall carry besides the prompt: `workflow`, and whatever else it sends."""
        given = self.extra.get("extra_pnginfo")
        texts = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
        return {
            key: item
            for key, item in texts.items()
            if key not in _OURS and _KEYWORD.fullmatch(key) is not None
        }


def order_of(body: Mapping[str, Any]) -> Order:
    """The order in a body; NotRun says what is wrong with it."""
    if "prompt" not in body:
        raise NotRun("no_prompt", "No prompt provided", "No prompt provided")
    extra = body.get("extra_data")
    if not isinstance(extra, dict | None):
        raise _wrong("extra_data", "an object")
    kept = {k: v for k, v in cast("dict[str, Any]", extra or {}).items() if k not in SECRETS}
    if "client_id" in body:
        kept["client_id"] = body["client_id"]
    prompt_id = str(body["prompt_id"]) if "prompt_id" in body else None
    if prompt_id is not None and not 0 < len(prompt_id) <= LONGEST_ID:
        message = f"A prompt_id has 1 to {LONGEST_ID} characters."
        raise NotRun("invalid_prompt_id", message, "Send a UUID, or leave it out.")
    number = _number(body["number"]) if "number" in body else None
    targets = _targets(body.get("partial_execution_targets"))
    return Order(body["prompt"], targets, prompt_id, number, bool(body.get("front")), kept)


def _number(given: Any) -> float:
    try:
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        raise _wrong("number", "a number: lower ones run first") from None
    if not isfinite(number):
        raise _wrong("number", "a finite number: lower ones run first")
    return number


def _targets(given: Any) -> frozenset[str] | None:
    if given is None:
        return None
    items: list[Any] = cast("list[Any]", given) if isinstance(given, list) else [None]
    ids = [item for item in items if isinstance(item, str)]
    if len(ids) < len(items):
        raise _wrong("partial_execution_targets", "a list of node ids, which are texts")
    return frozenset(ids)


def _wrong(name: str, words: str) -> NotRun:
    return NotRun("invalid_request", f"{name!r} must be {words}.", f"Correct {name!r}.")
