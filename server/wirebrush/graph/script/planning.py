"""Reading a prompt as a `Plan`, back from the pictures that it saves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wirebrush.api import MISSING, Link
from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.script.plan import (
    FAMILIES,
    FLOW_SCHEDULES,
    FLOWS,
    FLUX,
    SAMPLERS,
    SCHEDULES,
    Control,
    Family,
    FromFile,
    FromStage,
    Lora,
    Models,
    NotPlain,
    Picture,
    Plan,
    Resized,
    Saved,
    Stage,
)

_LONGEST_PROMPT = 300
"""Letters: more may be over 77 tokens, where diffusers cuts a prompt off."""

_MARKUP = re.compile(r"embedding:|<|\[|(?<!\\)[()]|\\[()]|\bBREAK\b|#|\{")
"""What the field reads as weights, embeddings, choices or comments in a prompt."""

_DEEPEST = 40
_RESIZES = {
    "nearest-exact": "NEAREST",
    "bilinear": "BILINEAR",
    "bicubic": "BICUBIC",
    "lanczos": "LANCZOS",
    "area": "BOX",
}


def plan_of(prompt: Prompt, catalog: Catalog, family_of: Callable[[str, str], str]) -> Plan:
    """What the prompt does; NotPlain if diffusers has no words for it.

    `family_of(kind, name)` is the family of a model file, or empty if nobody knows.
    """
    reader = _Reader(prompt, catalog, family_of)
    sinks = [
        node for node in prompt.nodes.values() if node.class_type in ("SaveImage", "PreviewImage")
    ]
    saved = [node for node in sinks if node.class_type == "SaveImage"] or sinks
    if not saved:
        raise NotPlain("nothing in it saves a picture.")
    pictures = tuple(
        Saved(reader.picture(node, "images"), str(reader.value(node, "filename_prefix", "picture")))
        for node in saved
    )
    if reader.models is None or reader.family is None:
        raise NotPlain("nothing in it is painted by a model.")
    return Plan(reader.family, reader.models, tuple(reader.stages), pictures)


@dataclass
class _Reader:
    prompt: Prompt
    catalog: Catalog
    family_of: Callable[[str, str], str]
    stages: list[Stage] = field(default_factory=list[Stage])
    models: Models | None = None
    family: Family | None = None
    _known: dict[str, int] = field(default_factory=dict[str, int])
    _steps: int = 0
    _depth: int = 0

    # values and links

    def value(self, node: PromptNode, name: str, otherwise: Any = MISSING) -> Any:
        """The value of an input, or that of a new node."""
        found = node.inputs.get(name, MISSING)
        if isinstance(found, Link):
            raise NotPlain(f"the {name} of its {_called(node)} is computed by another node.")
        spec = self.catalog.spec(node.class_type)
        port = spec.port(name) if spec is not None else None
        if found is MISSING and port is not None:
            found = port.default
        found = otherwise if found is MISSING else found
        if found is MISSING:
            raise NotPlain(f"its {_called(node)} does not say its {name}.")
        return found

    def number(self, node: PromptNode, name: str, otherwise: Any = MISSING) -> float:
        """A value that is a number."""
        found = self.value(node, name, otherwise)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise NotPlain(f"the {name} of its {_called(node)} is no number.")
        return found

    def whole(self, node: PromptNode, name: str, otherwise: Any = MISSING) -> int:
        """A value that is a whole number."""
        return int(self.number(node, name, otherwise))

    def above(self, node: PromptNode, name: str) -> tuple[PromptNode, int]:
        """The node at an input, and which of its outputs it is."""
        link = node.inputs.get(name)
        found = self.prompt.nodes.get(link.node) if isinstance(link, Link) else None
        if found is None or not isinstance(link, Link):
            raise NotPlain(f"the {name} of its {_called(node)} is not connected.")
        self._steps += 1
        if self._steps > 20 * len(self.prompt.nodes) + 100:
            raise NotPlain("its nodes wait for each other in a circle.")
        return found, link.output

    # pictures

    def picture(self, node: PromptNode, name: str) -> Picture:
        """The picture at an input."""
        if self._depth >= _DEEPEST:
            raise NotPlain("it is too long.")
        self._depth += 1
        try:
            return self._made(*self.above(node, name))
        finally:
            self._depth -= 1

    def _made(self, found: PromptNode, output: int) -> Picture:
        kind = found.class_type
        if kind == "LoadImage":
            return FromFile(str(self.value(found, "image")), mask=output == 1)
        if kind == "LoadImageMask" and self.value(found, "channel", "alpha") == "alpha":
            return FromFile(str(self.value(found, "image")), mask=True)
        if kind == "VAEDecode":
            return self._decoded(found)
        if kind == "ImageScale" and self.value(found, "crop", "disabled") == "disabled":
            method = _RESIZES.get(str(self.value(found, "upscale_method")))
            size = self.whole(found, "width"), self.whole(found, "height")
            if method is not None and all(size):
                return Resized(self.picture(found, "image"), *size, method)
        raise NotPlain(f"it uses {_called(found)}.")

    def _decoded(self, node: PromptNode) -> Picture:
        sampler, _ = self.above(node, "samples")
        self._vae(node)
        if sampler.id not in self._known:
            stage = self._stage(sampler)  # which may paint others first
            self.stages.append(stage)
            self._known[sampler.id] = len(self.stages) - 1
        return FromStage(self._known[sampler.id])

    # one painting

    def _stage(self, node: PromptNode) -> Stage:
        if node.class_type == "KSampler":
            sampling = self._ksampler(node)
            model, positive, latent = node, node, node
        elif node.class_type == "SamplerCustomAdvanced":
            sampling = self._custom(node)
            positive, _ = self.above(node, "guider")
            model, latent = positive, node
        else:
            raise NotPlain(f"it paints with {_called(node)}.")
        loras, guidance = self._model(model, "model"), None
        name = "positive" if node.class_type == "KSampler" else "conditioning"
        text, control, guidance, skip = self._condition(positive, name)
        negative = ""
        if node.class_type == "KSampler":
            negative = self._negative(node, text, control)
        stage = replace(
            sampling,
            prompt=text,
            negative=negative,
            control=control,
            guidance=guidance,
            clip_skip=skip,
            loras=loras,
        )
        return self._checked(self._latent(stage, latent))

    def _ksampler(self, node: PromptNode) -> Stage:
        return Stage(
            prompt="",
            negative="",
            seed=self.whole(node, "seed"),
            steps=self.whole(node, "steps"),
            cfg=self.number(node, "cfg"),
            sampler=str(self.value(node, "sampler_name")),
            schedule=str(self.value(node, "scheduler")),
            denoise=self.number(node, "denoise", 1.0),
        )

    def _custom(self, node: PromptNode) -> Stage:
        """The sampler in parts: noise, guider, sampler, noise levels."""
        parts = {
            name: self.above(node, name)[0] for name in ("noise", "guider", "sampler", "sigmas")
        }
        usual = {"noise": "RandomNoise", "guider": "BasicGuider"}
        usual |= {"sampler": "KSamplerSelect", "sigmas": "BasicScheduler"}
        for name, part in parts.items():
            if part.class_type != usual[name]:
                raise NotPlain(f"it uses {_called(part)}.")
        return Stage(
            prompt="",
            negative="",
            seed=self.whole(parts["noise"], "noise_seed"),
            steps=self.whole(parts["sigmas"], "steps"),
            cfg=1.0,
            sampler=str(self.value(parts["sampler"], "sampler_name")),
            schedule=str(self.value(parts["sigmas"], "scheduler")),
            denoise=self.number(parts["sigmas"], "denoise", 1.0),
        )

    def _checked(self, stage: Stage) -> Stage:
        flow = self.family in FLOWS
        samplers = ("euler",) if flow else tuple(SAMPLERS)
        if stage.sampler not in samplers:
            raise NotPlain(f"diffusers has no sampler that is the same as {_word(stage.sampler)}.")
        if stage.schedule not in (FLOW_SCHEDULES if flow else SCHEDULES):
            raise NotPlain(f"diffusers has no noise schedule like {_word(stage.schedule)}.")
        if stage.steps < 1 or not 0 < stage.denoise <= 1:
            raise NotPlain("one of its samplers has nothing to do.")
        if flow and (stage.start is not None or stage.control is not None):
            raise NotPlain(
                "only pictures from words are written plainly for this family of models."
            )
        if stage.mask is not None and stage.control is not None:
            raise NotPlain("it paints into a mask with a ControlNet.")
        return stage

    def _latent(self, stage: Stage, node: PromptNode) -> Stage:
        name = "latent_image"
        found, _ = self.above(node, name)
        if found.class_type in ("EmptyLatentImage", "EmptySD3LatentImage"):
            if stage.denoise < 1:
                raise NotPlain("it paints over an empty picture.")
            size = (self.whole(found, side) for side in ("width", "height", "batch_size"))
            return replace(stage, **dict(zip(("width", "height", "batch"), size, strict=True)))
        mask: Picture | None = None
        if found.class_type == "SetLatentNoiseMask":
            mask = self.picture(found, "mask")
            found, _ = self.above(found, "samples")
        if found.class_type != "VAEEncode":
            raise NotPlain(f"it begins with {_called(found)}.")
        self._vae(found)
        return replace(stage, start=self.picture(found, "pixels"), mask=mask)

    # texts

    def _condition(
        self, node: PromptNode, name: str
    ) -> tuple[str, Control | None, float | None, int]:
        """The text, what follows a picture, the guidance and the skipped layers of a condition."""
        found, output = self.above(node, name)
        control: Control | None = None
        guidance: float | None = None
        if found.class_type == "FluxGuidance":
            guidance = self.number(found, "guidance")
            found, output = self.above(found, "conditioning")
        if found.class_type in ("ControlNetApply", "ControlNetApplyAdvanced"):
            control = self._control(found)
            side = "conditioning" if found.class_type == "ControlNetApply" else None
            side = side or ("positive" if output == 0 else "negative")
            found, _ = self.above(found, side)
        if found.class_type != "CLIPTextEncode":
            raise NotPlain(f"it uses {_called(found)}.")
        return self._text(found), control, guidance, self._clip(found)

    def _negative(self, node: PromptNode, positive: str, control: Control | None) -> str:
        found, _ = self.above(node, "negative")
        if found.class_type == "ConditioningZeroOut":
            if self.number(node, "cfg") != 1:
                raise NotPlain("it uses ConditioningZeroOut.")
            return ""
        text, other, _, _ = self._condition(node, "negative")
        if other is not None and other != control:
            raise NotPlain("the negative text follows another picture than the positive one.")
        return text

    def _text(self, node: PromptNode) -> str:
        text = self.value(node, "text")
        if not isinstance(text, str):
            raise NotPlain("one of its texts is none.")
        if _MARKUP.search(text):
            raise NotPlain("its texts have weights, embeddings or choices in them.")
        if len(text) > _LONGEST_PROMPT:
            raise NotPlain("one of its texts may be longer than diffusers reads.")
        return text

    def _control(self, node: PromptNode) -> Control:
        loader, _ = self.above(node, "control_net")
        if loader.class_type != "ControlNetLoader":
            raise NotPlain(f"it uses {_called(loader)}.")
        name = str(self.value(loader, "control_net_name"))
        return Control(
            name,
            self.picture(node, "image"),
            self.number(node, "strength"),
            self.number(node, "start_percent", 0.0),
            self.number(node, "end_percent", 1.0),
        )

    # models

    def _model(self, node: PromptNode, name: str) -> tuple[Lora, ...]:
        loras: list[Lora] = []
        shift: float | None = None
        found, _ = self.above(node, name)
        while found.class_type in ("LoraLoader", "LoraLoaderModelOnly", "ModelSamplingSD3"):
            if found.class_type == "ModelSamplingSD3":
                shift = self.number(found, "shift")
            else:
                clip = found.class_type == "LoraLoader"
                loras.append(
                    Lora(
                        str(self.value(found, "lora_name")),
                        self.number(found, "strength_model"),
                        self.number(found, "strength_clip") if clip else 0.0,
                    )
                )
            found, _ = self.above(found, "model")
        if found.class_type == "CheckpointLoaderSimple":
            self._use(Models(checkpoint=str(self.value(found, "ckpt_name")), shift=shift))
        elif found.class_type == "UNETLoader":
            self._use(Models(network=str(self.value(found, "unet_name")), shift=shift))
        else:
            raise NotPlain(f"it uses {_called(found)}.")
        return tuple(reversed(loras))

    def _use(self, models: Models) -> None:
        """All stages must be painted by one model."""
        before = self.models or Models()
        if self.family is not None and replace(before, vae="") != models:
            raise NotPlain("it paints with more than one model.")
        kind, name = "checkpoints", models.checkpoint
        if not name:
            kind, name = "diffusion_models", models.network
        known: Mapping[str, Family] = {key: key for key in FAMILIES}
        family = known.get(self.family_of(kind, name))
        if family is None:
            raise NotPlain(f"nobody here knows what kind of model {_word(name)} is.")
        if models.network and family not in FLUX:
            raise NotPlain("its model is in parts.")
        self.models, self.family = replace(models, vae=before.vae), family

    def _vae(self, node: PromptNode) -> None:
        found, _ = self.above(node, "vae")
        if found.class_type == "CheckpointLoaderSimple":
            return
        if found.class_type != "VAELoader":
            raise NotPlain(f"it uses {_called(found)}.")
        name = str(self.value(found, "vae_name"))
        before = self.models or Models()
        if before.vae not in ("", name):
            raise NotPlain("it has more than one VAE.")
        self.models = replace(before, vae=name)

    def _clip(self, node: PromptNode) -> int:
        """How many layers of the text encoder are skipped."""
        found, _ = self.above(node, "clip")
        skip = 0
        while found.class_type in ("LoraLoader", "CLIPSetLastLayer"):
            if found.class_type == "CLIPSetLastLayer":
                skip = -self.whole(found, "stop_at_clip_layer") - 1
            found, _ = self.above(found, "clip")
        loaders = ("CheckpointLoaderSimple", *(["DualCLIPLoader"] if self.family in FLUX else []))
        if found.class_type not in loaders:
            raise NotPlain(f"it uses {_called(found)}.")
        if skip and self.family != "sd15":
            raise NotPlain("it skips layers of its text encoder.")
        return max(0, skip)


def _called(node: PromptNode) -> str:
    return _word(node.class_type)


def _word(name: str) -> str:
    """A name from the file, as far as it may stand in a sentence."""
    words = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(words.split())[:60] or "a node without a name"
