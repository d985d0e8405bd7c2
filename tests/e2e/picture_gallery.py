"""A data folder with pictures in its gallery, as if jobs had made them."""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from wirebrush.graph.origin import Origin
from wirebrush.jobs.assets import AssetStore, MadeBy
from wirebrush.jobs.journal import Journal

MODELS = ("postcards", "inkwash.safetensors")
SUBJECTS = ("a red house", "a boat at sea", "a snowy forest")


async def fill(data: Path, count: int) -> None:
    """Put pictures into the gallery: each of its own colour, prompts and models in turn."""
    journal = await Journal.open(data / "journal.db")
    assets = await AssetStore.open(data / "assets", journal)
    for number in range(count):
        origin = Origin(SUBJECTS[number % 3], (MODELS[number % 2],), number)
        made = MadeBy(f"{number:016d}", "9", 0, "made/picture", origin=origin)
        await assets.put_output(_picture(number), made)
    await journal.close()


def fill_elsewhere(data: Path, count: int) -> None:
    """The same from a thread: an open browser keeps other event loops out of its own."""
    data.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(fill(data, count))).result()


def _picture(number: int) -> bytes:
    out = io.BytesIO()
    colour = (number % 256, (number * 7) % 256, number // 256)
    Image.new("RGB", (32, 24), colour).save(out, "PNG")
    return out.getvalue()
