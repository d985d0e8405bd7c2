"""How long does a LoRA take to be put on, changed in strength and taken off? Beside a fresh load.

    python benchmarks/lora_switch.py [--repeats 5] [--shape sd15] [--rank 16]

Writes the checkpoint of `checkpoint_load.py` (Stable Diffusion 1.5's true shape, 2.1 GB, fp16,
random) and a LoRA for all attention and feed-forward layers of its network, loads the network as a
worker on the processor does, and measures in turns: a fresh load of the network; the LoRA's file
read and put on; another strength; off; on again. Wall time, medians, and their ratio to the load.
Afterwards every weight is compared with the loaded one. Prints JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checkpoint_load import write_model

LAYERS = ("to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2")


def write_lora(path: Path, network: Any, rank: int) -> None:
    """A LoRA in kohya's names for every attention and feed-forward layer."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(1)
    tensors: dict[str, Any] = {}
    for name, weight in network.named_parameters():
        module = name.removesuffix(".weight")
        if not module.endswith(LAYERS) or weight.ndim != 2:
            continue
        base = f"lora_unet_{module.replace('.', '_')}"
        tensors[f"{base}.lora_down.weight"] = torch.randn(rank, weight.shape[1]).mul_(0.02).half()
        tensors[f"{base}.lora_up.weight"] = torch.randn(weight.shape[0], rank).mul_(0.02).half()
        tensors[f"{base}.alpha"] = torch.tensor(float(rank))
    save_file(tensors, path)


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """How long it takes once, and how much processor time."""
    gc.collect()
    start, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - used


class Clock:
    """Wall and processor time of each piece of work, by name."""

    def __init__(self) -> None:
        self.times: dict[str, list[tuple[float, float]]] = {}

    def note(self, name: str, work: Callable[[], object]) -> None:
        """Do it once."""
        self.times.setdefault(name, []).append(seconds(work))

    def medians(self, which: int) -> dict[str, float]:
        """0: of wall time, 1: of processor time."""
        return {
            name: round(statistics.median(pair[which] for pair in found), 4)
            for name, found in self.times.items()
        }


def measure(folder: Path, repeats: int, rank: int, shape: str) -> dict[str, Any]:
    """Everything, in turns."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # as a worker does
    import torch

    from wirebrush_diffusion.files.checkpoint import open_checkpoint
    from wirebrush_diffusion.files.weights import WeightFile
    from wirebrush_diffusion.patches.lora import read_lora
    from wirebrush_diffusion.patches.lora_names import network_modules
    from wirebrush_diffusion.patches.weights import WeightPatch

    torch.set_num_threads(os.cpu_count() or 1)
    path, lora = write_model(folder, shape), folder / "lora.safetensors"
    model = open_checkpoint(path).model("cpu", None)
    write_lora(lora, model.network, rank)
    before = {name: p.data.sum().item() for name, p in model.network.named_parameters()}
    modules = network_modules(type(model.network).__name__, model.patches.shapes(), 2)
    deltas: dict[str, Any] = {}
    clock = Clock()
    for _ in range(repeats):
        clock.note("fresh load", lambda: open_checkpoint(path).model("cpu", None))
        clock.note("read", lambda: deltas.update(read_lora(WeightFile(lora), modules)))
        full, half = ([WeightPatch("style", deltas, strength)] for strength in (1.0, 0.5))
        wanted = {"on": full, "another strength": half, "off": [], "on again": full}
        for name, patches in wanted.items():
            clock.note(name, lambda patches=patches: model.patches.apply(patches))
        model.patches.remove()
    weights = dict(model.network.named_parameters())
    return {
        "file_bytes": path.stat().st_size,
        "changed_weights": sum(weights[name].numel() for name in deltas),
        **figures(clock),
        "exactly_removed": all(p.data.sum().item() == before[n] for n, p in weights.items()),
    }


def figures(clock: Clock) -> dict[str, Any]:
    """The medians, and what they are of a fresh load."""
    walls, used = clock.medians(0), clock.medians(1)
    return {
        "seconds": walls,
        "processor_seconds": used,
        "of_a_fresh_load": {name: round(walls[name] / walls["fresh load"], 3) for name in walls},
        "of_its_processor_time": {name: round(used[name] / used["fresh load"], 3) for name in used},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Switching a LoRA, beside a fresh load.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--shape", default="sd15")
    parser.add_argument("--rank", type=int, default=16)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.repeats, options.rank, options.shape)
    machine = {"cpus": os.cpu_count(), "processor": platform.machine()}
    print(json.dumps({"benchmark": "lora_switch", "machine": machine, **result}, indent=2))


if __name__ == "__main__":
    main()
