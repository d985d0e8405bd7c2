"""Reading the conditions of a prompt: texts, and what else is put into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wirebrush.graph.prompt import PromptNode
from wirebrush.graph.script.picturing import PictureReader
from wirebrush.graph.script.plan import (
    FLUX,
    LONGEST_FOR_T5,
    Area,
    Control,
    Family,
    Models,
    NotPlain,
    Words,
)
from wirebrush.graph.script.reading import called, word
from wirebrush.graph.script.weighting import learnt_words, pieces_of

_CHOICES = re.compile(r"\{[^{}]*\||\bBREAK\b")
_OTHER_CONTROLS = re.compile(r"t2i|adapter|control[-_]lora|lllite|union|promax|inpaint")
"""Names of files that steer in other ways than ControlNets, or that read more than a picture."""

_APPLY = ("ControlNetApply", "ControlNetApplyAdvanced", "ControlNetApplySD3")
_AREAS = ("ConditioningCombine", "ConditioningSetArea")
_LAYERS: Mapping[Family, int] = {"sd15": -1, "sd2": -2, "sdxl": -2, "refiner": -2}
"""Which layer of CLIP a family reads, counted from the end as the field counts."""

ClipLoras = tuple[tuple[str, float], ...]
"""The LoRAs on the text encoders, with their strengths."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One side of a sampler. `everywhere`: its ControlNets also act on the other side."""

    words: Words
    controls: tuple[Control, ...] = ()
    everywhere: bool = False
    guidance: float | None = None
    loras: ClipLoras = ()
    zero: bool = False
    areas: tuple[Area, ...] = ()


