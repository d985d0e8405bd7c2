"""How often a painted picture shows what its prompt says: prompts, counting, and a report."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch

from wirebrush_postcards import models_path
from wirebrush_postcards.captions import caption, varied_caption
from wirebrush_postcards.dataset import scene_number
from wirebrush_postcards.measure import measure
from wirebrush_postcards.sample import Painter, grid
from wirebrush_postcards.words import UNSAID, said

KINDS = ("time", "ground", "thing", "colour", "side")


@dataclass(frozen=True)
class Fault:
    """One thing that a picture shows otherwise than its prompt says."""

    number: int
    kind: str
    wanted: str
    seen: str
    prompt: str


def unseen_prompts(count: int, first_scene: int = 200_000) -> list[str]:
    """Return prompts of scenes that no training saw: two of three plain, every third varied."""
    prompts: list[str] = []
    lot, number = Random(first_scene), first_scene
    while len(prompts) < count:
        scene, number = scene_number(number), number + 1
        text = varied_caption(scene, lot) if number % 3 == 0 else caption(scene)
        if text:
            prompts.append(text)
    return prompts


def compare(prompts: Sequence[str], pictures: np.ndarray) -> tuple[dict[str, float], list[Fault]]:
    """Return the share of right answers for each kind that prompts name, and every fault.

    `pictures` are uint8 [N, 128, 128, 3], one for each prompt.
    """
    asked, right, faults = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0), []
    for number, (prompt, picture) in enumerate(zip(prompts, pictures, strict=True)):
        wanted, seen = said(prompt), measure(picture)
        for kind in KINDS:
            if wanted[kind] == UNSAID:
                continue
            asked[kind] += 1
            found = str(getattr(seen, kind))
            right[kind] += found == wanted[kind]
            if found != wanted[kind]:
                faults.append(Fault(number, kind, wanted[kind], found, prompt))
    return {kind: right[kind] / max(1, asked[kind]) for kind in KINDS}, faults


def paint_all(
    painter: Painter, prompts: list[str], steps: int, cfg: float, seed: int, batch: int = 16
) -> np.ndarray:
    """Paint every prompt with its own seed, a batch at a time: uint8 [N, 128, 128, 3]."""
    parts = []
    for start in range(0, len(prompts), batch):
        part = prompts[start : start + batch]
        parts.append(
            painter.paint(part, list(range(seed + start, seed + start + len(part))), steps, cfg)
        )
    return torch.cat(parts).numpy()


def main() -> None:
    """Paint, measure, print the shares and the faults, and keep a sheet of the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=models_path() / "checkpoints" / "postcards")
    parser.add_argument("--out", type=Path, default=Path("training/obedience.png"))
    parser.add_argument("--count", type=int, default=96)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cfg", type=float, nargs="+", default=[3.0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    painter, prompts = Painter.load(args.model), unseen_prompts(args.count)
    for cfg in args.cfg:
        started = time.perf_counter()
        pictures = paint_all(painter, prompts, args.steps, cfg, args.seed)
        shares, faults = compare(prompts, pictures)
        seconds = (time.perf_counter() - started) / len(prompts)
        rounded = {kind: round(share, 3) for kind, share in shares.items()}
        print(f"cfg {cfg}: {rounded} {seconds:.2f} s a picture")
        for fault in faults:
            change = f"{fault.kind} {fault.wanted} -> {fault.seen}"
            print(f"  {fault.number}: {change}  ({fault.prompt})")
        grid(torch.from_numpy(pictures), 12).save(args.out)


if __name__ == "__main__":
    main()
