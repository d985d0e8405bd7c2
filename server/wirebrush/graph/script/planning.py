"""Reading a prompt as a `Plan`, back from the pictures that it saves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.script.limits import check_stage
from wirebrush.graph.script.modelling import FamilyOf, readable, with_vae
from wirebrush.graph.script.plan import (
    SAME,
    FromStage,
    Latents,
    Lora,
    Made,
    NotPlain,
    Picture,
    Plan,
    Saved,
    Stage,
    Words,
)
from wirebrush.graph.script.reading import called
from wirebrush.graph.script.sights import with_edited, with_sight
from wirebrush.graph.script.wording import SHOWING, Condition, TextReader

_DEEPEST = 40
_LATENT_RESIZES = ("nearest-exact", "bilinear", "bicubic", "area")
_SMALLEST = 64
_SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced")

_PARTS = {
    "noise": ("RandomNoise",),
    "guider": ("BasicGuider", "CFGGuider"),
    "sampler": ("KSamplerSelect",),
    "sigmas": ("BasicScheduler", "SDTurboScheduler"),
}
"""The parts of a sampler that are known."""


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
    models = readable(with_vae(reader.models, reader.vaes), reader.family)
    learnt, guesses = tuple(reader.learnt), tuple(reader.guesses)
    return Plan(reader.family, models, stages, pictures, learnt, guesses)


@dataclass
class _Reader(TextReader):
    stages: list[Stage] = field(default_factory=list[Stage])
    _known: dict[str, int] = field(default_factory=dict[str, int])
    _uses: Counter[tuple[int, bool]] = field(default_factory=Counter[tuple[int, bool]])
    _painting: set[str] = field(default_factory=set[str])

    def finished(self) -> tuple[Stage, ...]:
        """The stages, now that it is known which of them hand on latents."""
        for at, stage in enumerate(self.stages):
            latent, shown = (at, True) in self._uses, (at, False) in self._uses
            if shown and stage.leftover:
                raise NotPlain("it shows a picture that has noise left.")
            if shown and latent and stage.refiner:  # what is handed on is decoded by the other's
                raise NotPlain("it has more than one VAE.")
            self.stages[at] = replace(stage, latent=latent)
        return tuple(self.stages)

    def decoded(self, node: PromptNode) -> Picture:
        """The picture that a sampler has painted."""
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
        kind = node.class_type
        sampling = self._custom(node) if kind.startswith("SamplerCustom") else self._ksampler(node)
        sampling = self._latent(sampling, node)  # first, as what is painted first is read first
        custom = kind == "SamplerCustomAdvanced"
        taken = self.above(node, "guider")[0] if custom else node
        basic = custom and taken.class_type == "BasicGuider"
        loras, refiner = self.model(taken, "model")
        positive = self.condition(taken, "conditioning" if basic else "positive")
        negative = positive if basic else self.condition(taken, "negative")
        stage = replace(
            sampling,
            prompt=positive.words,
            negative=Words() if basic else _negative(sampling, positive, negative),
            controls=positive.controls,
            areas=positive.areas,
            guidance=positive.guidance,
            loras=_with_clip(loras, positive),
            refiner=refiner,
            bare=sampling.cfg != 1 and _is_bare(positive, negative),
        )
        stage = with_sight(self, stage, positive, negative)
        stage = with_edited(self, stage, positive)
        stage = replace(stage, sampler=SAME.get(stage.sampler, stage.sampler))
        assert self.family is not None  # the model was read before
        gradual = self.models is not None and self.models.gradual
        if gradual and stage.mask is not None:
            raise NotPlain("it uses DifferentialDiffusion.")
        check_stage(self.family, stage, self.stages)
        return stage

    def _ksampler(self, node: PromptNode) -> Stage:
        part = node.class_type == "KSamplerAdvanced"
        stage = Stage(
            prompt=Words(),
            negative=Words(),
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
        """A sampler in parts: noise, guider, sampler, noise levels."""
        advanced = node.class_type == "SamplerCustomAdvanced"
        names = ("noise", "guider", "sampler", "sigmas") if advanced else ("sampler", "sigmas")
        parts = {name: self.above(node, name)[0] for name in names}
        for name, part in parts.items():
            if part.class_type not in _PARTS[name]:
                raise NotPlain(f"it uses {called(part)}.")
        guider, levels = parts.get("guider", node), parts["sigmas"]
        if not advanced and not self.value(node, "add_noise", True):
            raise NotPlain("one of its samplers begins without noise.")
        turbo = levels.class_type == "SDTurboScheduler"
        if turbo and (self.number(levels, "denoise", 1.0) != 1 or self.whole(levels, "steps") > 10):
            raise NotPlain("it uses SDTurboScheduler over a picture.")
        return Stage(
            prompt=Words(),
            negative=Words(),
            seed=self.whole(parts.get("noise", node), "noise_seed"),
            steps=self.whole(levels, "steps"),
            cfg=1.0 if guider.class_type == "BasicGuider" else self.number(guider, "cfg"),
            sampler=str(self.value(parts["sampler"], "sampler_name")),
            schedule="turbo" if turbo else str(self.value(levels, "scheduler")),
            denoise=self.number(levels, "denoise", 1.0),
        )

    def _latent(self, stage: Stage, node: PromptNode) -> Stage:
        found, _ = self.above(node, "latent_image")
        if found.class_type in ("EmptyLatentImage", "EmptySD3LatentImage"):
            if stage.denoise < 1 or stage.begin:
                raise NotPlain("it paints over an empty picture.")
            width, height = (self.whole(found, side) // 8 * 8 for side in ("width", "height"))
            batch = self.whole(found, "batch_size")
            return replace(stage, width=width, height=height, batch=batch)
        mask: Picture | None = None
        if found.class_type == "SetLatentNoiseMask":
            mask = self.picture(found, "mask")
            found, _ = self.above(found, "samples")
        if found.class_type in SHOWING and mask is None:
            return self._canvas(stage, found)
        if found.class_type in ("LatentUpscale", "LatentUpscaleBy", *_SAMPLERS):
            return replace(stage, start=self._latents(found), mask=mask)
        if found.class_type not in ("VAEEncode", "VAEEncodeForInpaint"):
            raise NotPlain(f"it begins with {called(found)}.")
        start = self.picture(found, "pixels")
        self.vae(found, refiner=False)
        if found.class_type == "VAEEncodeForInpaint":
            grow = self.whole(found, "grow_mask_by", 6)
            arguments = (start, self.picture(found, "mask"), grow)
            start, mask = (Made("hollow", arguments, part) for part in (0, 1))
        return replace(stage, start=start, mask=mask)

    def _canvas(self, stage: Stage, node: PromptNode) -> Stage:
        """What comes with a picture that is shown: its latent, or an empty one like it."""
        self.vae(node, refiner=False)
        if node.class_type == "InstructPixToPixConditioning":
            if stage.denoise < 1 or stage.begin:
                raise NotPlain("it paints over an empty picture.")
            return stage
        pixels, mask = self.picture(node, "pixels"), None
        if self.value(node, "noise_mask", True):
            mask = Made("like", (self.picture(node, "mask"), pixels))
        return replace(stage, start=pixels, mask=mask)

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


def _with_clip(loras: tuple[Lora, ...], condition: Condition) -> tuple[Lora, ...]:
    """The LoRAs of a model, with the strengths that a text is read with."""
    strengths = dict(condition.loras)
    names = [item.name for item in loras]
    if not set(strengths) <= set(names) or len(set(names)) < len(names):
        raise NotPlain("its texts are read with other LoRAs than its model has.")
    return tuple(replace(item, clip=strengths.get(item.name, 0.0)) for item in loras)


def _is_bare(positive: Condition, negative: Condition) -> bool:
    """Whether the negative text is read without LoRAs, which else must be those of the other."""
    if negative.loras == positive.loras:
        return False
    if negative.loras or positive.areas or None in (positive.words.plain, negative.words.plain):
        raise NotPlain("its two texts are read with different LoRAs.")
    return True


def _negative(stage: Stage, positive: Condition, negative: Condition) -> Words:
    """The negative text; what follows pictures must do so on both sides."""
    if stage.cfg == 1 and not positive.zero and not positive.areas:  # nobody asks for it
        return Words()
    if negative.areas or (positive.areas and (negative.controls or stage.cfg == 1)):
        raise NotPlain("its negative text is for a part of the picture.")
    if negative.zero or positive.zero:
        raise NotPlain("it uses ConditioningZeroOut.")
    alike = negative.controls == positive.controls
    if not alike and (negative.controls or not positive.everywhere):
        raise NotPlain("the negative text follows other pictures than the positive one.")
    return negative.words
