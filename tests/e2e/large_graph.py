"""A large workflow, always the same: chains from a picture to a picture, in a grid.

Shared by the count gates here and by `benchmarks/editor.py`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

CHAINS = 199
COLUMNS = 14
PITCH = (1760, 990)
"""From one chain to the next, right and down, in units of the canvas."""
SEEDS = 9
PICTURES = 24
MODEL = "postcards"

TICKER_PACK = '''
import time
from wirebrush import Run, node

@node(id="Ticker", category="benchmark", output=True, cache="never")
def ticker(count: int = 60, per_second: float = 20.0, *, run: Run) -> None:
    """Reports progress at a steady rate, and nothing else."""
    for value in range(count):
        time.sleep(1 / per_second)
        run.step(value + 1, count)
'''
"""A node type that makes progress without computing anything."""

Node = dict[str, Any]
Wire = dict[str, list[str]]


def large_workflow(name: str = "Large", chains: int = CHAINS) -> dict[str, Any]:
    """2,000 nodes and 4,000 wires (with all chains), with a frame around each row and notes.

    Nodes of chain `c` are called `<c>-<part>`, seeds `seed-<n>`; `ticker` comes last.
    """
    nodes: dict[str, Node] = {}
    wires: list[Wire] = []
    for chain in range(chains):
        nodes |= _chain_nodes(chain)
        wires += _chain_wires(chain, chains)
    for number in range(SEEDS):
        at = [-440, number * PITCH[1] * 3 // 2]
        nodes[f"seed-{number}"] = {"type": "PrimitiveInt", "at": at, "values": {"value": number}}
    ticks = {"count": 60, "per_second": 20.0}
    nodes["ticker"] = {"type": "Ticker", "at": [-440, 440], "values": ticks}
    rows = range(-(-chains // COLUMNS))
    return {
        "format": "wirebrush/1",
        "id": f"large-{chains}",
        "name": name,
        "nodes": nodes,
        "wires": wires,
        "frames": [_frame(row) for row in rows],
        "notes": [_note(row) for row in rows],
    }


def picture_name(number: int) -> str:
    """The file name of an uploaded picture that the workflow loads."""
    return f"gradient-{number % PICTURES}.png"


def pictures(size: int = 192) -> Iterator[tuple[str, bytes]]:
    """Name and PNG bytes of every picture that the workflow loads."""
    for number in range(PICTURES):
        shade = 255 * number // PICTURES
        line = bytes(value for x in range(size) for value in (shade, 255 * x // size, 255 - shade))
        yield picture_name(number), _png(size, (b"\0" + line) * size)


def _chain_nodes(chain: int) -> dict[str, Node]:
    left = (chain % COLUMNS) * PITCH[0]
    top = (chain // COLUMNS) * PITCH[1]
    sampler = {"steps": 20, "cfg": 6.5, "sampler_name": "euler", "scheduler": "normal"}
    parts: dict[str, tuple[str, int, int, Node]] = {
        "load": ("CheckpointLoaderSimple", 0, 0, {"ckpt_name": MODEL}),
        "picture": ("LoadImage", 0, 176, {"image": picture_name(chain)}),
        "positive": ("CLIPTextEncode", 308, 0, {"text": f"a red house on a meadow, {chain}"}),
        "negative": ("CLIPTextEncode", 308, 198, {"text": "trees"}),
        "encode": ("VAEEncode", 308, 396, {}),
        "first": ("KSampler", 616, 0, {"seed": chain, **sampler}),
        "second": ("KSampler", 880, 0, {"seed": chain, **sampler, "denoise": 0.6}),
        "third": ("KSampler", 1144, 0, {"seed": chain, **sampler, "denoise": 0.4}),
        "decode": ("VAEDecode", 1408, 0, {}),
        "save": ("SaveImage", 1408, 132, {"filename_prefix": f"large/{chain}"}),
    }
    return {
        f"{chain}-{part}": {"type": kind, "at": [left + x, top + y], "values": values}
        for part, (kind, x, y, values) in parts.items()
    }


def _chain_wires(chain: int, chains: int) -> list[Wire]:
    found = [
        ("load", "CLIP", "positive", "clip"),
        ("load", "CLIP", "negative", "clip"),
        ("picture", "IMAGE", "encode", "pixels"),
        ("load", "VAE", "encode", "vae"),
        ("third", "LATENT", "decode", "samples"),
        ("load", "VAE", "decode", "vae"),
        ("decode", "IMAGE", "save", "images"),
    ]
    before = "encode"
    for sampler in ("first", "second", "third"):
        found += [
            ("load", "MODEL", sampler, "model"),
            ("positive", "CONDITIONING", sampler, "positive"),
            ("negative", "CONDITIONING", sampler, "negative"),
            (before, "LATENT", sampler, "latent_image"),
        ]
        before = sampler
    wires: list[Wire] = [
        {"from": [f"{chain}-{source}", output], "to": [f"{chain}-{target}", port]}
        for source, output, target, port in found
    ]
    seed = [f"seed-{chain * SEEDS // chains}", "INT"]
    wires.append({"from": seed, "to": [f"{chain}-third", "seed"]})
    if chain < 20 and chains == CHAINS:  # makes it four thousand
        wires.append({"from": seed, "to": [f"{chain}-second", "seed"]})
    return wires


def _frame(row: int) -> Node:
    top = row * PITCH[1]
    size = [COLUMNS * PITCH[0] - 22, PITCH[1] - 110]
    return {"id": f"row-{row}", "title": f"Row {row + 1}", "at": [-44, top - 66], "size": size}


def _note(row: int) -> Node:
    top = row * PITCH[1] + 600
    text = f"Row {row + 1}: every chain loads a picture and paints over it three times."
    return {"id": f"about-{row}", "text": text, "at": [308, top], "size": [264, 110]}


def _png(size: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
