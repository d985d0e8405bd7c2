"""What a prompt does, in the words of diffusers: pictures painted one after another by one
pipeline. Graphs that say more than these records can are `NotPlain`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from wirebrush.graph.script.kinds import Family, Sight

_UNI_PC = {"solver_order": 3, "final_sigmas_type": "zero"}
SAMPLERS: Mapping[str, tuple[str, Mapping[str, str | int]]] = {
    "euler": ("EulerDiscreteScheduler", {"timestep_spacing": "leading"}),
    "ddim": ("EulerDiscreteScheduler", {"timestep_spacing": "leading"}),
    "euler_ancestral": ("EulerAncestralDiscreteScheduler", {"timestep_spacing": "leading"}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {"final_sigmas_type": "zero"}),
    "res_multistep": (
        "DPMSolverMultistepScheduler",
        {"solver_type": "heun", "final_sigmas_type": "zero"},
    ),
    "dpmpp_2m_sde": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "sde-dpmsolver++", "final_sigmas_type": "zero"},
    ),
    "heun": ("HeunDiscreteScheduler", {"timestep_spacing": "leading"}),
    "dpmpp_sde": ("DPMSolverSDEScheduler", {"timestep_spacing": "leading"}),
    "uni_pc": ("UniPCMultistepScheduler", _UNI_PC | {"solver_type": "bh1"}),
    "uni_pc_bh2": ("UniPCMultistepScheduler", _UNI_PC | {"solver_type": "bh2"}),
}
"""The scheduler class of diffusers that takes the same steps, and its settings. Without eta, DDIM
is Euler's method."""

SAME: Mapping[str, str] = {
    "ddpm": "euler_ancestral",
    "dpmpp_sde_gpu": "dpmpp_sde",
    "dpmpp_2m_sde_gpu": "dpmpp_2m_sde",
}
"""Other names of samplers."""

RANDOM = frozenset({"euler_ancestral", "dpmpp_2m_sde", "dpmpp_sde"})
"""Those that add fresh noise at each step."""

BROWNIAN = frozenset({"dpmpp_2m_sde", "dpmpp_sde"})
"""Those of them whose noise ComfyUI takes from a random walk, which diffusers does not."""

DPM = frozenset({"dpmpp_2m", "dpmpp_2m_sde", "res_multistep"})
"""Those whose schedulers hold a picture and its noise as one of variance 1."""

TWICE = frozenset({"heun", "dpmpp_sde"})
"""Those that ask the model twice at each step."""

UNI_PC = frozenset({"uni_pc", "uni_pc_bh2"})

FLOW_SAMPLERS = ("euler", "dpmpp_2m", "res_multistep")
"""Those that flows are painted with. In flows, too, they measure by the level alone."""

SCHEDULES = frozenset({"turbo", "normal", "simple", "karras", "exponential", "sgm_uniform"})
FLOW_SCHEDULES = frozenset({"simple", "sgm_uniform", "normal"})
LONGEST_FOR_SPEECH = 2000
"""Bytes: more may be over 1024 tokens, which is all that Qwen-Image reads in diffusers."""
LONGEST_FOR_T5 = 1000
"""Letters: more may be over 512 tokens, which is all that FLUX reads."""
LUMINA2_TELLS: Mapping[str, str] = {
    "superior": "You are an assistant designed to generate superior images with the superior "
    "degree of image-text alignment based on textual prompts or user prompts.",
    "alignment": "You are an assistant designed to generate high-quality images with the highest "
    "degree of image-text alignment based on textual prompts.",
}
"""What Lumina 2's authors put before every text while they trained; its node names them so."""
PROMPT_START = " <Prompt Start> "
_LONGEST, _SHORTEST_TOKEN = 65, 4


