"""The page and its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from http_studio import Studio


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A built page, and things beside it that are not for everybody."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><script src=/assets/a-1.js></script>")
    (folder / "assets" / "a-1.js").write_text("start()")
    (folder / "icon.svg").write_text("<svg/>")
    (folder / ".stamp").write_text("secret")
    (folder / "build.py").write_text("secret")
    (tmp_path / "outside.js").write_text("secret")
    (folder / "link.js").symlink_to(tmp_path / "outside.js")
    return folder


async def test_the_page_has_the_strict_policy(studio: Studio, page: Path) -> None:
    status, body, headers = await studio.ask("GET", "/")
    assert status == 200
    assert b"a-1.js" in body
    policy = headers["Content-Security-Policy"]
    for rule in (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
    ):
        assert rule in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


async def test_files_named_by_their_content_are_kept_for_ever(studio: Studio, page: Path) -> None:
    status, _, headers = await studio.ask("GET", "/assets/a-1.js")
    assert status == 200
    assert "immutable" in headers["Cache-Control"]
    assert headers["Content-Type"].startswith("text/javascript")
    _, _, headers = await studio.ask("GET", "/icon.svg")
    assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/.stamp", "/build.py", "/link.js", "/outside.js", "/%2e%2e/outside.js", "/assets",
     "/assets/..%2f..%2foutside.js", "/assets/%5c..%5coutside.js", "/a%00.js", "/C:/x.js",
     "/nothing.js", "//etc/passwd", "/assets//a-1.js"],
)  # fmt: skip
async def test_t11_nothing_else_is_served(studio: Studio, page: Path, path: str) -> None:
    status, body, _ = await studio.ask("GET", path)
    assert status == 404
    assert b"secret" not in str(body).encode()


async def test_without_a_built_page_one_command_is_told(studio: Studio) -> None:
    status, body, _ = await studio.ask("GET", "/")
    assert status == 503
    assert b"web_build.py" in body
