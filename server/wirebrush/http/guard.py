"""The guard: middlewares in front of every route, plugins' and unknown ones included.

Default-deny: a route is open because the guard says so (`PUBLIC`), never because a handler forgot
to ask. What must hold, in order: the request names us, comes from our page or from no page, shows
the token or its cookie, and brings a body we can read.
"""

from __future__ import annotations

import logging
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from wirebrush.http.access import Access
from wirebrush.http.addresses import Names
from wirebrush.http.answers import Invalid, Refused
from wirebrush.http.audit import note_request
from wirebrush.http.door import Door
from wirebrush.http.pages import closed_door
from wirebrush.jobs.errors import JobsError

PUBLIC = frozenset({"/v1/health", "/favicon.ico"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
UPLOADS = "/v1/assets"
FILES = frozenset({UPLOADS, "/v1/import"})
"""Where a body may be a file; uploads may also come as a form."""
_STATUS = {
    "idempotency_conflict": 409,
    "job_not_waiting": 409,
    "job_not_ended": 409,
    "queue_full": 429,
    "asset_refused": 422,
    "asset_too_large": 413,
    "asset_unsaved": 507,
    "journal_unavailable": 503,
    "worker_failed": 503,
    "no_worker": 503,
    "plan_failed": 503,
    "check_failed": 503,
}

log = logging.getLogger("wirebrush.http")


def guards(names: Names, access: Access, door: Door) -> list[Middleware]:
    """The middlewares, outermost first."""
    return [
        keeps_book,
        answers_errors,
        only_our_names(names),
        only_our_pages(names),
        only_with_token(access, names, door),
        only_plain_bodies(door),
    ]


@web.middleware
async def keeps_book(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Changes and refusals are noted in the audit log."""
    response = await handler(request)
    note_request(request, response.status)
    return response


@web.middleware
async def answers_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors become JSON; a traceback goes to the log under a reference, never to the client."""
    try:
        return await handler(request)
    except (Refused, Invalid) as refused:
        return refused.response()
    except JobsError as error:
        return Refused(status_of(error), error.code, error.message, error.hint).response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _http_error(request, error)
    except TimeoutError:
        return Refused(408, "too_slow", "The request did not arrive in time.").response()
    except ConnectionError:
        raise
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("%s %s failed (%s)", request.method, request.path, reference)
        message = f"Something went wrong inside Wirebrush (reference {reference})."
        hint = "The server's log has the details under this reference; please report it."
        return Refused(500, "internal", message, hint).response()


def status_of(error: JobsError) -> int:
    """The status that says how it is with the queue or the store."""
    return _STATUS.get(error.code, 500)


def only_our_names(names: Names) -> Middleware:
    """421 unless `Host` is exactly one of our names: a rebound DNS name is not."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.getall("Host", []) not in [[name] for name in names.hosts]:
            raise Refused(
                421,
                "wrong_host",
                "This server is not known under that name.",
                "Open it by the address it printed, or start it with --origin URL.",
            )
        return await handler(request)

    return check


def only_our_pages(names: Names) -> Middleware:
    """403 for what another page sends: by `Origin`, and by `Sec-Fetch-Site` where it is missing."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        origins = request.headers.getall("Origin", [])
        sites = request.headers.getall("Sec-Fetch-Site", [])
        foreign = any(origin not in names.origins for origin in origins) or len(origins) > 1
        if any(site not in ("same-origin", "none") for site in sites):
            foreign = foreign or not _visit(request)
        elif _changes_state(request) and not origins and _cookie_only(request):
            foreign = True
        if foreign:
            raise Refused(
                403,
                "foreign_page",
                "Only Wirebrush's own page may do that.",
                "A proxy or a development server must be named with --origin URL.",
            )
        return await handler(request)

    return check


def only_plain_bodies(door: Door) -> Middleware:
    """415 for compressed bodies and for types that a foreign form could send.

    ComfyUI's clients may name any type, or none: its routes never looked at it.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise Refused(
                415,
                "compressed_body",
                "Compressed request bodies are not accepted.",
                "Send the body as it is, without Content-Encoding.",
            )
        brings = request.method not in SAFE_METHODS and request.body_exists
        if brings and not _readable(request) and not door.leads_to(request):
            raise Refused(
                415,
                "wrong_content_type",
                f"A body of type {request.content_type!r} is not accepted here.",
                "Send JSON as application/json, or a file to /v1/assets with an X-Filename header.",
            )
        return await handler(request)

    return check


def only_with_token(access: Access, names: Names, door: Door) -> Middleware:
    """401 unless the request carries the cookie or the token; `?token=` is exchanged for it.

    ComfyUI's clients may keep `?token=`, and show none where the door is open for them.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        cookie = access.has_cookie(request.cookies.get(access.cookie_name))
        if cookie and "token" in request.query and _is_page(request) and not door.leads_to(request):
            return _to_clean_url(request)
        if cookie or request.path in PUBLIC or door.open_for(request):
            return await handler(request)
        shown = _bearer(request)
        if shown is None and door.leads_to(request):
            shown = request.query.get("token")
        if shown is not None and _accepted(access, request, shown):
            return await handler(request)
        if shown is None and (exchanged := _exchanged(access, names, request)) is not None:
            return exchanged
        if _is_page(request) and "text/html" in request.headers.get("Accept", ""):
            return closed_door()
        raise Refused(
            401,
            "token_needed",
            "This needs the launch token.",
            "Open the link that `wirebrush serve` printed, or send `Authorization: Bearer TOKEN`.",
            headers={"WWW-Authenticate": 'Bearer realm="wirebrush"'},
        )

    return check


def _exchanged(access: Access, names: Names, request: web.Request) -> web.StreamResponse | None:
    """The page's address with the right token: the cookie, and the address without it."""
    token = request.query.get("token") if _is_page(request) else None
    if token is None or not _accepted(access, request, token):
        return None
    secure = f"https://{request.host}" in names.origins  # behind a proxy with TLS
    return _with_cookie(access, _to_clean_url(request), secure)


def _accepted(access: Access, request: web.Request, shown: str) -> bool:
    address = request.remote or ""
    wait = access.locked_for(address)
    if wait:
        raise Refused(
            429,
            "too_many_wrong_tokens",
            "Too many wrong tokens came from this address.",
            f"Wait {wait:.0f} seconds. The right one is in the link that the server printed.",
            headers={"Retry-After": f"{wait:.0f}"},
        )
    if access.shows_token(shown, address):
        return True
    log.warning("wrong token from %s for %s %s", address, request.method, request.path)
    return False


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _to_clean_url(request: web.Request) -> web.StreamResponse:
    """The same page without the token, so that it stays out of history and bookmarks."""
    rest = request.rel_url.without_query_params("token")
    location = "/" + str(rest).lstrip("/\\")  # never another host
    return web.Response(status=303, headers={"Location": location})


def _with_cookie(access: Access, response: web.StreamResponse, secure: bool) -> web.StreamResponse:
    response.set_cookie(
        access.cookie_name,
        access.cookie,
        httponly=True,
        samesite="Strict",
        secure=secure,
        path="/",
        max_age=365 * 24 * 3600,
    )
    return response


def _http_error(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    known = {
        404: ("unknown_route", f"There is nothing at {request.path!r}."),
        405: ("wrong_method", f"{request.method} is not possible at {request.path!r}."),
        413: ("too_large", "The request is larger than this route accepts."),
    }
    code, message = known.get(error.status, ("bad_request", error.reason))
    headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    return Refused(error.status, code, message, headers=headers).response()


def _is_page(request: web.Request) -> bool:
    return request.method in ("GET", "HEAD") and not request.path.startswith("/v1/")


def _cookie_only(request: web.Request) -> bool:
    """Whether a cookie is all it shows: anybody's page can make a browser send that."""
    return "Cookie" in request.headers and _bearer(request) is None


def _changes_state(request: web.Request) -> bool:
    opens_socket = request.headers.get("Upgrade", "").lower() == "websocket"
    return request.method not in SAFE_METHODS or opens_socket


def _visit(request: web.Request) -> bool:
    """Somebody follows a link to the page itself; it cannot be framed, so that is harmless."""
    headers = request.headers
    return (
        _is_page(request)
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest") == "document"
    )


def _readable(request: web.Request) -> bool:
    if request.content_type == "application/json":
        return True
    if request.path in FILES and "X-Filename" in request.headers:
        return True
    return request.path == UPLOADS and request.content_type == "multipart/form-data"
