"""What the families share that were trained as straight-line flows (Lipman et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor
from torch.nn.functional import pad

from wirebrush_diffusion.families.family import Family, Plan, Sampling
from wirebrush_diffusion.files.layout import Layout, layout_by_rules
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import FlowSchedule


def to_patches(x: Tensor, patch: int) -> Tensor:
    """A latent whose sides are whole patches: odd ones are continued from the other end."""
    height, width = x.shape[-2:]
    if height % patch == 0 and width % patch == 0:
        return x
    return pad(x, (0, -width % patch, 0, -height % patch), mode="circular")


@dataclass(slots=True, eq=False)
class JointModel(DiffusionModel):
    """Words and places attend to each other (Esser et al. 2024, arXiv:2403.03206)."""

    @property
    def attends_across(self) -> bool:
        return False

    @property
    def context_width(self) -> int | None:
        return self.config.joint_attention_dim


class FlowFamily(Family):
    """A transformer whose files are read by a table of names."""

    marks: ClassVar[tuple[str, ...]]
    """Names that only this family has: one for each spelling."""
    ignored: ClassVar[tuple[str, ...]] = ()
    shift: ClassVar[float] = 1.0
    """How far the schedule is bent towards noise, unless a configuration says otherwise."""
    resolution: ClassVar[int] = 1000
    """How many levels the schedule's table has; the field has 10,000 for FLUX."""

    def plan(self, file: WeightFile, prefix: str) -> Plan | None:
        if not any(prefix + mark in file for mark in self.marks):
            return None
        return self.planned(layout_by_rules(file, prefix, self.rules, self.ignored))

    def planned(self, layout: Layout) -> Plan:
        """The configuration, from the shapes by the network's own names."""
        raise NotImplementedError

    def sampling(self, hints: Mapping[str, Any]) -> Sampling:
        stated = hints.get("shift")
        dynamic = bool(hints.get("use_dynamic_shifting", False))
        shift = self.shift if stated is None or dynamic else float(stated)
        return Sampling(Prediction.FLOW, FlowSchedule(shift, resolution=self.resolution))
