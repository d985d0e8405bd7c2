"""LoRAs: they are loaded once, and each stage is painted with its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirebrush.graph.script.kinds import FLOWS, SPEAKING
from wirebrush.graph.script.page import Page
from wirebrush.graph.script.plan import Plan, Stage
from wirebrush.graph.script.writing import Code, call


@dataclass
class Loras:
    """The LoRAs of a plan."""

    plan: Plan
    page: Page

    def __post_init__(self) -> None:
        stages = self.plan.stages
        self._names = list(dict.fromkeys(item.name for stage in stages for item in stage.loras))

    def loading(self) -> Iterator[str]:
        """Lines that load them all."""
        for number, name in enumerate(self._names, 1):
            path = self.page.path(f"LORA_{number}", "loras", name)
            adapter = {"adapter_name": f"lora_{number}"}
            yield call("pipe.load_lora_weights", Code(path), named=adapter) + "\n"

    def chosen(self, stage: Stage) -> Iterator[str]:
        """Lines that say which of them paint a stage."""
        if self._names and not stage.loras:
            yield "pipe.disable_lora()\n"
        elif self._names:
            used = [f"lora_{self._names.index(item.name) + 1}" for item in stage.loras]
            family = self.plan.family
            network = "unet" if family not in FLOWS else "transformer"
            encoders = [] if family in SPEAKING else ["text_encoder"]
            encoders += ["text_encoder_2"] if family == "sdxl" else []
            weights = [
                {network: item.model} | dict.fromkeys(encoders, item.clip) for item in stage.loras
            ]
            yield "pipe.enable_lora()\n"
            yield call("pipe.set_adapters", used, weights) + "\n"
