"""Reading a prompt as a `Plan`, back from the pictures that it saves."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.script.modelling import FamilyOf, ModelReader
from wirebrush.graph.script.plan import (
    DPM,
    FLOW_SCHEDULES,
    FLOWS,
    FLUX,
    LONGEST_FOR_T5,
    LONGEST_PROMPT,
    SAMPLERS,
    SCHEDULES,
    Control,
    FromFile,
    FromStage,
    Latents,
    NotPlain,
    Picture,
    Plan,
    Resized,
    Saved,
    Scaled,
    Stage,
)
from wirebrush.graph.script.reading import called, word

_MARKUP = re.compile(r"embedding:|<|\[|(?<!\\)[()]|\\[()]|\bBREAK\b|#|\{")
"""What the field reads as weights, embeddings, choices or comments in a prompt."""

_DEEPEST = 40
_RESIZES = ("nearest-exact", "bilinear", "bicubic", "lanczos", "area")
_LATENT_RESIZES = ("nearest-exact", "bilinear", "bicubic", "area")
_SMALLEST = 64
_SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustomAdvanced")


def plan_of(prompt: Prompt, catalog: Catalog, family_of: FamilyOf) -> Plan:
    """What the prompt does; NotPlain if diffusers has no words for it.

    `family_of(kind, name)` is the family of a model file, or empty if nobody knows.
    """
    reader = _Reader(prompt, catalog, family_of=family_of)
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
    stages = reader.finished()
    return Plan(reader.family, reader.models, stages, pictures, tuple(reader.guesses))


@dataclass
class _Reader(ModelReader):
    stages: list[Stage] = field(default_factory=list[Stage])
    _known: dict[str, int] = field(default_factory=dict[str, int])
    _uses: Counter[tuple[int, bool]] = field(default_factory=Counter[tuple[int, bool]])
    _painting: set[str] = field(default_factory=set[str])
    _depth: int = 0

    def finished(self) -> tuple[Stage, ...]:
        """The stages, now that it is known which of them hand on latents."""
        for at, stage in enumerate(self.stages):
            latent, shown = (at, True) in self._uses, (at, False) in self._uses
            if shown and (latent or stage.leftover):
                raise NotPlain("it shows a picture in between whose latent is painted on.")
            self.stages[at] = replace(stage, latent=latent)
        return tuple(self.stages)

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
        if kind in ("ImageScale", "ImageScaleBy", "ImageScaleToTotalPixels"):
            return self._resized(found)
        raise NotPlain(f"it uses {called(found)}.")

    def _resized(self, node: PromptNode) -> Picture:
        method = str(self.value(node, "upscale_method"))
        if method not in _RESIZES:
            raise NotPlain(f"it sizes pictures by {word(method)}.")
        if node.class_type == "ImageScaleBy":
            return Scaled(self.picture(node, "image"), method, by=self.number(node, "scale_by"))
        if node.class_type == "ImageScaleToTotalPixels":
            size = self.number(node, "megapixels")
            return Scaled(self.picture(node, "image"), method, megapixels=size)
        width, height = self.whole(node, "width"), self.whole(node, "height")
        if self.value(node, "crop", "disabled") != "disabled" or not width or not height:
            raise NotPlain("it cuts a picture to a size.")
        return Resized(self.picture(node, "image"), width, height, method)

    def _decoded(self, node: PromptNode) -> Picture:
        sampler, _ = self.above(node, "samples")
        at = self._painted(sampler)
        self.vae(node, self.stages[at].refiner)
        self._uses[at, False] += 1
        return FromStage(at)

    def _painted(self, sampler: PromptNode) -> int:
        """The stage that a sampler is."""
        if sampler.id not in self._known:
            if self._depth >= _DEEPEST:
                raise NotPlain("it is too long.")
            if sampler.id in self._painting:
                raise NotPlain("its nodes wait for each other in a circle.")
            self._painting.add(sampler.id)
            self._depth += 1
            stage = self._stage(sampler)  # which may paint others first
            self._depth -= 1
            self.stages.append(stage)
            self._known[sampler.id] = len(self.stages) - 1
        return self._known[sampler.id]

    # one painting

    def _stage(self, node: PromptNode) -> Stage:
        if node.class_type not in _SAMPLERS:
            raise NotPlain(f"it paints with {called(node)}.")
        custom = node.class_type == "SamplerCustomAdvanced"
        sampling = self._custom(node) if custom else self._ksampler(node)
        sampling = self._latent(sampling, node)  # first, as what is painted first is read first
        taken = self.above(node, "guider")[0] if custom else node
        loras, refiner = self.model(taken, "model")
        name = "conditioning" if custom else "positive"
        text, control, guidance, skip = self._condition(taken, name)
        stage = replace(
            sampling,
            prompt=text,
            negative="" if custom else self._negative(node, control),
            control=control,
            guidance=guidance,
            clip_skip=skip,
            loras=loras,
            refiner=refiner,
        )
        return self._checked(stage)

    def _ksampler(self, node: PromptNode) -> Stage:
        part = node.class_type == "KSamplerAdvanced"
        stage = Stage(
            prompt="",
            negative="",
            seed=self.whole(node, "noise_seed" if part else "seed"),
            steps=self.whole(node, "steps"),
            cfg=self.number(node, "cfg"),
            sampler=str(self.value(node, "sampler_name")),
            schedule=str(self.value(node, "scheduler")),
            denoise=1.0 if part else self.number(node, "denoise", 1.0),
        )
        return self._part(stage, node) if part else stage

    def _part(self, stage: Stage, node: PromptNode) -> Stage:
        """A part of the steps."""
        start, end = self.whole(node, "start_at_step"), self.whole(node, "end_at_step")
        leftover = str(self.value(node, "return_with_leftover_noise")) == "enable"
        fresh = str(self.value(node, "add_noise")) != "disable"
        if end < stage.steps and not leftover:
            raise NotPlain("one of its samplers ends early and takes all noise away at once.")
        if not 0 <= start < min(end, stage.steps):
            raise NotPlain("one of its samplers has nothing to do.")
        end = min(end, stage.steps)
        return replace(stage, begin=start, end=end, leftover=end < stage.steps, fresh=fresh)

    def _custom(self, node: PromptNode) -> Stage:
        """The sampler in parts: noise, guider, sampler, noise levels."""
        parts = {
            name: self.above(node, name)[0] for name in ("noise", "guider", "sampler", "sigmas")
        }
        usual = {"noise": "RandomNoise", "guider": "BasicGuider"}
        usual |= {"sampler": "KSamplerSelect", "sigmas": "BasicScheduler"}
        for name, part in parts.items():
            if part.class_type != usual[name]:
                raise NotPlain(f"it uses {called(part)}.")
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
            raise NotPlain(f"diffusers has no sampler that is the same as {word(stage.sampler)}.")
        if stage.schedule not in (FLOW_SCHEDULES if flow else SCHEDULES):
            raise NotPlain(f"diffusers has no noise schedule like {word(stage.schedule)}.")
        if stage.steps < 1 or not 0 < stage.denoise <= 1:
            raise NotPlain("one of its samplers has nothing to do.")
        if flow and (stage.start is not None or stage.control is not None):
            raise NotPlain(
                "only pictures from words are written plainly for this family of models."
            )
        self._check_part(stage)
        if stage.mask is not None and stage.control is not None:
            raise NotPlain("it paints into a mask with a ControlNet.")
        return stage

    def _check_part(self, stage: Stage) -> None:
        if stage.refiner and not isinstance(stage.start, Latents):
            raise NotPlain("SDXL's refiner begins it.")
        if stage.end is not None:
            if stage.mask is not None or stage.control is not None or self.family in FLOWS:
                raise NotPlain("it paints a part of the steps in a way that diffusers does not.")
            if not stage.fresh and not isinstance(stage.start, Latents):
                raise NotPlain("one of its samplers begins without noise.")
        if isinstance(stage.start, Latents):
            _check_handed(self.stages[stage.start.stage], stage, resized=bool(stage.start.method))

    def _latent(self, stage: Stage, node: PromptNode) -> Stage:
        found, _ = self.above(node, "latent_image")
        if found.class_type in ("EmptyLatentImage", "EmptySD3LatentImage"):
            if stage.denoise < 1 or stage.begin:
                raise NotPlain("it paints over an empty picture.")
            size = (self.whole(found, side) for side in ("width", "height", "batch_size"))
            return replace(stage, **dict(zip(("width", "height", "batch"), size, strict=True)))
        if found.class_type in ("LatentUpscale", "LatentUpscaleBy", *_SAMPLERS):
            return replace(stage, start=self._latents(found))
        mask: Picture | None = None
        if found.class_type == "SetLatentNoiseMask":
            mask = self.picture(found, "mask")
            found, _ = self.above(found, "samples")
        if found.class_type != "VAEEncode":
            raise NotPlain(f"it begins with {called(found)}.")
        start = self.picture(found, "pixels")
        self.vae(found, refiner=False)
        return replace(stage, start=start, mask=mask)

    def _latents(self, node: PromptNode) -> Latents:
        """The latents that another sampler has made, maybe at another size."""
        if node.class_type in _SAMPLERS:
            return self._handed(Latents(self._painted(node)))
        method = str(self.value(node, "upscale_method"))
        sampler, _ = self.above(node, "samples")
        if sampler.class_type not in _SAMPLERS or method not in _LATENT_RESIZES:
            raise NotPlain(f"it uses {called(node)}.")
        if node.class_type == "LatentUpscaleBy":
            factor = self.number(node, "scale_by")
            return self._handed(Latents(self._painted(sampler), method, by=factor))
        size = self.whole(node, "width"), self.whole(node, "height")
        if self.value(node, "crop", "disabled") != "disabled" or min(size) < _SMALLEST:
            raise NotPlain(f"it uses {called(node)}.")
        return self._handed(Latents(self._painted(sampler), method, size[0] // 8, size[1] // 8))

    def _handed(self, latents: Latents) -> Latents:
        self._uses[latents.stage, True] += 1
        return latents

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
            raise NotPlain(f"it uses {called(found)}.")
        return self._text(found), control, guidance, self.clip(found)

    def _negative(self, node: PromptNode, control: Control | None) -> str:
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
        if len(text) > (LONGEST_FOR_T5 if self.family in FLUX else LONGEST_PROMPT):
            raise NotPlain("one of its texts may be longer than diffusers reads.")
        return text

    def _control(self, node: PromptNode) -> Control:
        loader, _ = self.above(node, "control_net")
        if loader.class_type != "ControlNetLoader":
            raise NotPlain(f"it uses {called(loader)}.")
        name = str(self.value(loader, "control_net_name"))
        return Control(
            name,
            self.picture(node, "image"),
            self.number(node, "strength"),
            self.number(node, "start_percent", 0.0),
            self.number(node, "end_percent", 1.0),
        )


def _check_handed(before: Stage, stage: Stage, *, resized: bool) -> None:
    """Latents are handed on as the schedulers of diffusers hold them."""
    if stage.fresh == before.leftover or (before.leftover and resized):
        raise NotPlain("it hands noise on in a way that diffusers does not.")
    if not before.leftover:
        return
    same = (before.sampler in DPM) == (stage.sampler in DPM)
    if stage.sampler in DPM:  # its scheduler measures by the level
        parts = (before.steps, before.schedule, before.end)
        same = same and parts == (stage.steps, stage.schedule, stage.begin)
    if not same:
        raise NotPlain("two samplers that hold noise differently follow each other.")