def may_be_long(text: str) -> bool:
    """Whether a text may have more than 75 tokens, where diffusers cuts it off."""
    words = [len(word) for word in re.findall(r"[a-z]+", text.lower())]
    others = "".join(re.findall(r"[^a-z\s]", text.lower())).encode("utf-8", "replace")
    return sum(-(-length // _SHORTEST_TOKEN) for length in words) + len(others) > _LONGEST


class NotPlain(Exception):
    """Why a prompt cannot be said in plain diffusers code, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Models:
    """Which files the pipeline is made of: names of the kinds they are kept under. `apart`: the
    text encoders are in files of their own. `renorm`: how many times as strong as the answer to
    the prompt RenormCFG lets what guidance makes of it be. `gradual`: DifferentialDiffusion says
    what masks mean. `sight` is what the network sees beside what it paints. A node may give the
    flow's levels another `shift`, and the table that they are taken from its length (`levels`)."""

    checkpoint: str = ""
    network: str = ""
    vae: str = ""
    refiner: str = ""
    shift: float | None = None
    levels: int | None = None
    renorm: float | None = None
    gradual: bool = False
    apart: bool = False
    sight: Sight = ""


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
class Made:
    """What a function of the script makes of pictures, masks and numbers. Functions that give
    several things have a `part`."""

    function: str
    arguments: tuple[Argument, ...]
    part: int | None = None


Picture: TypeAlias = "FromFile | FromStage | Made"
"""Pictures or masks."""
Argument: TypeAlias = "Picture | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Latents:
    """What a stage hands on without making a picture of it. With a `method`, at another size:
    `width` x `height` positions, else `by` a factor."""

    stage: int
    method: str = ""
    width: int = 0
    height: int = 0
    by: float = 0.0


@dataclass(frozen=True, slots=True)
class Control:
    """A ControlNet and the picture that it follows."""

    name: str
    picture: Picture
    strength: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Words:
    """A text: pieces with their weights. `layer` of the encoder is read, counted from the end.
    `second` is what FLUX's T5 reads instead."""

    pieces: tuple[tuple[str, float], ...] = ()
    layer: int | None = None
    second: str | None = None

    @property
    def text(self) -> str:
        """The text without its weights."""
        return "".join(text for text, _ in self.pieces)

    @property
    def longest(self) -> str:
        """The longer one of the texts."""
        return max(self.text, self.second or "", key=len)

    @property
    def plain(self) -> str | None:
        """The text, if it can be given as it is."""
        if self.layer is not None or any(weight != 1 for _, weight in self.pieces):
            return None
        return None if may_be_long(self.text) else self.text


@dataclass(frozen=True, slots=True)
class Area:
    """A text for a part of a picture: left, top, width and height in cells of 8 pixels, or None
    for the whole."""

    words: Words
    place: tuple[int, int, int, int] | None
    strength: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One call of the pipeline. `start` is what it begins with, if that is no empty picture.

    `begin` and `end` are the steps that it takes of them all; None takes them all. `fresh`: noise
    is added first; `leftover`: some is left; `latent`: it hands on latents, and no pictures.
    `bare`: its negative text is read without LoRAs. `seen` is the picture, and `hole` the mask of
    the hole in it, that the network sees beside what it paints; `edited` is a picture that it sees
    as if it stood next to that.
    """

    prompt: Words
    negative: Words
    seed: int
    steps: int
    cfg: float
    sampler: str
    schedule: str
    denoise: float
    width: int = 0
    height: int = 0
    batch: int = 1
    start: Picture | Latents | None = None
    mask: Picture | None = None
    seen: Picture | None = None
    hole: Picture | None = None
    edited: Picture | None = None
    loras: tuple[Lora, ...] = ()
    controls: tuple[Control, ...] = ()
    areas: tuple[Area, ...] = ()
    guidance: float | None = None
    begin: int = 0
    end: int | None = None
    fresh: bool = True
    leftover: bool = False
    latent: bool = False
    refiner: bool = False
    bare: bool = False


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
    learnt: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
