"""From text to picture with tiny models of each family: ours beside diffusers' pipelines.

    python benchmarks/families.py [--repeats 15] [--steps 20] [--side 64] [--only sd1,flux]

The same random weights (those of the tests), prompt, noise and schedule on both sides; Euler; one
thread. Both read the texts, take all steps and decode. So tiny networks show what stands around
them; the difference to large ones is the network itself, which is the same. The sides take turns.
Prints JSON: median seconds of processor time, the median ratio of neighbouring runs, and the
largest difference between the two latents.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wirebrush_diffusion.families.flux import packed, unpacked
from wirebrush_diffusion.files.checkpoint import Parts, load
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.noise.sources import initial_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.sampling import sample_sigmas

FAMILIES = ("sd1", "sd2", "sdxl", "sd3", "flux", "lumina2", "z_image", "qwen_image")
TOKENS = ("flux", "qwen_image")  # whose pipelines speak of tokens, here without a negative text
PROMPT, NEGATIVE, CFG, GUIDANCE = "a red house", "fog", 4.0, 2.5
SYSTEM = "paint"


def ours(
    parts: Parts, noise: Tensor, sigmas: list[float], cfg: float, prompt: str
) -> tuple[Tensor, Tensor]:
    """Latent as the network sees it, and picture."""
    texts = (prompt, NEGATIVE) if cfg != 1.0 else (prompt,)
    sides: list[list[Condition]] = []
    for text in texts:
        encoding = parts.text_encoder.encode(text)
        extra = parts.model.inputs(encoding.pooled, {"guidance": GUIDANCE}, noise.shape)
        sides.append([Condition(encoding.context, extra)])
    # pipelines give noise the variance sigma^2 + 1, whatever level they start from
    pure = math.isclose(sigmas[0], parts.model.schedule.sigmas[-1], rel_tol=1e-5)
    scale = 1.0 if pure else math.sqrt(sigmas[0] ** 2 + 1) / sigmas[0]
    latent = sample_sigmas(
        parts.model,
        torch.zeros_like(noise),
        noise * scale,
        sides[0],
        sides[-1],
        sigmas,
        sampler=SAMPLERS["euler"],
        seed=1,
        cfg=cfg,
    )
    picture = parts.autoencoder.decode(latent)
    return parts.model.latent.to_network(latent), picture


def theirs(pipe: Any, name: str, noise: Tensor, steps: int, output: str) -> Tensor:
    """The pipeline's latent or picture."""
    side = noise.shape[-1] * 8
    arguments: dict[str, Any] = {
        "prompt": PROMPT,
        "num_inference_steps": steps,
        "guidance_scale": CFG,
        "height": side,
        "width": side,
        "output_type": output,
        "latents": noise,
    }
    if name in TOKENS:
        guidance = GUIDANCE if name == "flux" else None
        arguments |= {"latents": packed(noise), "max_sequence_length": 256}
        return pipe(**arguments | {"guidance_scale": guidance}).images
    if name == "lumina2":
        arguments |= {"system_prompt": SYSTEM, "cfg_normalization": False}
    if name == "z_image":  # it counts the scale from the positive side
        arguments["guidance_scale"] = CFG - 1
    if name == "sd3":
        arguments["max_sequence_length"] = 77
    return pipe(**arguments, negative_prompt=NEGATIVE).images


def compare(name: str, pipe: Any, folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Both sides in turns."""
    pipe.save_pretrained(folder)
    parts = load(folder)
    size = options.side // 8
    noise = initial_noise(torch.zeros((1, parts.model.latent.channels, size, size)), 1)
    expected = theirs(pipe, name, noise, options.steps, "latent")
    expected = unpacked(expected, size // 2, size // 2) if name in TOKENS else expected
    sigmas = pipe.scheduler.sigmas.tolist()
    cfg = 1.0 if name in TOKENS else CFG
    prompt = f"{SYSTEM} <Prompt Start> {PROMPT}" if name == "lumina2" else PROMPT
    latent, _ = ours(parts, noise, sigmas, cfg, prompt)
    runs: dict[str, Callable[[], object]] = {
        "ours": lambda: ours(parts, noise, sigmas, cfg, prompt),
        "diffusers": lambda: theirs(pipe, name, noise, options.steps, "pt"),
    }
    times: dict[str, list[float]] = {side: [] for side in runs}
    for _ in range(options.repeats):
        for side, run in runs.items():
            start = time.process_time()
            run()
            times[side].append(time.process_time() - start)
    medians = {side: round(statistics.median(found), 4) for side, found in times.items()}
    pairs = [mine / other for mine, other in zip(*times.values(), strict=True)]
    return {
        **medians,
        "ratio": round(statistics.median(pairs), 3),
        "difference": float((latent - expected).abs().max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--side", type=int, default=64, help="pixels")
    parser.add_argument("--only", default=",".join(FAMILIES))
    options = parser.parse_args()
    torch.set_num_threads(1)
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "diffusion"))
    pipeline = import_module("tiny_language").pipeline

    results: dict[str, Any] = {}
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            results[name] = compare(name, pipeline(name), Path(folder), options)
    result = {
        "benchmark": "families",
        "machine": {"cpus": os.cpu_count(), "processor": platform.machine()},
        "steps": options.steps,
        "side": options.side,
        **results,
    }
    print(json.dumps(result, indent=2))


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of the docstring."""


if __name__ == "__main__":
    main()
