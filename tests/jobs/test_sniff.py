"""Whatever bytes arrive, the answer is a content or a refusal, and it comes at once."""

from __future__ import annotations

import asyncio
import io
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from wirebrush.jobs.errors import AssetRefused
from wirebrush.jobs.sniff import MAX_PIXELS, sniff_output, sniff_upload
from wirebrush.jobs.thumbnails import Thumbnails


def saved(format: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((40, 30), 50).convert("RGB").save(out, format)
    return out.getvalue()


PICTURES = [saved(format) for format in ("PNG", "JPEG", "WEBP", "GIF")]
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8), st.booleans()), max_size=6
)


def harmed(data: bytes, changes: list[tuple[float, bytes, bool]], cut: float) -> bytes:
    for place, patch, early in changes:  # headers are where the decisions are
        start = int(place * min(len(data), 64 if early else len(data)))
        data = data[:start] + patch + data[start + len(patch) :]
    return data[: int(len(data) * cut) + 1]


@given(st.sampled_from(PICTURES), CHANGES, st.floats(0, 1))
def test_a_harmed_picture_is_a_picture_or_refused(
    data: bytes, changes: list[tuple[float, bytes, bool]], cut: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(harmed(data, changes, cut))
        try:
            content = sniff_upload(path)
        except AssetRefused:
            return
        if content.mime.startswith("image/"):
            assert content.width is not None
            assert content.height is not None
            assert 0 < content.width * content.height <= MAX_PIXELS


@given(st.binary(max_size=200), st.sampled_from(["text/html", "image/svg+xml", "audio/wav", ""]))
def test_an_output_is_never_a_page(data: bytes, claimed: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "output"
        path.write_bytes(data)
        mime = sniff_output(path, claimed).mime
        assert mime.partition("/")[0] in ("image", "audio", "application")
        assert mime not in ("image/svg+xml", "application/xhtml+xml")


@given(st.sampled_from(PICTURES), CHANGES)
def test_what_cannot_be_decoded_has_no_thumbnail(
    data: bytes, changes: list[tuple[float, bytes, bool]]
) -> None:

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(harmed(data, changes, 1.0))
        made = asyncio.run(Thumbnails(Path(folder) / "small").get("x", path, 64))
        assert made is None or made[8:12] == b"WEBP"
