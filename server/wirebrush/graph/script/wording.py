"""Reading the conditions of a prompt: texts, and what else is put into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wirebrush.graph.prompt import PromptNode
from wirebrush.graph.script.kinds import FLUX, KINDS, SPEAKING, Family
from wirebrush.graph.script.picturing import PictureReader
from wirebrush.graph.script.plan import (
    LONGEST_FOR_SPEECH,
    LONGEST_FOR_T5,
    LUMINA2_TELLS,
    PROMPT_START,
    Area,
    Control,
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
SHOWING = ("InpaintModelConditioning", "InstructPixToPixConditioning")
"""What shows networks a picture beside what they paint."""

_ENCODES = ("CLIPTextEncode", "CLIPTextEncodeFlux", "CLIPTextEncodeLumina2")
_ONE_SIDE = ("FluxGuidance", "ReferenceLatent")
_AREAS = ("ConditioningCombine", "ConditioningSetArea")
_LAYERS: Mapping[Family, int] = {"sd15": -1, "sd2": -2, "sdxl": -2, "refiner": -2}
"""Which layer of CLIP a family reads, counted from the end as the field counts."""

_UNWEIGHTED = ("qwen_image", "z_image")
"""Families whose texts are read as they are, brackets and all."""

ClipLoras = tuple[tuple[str, float], ...]
"""The LoRAs on the text encoders, with their strengths."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One side of a sampler. `everywhere`: its ControlNets also act on the other side. `shown` is
    the node that shows the network a picture, `edited` the one that lets it edit one."""

    words: Words
    controls: tuple[Control, ...] = ()
    everywhere: bool = False
    guidance: float | None = None
    loras: ClipLoras = ()
    zero: bool = False
    shown: str = ""
    edited: str = ""
    areas: tuple[Area, ...] = ()


@dataclass
class TextReader(PictureReader):
    """Reads conditions. `learnt` are the learnt words that texts use."""

    learnt: list[str] = field(default_factory=list[str])

    def condition(self, node: PromptNode, name: str) -> Condition:
        """The condition at an input."""
        found, output = self.above(node, name)
        read = Condition(Words(), everywhere=True)
        while found.class_type in (*_ONE_SIDE, *SHOWING, *_APPLY):
            read, side = self._changed(read, found), "positive" if output == 0 else "negative"
            if found.class_type in (*_ONE_SIDE, "ControlNetApply"):
                side = "conditioning"
            found, output = self.above(found, side)
        if found.class_type in _AREAS and not read.controls and not read.shown:
            return self._in_areas(found)
        zero = found.class_type == "ConditioningZeroOut"
        if zero:
            found, _ = self.above(found, "conditioning")
        if found.class_type not in _ENCODES:
            raise NotPlain(f"it uses {called(found)}.")
        loras, layer = self.clip(found)
        if found.class_type == "CLIPTextEncodeFlux" and read.guidance is None:
            read = replace(read, guidance=self.number(found, "guidance"))
        return replace(read, words=self._encoded(found, layer), loras=loras, zero=zero)

    def _changed(self, read: Condition, node: PromptNode) -> Condition:
        """What a node makes of a condition. The last one is read first."""
        if node.class_type == "FluxGuidance":
            guidance = self.number(node, "guidance") if read.guidance is None else read.guidance
            return replace(read, guidance=guidance)
        if node.class_type == "ReferenceLatent":
            if read.edited:
                raise NotPlain("it edits more than one picture.")
            return replace(read, edited=node.id)
        if node.class_type in SHOWING:
            if read.shown:
                raise NotPlain("its model is shown two pictures.")
            return replace(read, shown=node.id)
        everywhere = read.everywhere and node.class_type == "ControlNetApply"
        return replace(read, controls=(*self._control(node), *read.controls), everywhere=everywhere)

    def _encoded(self, node: PromptNode, layer: int | None) -> Words:
        """The text that a node reads."""
        if node.class_type == "CLIPTextEncode":
            return self.words(node, "text", layer)
        if node.class_type == "CLIPTextEncodeFlux" and self.family in FLUX:
            second = self.words(node, "t5xxl", layer)
            return replace(self.words(node, "clip_l", layer), second=second.text)
        if node.class_type == "CLIPTextEncodeLumina2" and self.family == "lumina2":
            told = LUMINA2_TELLS.get(str(self.value(node, "system_prompt")), "")
            words = self.words(node, "user_prompt", layer)
            return replace(words, pieces=((told + PROMPT_START, 1.0), *words.pieces))
        raise NotPlain(f"it uses {called(node)}.")

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
        if self.family in _UNWEIGHTED:
            words = Words(((text, 1.0),) if text else (), layer)
        if self.family in _LAYERS:
            self.learnt += [name for name in learnt_words(words.pieces) if name not in self.learnt]
            return words
        if layer is not None or any(weight != 1 for _, weight in words.pieces):
            raise NotPlain("only texts without weights are written plainly for its models.")
        if learnt_words(words.pieces):
            raise NotPlain("its models know no learnt words.")
        if self._too_long(words):
            raise NotPlain("one of its texts may be longer than diffusers reads.")
        return words

    def _too_long(self, words: Words) -> bool:
        """Whether diffusers may cut a text off."""
        if self.family in SPEAKING:
            return len(words.text.encode("utf-8", "replace")) > LONGEST_FOR_SPEECH
        return len(words.text) > LONGEST_FOR_T5 if self.family in FLUX else words.plain is None

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
            return
        kind = KINDS.get(self.family) if self.family is not None else None
        wanted, type_ = kind.encoders if kind is not None else ("", "")
        if loader.class_type != wanted:
            raise NotPlain(f"it uses {called(loader)}.")
        if type_ and str(self.value(loader, "type")) != type_:
            raise NotPlain("its texts are read by another kind of encoder than its model's.")
        if self.family == "sd3":
            self.models = replace(self.models or Models(), apart=True)

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
