"""The guard, case by case of the fault catalogue."""

from __future__ import annotations

import asyncio
import io
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError
from http_studio import PROMPT, PROXY, TOKEN, Studio, running_studio

from wirebrush.http.app import ROUTES
from wirebrush.http.guard import PUBLIC

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EVIL_ORIGINS = (
    "null",
    "file://",
    "http://evil.test",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "https://127.0.0.1:{port}",
    "HTTP://127.0.0.1:{port}",
    "http://LOCALHOST:{port}",
    "http://localhost.:{port}",
    "http://user@127.0.0.1:{port}",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}.evil.test",
    "",
)


def paths(studio: Studio) -> set[str]:
    """Every path of the route table, with something in the place of its parts."""
    found = {route.resource.canonical for route in studio.app.router.routes() if route.resource}
    return {re.sub(r"\{[^}]*\}", "x", path) for path in found} | {"/v1/nothing", "/nothing"}


async def test_t02_without_the_token_nothing_is_answered_not_even_here(studio: Studio) -> None:
    status, body, headers = await studio.ask_bare("GET", "/v1/nodes")
    assert status == 401
    assert "wirebrush serve" in body["error"]["hint"]
    assert headers["WWW-Authenticate"].startswith("Bearer")
    with pytest.raises(WSServerHandshakeError) as refused:
        await studio.session.ws_connect(studio.url + "v1/ws")
    assert refused.value.status == 401


async def test_t03_every_route_but_the_public_ones_wants_the_token(studio: Studio) -> None:
    assert len(PUBLIC) <= 5
    open_paths: set[str] = set()
    for path in sorted(paths(studio)):
        for method in METHODS:
            status, _, _ = await studio.ask_bare(method, path)
            if status != 401:
                open_paths.add(path)
    assert open_paths == PUBLIC


def test_every_route_is_in_the_table_once() -> None:
    pairs = [(route.method, route.path) for route in ROUTES]
    assert len(pairs) == len(set(pairs))


async def test_the_token_in_the_url_becomes_a_cookie_and_leaves_the_url(studio: Studio) -> None:
    status, _, headers = await studio.ask_bare("GET", f"/?token={TOKEN}&open=a%26b")
    assert status == 303
    assert headers["Location"] == "/?open=a%26b"
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Secure" not in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    name, _, rest = cookie.partition("=")
    seen = {"Cookie": f"{name}={rest.partition(';')[0]}"}
    assert (await studio.ask_bare("GET", "/v1/jobs", headers=seen))[0] == 200


async def test_behind_a_proxy_with_tls_the_cookie_stays_on_tls(studio: Studio) -> None:
    proxied = {"Host": PROXY.removeprefix("https://")}
    _, _, headers = await studio.ask_bare("GET", f"/?token={TOKEN}", headers=proxied)
    assert "Secure" in headers["Set-Cookie"]
    ours = {**proxied, **studio.cookie, "Origin": PROXY}
    assert (await studio.ask_bare("POST", "/v1/queue/pause", headers=ours))[0] == 200
    plain = {**ours, "Origin": PROXY.replace("https", "http")}
    assert (await studio.ask_bare("POST", "/v1/queue/pause", headers=plain))[0] == 403


async def test_the_token_leads_to_no_other_host(studio: Studio) -> None:
    for path in ("//evil.test", "/%5Cevil.test", "/\\evil.test", "/%2F%2Fevil.test"):
        _, _, headers = await studio.ask_bare("GET", f"{path}?token={TOKEN}")
        location = headers.get("Location", "/")
        assert location.startswith("/")
        assert not re.match(r"^/[/\\]", location)


async def test_a_token_in_the_url_opens_no_api(studio: Studio) -> None:
    assert (await studio.ask_bare("GET", f"/v1/jobs?token={TOKEN}"))[0] == 401


async def test_a_browser_without_the_token_is_told_where_it_is(studio: Studio) -> None:
    status, body, headers = await studio.ask_bare("GET", "/", headers={"Accept": "text/html"})
    assert status == 401
    assert b"terminal" in body
    assert "script" not in headers["Content-Security-Policy"]


