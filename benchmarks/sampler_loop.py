"""How long is a step without its model? Our samplers beside diffusers' schedulers.

    python benchmarks/sampler_loop.py [--repeats 15] [--steps 20]

The "model" gives back a tensor made before, so that all that is measured is the loop's own.
diffusers' side is what its pipelines do per step around the network: duplicate, scale_model_input,
the call of a network that does nothing, chunk, guidance, step. Ours is measured bare (sampler only)
and guided (with guidance's own buffers and arithmetic, around the same network). Prints JSON:
microseconds of processor time per step (what else the machine does hardly counts), with the
coefficients worked out before the loop, the median of the repeats, which take turns. Guided runs
draw fresh noise, as diffusers' do; the field's Brownian noise is listed by itself. heun calls the
model twice per step. `set_timesteps` has to be called before each of diffusers' runs; what it takes
is measured by itself and left out.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.guidance.guide import Guided
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.schedules import DiscreteSchedule, sigmas_for
from wirebrush_diffusion.noise.sources import brownian_noise, independent_noise
from wirebrush_diffusion.samplers import SAMPLERS
from wirebrush_diffusion.samplers.space import Space
from wirebrush_diffusion.samplers.step import silent

SHAPE = (1, 4, 16, 16)
CFG = 6.0
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


class Nothing(nn.Module):
    """A network that takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.config = SimpleNamespace(in_channels=SHAPE[1])
        self.answer = torch.zeros((2 * SHAPE[0], *SHAPE[1:]))

    def forward(self, x: Tensor, timestep: Tensor, **inputs: Any) -> tuple[Tensor]:
        return (self.answer,)


def medians_us(runs: dict[str, Callable[[], object]], steps: int, repeats: int) -> dict[str, float]:
    """Microseconds of processor time per step; the runs take turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats + 1):
        for name, run in runs.items():
            start = time.thread_time()
            run()
            if repeat:  # the first is for warming up
                times[name].append((time.thread_time() - start) / steps * 1e6)
    return {name: round(statistics.median(each), 1) for name, each in times.items()}


def ours(name: str, steps: int) -> dict[str, Callable[[], object]]:
    """Our sampler bare, and with guidance and fresh noise."""
    sampler = SAMPLERS[name]
    schedule = DiscreteSchedule.from_betas()
    sigmas, space = sigmas_for(schedule, "karras", steps), Space(schedule=schedule)
    x = torch.randn(SHAPE)
    ready, unit = torch.zeros(SHAPE), torch.randn(SHAPE)
    text = Condition(torch.zeros((1, 77, 64)))
    model = DiffusionModel(Nothing(), schedule=schedule)
    guided = Guided(model, [text], [text], CFG, SHAPE)
    guided.prepare(sigmas)
    noise = independent_noise(x, 0)

    def bare() -> Tensor:
        return sampler.function(
            lambda x, sigma: ready,
            x,
            sigmas,
            on_step=silent,
            noise=lambda a, b: unit,
            space=space,
        )

    def with_guidance() -> Tensor:
        return sampler.function(guided, x, sigmas, on_step=silent, noise=noise, space=space)

    return {"bare": bare, "guided": with_guidance}


def theirs(scheduler: Any, steps: int) -> Callable[[], object]:
    """A pipeline's loop around a scheduler."""
    x = torch.randn(SHAPE)
    network, text = Nothing(), torch.zeros((2, 77, 64))
    generator = torch.Generator().manual_seed(0)
    stochastic = "Ancestral" in type(scheduler).__name__
    extra = {"generator": generator} if stochastic else {}

    def run() -> Tensor:
        scheduler.set_timesteps(steps)
        latents = x * scheduler.init_noise_sigma
        for timestep in scheduler.timesteps:
            doubled = torch.cat([latents] * 2)
            doubled = scheduler.scale_model_input(doubled, timestep)
            answer = network(
                doubled,
                timestep,
                encoder_hidden_states=text,
                timestep_cond=None,
                cross_attention_kwargs=None,
                added_cond_kwargs=None,
                return_dict=False,
            )[0]
            uncond, cond = answer.chunk(2)
            prediction = uncond + CFG * (cond - uncond)
            latents = scheduler.step(prediction, timestep, latents, return_dict=False, **extra)[0]
        return latents

    return run


def diffusers_schedulers() -> dict[str, Callable[[], Any]]:
    """Our sampler's name -> the scheduler that does the same."""
    import diffusers

    return {
        "euler": lambda: diffusers.EulerDiscreteScheduler(**BETAS),
        "euler_ancestral": lambda: diffusers.EulerAncestralDiscreteScheduler(**BETAS),
        "heun": lambda: diffusers.HeunDiscreteScheduler(**BETAS),
        "dpmpp_2m": lambda: diffusers.DPMSolverMultistepScheduler(**BETAS),
        "dpmpp_2m_sde": lambda: diffusers.DPMSolverMultistepScheduler(
            **BETAS, algorithm_type="sde-dpmsolver++"
        ),
        "ddim": lambda: diffusers.DDIMScheduler(**BETAS),
    }


def brownian_us(steps: int, repeats: int) -> float:
    """One draw of the Brownian path."""
    sigmas = sigmas_for(DiscreteSchedule.from_betas(), "karras", steps)

    def run() -> None:
        noise = brownian_noise(torch.zeros(SHAPE), 1, sigmas[-2], sigmas[0])
        for i in range(steps - 1):
            noise(sigmas[i], sigmas[i + 1])

    return medians_us({"draw": run}, steps, repeats)["draw"]


def beside_diffusers(row: dict[str, float]) -> None:
    """diffusers' loop without its set-up, as ours is measured, and how much longer it takes."""
    row["diffusers"] = round(row["diffusers' run"] - row["diffusers' set-up"], 1)
    row["times faster"] = round(row["diffusers"] / row["guided"], 1)


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description="Microseconds per sampling step, without a model.")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    schedulers = diffusers_schedulers()
    rows: dict[str, dict[str, float]] = {}
    with torch.inference_mode():
        for name in SAMPLERS:
            runs = ours(name, arguments.steps)
            if name in schedulers:
                scheduler = schedulers[name]()
                runs["diffusers' run"] = theirs(scheduler, arguments.steps)
                runs["diffusers' set-up"] = partial(scheduler.set_timesteps, arguments.steps)
            rows[name] = medians_us(runs, arguments.steps, arguments.repeats)
            if name in schedulers:
                beside_diffusers(rows[name])
    report = {
        "question": "microseconds per step without the model",
        "shape": SHAPE,
        "steps": arguments.steps,
        "repeats": arguments.repeats,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "machine": platform.processor() or platform.machine(),
        "samplers": rows,
        "brownian noise per step": brownian_us(arguments.steps, arguments.repeats),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