@dataclass
class TextReader(PictureReader):
    """Reads conditions. `learnt` are the learnt words that texts use."""

    learnt: list[str] = field(default_factory=list[str])

    def condition(self, node: PromptNode, name: str) -> Condition:
        """The condition at an input."""
        found, output = self.above(node, name)
        controls: list[Control] = []
        guidance: float | None = None
        everywhere = True
        while found.class_type == "FluxGuidance" or found.class_type in _APPLY:
            side = "conditioning"
            if found.class_type == "FluxGuidance":
                guidance = self.number(found, "guidance") if guidance is None else guidance
            else:
                controls += self._control(found)
                if found.class_type != "ControlNetApply":
                    everywhere = False
                    side = "positive" if output == 0 else "negative"
            found, output = self.above(found, side)
        if found.class_type in _AREAS and not controls:
            return self._in_areas(found)
        zero = found.class_type == "ConditioningZeroOut"
        if zero:
            found, _ = self.above(found, "conditioning")
        for_flux = found.class_type == "CLIPTextEncodeFlux" and self.family in FLUX
        if found.class_type != "CLIPTextEncode" and not for_flux:
            raise NotPlain(f"it uses {called(found)}.")
        loras, layer = self.clip(found)
        words = self.words(found, "clip_l" if for_flux else "text", layer)
        if for_flux:
            guidance = self.number(found, "guidance") if guidance is None else guidance
            second = self.words(found, "t5xxl", layer)
            words = replace(words, second="".join(text for text, _ in second.pieces))
        return Condition(words, tuple(controls[::-1]), everywhere, guidance, loras, zero)

    def _in_areas(self, node: PromptNode) -> Condition:
        """Texts for parts of the picture. What is said last of where a text counts is true."""
        waiting: list[tuple[PromptNode, Area | None]] = [(node, None)]
        areas: list[Area] = []
        loras: set[ClipLoras] = set()
        while waiting:
            found, area = waiting.pop()
            if found.class_type == "ConditioningCombine":
                names = ("conditioning_2", "conditioning_1")
                waiting += [(self.above(found, name)[0], area) for name in names]
            elif found.class_type == "ConditioningSetArea":
                area = self._area(found) if area is None else area
                waiting.append((self.above(found, "conditioning")[0], area))
            elif self.family not in ("sd15", "sd2"):
                raise NotPlain("parts of a picture are written plainly for SD 1.5 and 2 only.")
            elif found.class_type == "CLIPTextEncode":
                on_clip, layer = self.clip(found)
                loras.add(on_clip)
                words = self.words(found, "text", layer)
                areas.append(replace(area or Area(words, None, 1.0), words=words))
            else:
                raise NotPlain(f"it combines conditions with {called(found)}.")
        if len(loras) > 1 or len({each.words.layer for each in areas}) > 1:
            raise NotPlain("its texts for parts of the picture are read in different ways.")
        return Condition(Words(), loras=loras.pop(), areas=tuple(areas))

    def _area(self, node: PromptNode) -> Area:
        left, top, width, height = (
            self.whole(node, name) // 8 for name in ("x", "y", "width", "height")
        )
        return Area(Words(), (left, top, width, height), self.number(node, "strength", 1.0))

    def words(self, node: PromptNode, name: str, layer: int | None) -> Words:
        """The text at an input."""
        text = self.value(node, name)
        if not isinstance(text, str):
            raise NotPlain("one of its texts is none.")
        if _CHOICES.search(text):
            raise NotPlain("its texts have choices or breaks in them.")
        words = Words(pieces_of(text), layer)
        if self.family in _LAYERS:
            self.learnt += [name for name in learnt_words(words.pieces) if name not in self.learnt]
            return words
        if layer is not None or any(weight != 1 for _, weight in words.pieces):
            raise NotPlain("only texts without weights are written plainly for its models.")
        if learnt_words(words.pieces):
            raise NotPlain("its models know no learnt words.")
        if self.family in FLUX and len(text) > LONGEST_FOR_T5:
            raise NotPlain("one of its texts may be longer than diffusers reads.")
        if self.family not in FLUX and words.plain is None:
            raise NotPlain("one of its texts may be longer than diffusers reads.")
        return words

    def clip(self, node: PromptNode) -> tuple[ClipLoras, int | None]:
        """The LoRAs on the text encoders at a node, and which layer is read if not the usual."""
        found, _ = self.above(node, "clip")
        loras: list[tuple[str, float]] = []
        layer: int | None = None
        while found.class_type in ("LoraLoader", "CLIPSetLastLayer"):
            if found.class_type == "LoraLoader":
                strength = self.number(found, "strength_clip")
                loras += [(str(self.value(found, "lora_name")), strength)] if strength else []
            elif layer is None:
                layer = self.whole(found, "stop_at_clip_layer")
            found, _ = self.above(found, "clip")
        self._check_clip(found)
        return tuple(loras[::-1]), self._layer(layer)

    def _check_clip(self, loader: PromptNode) -> None:
        """The text encoders must be those that the pipeline brings."""
        if loader.class_type == "CheckpointLoaderSimple":
            models = self.models
            name = str(self.value(loader, "ckpt_name"))
            if models is not None and name not in (models.checkpoint, models.refiner):
                raise NotPlain("its texts are read by another model's encoder.")
        elif loader.class_type == "TripleCLIPLoader" and self.family == "sd3":
            self.models = replace(self.models or Models(), apart=True)
        elif loader.class_type != "DualCLIPLoader" or self.family not in FLUX:
            raise NotPlain(f"it uses {called(loader)}.")

    def _layer(self, layer: int | None) -> int | None:
        """As diffusers counts layers: its text encoder of SD 2 lacks the last one."""
        usual = _LAYERS.get(self.family) if self.family is not None else None
        if layer is None or layer == usual:
            return None
        if usual is None or (self.family != "sd15" and layer > usual):
            raise NotPlain("it skips layers of its text encoder.")
        return layer + 1 if self.family == "sd2" else layer

    def _control(self, node: PromptNode) -> list[Control]:
        loader, _ = self.above(node, "control_net")
        if loader.class_type != "ControlNetLoader":
            raise NotPlain(f"it uses {called(loader)}.")
        name = str(self.value(loader, "control_net_name"))
        if _OTHER_CONTROLS.search(name.lower()):
            raise NotPlain(f"{word(name)} is no plain ControlNet.")
        control = Control(
            name,
            self.picture(node, "image"),
            self.number(node, "strength"),
            self.number(node, "start_percent", 0.0),
            self.number(node, "end_percent", 1.0),
        )
        return [control] if control.strength else []
