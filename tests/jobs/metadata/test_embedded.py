"""Graphs that pictures carry."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from wirebrush.jobs.embedded import LONGEST, Graphs, embedded

PROMPT = {"1": {"class_type": "Encode", "inputs": {"text": "Möwe 夕焼け"}}}
WORKFLOW = {"format": "wirebrush/1", "nodes": {}}


def save(path: Path, texts: dict[str, str], zipped: bool = False) -> Path:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text, zip=zipped)
    Image.new("RGB", (4, 4)).save(path, "PNG", pnginfo=info)
    return path


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_png(tmp_path: Path, zipped: bool, ascii_only: bool) -> None:
    texts = {
        "prompt": json.dumps(PROMPT, ensure_ascii=ascii_only),
        "workflow": json.dumps({"nodes": [], "links": []}),
        "wirebrush": json.dumps(WORKFLOW),
        "Comment": "hello",
    }
    assert embedded(save(tmp_path / "a", texts, zipped), "image/png") == Graphs(WORKFLOW, PROMPT)
    del texts["wirebrush"]
    found = embedded(save(tmp_path / "b", texts, zipped), "image/png")
    assert found.workflow == {"nodes": [], "links": []}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_exif(tmp_path: Path, kind: str) -> None:
    image = Image.new("RGB", (4, 4))
    exif = image.getexif()
    exif[0x0110] = f"prompt:{json.dumps(PROMPT)}"
    exif[0x010F] = f"workflow:{json.dumps(WORKFLOW)}"
    image.save(tmp_path / "a", kind, exif=exif)
    assert embedded(tmp_path / "a", f"image/{kind.lower()}") == Graphs(WORKFLOW, PROMPT)


def test_a_picture_that_says_nothing(tmp_path: Path) -> None:
    texts = {"prompt": "a red house", "workflow": "[1]", "wirebrush": "[" * 100_000}
    assert embedded(save(tmp_path / "a", texts), "image/png") == Graphs()
    assert embedded(tmp_path / "a", "text/plain") == Graphs()
    assert embedded(tmp_path / "none", "image/png") == Graphs()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_bomb_does_not_go_off(tmp_path: Path) -> None:
    bomb = b"prompt\0\0" + zlib.compress(b'{"a":"' + bytes(LONGEST * 4) + b'"}')
    path = tmp_path / "a"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", bomb))
    assert embedded(path, "image/png") == Graphs()


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"IDAT"]),
    data=st.binary(max_size=60),
    cut=st.integers(0, 80),
    mime=st.sampled_from(["image/png", "image/jpeg", "image/webp"]),
)
def test_any_bytes_are_read(
    tmp_path_factory: pytest.TempPathFactory, kind: bytes, data: bytes, cut: int, mime: str
) -> None:
    path = tmp_path_factory.mktemp("embedded") / "a"
    whole = b"\x89PNG\r\n\x1a\n" + chunk(kind, b"prompt\0" + data) + chunk(kind, data)
    path.write_bytes(whole[: len(whole) - cut])
    assert embedded(path, mime) == Graphs()
