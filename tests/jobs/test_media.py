"""Sound and film are known by how their files begin, whatever their names say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.jobs.errors import AssetRefused
from wirebrush.jobs.media import EXTENSIONS, media_type
from wirebrush.jobs.sniff import sniff_output, sniff_upload

STARTS = {
    b"RIFF\x24\0\0\0WAVEfmt ": "audio/wav",
    b"RIFF\x24\0\0\0AVI LIST": "video/x-msvideo",
    b"fLaC\0\0\0\x22": "audio/flac",
    b"ID3\x04\0\0\0\0\0\0": "audio/mpeg",
    b"\xff\xfb\x90\0": "audio/mpeg",
    b"\xff\xf1\x50\x80": "audio/aac",
    b"OggS\0\x02" + bytes(20) + b"\x01\x13OpusHead": "audio/ogg",
    b"OggS\0\x02" + bytes(20) + b"\x01\x2a\x80theora": "video/ogg",
    b"\0\0\0\x20ftypM4A \0\0\0\0": "audio/mp4",
    b"\0\0\0\x20ftypisom\0\0\x02\0": "video/mp4",
    b"\0\0\0\x14ftypqt  \0\0\x02\0": "video/quicktime",
    b"\0\0\x10\0moov\0\0\0\x6cmvhd": "video/quicktime",
    b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm": "video/webm",
    b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska": "video/x-matroska",
}


@pytest.mark.parametrize(("start", "mime"), STARTS.items(), ids=STARTS.values())
def test_sound_and_film_may_be_uploaded(tmp_path: Path, start: bytes, mime: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(start + bytes(100))
    content = sniff_upload(path)
    assert (content.mime, content.extension) == (mime, EXTENSIONS[mime])
    assert sniff_output(path, mime).mime == mime


@pytest.mark.parametrize(
    "start",
    [
        b"\0\0\0\x1cftypavif",  # a picture, of a kind that nothing here reads
        b"RIFF\x24\0\0\0ACON",
        b"\xff\xfe<\0h\0t\0m\0l\0",  # text in UTF-16
        b"\xff\xff\xff\xff",
        b"\xff\xfb\xf0\0",
        b"\xff\xfb\x9c\0",
        b"MZ" + bytes(60),
        b"hello",
        b'{  "moov": 1}x',
    ],
)
def test_anything_else_is_refused(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes(start)
    with pytest.raises(AssetRefused, match="whatever its name says"):
        sniff_upload(path)


@given(st.binary(max_size=80))
def test_no_file_is_taken_for_something_that_runs(head: bytes) -> None:
    found = media_type(head)
    assert found is None or found in EXTENSIONS
    assert not head.lstrip().startswith((b"<", b"{", b"#!", b"MZ")) or found is None
