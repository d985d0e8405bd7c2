"""The families of models as diffusers has them. A new family begins with a row here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from wirebrush.graph.script.plan import Family


@dataclass(frozen=True, slots=True)
class Flow:
    """How a family's noise levels are counted: bent by `shift` towards noise, in a table of
    `resolution` levels."""

    shift: float
    resolution: int = 1000


@dataclass(frozen=True, slots=True)
class Kind:
    """A family. `pipeline` begins the names of its pipelines; `network` is the class of a network
    that is in a file of its own; `published` are patterns of files' names, and the repositories
    in which what else belongs to such a network was published."""

    pipeline: str
    flow: Flow | None = None
    network: str = ""
    published: tuple[tuple[str, str], ...] = ()

    def repository(self, name: str) -> str:
        """Where what belongs to a network in a file of that name was published."""
        return next(place for pattern, place in self.published if re.search(pattern, name.lower()))


_FLUX = "FluxTransformer2DModel"
KINDS: Mapping[Family, Kind] = {
    "sd15": Kind("StableDiffusion"),
    "sd2": Kind("StableDiffusion"),
    "sdxl": Kind("StableDiffusionXL"),
    "sd3": Kind(
        "StableDiffusion3",
        Flow(3.0),
        "SD3Transformer2DModel",
        (
            (r"3[._]?5.*large.*turbo", "stabilityai/stable-diffusion-3.5-large-turbo"),
            (r"3[._]?5.*medium", "stabilityai/stable-diffusion-3.5-medium"),
            (r"medium", "stabilityai/stable-diffusion-3-medium-diffusers"),
            (r"", "stabilityai/stable-diffusion-3.5-large"),
        ),
    ),
    "flux": Kind(
        "Flux",
        Flow(3.1581929096897676, 10_000),  # e to the 1.15
        _FLUX,
        ((r"", "black-forest-labs/FLUX.1-dev"),),
    ),
    "schnell": Kind("Flux", Flow(1.0, 10_000), _FLUX, ((r"", "black-forest-labs/FLUX.1-schnell"),)),
}
"""By their names. SDXL's refiner only goes on with what SDXL has begun."""
