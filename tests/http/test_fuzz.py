"""Every route against strange input: an answer in words, never a 5xx, never a traceback (T53)."""

from __future__ import annotations

import asyncio
import random
import re
import sys
from pathlib import Path
from statistics import median
from time import monotonic
from urllib.parse import quote

from http_studio import PROMPT, WORKFLOW, Studio, running_studio

STRANGE = (
    *("", "0", "-1", "x", "..", "../..", "%00", "\x00", "\n", "é", "\u202e", "日本", "a" * 900),
    *("1e999", "NaN", "null", "{}", "[]", "'; DROP TABLE jobs; --", "<script>", "C:\\x", "//e/x"),
)
BODIES: tuple[bytes, ...] = (
    *(b"", b"{}", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe", b"\x00", b"NaN"),
    *(b'{"prompt":{}}', b'{"prompt":null}', b'{"prompt":{"1":null}}', b'{"workflow":{}}'),
    b'{"prompt":{"1":{"class_type":"Show","inputs":{"source":["1",0]}}}}',
    b'{"prompt":{"1":{"class_type":"Show","inputs":{"source":["2",9]}}}}',
    b'{"prompt":{"1":{"class_type":[],"inputs":[]}},"targets":["x"],"priority":1e9}',
    b'{"workflow":{"format":"wirebrush/1","nodes":[],"wires":{}}}',
    b'{"workflow":{"format":"wirebrush/1","nodes":{"1":{"type":1}},"wires":[1]}}',
    b'{"before":1,"priority":"x"}',
    b'{"priority":99999999999999999999999999}',
    b'{"name":"\\ud83d","workflow":{"\\udc00":[1e308]},"file":"..","base":"\\u0000"}',
    b'{"to":"../x\\ud800","starred":true}',
    b'{"prompt":{"1":{"class_type":"Show","inputs":{}}},"group":{"id":"\\u0000","x":[[[]]]}}',
)
PARAMETERS = (
    *("limit", "before", "state", "kind", "size", "search", "model", "after", "cursor", "offset"),
    *("starred", "trashed", "group", "document"),
)
TYPES = ("application/json", "text/plain", "multipart/form-data; boundary=b", "", "a/b; charset=x")


async def test_t53_no_route_falls_over_strange_input(studio: Studio) -> None:
    await studio.ask("POST", "/v1/jobs", json={"prompt": PROMPT})
    await studio.ask("PUT", "/v1/workflows/cat", json=WORKFLOW)
    chance = random.Random(0)
    routes = [
        (route.method, route.resource.canonical)
        for route in studio.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/v1/")
    ]
    for method, path in routes:
        for _ in range(25):
            filled = re.sub(r"\{[^}]*\}", quote(chance.choice(STRANGE), safe="%"), path)
            query = "&".join(
                f"{name}={quote(chance.choice(STRANGE))}"
                for name in PARAMETERS
                if chance.random() < 0.5
            )
            headers = {
                "Content-Type": chance.choice(TYPES),
                "X-Filename": quote(chance.choice(STRANGE)),
                "Idempotency-Key": quote(chance.choice(STRANGE)),
                "If-Match": quote(chance.choice(STRANGE)),
                "If-None-Match": chance.choice(["*", '"x"', ""]),
                "Range": chance.choice(["bytes=0-", "bytes=9-1", "x", "bytes=-0"]),
            }
            status, body, _ = await studio.ask(
                *(method, f"{filled}?{query}"), data=chance.choice(BODIES), headers=headers
            )
            assert status < 500, (method, filled, query, headers, body)
            assert b"Traceback" not in str(body).encode()


def allow_files(count: int) -> None:
    """Both ends of a connection are files of this process: it may have to ask for so many."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


async def test_t45_five_hundred_slow_clients_delay_nobody(tmp_path: Path) -> None:
    allow_files(2048)
    head = "POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 99999\r\n"
    async with running_studio(tmp_path) as studio:
        text = head.format(port=studio.port).encode()
        token = f"Authorization: {studio.bearer['Authorization']}\r\n".encode()
        slow: list[asyncio.StreamWriter] = []
        for number in range(500):
            _, writer = await asyncio.open_connection("127.0.0.1", studio.port)
            part = text if number % 2 else text + token + b"Content-Type: application/json\r\n\r\n{"
            writer.write(part)
            slow.append(writer)
        times: list[float] = []
        for _ in range(20):
            began = monotonic()
            assert (await studio.ask("GET", "/v1/jobs"))[0] == 200
            times.append(monotonic() - began)
        for writer in slow:
            writer.close()
        assert median(times) < 5  # 0.01 on a machine with nothing else to do