async def test_t04_ten_wrong_tokens_lock_the_address_but_not_the_open_window(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(10):
        bad = {"Authorization": f"Bearer wrong-{number}"}
        assert (await studio.ask_bare("GET", "/v1/jobs", headers=bad))[0] == 401
    status, body, headers = await studio.ask("GET", "/v1/jobs")
    assert status == 429
    assert int(headers["Retry-After"]) > 0
    assert "Wait" in body["error"]["hint"]
    assert (await studio.ask_bare("GET", f"/?token={TOKEN}"))[0] == 429
    assert (await studio.ask_bare("GET", "/v1/jobs", headers=studio.cookie))[0] == 200
    assert "wrong-1" not in caplog.text
    assert TOKEN not in caplog.text


async def test_t04_a_stale_cookie_does_not_lock_anybody_out(studio: Studio) -> None:
    stale = {"Cookie": f"{studio.access.cookie_name}=of-another-day"}
    for _ in range(12):
        assert (await studio.ask_bare("GET", "/v1/jobs", headers=stale))[0] == 401
    assert (await studio.ask("GET", "/v1/jobs"))[0] == 200


@pytest.mark.parametrize(
    "host",
    ["evil.test", "evil.test:{port}", "127.0.0.1", "127.0.0.1:1", "LOCALHOST:{port}",
     "localhost.:{port}", "127.0.0.1.evil.test:{port}", "127.0.0.1:{port}@evil.test", "0:{port}"],
)  # fmt: skip
async def test_t07_another_host_is_misdirected_on_every_route(studio: Studio, host: str) -> None:
    host = host.format(port=studio.port)
    headers = {"Host": host, "Origin": f"http://{host}"}
    for path in sorted(paths(studio)):
        assert (await studio.ask("GET", path, headers=headers))[0] == 421, path
    with pytest.raises(WSServerHandshakeError) as refused:
        await studio.session.ws_connect(studio.url + "v1/ws", headers={**studio.bearer, **headers})
    assert refused.value.status == 421


async def test_t07_two_hosts_are_none(studio: Studio) -> None:
    lines = [f"Host: 127.0.0.1:{studio.port}", "Host: evil.test", "", ""]
    assert b" 4" in await raw(studio, "GET /v1/health HTTP/1.1\r\n" + "\r\n".join(lines))


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
async def test_our_names_are_heard(studio: Studio, name: str) -> None:
    headers = {"Host": f"{name}:{studio.port}"}
    assert (await studio.ask("GET", "/v1/jobs", headers=headers))[0] == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
async def test_t08_a_form_of_another_site_changes_nothing(studio: Studio, kind: str) -> None:
    foreign = {"Origin": "http://evil.test", "Sec-Fetch-Site": "cross-site", "Content-Type": kind}
    for path in ("/v1/jobs", "/v1/queue/pause", "/v1/assets"):
        for login in ({}, studio.cookie, studio.bearer):
            status, _, _ = await studio.ask_bare(
                "POST", path, data=b"{}", headers={**foreign, **login}
            )
            assert status == 403
    assert not studio.services.queue.paused


async def test_t08_our_own_page_sends_json_or_nothing(studio: Studio) -> None:
    ours = {**studio.cookie, "Origin": studio.origin, "Content-Type": "text/plain"}
    status, body, _ = await studio.ask_bare("POST", "/v1/jobs", data=b"{}", headers=ours)
    assert status == 415
    assert "application/json" in body["error"]["hint"]


async def test_t08_no_get_changes_state(studio: Studio, tmp_path: Path) -> None:
    await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT})
    before = dump(tmp_path / "data" / "journal.db")
    for path in sorted(paths(studio) - {"/v1/ws"}):
        for method in ("GET", "HEAD", "OPTIONS"):
            await studio.ask(method, path)
    assert dump(tmp_path / "data" / "journal.db") == before


@pytest.mark.parametrize("origin", EVIL_ORIGINS)
async def test_t09_a_strange_origin_is_refused(studio: Studio, origin: str) -> None:
    headers = {"Origin": origin.format(port=studio.port)}
    for login in (studio.cookie, studio.bearer):
        status, _, _ = await studio.ask_bare(
            "POST", "/v1/queue/pause", headers={**headers, **login}
        )
        assert status == 403
    assert not studio.services.queue.paused


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
async def test_t09_without_origin_the_site_counts(studio: Studio, site: str) -> None:
    for method, path in (("POST", "/v1/queue/pause"), ("GET", "/v1/jobs")):
        headers = {"Sec-Fetch-Site": site, **studio.cookie}
        assert (await studio.ask_bare(method, path, headers=headers))[0] == 403


