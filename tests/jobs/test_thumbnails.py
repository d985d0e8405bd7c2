"""Thumbnails are made once and can be asked for by many at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PIL import Image

from wirebrush.jobs.thumbnails import Thumbnails


def test_two_who_ask_at_once_both_get_it(tmp_path: Path) -> None:
    source = tmp_path / "red.png"
    Image.new("RGB", (300, 300), "red").save(source)

    async def ask() -> list[bytes | None]:
        thumbnails = Thumbnails(tmp_path / "small")
        wanted = (thumbnails.get(f"asset{i // 2}", source, 256) for i in range(40))
        return await asyncio.gather(*wanted)

    assert all(asyncio.run(ask()))
    assert [path.suffix for path in (tmp_path / "small").iterdir()] == [".webp"] * 20
