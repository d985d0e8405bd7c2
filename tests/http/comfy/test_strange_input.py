"""ComfyUI's routes against strange input: an answer, never a 5xx, never a traceback."""

from __future__ import annotations

import random
import re
from urllib.parse import quote

from http_studio import Studio

from wirebrush.http.comfy.routes import ROUTES

STRANGE = (
    *("", "0", "-1", "x", "..", "../..", "%00", "\x00", "\n", "é", "\u202e", "日本", "a" * 900),
    *("1e999", "null", "{}", "loras", "input", "webp;x", "x [temp]", "C:\\x", "//e/x", "a/b/c.png"),
)
BODIES: tuple[bytes, ...] = (
    *(b"", b"{}", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe", b"\x00", b"NaN", b"[" * 500),
    *(b'{"prompt":{}}', b'{"prompt":[],"client_id":1}', b'{"username":"\\ud800"}'),
    *(b'{"clear":1,"delete":"x"}', b'{"clientId":[],"enabled":0}', b'{"\\udc00":1e308}'),
    b'--b\r\nContent-Disposition: form-data; name="image"; filename="../x"\r\n\r\nx\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="image"; filename="\xff\x00"\r\n\r\nx\r\n--b--',
    b"--b\r\nContent-Disposition: form-data\r\n\r\n\r\n--b\r\n\r\n",
    b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n--c--\r\n--b--\r\n",
    b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n'
    b"Content-Transfer-Encoding: base64\r\nContent-Encoding: gzip\r\n\r\n!\r\n--b--\r\n",
)
PARAMETERS = (
    *("filename", "type", "subfolder", "channel", "preview", "dir", "path", "recurse", "split"),
    *("full_info", "overwrite", "max_items", "offset", "status", "limit", "sort_by"),
)
TYPES = ("application/json", "text/plain", "multipart/form-data; boundary=b", "", "multipart/x")


def quoted(text: str) -> str:
    """A part of a path that clients send as it is: they would go up at two dots."""
    return quote(text, safe="").replace("..", "..%2F")


async def test_no_route_falls_over_strange_input(comfy: Studio) -> None:
    await comfy.ask_bare("POST", "/userdata/a%2Fb.json", data=b"{}")
    chance = random.Random(12)
    for route in ROUTES:
        method, path = route.method, route.path
        for _ in range(20):
            filled = re.sub(r"\{[^}]*\}", lambda _: quoted(chance.choice(STRANGE)), path)
            query = "&".join(
                f"{name}={quote(chance.choice(STRANGE))}"
                for name in PARAMETERS
                if chance.random() < 0.5
            )
            headers = {"Content-Type": chance.choice(TYPES), "Range": "bytes=9-1"}
            body = chance.choice(BODIES) if method in ("POST", "PATCH") else None
            status, answer, _ = await comfy.ask_bare(
                *(method, f"{filled}?{query}"), data=body, headers=headers
            )
            assert status < 500, (method, filled, query, headers, body, answer)
            assert b"Traceback" not in str(answer).encode()