async def test_t09_a_cookie_alone_changes_nothing(studio: Studio) -> None:
    assert (await studio.ask_bare("POST", "/v1/queue/pause", headers=studio.cookie))[0] == 403
    ours = {**studio.cookie, "Origin": studio.origin, "Sec-Fetch-Site": "same-origin"}
    assert (await studio.ask_bare("POST", "/v1/queue/pause", headers=ours))[0] == 200
    assert studio.services.queue.paused


async def test_a_link_from_elsewhere_may_open_the_page_but_not_the_api(studio: Studio) -> None:
    visit = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert (await studio.ask_bare("GET", f"/?token={TOKEN}", headers=visit))[0] == 303
    assert (await studio.ask("GET", "/v1/jobs", headers=visit))[0] == 403
    framed = {**visit, "Sec-Fetch-Dest": "iframe"}
    assert (await studio.ask("GET", "/", headers=framed))[0] == 403


@pytest.mark.parametrize("origin", [*EVIL_ORIGINS, "http://127.0.0.1.evil.test:{port}"])
async def test_t10_another_site_opens_no_websocket(studio: Studio, origin: str) -> None:
    for login in (studio.cookie, studio.bearer):
        headers = {"Origin": origin.format(port=studio.port), **login}
        with pytest.raises(WSServerHandshakeError) as refused:
            await studio.session.ws_connect(studio.url + "v1/ws", headers=headers)
        assert refused.value.status == 403


async def test_t10_a_websocket_with_nothing_but_the_cookie_is_refused(studio: Studio) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await studio.session.ws_connect(studio.url + "v1/ws", headers=studio.cookie)
    assert refused.value.status == 403
    ours = {**studio.cookie, "Origin": studio.origin}
    async with studio.session.ws_connect(studio.url + "v1/ws", headers=ours) as connection:
        assert (await connection.receive_json(timeout=60))["type"] == "hello"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x"])
async def test_t43_compressed_bodies_are_not_unpacked(studio: Studio, encoding: str) -> None:
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    for path in ("/v1/jobs", "/v1/assets"):
        status, body, _ = await studio.ask("POST", path, data=b"\x1f\x8b\x08", headers=headers)
        assert status == 415
        assert "Content-Encoding" in body["error"]["hint"]


async def test_a_body_beyond_the_limit_is_refused(studio: Studio) -> None:
    big = io.BytesIO(b'{"prompt":"' + b"x" * (9 * 1024 * 1024) + b'"}')
    headers = {"Content-Type": "application/json"}
    status, body, _ = await studio.ask("POST", "/v1/jobs", data=big, headers=headers)
    assert status == 413
    assert body["error"]["code"] == "too_large"


async def test_every_answer_carries_the_security_headers(studio: Studio) -> None:
    for path in ("/", "/v1/health", "/v1/jobs", "/v1/nothing", "/v1/openapi.json"):
        _, _, headers = await studio.ask("GET", path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "aiohttp" not in headers["Server"]


async def test_a_failure_inside_tells_a_reference_and_no_traceback(
    studio: Studio, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data" / "workflows").mkdir()
    (tmp_path / "data" / "workflows" / "broken.json").write_bytes(b"\xff\xfe\xff")
    status, body, _ = await studio.ask("GET", "/v1/workflows/broken")
    assert status == 500
    text = str(body)
    assert "Traceback" not in text
    assert str(tmp_path) not in text
    reference = re.search(r"reference (\w+)", text)
    assert reference is not None
    assert reference[1] in caplog.text


async def test_t45_who_does_not_finish_a_request_head_is_let_go(tmp_path: Path) -> None:
    async with running_studio(tmp_path, idle=0.3) as studio:
        reader, writer = await asyncio.open_connection("127.0.0.1", studio.port)
        writer.write(b"GET /v1/health HTTP/1.1\r\nHost: x")
        assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()


async def raw(studio: Studio, text: str) -> bytes:
    """What the server answers to bytes as they are."""
    reader, writer = await asyncio.open_connection("127.0.0.1", studio.port)
    writer.write(text.encode())
    answer = await asyncio.wait_for(reader.readline(), 60)
    writer.close()
    return answer


def dump(path: Path) -> list[Any]:
    """All rows of the journal."""
    with sqlite3.connect(path) as db:
        return list(db.iterdump())
