"""Security headers of every answer, by what is answered."""

from __future__ import annotations

from aiohttp import web

PAGE_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "frame-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    )
)
USER_CONTENT_CSP = "sandbox; default-src 'none'; frame-ancestors 'none'"
DATA_CSP = "default-src 'none'; frame-ancestors 'none'"

FOREVER = "private, max-age=31536000, immutable"


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: what every answer carries. Handlers may have set a policy of their own."""
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Server"] = "wirebrush"  # without versions
    headers.setdefault("Content-Security-Policy", DATA_CSP)
    headers.setdefault("Cache-Control", "no-store")
