"""The calls that paint, one for each stage of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from wirebrush.graph.script.drawing import Drawing, count_of, drawn_stages
from wirebrush.graph.script.plan import (
    BROWNIAN,
    DPM,
    FLOWS,
    FLUX,
    RANDOM,
    SAMPLERS,
    TWICE,
    UNI_PC,
    Control,
    FromStage,
    Latents,
    Picture,
    Plan,
    Stage,
    Words,
    may_be_long,
)
from wirebrush.graph.script.weighting import token, with_tokens
from wirebrush.graph.script.writing import WIDTH, Code, Names, call, comment, folded, literal

PIPELINES = {
    "sd15": "StableDiffusion",
    "sd2": "StableDiffusion",
    "sdxl": "StableDiffusionXL",
    "sd3": "StableDiffusion3",
    "flux": "Flux",
    "schnell": "Flux",
}
_SHIFTS = {"sd3": 3.0, "flux": 3.1581929096897676, "schnell": 1.0}
"""How far each family's levels are bent towards noise; that of FLUX is e to the 1.15."""


@dataclass
class Painting:
    """Writes the stages. Classes go to `imports`, what stands at the top of the script to
    `constants`; `path` gives the constant for a file."""

    plan: Plan
    imports: set[str]
    path: Callable[[str, str, str], str]
    names: Names
    constants: dict[str, str] = field(default_factory=dict[str, str])
    _known: set[str] = field(default_factory=set[str])
    _said: dict[object, str] = field(default_factory=dict[object, str])

    def __post_init__(self) -> None:
        self.drawing = Drawing(self.plan, self.path, self.names)
        self._drawn = drawn_stages(self.plan)

    def lines(self) -> Iterator[str]:
        """All stages, in order."""
        yield from self._learnt()
        yield from self._loras()
        for at, stage in enumerate(self.plan.stages, 1):
            yield f"\n# Picture {at}\n" if len(self.plan.stages) > 1 else "\n# The picture\n"
            kind = "latents" if stage.latent else "pictures"
            yield from self._stage(f"{kind}_{at}", stage, drawn=at - 1 in self._drawn)

    def saving(self, picture: Picture, prefix: str) -> Iterator[str]:
        """Writes pictures to files that begin with a prefix."""
        painted = isinstance(picture, FromStage)
        if (
            painted
            and not self.plan.stages[picture.stage].latent
            and picture.stage not in self._drawn
        ):
            pictures = f"pictures_{picture.stage + 1}"
            yield f"for number, picture in enumerate({pictures}, start=1):\n"
            yield f'    picture.save(f"{prefix}_{{number:05}}.png")\n'
            return
        name = self.drawing.name(picture)
        yield from self.drawing.taken()
        yield call("save", Code(name), prefix) + "\n"

    def _constant(self, name: str, value: object, text: str) -> str:
        """A name at the top of the script for a value."""
        if (name, value) not in self._said:
            self._said[name, value] = found = self.names.new(name, upper=True)
            self.constants[found] = text
        return self._said[name, value]

    def _latents(self, latents: Latents, before: str) -> str:
        name = f"latents_{latents.stage + 1}"
        if not latents.method:
            return before + name
        size = f"({latents.height}, {latents.width})"
        if latents.by:
            size = f"[max(1, round(side * {latents.by!r})) for side in {name}.shape[-2:]]"
        options = {"size": Code(size), "mode": latents.method}
        return call("torch.nn.functional.interpolate", Code(name), named=options, before=before)

    def _learnt(self) -> Iterator[str]:
        for name in self.plan.learnt:
            path = self.path("EMBEDDING", "embeddings", name)
            if self.plan.family == "sdxl":
                yield f"vectors = load_file({path})\n"
            for encoder, key in (("", "clip_l"), ("_2", "clip_g")):
                if self.plan.family == "sdxl":
                    parts = {"token": token(name), "tokenizer": Code(f"pipe.tokenizer{encoder}")}
                    parts["text_encoder"] = Code(f"pipe.text_encoder{encoder}")
                    vectors = Code(f'vectors["{key}"]')
                    yield call("pipe.load_textual_inversion", vectors, named=parts) + "\n"
                elif not encoder:
                    parts = {"token": token(name)}
                    yield call("pipe.load_textual_inversion", Code(path), named=parts) + "\n"

    def _lora_names(self) -> list[str]:
        return list(dict.fromkeys(item.name for stage in self.plan.stages for item in stage.loras))

    def _loras(self) -> Iterator[str]:
        for number, name in enumerate(self._lora_names(), 1):
            path = self.path(f"LORA_{number}", "loras", name)
            adapter = {"adapter_name": f"lora_{number}"}
            yield call("pipe.load_lora_weights", Code(path), named=adapter) + "\n"

    def _bare_text(self, stage: Stage) -> Iterator[str]:
        """The negative text as encoders without LoRAs read it."""
        if not stage.bare:
            return
        yield "pipe.disable_lora()  # the negative text is read without LoRAs\n"
        text = self._text("NEGATIVE", stage.negative)
        names = "negative, _, pooled, _" if self.plan.family == "sdxl" else "negative, _"
        options: dict[str, Any] = {"device": Code("device"), "num_images_per_prompt": 1}
        options["do_classifier_free_guidance"] = False
        yield call("pipe.encode_prompt", text, named=options, before=f"{names} = ") + "\n"

    def _adapters(self, stage: Stage) -> Iterator[str]:
        """Which LoRAs paint this stage."""
        names = self._lora_names()
        if names and not stage.loras:
            yield "pipe.disable_lora()\n"
        elif names:
            used = [f"lora_{names.index(item.name) + 1}" for item in stage.loras]
            network = "unet" if self.plan.family not in FLOWS else "transformer"
            encoders = ["text_encoder", *(["text_encoder_2"] if self.plan.family == "sdxl" else [])]
            weights = [
                {network: item.model} | dict.fromkeys(encoders, item.clip) for item in stage.loras
            ]
            yield "pipe.enable_lora()\n"
            yield call("pipe.set_adapters", used, weights) + "\n"

    def _stage(self, name: str, stage: Stage, *, drawn: bool) -> Iterator[str]:
        yield from self._bare_text(stage)
        yield from self._adapters(stage)
        pipe = self._kind(stage)
        yield from self._variant(pipe, stage)
        texts, given = self._texts(pipe, stage)
        seed = self._constant("SEED", stage.seed, literal(stage.seed))
        yield from self._begin(stage, given)
        if self.plan.family in FLOWS:
            yield from self._flow(stage, given)
        else:
            yield from self._levels(pipe, stage, given, seed)
        yield from self._areas(stage)
        given["generator"] = Code(f'torch.Generator("cpu").manual_seed({seed})')
        if stage.latent or drawn:
            given["output_type"] = "latent" if stage.latent else "pt"
        yield call(pipe, *texts, named=given, before=f"{name} = ", after=".images") + "\n"
        if stage.areas:
            yield "del pipe.unet.forward  # from here on it reads one text again\n"

    def _areas(self, stage: Stage) -> Iterator[str]:
        """Which texts are read where."""
        if not stage.areas:
            return
        entries = [
            (self._words("PROMPT", item.words), item.place, float(item.strength))
            for item in stage.areas
        ]
        yield f"areas = {literal(entries, WIDTH - len('areas = '))}\n"
        layer = stage.areas[0].words.layer
        named = {} if layer is None else {"layer": layer}
        yield call("read_by_area", Code("pipe"), Code("areas"), named=named) + "\n"

    def _texts(self, pipe: str, stage: Stage) -> tuple[list[Code], dict[str, Any]]:
        """Both texts: as they are, or as what the encoders make of them."""
        plain = stage.prompt.plain, stage.negative.plain
        flow = self.plan.family in FLOWS
        if flow or None not in plain:
            given: dict[str, Any] = {"prompt": self._text("PROMPT", stage.prompt)}
            if stage.prompt.second not in (None, "".join(text for text, _ in stage.prompt.pieces)):
                second = Words(((stage.prompt.second or "", 1.0),))
                given["prompt_2"] = self._text("PROMPT_FOR_T5", second)
            if stage.bare:
                given["negative_prompt_embeds"] = Code("negative")
                if self.plan.family == "sdxl":
                    given["negative_pooled_prompt_embeds"] = Code("pooled")
            elif self.plan.family not in FLUX or stage.cfg != 1:
                given["negative_prompt"] = self._text("NEGATIVE", stage.negative)
            return [], given
        texts = self._words("PROMPT", stage.prompt), self._words("NEGATIVE", stage.negative)
        usual = -2 if self.plan.family == "sdxl" else -1
        layers = tuple(each.layer or usual for each in (stage.prompt, stage.negative))
        layer = {} if layers == (usual, usual) else {"layers": layers}
        whose = Code("refiner" if stage.refiner else "pipe")
        return [Code("**" + call("embed", whose, *texts, named=layer))], {}

    def _text(self, name: str, words: Words) -> Any:
        text = "".join(text for text, _ in words.pieces)
        text = with_tokens(text) if self.plan.learnt else text
        return Code(self._constant(name, text, folded(text, WIDTH - 4))) if text else ""

    def _words(self, name: str, words: Words) -> Any:
        pieces = words.pieces
        if self.plan.learnt:
            pieces = tuple((with_tokens(text), weight) for text, weight in pieces)
        pairs = [
            Code(folded(text, WIDTH - 5))
            if weight == 1
            else (Code(folded(text, WIDTH - 9)), round(weight, 6))
            for text, weight in pieces
        ]
        return Code(self._constant(name, pieces, literal(pairs))) if pairs else pairs

    def _kind(self, stage: Stage) -> str:
        if stage.refiner:
            return "refiner"
        control, image = "control_" if stage.controls else "", "image_" if stage.start else ""
        return f"{control}{image}pipe"

    def _variant(self, pipe: str, stage: Stage) -> Iterator[str]:
        """Another pipeline of the same models."""
        if pipe in ("pipe", "refiner") or (pipe in self._known and not stage.controls):
            return
        self._known.add(pipe)
        kind = "ControlNet" if stage.controls else ""
        pipeline = f"{PIPELINES[self.plan.family]}{kind}{'Img2Img' if stage.start else ''}Pipeline"
        self.imports.add(pipeline)
        parts: dict[str, Any] = {"torch_dtype": Code("dtype")}
        if stage.controls:
            networks = [self._control(item) for item in stage.controls]
            yield from (lines for _, lines in networks)
            names = [Code(each) for each, _ in networks]
            parts["controlnet"] = names[0] if len(names) == 1 else names
        yield call(f"{pipeline}.from_pipe", Code("pipe"), named=parts, before=f"{pipe} = ") + "\n"

    def _control(self, control: Control) -> tuple[str, str]:
        """The variable of a ControlNet, and the lines that load it the first time."""
        known = ("controlnet", control.name)
        if known in self._said:
            return self._said[known], ""
        name = self._said[known] = self.names.new("controlnet")
        path = self.path("CONTROLNET", "controlnet", control.name)
        self.imports.add("ControlNetModel")
        one = control.name.lower().endswith((".safetensors", ".sft", ".pth"))
        made = f"ControlNetModel.{'from_single_file' if one else 'from_pretrained'}"
        options = {"torch_dtype": Code("dtype")}
        line = call(made, Code(path), named=options, before=f"{name} = ", after=".to(device)")
        return name, line + "\n"

    def _levels(self, pipe: str, stage: Stage, given: dict[str, Any], seed: str) -> Iterator[str]:
        """A scheduler that goes through ComfyUI's levels."""
        kind, settings = SAMPLERS[stage.sampler]
        self.imports.add(kind)
        if stage.leftover and stage.sampler in DPM:
            settings = {**settings, "final_sigmas_type": "sigma_min", "lower_order_final": False}
        if stage.sampler == "dpmpp_sde":
            settings = {**settings, "noise_sampler_seed": Code(seed)}
        config = Code(f"{'refiner' if stage.refiner else 'pipe'}.scheduler.config")
        yield call(f"{kind}.from_config", config, named=settings, before="scheduler = ") + "\n"
        total = stage.steps
        if stage.end is not None:
            total = min(stage.end, stage.steps) - stage.begin
        yield _levels_of(stage) + "\n"
        if stage.sampler in UNI_PC:
            yield "levels[-1] = 0.001  # which is where this one ends in ComfyUI\n"
        visited: dict[str, Any] = {} if stage.fresh else {"noise": False}
        function = "visit_twice" if stage.sampler in TWICE else "visit"
        if stage.sampler == "dpmpp_sde":
            visited = {"middle": True}
        yield call(function, Code("scheduler"), Code("levels"), named=visited) + "\n"
        yield from self._changes(stage, seed)
        yield f"{pipe}.scheduler = scheduler\n"
        given["num_inference_steps"] = total
        given["guidance_scale"] = float(stage.cfg)
        yield from self._controls(stage, given)

    def _changes(self, stage: Stage, seed: str) -> Iterator[str]:
        """What else the scheduler does."""
        if stage.start is not None and stage.fresh and stage.denoise > 0.9999 and not stage.begin:
            yield "start_over(scheduler, levels)\n"
        if stage.mask is not None:
            yield f"paint_inside(scheduler, levels, {self._mask}, start, {seed})\n"
        if stage.sampler in RANDOM and stage.sampler not in BROWNIAN:
            yield f"draw_anew(scheduler, {seed})\n"

    def _controls(self, stage: Stage, given: dict[str, Any]) -> Iterator[str]:
        """What steers, how much, and when."""
        if not stage.controls:
            return
        hints: list[Code] = []
        for item in stage.controls:
            tall: int | str = "8 * start.shape[-2]" if stage.start else stage.height
            wide: int | str = "8 * start.shape[-1]" if stage.start else stage.width
            hints.append(Code(self.drawing.fitted(item.picture, wide, tall)))
        yield from self.drawing.taken()
        strengths = [float(item.strength) for item in stage.controls]
        one = len(hints) == 1
        given["image" if stage.start is None else "control_image"] = hints[0] if one else hints
        given["controlnet_conditioning_scale"] = strengths[0] if one else strengths
        if all((item.start, item.end) == (0, 1) for item in stage.controls):
            return
        parts = [(float(item.start), float(item.end)) for item in stage.controls]
        if one:
            start, end = parts[0]
            yield f"begin, end = acting(scheduler, levels, {start}, {end})\n"
            given |= {"control_guidance_start": Code("begin"), "control_guidance_end": Code("end")}
            return
        calls = [Code(f"acting(scheduler, levels, {start}, {end})") for start, end in parts]
        yield f"parts = {literal(calls, WIDTH - len('parts = '))}\n"
        for at, name in enumerate(("start", "end")):
            given[f"control_guidance_{name}"] = Code(f"[part[{at}] for part in parts]")

    def _flow(self, stage: Stage, given: dict[str, Any]) -> Iterator[str]:
        family, shift = self.plan.family, self.plan.models.shift
        self.imports.add("FlowMatchEulerDiscreteScheduler")
        made = call(
            "FlowMatchEulerDiscreteScheduler", named={"shift": 1.0}, before="pipe.scheduler = "
        )
        yield made + "\n"
        shift = _SHIFTS[family] if shift is None else shift
        resolution = 10_000 if family in FLUX else 1000
        named = {"steps": stage.steps, "shift": shift, "resolution": resolution}
        name = "flow" if stage.schedule == "simple" else stage.schedule
        levels = call(f"{name}_levels", named=named)
        given |= {"sigmas": Code(levels), "num_inference_steps": stage.steps}
        # to how many tokens ComfyUI fills a text up for T5
        given["max_sequence_length"] = 256 if family in FLUX else 77
        read = given.get("prompt_2", given["prompt"])
        if family in FLUX and isinstance(read, Code) and may_be_long(stage.prompt.longest):
            told = (
                "CLIP, which sums this text up, reads its first 77 tokens: the picture may differ a"
            )
            yield (
                comment(f"{told} little from ComfyUI's where they end within a short piece.") + "\n"
            )
            tokens = f"max(256, len(pipe.tokenizer_2({read}).input_ids))"
            given["max_sequence_length"] = Code(tokens)
        if family == "sd3":
            given["guidance_scale"] = float(stage.cfg)
            return
        if stage.cfg != 1:
            given["true_cfg_scale"] = float(stage.cfg)
        usual = 3.5 if family == "flux" else 0.0
        given["guidance_scale"] = usual if stage.guidance is None else float(stage.guidance)

    def _begin(self, stage: Stage, given: dict[str, Any]) -> Iterator[str]:
        """What the stage begins with."""
        if stage.start is None:
            given |= {"width": stage.width, "height": stage.height}
            if stage.batch != 1:
                given["num_images_per_prompt"] = stage.batch
            return
        if isinstance(stage.start, Latents):
            found = self._latents(stage.start, "start = ")
        else:
            found = f"start = encode({self.drawing.name(stage.start)})"
        if stage.mask is not None:
            self._mask = self.drawing.name(stage.mask)
        yield from self.drawing.taken()
        yield f"{found}\n"
        given |= {"image": Code("start"), "strength": 1.0}
        if count_of(self.plan, stage.start) != 1:
            given["num_images_per_prompt"] = Code("len(start)")


def _levels_of(stage: Stage) -> str:
    """A line that makes the noise levels of a stage."""
    steps, denoise, cut = stage.steps, stage.denoise, ""
    if stage.sampler in UNI_PC:  # ComfyUI leaves the last level before 0 out
        steps, denoise = int(stage.steps / stage.denoise) + 1, 1.0
        cut = "[:-1]" if steps == stage.steps + 1 else f"[{-stage.steps - 2}:-1]"
    elif stage.end is not None and (stage.begin or stage.end < steps):
        cut = f"[{stage.begin or ''}:{stage.end + 1 if stage.end < steps else ''}]"
    named: dict[str, Any] = {"steps": steps} | ({"denoise": denoise} if denoise < 1 else {})
    function = f"{stage.schedule}_levels"
    return call(function, Code("scheduler"), named=named, before="levels = ", after=cut)
