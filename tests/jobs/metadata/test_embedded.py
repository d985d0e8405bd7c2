"""Graphs that files carry. `data/` was written by FFmpeg, as ComfyUI's own savers use it."""

from __future__ import annotations

import json
import struct
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from wirebrush.jobs.metadata.embedded import Graphs, embedded
from wirebrush.jobs.metadata.limits import LONGEST

PROMPT = {"1": {"class_type": "Encode", "inputs": {"text": "Möwe 夕焼け"}}}
WORKFLOW = {"format": "wirebrush/1", "nodes": {}}
DATA = Path(__file__).parent / "data"


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
    assert embedded(save(tmp_path / "a", texts, zipped)) == Graphs(WORKFLOW, PROMPT)
    del texts["wirebrush"]
    found = embedded(save(tmp_path / "b", texts, zipped))
    assert found.workflow == {"nodes": [], "links": []}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_exif(tmp_path: Path, kind: str) -> None:
    image = Image.new("RGB", (4, 4))
    exif = image.getexif()
    exif[0x0110] = f"prompt:{json.dumps(PROMPT)}"
    exif[0x010F] = f"workflow:{json.dumps(WORKFLOW)}"
    image.save(tmp_path / "a", kind, exif=exif)
    assert embedded(tmp_path / "a") == Graphs(WORKFLOW, PROMPT)


def test_further_exif_tags_hold_what_else_was_given(tmp_path: Path) -> None:
    image = Image.new("RGB", (4, 4))
    exif = image.getexif()
    exif[0x0110], exif[0x010D] = f"prompt:{json.dumps(PROMPT)}", f"wirebrush:{json.dumps(WORKFLOW)}"
    image.save(tmp_path / "a", "WEBP", exif=exif)
    assert embedded(tmp_path / "a") == Graphs(WORKFLOW, PROMPT)


def test_an_animated_png_hides_them_in_chunks_of_its_own(tmp_path: Path) -> None:
    said = chunk(b"comf", b"prompt\0" + json.dumps(PROMPT).encode("latin-1"))
    (tmp_path / "a").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"") + said)
    assert embedded(tmp_path / "a") == Graphs(None, PROMPT)


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir()))
def test_videos_and_sounds(name: str) -> None:
    prompt = {"3": {"class_type": "A", "inputs": {}}}
    assert embedded(DATA / name) == Graphs({"nodes": [], "links": []}, prompt)


def test_models_and_latents(tmp_path: Path) -> None:
    head = {"__metadata__": {"prompt": json.dumps(PROMPT), "rank": "8"}}
    text = json.dumps(head).encode()
    (tmp_path / "a").write_bytes(len(text).to_bytes(8, "little") + text)
    assert embedded(tmp_path / "a") == Graphs(None, PROMPT)


def test_not_a_number_is_read_as_nothing(tmp_path: Path) -> None:
    told = '{"1": {"class_type": "Encode", "inputs": {}, "is_changed": [NaN]}}'
    found = embedded(save(tmp_path / "a", {"prompt": told}))
    assert found.prompt == {"1": {"class_type": "Encode", "inputs": {}, "is_changed": [None]}}


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(path.name for path in DATA.iterdir())),
    edits=st.lists(st.tuples(st.integers(0, 9_000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 9_000),
)
def test_a_damaged_file_is_read_as_far_as_it_goes(
    tmp_path_factory: pytest.TempPathFactory, name: str, edits: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray((DATA / name).read_bytes())
    for place, byte in edits:
        data[place % len(data)] = byte
    path = tmp_path_factory.mktemp("damaged") / "a"
    path.write_bytes(data[: max(16, len(data) - cut)])
    assert isinstance(embedded(path), Graphs)


def test_a_picture_that_says_nothing(tmp_path: Path) -> None:
    texts = {"prompt": "a red house", "workflow": "[1]", "wirebrush": "[" * 100_000}
    assert embedded(save(tmp_path / "a", texts)) == Graphs()
    assert embedded(tmp_path / "none") == Graphs()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_bomb_does_not_go_off(tmp_path: Path) -> None:
    bomb = b"prompt\0\0" + zlib.compress(b'{"a":"' + bytes(LONGEST * 4) + b'"}')
    path = tmp_path / "a"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", bomb))
    assert embedded(path) == Graphs()


def test_many_bombs_do_not_go_off_either(tmp_path: Path) -> None:
    """Each is within bounds: 2000 of them would be 14 GB."""
    packed = b"\0\0" + zlib.compress(bytes(7 << 20))
    bombs = b"".join(chunk(b"zTXt", b"k%d" % at + packed) for at in range(2000))
    path = tmp_path / "a"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bombs + chunk(b"tEXt", b"prompt\0{}"))
    began = time.process_time()
    assert embedded(path) == Graphs()
    assert time.process_time() - began < 60


def test_a_chunk_of_a_hundred_megabytes_is_stepped_over(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 100_000_000) + b"tEXtworkflow\0")
        file.seek(100_000_000 - 9 + 4, 1)  # a hole, as long as the chunk says
        file.write(chunk(b"tEXt", b"prompt\0" + json.dumps(PROMPT, ensure_ascii=True).encode()))
    assert embedded(path) == Graphs(None, PROMPT)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"IDAT"]),
    data=st.binary(max_size=60),
    cut=st.integers(0, 80),
)
def test_any_bytes_are_read(
    tmp_path_factory: pytest.TempPathFactory, kind: bytes, data: bytes, cut: int
) -> None:
    path = tmp_path_factory.mktemp("embedded") / "a"
    whole = b"\x89PNG\r\n\x1a\n" + chunk(kind, b"prompt\0" + data) + chunk(kind, data)
    path.write_bytes(whole[: len(whole) - cut])
    assert embedded(path) == Graphs()
