"""Pictures by number: scene number n is always the same scene, so only numbers need to be kept."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import numpy as np

from wirebrush_postcards.drawing import draw_scene
from wirebrush_postcards.scenes import Scene, sample_scene


def scene_number(number: int) -> Scene:
    """Return scene `number`; the same number is the same scene on every machine."""
    return sample_scene(Random(number))


def picture_number(number: int) -> np.ndarray:
    """Return picture `number` as uint8 [128, 128, 3]."""
    return np.asarray(draw_scene(scene_number(number)))


def draw_pictures(count: int, workers: int) -> np.ndarray:
    """Draw pictures 0..count-1 as uint8 [count, 128, 128, 3]."""
    with ProcessPoolExecutor(workers) as pool:
        return np.stack(list(pool.map(picture_number, range(count), chunksize=64)))


def cached_pictures(folder: Path, count: int, workers: int) -> np.ndarray:
    """Return the first `count` pictures, drawn once and then mapped from a file in `folder`."""
    path = folder / f"pictures-{count}.npy"
    if not path.exists():
        scratch = path.with_suffix(".tmp.npy")
        np.save(scratch, draw_pictures(count, workers))
        scratch.replace(path)
    return np.load(path, mmap_mode="r")
