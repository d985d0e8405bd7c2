"""Drafts: what the page saves while somebody edits, apart from the saved workflow."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, NoReturn, cast

from aiohttp import web

from wirebrush.http.answers import Refused, answer, unknown
from wirebrush.http.drafts import Conflict, Draft, DraftRecord
from wirebrush.http.keys import SERVICES
from wirebrush.http.requests import BODY_SECONDS, field_of, if_match
from wirebrush.http.routes import Route

LONGEST_ID = 200
LONGEST_NAME = 600
MOST_TURNS = 50
_TURN = re.compile(r"([\w-]{1,100})=(\d{1,15})")
_CONFLICT = "The draft was changed in another window since you saw it."
_GONE = "The draft was discarded in another window since you saw it."


async def listing(request: web.Request) -> web.Response:
    """All drafts without their workflows."""
    found = await asyncio.to_thread(request.app[SERVICES].drafts.list)
    return answer({"drafts": [asdict(record) for record in found]})


async def read(request: web.Request) -> web.Response:
    """A draft with its workflow."""
    draft = _id(request)
    found = await asyncio.to_thread(request.app[SERVICES].drafts.read, draft)
    if found is None:
        raise unknown("draft", draft[:80])
    record, workflow = found
    text = f'{json.dumps(asdict(record))[:-1]}, "workflow": {workflow}}}'
    headers = {"ETag": f'"{record.etag}"'}
    return web.Response(text=text, headers=headers, content_type="application/json")


async def write(request: web.Request) -> web.Response:
    """Keep a draft, if it is still the one that the writer saw."""
    draft, match = _id(request), if_match(request)
    if (match is None) != (request.headers.get("If-None-Match") == "*"):
        raise Refused(
            428,
            "which_draft",
            "A draft is written with the ETag of the one that was seen.",
            "Send If-Match with it, or If-None-Match: * for the first.",
        )
    async with asyncio.timeout(BODY_SECONDS):
        body = await request.read()
    turns = _turns(request)
    window, turn = next(iter(turns.items()), ("", 0))
    wanted = replace(await asyncio.to_thread(_parsed, draft, body), window=window, turn=turn)
    try:
        record = await asyncio.to_thread(request.app[SERVICES].drafts.write, wanted, match, turns)
    except Conflict as conflict:
        return _refusal(conflict)
    if record is None:
        return answer({"etag": None, "late": True})
    late = (record.window, record.turn) != (window, turn)
    return answer({"etag": record.etag, "late": late}, headers={"ETag": f'"{record.etag}"'})


async def delete(request: web.Request) -> web.Response:
    """Discard a draft. Who names turns may not know whether there is one."""
    draft, turns = _id(request), _turns(request)
    drafts = request.app[SERVICES].drafts
    try:
        found = await asyncio.to_thread(drafts.delete, draft, if_match(request), turns)
        if not found and not turns:
            raise unknown("draft", draft[:80])
    except Conflict as conflict:
        return _refusal(conflict)
    return answer({"deleted": draft})


def _refusal(conflict: Conflict) -> web.Response:
    """412, with what is known about the draft that is there."""
    there = conflict.there
    error = {
        "code": "changed_meanwhile",
        "message": _GONE if there is None else _CONFLICT,
        "hint": "Keep one of the two, or keep yours under another name.",
    }
    draft = None if there is None else asdict(there)
    return answer({"error": error, "draft": draft}, status=412)


def _id(request: web.Request) -> str:
    draft = request.match_info["id"]
    if len(draft) > LONGEST_ID:
        raise Refused(400, "bad_id", f"The id of a document has at most {LONGEST_ID} characters.")
    return draft


def _turns(request: web.Request) -> dict[str, int]:
    """Windows and their turns from the header, in its order; the writer's own comes first."""
    text = request.headers.get("Draft-Turns")
    if text is None:
        return {}
    items = [_TURN.fullmatch(item.strip()) for item in text.split(",", MOST_TURNS)]
    if len(items) > MOST_TURNS or not all(items):
        raise Refused(
            400,
            "bad_turns",
            f"Draft-Turns: {text[:60]!r} is no list of windows with their turns.",
            f"Such as: Draft-Turns: window-1=7, window-0=3; at most {MOST_TURNS}.",
        )
    return {item[1]: int(item[2]) for item in items if item}


def _parsed(draft: str, body: bytes) -> Draft:
    """The draft in a body. Its workflow may be anything that JSON can say."""
    try:
        data = json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
        if not isinstance(data, dict):
            raise Refused(400, "not_an_object", "The body must be a JSON object: {...}.")
        fields = cast("Mapping[str, Any]", data)
        workflow = field_of(fields, "workflow", dict, "a workflow")
        if workflow is None:
            raise Refused(400, "bad_field", "A draft needs its 'workflow'.")
        text = json.dumps(workflow, separators=(",", ":"))
    except RecursionError:
        message = "The draft is nested too deeply to be kept."
        raise Refused(400, "too_deep", message, "A workflow needs about six levels.") from None
    except ValueError as error:  # not UTF-8, not JSON, or a number of thousands of digits
        raise Refused(400, "not_json", f"The body is not JSON: {error}.") from error
    names = {name: _short(fields, name) for name in ("name", "file", "base", "by")}
    return Draft(draft, names["name"] or "", names["file"], names["base"], names["by"] or "", text)


def _short(fields: Mapping[str, Any], name: str) -> str | None:
    """A short text of the body. Half a character in it does not matter."""
    text: str | None = field_of(fields, name, str, "a text")
    if text is None:
        return None
    if len(text) > LONGEST_NAME:
        raise Refused(400, "bad_field", f"{name!r} has at most {LONGEST_NAME} characters.")
    return text.encode("utf-8", "replace").decode()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_TURNS = {
    "Draft-Turns": "Which states may be there without a conflict: `window=turn, ...`, each window "
    "with a count of the states that it made, the writer's own first. Needed only by who writes "
    "again before the answer came."
}
_DRAFT = {"name": str, "file": str | None, "base": str | None, "by": str | None}

ROUTES = (
    Route(
        "GET",
        "/v1/drafts",
        listing,
        "Drafts of all documents, the latest first, without their workflows.",
        gives={"drafts": list[DraftRecord]},
    ),
    Route(
        "GET",
        "/v1/drafts/{id}",
        read,
        "The draft of a document, with its workflow.",
        gives={
            **_DRAFT,
            "id": str,
            "etag": str,
            "modified": float,
            "window": str,
            "turn": int,
            "before": dict[str, int],
            "workflow": dict[str, Any],
        },
    ),
    Route(
        "PUT",
        "/v1/drafts/{id}",
        write,
        "Keep a draft of a document. 412 tells which draft is there instead of the one seen.",
        headers={
            "If-Match": "The ETag of the draft that was seen.",
            "If-None-Match": "`*`: there is no draft yet.",
            **_TURNS,
        },
        body={**_DRAFT, "workflow": dict[str, Any]},
        gives={"etag": str | None, "late": bool},
    ),
    Route(
        "DELETE",
        "/v1/drafts/{id}",
        delete,
        "Discard a draft.",
        headers={"If-Match": "The ETag of the draft that was seen.", **_TURNS},
        gives={"deleted": str},
    ),
)
