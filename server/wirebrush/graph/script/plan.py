"""What a prompt does, in the words of diffusers: pictures painted one after another by one
pipeline. Graphs that say more than these records can are `NotPlain`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Family: TypeAlias = Literal["sd15", "sdxl", "sd3", "flux", "schnell"]
FAMILIES: tuple[Family, ...] = ("sd15", "sdxl", "sd3", "flux", "schnell")

SAMPLERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "euler": ("EulerDiscreteScheduler", {"timestep_spacing": "leading"}),
    "ddim": ("EulerDiscreteScheduler", {"timestep_spacing": "leading"}),
    "euler_ancestral": ("EulerAncestralDiscreteScheduler", {"timestep_spacing": "leading"}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {"final_sigmas_type": "zero"}),
    "dpmpp_2m_sde": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "sde-dpmsolver++", "final_sigmas_type": "zero"},
    ),
}
"""The scheduler class of diffusers that takes the same steps, and its settings. Without eta, DDIM
is Euler's method."""

RANDOM = frozenset({"euler_ancestral", "dpmpp_2m_sde"})
"""Those that add fresh noise at each step: diffusers draws it in another order."""

SCHEDULES = frozenset({"normal", "simple", "karras", "exponential", "sgm_uniform"})
FLOW_SCHEDULES = frozenset({"simple"})
FLUX = frozenset({"flux", "schnell"})
FLOWS = frozenset({"sd3", *FLUX})


class NotPlain(Exception):
    """Why a prompt cannot be said in plain diffusers code, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Models:
    """Which files the pipeline is made of: names of the kinds they are kept under."""

    checkpoint: str = ""
    network: str = ""
    vae: str = ""
    shift: float | None = None


@dataclass(frozen=True, slots=True)
class Lora:
    """A LoRA with its strengths."""

    name: str
    model: float
    clip: float


@dataclass(frozen=True, slots=True)
class FromFile:
    """A picture that is loaded. `mask`: its transparency is meant."""

    name: str
    mask: bool = False


@dataclass(frozen=True, slots=True)
class FromStage:
    """What a stage has painted."""

    stage: int


@dataclass(frozen=True, slots=True)
class Resized:
    """A picture at another size."""

    picture: Picture
    width: int
    height: int
    method: str


Picture: TypeAlias = "FromFile | FromStage | Resized"


@dataclass(frozen=True, slots=True)
class Control:
    """A ControlNet and the picture that it follows."""

    name: str
    picture: Picture
    strength: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One call of the pipeline. `start` is the picture it begins with, if it is no new one."""

    prompt: str
    negative: str
    seed: int
    steps: int
    cfg: float
    sampler: str
    schedule: str
    denoise: float
    width: int = 0
    height: int = 0
    batch: int = 1
    start: Picture | None = None
    mask: Picture | None = None
    loras: tuple[Lora, ...] = ()
    control: Control | None = None
    guidance: float | None = None
    clip_skip: int = 0


@dataclass(frozen=True, slots=True)
class Saved:
    """A picture that is written to a file."""

    picture: Picture
    prefix: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of it."""

    family: Family
    models: Models
    stages: tuple[Stage, ...]
    saved: tuple[Saved, ...]
