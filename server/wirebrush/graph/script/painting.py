"""The calls that paint, one for each stage of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from wirebrush.graph.script.plan import (
    DPM,
    FLOWS,
    FLUX,
    LONGEST_PROMPT,
    SAMPLERS,
    FromFile,
    FromStage,
    Latents,
    Picture,
    Plan,
    Resized,
    Scaled,
    Stage,
)
from wirebrush.graph.script.writing import Code, call, comment, literal

PIPELINES = {
    "sd15": "StableDiffusion",
    "sdxl": "StableDiffusionXL",
    "sd3": "StableDiffusion3",
    "flux": "Flux",
    "schnell": "Flux",
}
_SHIFTS = {"sd3": 3.0, "flux": 3.1581929096897676, "schnell": 1.0}
"""How far each family's levels are bent towards noise; that of FLUX is e to the 1.15."""


@dataclass
class Painting:
    """Writes the stages. Classes go to `imports`; `path` gives the constant for a file."""

    plan: Plan
    imports: set[str]
    path: Callable[[str, str, str], str]
    _known: set[str] = field(default_factory=set[str])

    def lines(self) -> Iterator[str]:
        """All stages, in order."""
        yield from self._loras()
        for at, stage in enumerate(self.plan.stages, 1):
            yield f"\n# Picture {at}\n" if len(self.plan.stages) > 1 else "\n"
            kind = "latents" if stage.latent else "pictures"
            yield from self._stage(f"{kind}_{at}", stage)

    def pictures(self, picture: Picture) -> str:
        """An expression for the list of pictures that one stands for."""
        if isinstance(picture, FromStage):
            return f"pictures_{picture.stage + 1}"
        if isinstance(picture, FromFile):
            path = self.path("PICTURE", "image", picture.name)
            return (
                f"[transparency({path})]"
                if picture.mask
                else f'[Image.open({path}).convert("RGB")]'
            )
        if isinstance(picture, Resized):
            size = f"{picture.width}, {picture.height}"
        elif picture.by:
            size = f"*scaled(each, {picture.by!r})"
        else:
            size = f"*with_megapixels(each, {picture.megapixels!r})"
        before = self.pictures(picture.picture)
        return f'[resized(each, {size}, "{picture.method}") for each in {before}]'

    def _start(self, start: Picture | Latents) -> str:
        return self._latents(start) if isinstance(start, Latents) else self.pictures(start)

    def _latents(self, latents: Latents) -> str:
        name = f"latents_{latents.stage + 1}"
        if not latents.method:
            return name
        size = f"({latents.height}, {latents.width})"
        if latents.by:
            size = f"[max(1, round(side * {latents.by!r})) for side in {name}.shape[-2:]]"
        options = {"size": Code(size), "mode": latents.method}
        return call("torch.nn.functional.interpolate", Code(name), named=options)

    def _count(self, start: Picture | Latents | None) -> int:
        """How many pictures one stands for."""
        while isinstance(start, Resized | Scaled):
            start = start.picture
        if start is None or isinstance(start, FromFile):
            return 1
        stage = self.plan.stages[start.stage]
        return stage.batch if stage.start is None else self._count(stage.start)

    def _one(self, picture: Picture) -> str:
        found = self.pictures(picture)
        return found[1:-1] if isinstance(picture, FromFile) else f"{found}[0]"

    def _names(self) -> list[str]:
        return list(dict.fromkeys(item.name for stage in self.plan.stages for item in stage.loras))

    def _loras(self) -> Iterator[str]:
        for number, name in enumerate(self._names(), 1):
            path = self.path(f"LORA_{number}", "loras", name)
            adapter = {"adapter_name": f"lora_{number}"}
            yield call("pipe.load_lora_weights", Code(path), named=adapter) + "\n"

    def _adapters(self, stage: Stage) -> Iterator[str]:
        """Which LoRAs paint this stage."""
        names = self._names()
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

    def _stage(self, name: str, stage: Stage) -> Iterator[str]:
        yield from self._adapters(stage)
        pipe = "pipe"
        if stage.start is not None or stage.control is not None:
            pipe = self._kind(stage)
            if not stage.refiner:
                yield from self._variant(pipe, stage)
        given: dict[str, Any] = {"prompt": stage.prompt}
        if self.plan.family in FLOWS:
            yield from self._flow(stage, given)
        else:
            yield from self._levels(pipe, stage, given)
        yield from self._begin(stage, given)
        given["generator"] = Code(f'torch.Generator("cpu").manual_seed({stage.seed})')
        if stage.latent:
            given["output_type"] = "latent"
        yield call(pipe, named=given, before=f"{name} = ", after=".images") + "\n"

    def _kind(self, stage: Stage) -> str:
        if stage.control is not None:
            return "control_pipe"
        if stage.refiner:
            return "refiner"
        return "inpaint_pipe" if stage.mask is not None else "image_pipe"

    def _variant(self, pipe: str, stage: Stage) -> Iterator[str]:
        """Another pipeline of the same models."""
        parts: dict[str, Any] = {"torch_dtype": Code("dtype")}
        kind = {"control_pipe": "ControlNet", "inpaint_pipe": "Inpaint", "image_pipe": "Img2Img"}
        pipeline = f"{PIPELINES[self.plan.family]}{kind[pipe]}Pipeline"
        self.imports.add(pipeline)
        if stage.control is not None:
            path = self.path("CONTROLNET", "controlnet", stage.control.name)
            self.imports.add("ControlNetModel")
            one = stage.control.name.lower().endswith((".safetensors", ".sft"))
            method = "from_single_file" if one else "from_pretrained"
            made = f"ControlNetModel.{method}"
            options = {"torch_dtype": Code("dtype")}
            yield (
                call(made, Code(path), named=options, before="controlnet = ", after=".to(device)")
                + "\n"
            )
            parts["controlnet"] = Code("controlnet")
        elif pipe in self._known:
            return
        self._known.add(pipe)
        made = call(f"{pipeline}.from_pipe", Code("pipe"), named=parts, before=f"{pipe} = ")
        yield f"{made}\n"

    def _levels(self, pipe: str, stage: Stage, given: dict[str, Any]) -> Iterator[str]:
        """A scheduler that goes through ComfyUI's levels."""
        kind, settings = SAMPLERS[stage.sampler]
        self.imports.add(kind)
        if stage.leftover and stage.sampler in DPM:
            settings = {**settings, "final_sigmas_type": "sigma_min", "lower_order_final": False}
        total, denoise = stage.steps, stage.denoise
        if stage.mask is not None and denoise < 1:
            total, denoise = int(stage.steps / stage.denoise), 1.0
            given["strength"] = round((stage.steps + 0.5) / total, 6)
        elif stage.start is not None:
            given["strength"] = 1.0
        config = Code(f"{'refiner' if stage.refiner else 'pipe'}.scheduler.config")
        yield call(f"{kind}.from_config", config, named=settings, before="scheduler = ") + "\n"
        part = {"denoise": denoise} if denoise < 1 else {}
        levels = call(f"{stage.schedule}_levels", Code("scheduler"), named={"steps": total} | part)
        if stage.end is not None and (stage.begin or stage.end < total):
            begin = stage.begin or ""
            levels += f"[{begin}:{stage.end + 1 if stage.end < total else ''}]"
            total = stage.end - stage.begin
        visited: dict[str, Any] = {} if stage.fresh else {"noise": False}
        yield call("visit", Code("scheduler"), Code(levels), named=visited) + "\n"
        yield f"{pipe}.scheduler = scheduler\n"
        given |= {"negative_prompt": stage.negative, "num_inference_steps": total}
        given["guidance_scale"] = float(stage.cfg)
        if stage.clip_skip:
            given["clip_skip"] = stage.clip_skip

    def _flow(self, stage: Stage, given: dict[str, Any]) -> Iterator[str]:
        family, shift = self.plan.family, self.plan.models.shift
        self.imports.add("FlowMatchEulerDiscreteScheduler")
        yield (
            call(
                "FlowMatchEulerDiscreteScheduler", named={"shift": 1.0}, before="pipe.scheduler = "
            )
            + "\n"
        )
        shift = _SHIFTS[family] if shift is None else shift
        resolution = 10_000 if family in FLUX else 1000
        named = {"steps": stage.steps, "shift": shift, "resolution": resolution}
        name = "flow" if stage.schedule == "simple" else stage.schedule
        levels = call(f"{name}_levels", named=named)
        given |= {"sigmas": Code(levels), "num_inference_steps": stage.steps}
        # to how many tokens ComfyUI fills a text up for T5
        given["max_sequence_length"] = 256 if family in FLUX else 77
        if family in FLUX and len(stage.prompt) > LONGEST_PROMPT:
            yield from self._long(stage.prompt, given)
        if family == "sd3":
            given |= {"negative_prompt": stage.negative, "guidance_scale": float(stage.cfg)}
            return
        if stage.cfg != 1:
            given |= {"negative_prompt": stage.negative, "true_cfg_scale": float(stage.cfg)}
        usual = 3.5 if family == "flux" else 0.0
        given["guidance_scale"] = usual if stage.guidance is None else float(stage.guidance)

    def _long(self, prompt: str, given: dict[str, Any]) -> Iterator[str]:
        """A text that T5 reads whole, and CLIP, which sums it up, only its beginning."""
        told = "CLIP, which sums this text up, reads its first 77 tokens: the picture may differ a"
        yield comment(f"{told} little from ComfyUI's where they end within a short piece.") + "\n"
        yield f"prompt = {literal(prompt)}\n"
        given["prompt"] = Code("prompt")
        tokens = "max(256, len(pipe.tokenizer_2(prompt).input_ids))"
        given["max_sequence_length"] = Code(tokens)

    def _begin(self, stage: Stage, given: dict[str, Any]) -> Iterator[str]:
        """What the stage begins with, and what it follows."""
        if stage.start is None:
            given |= {"width": stage.width, "height": stage.height}
            if stage.batch != 1:
                given["num_images_per_prompt"] = stage.batch
        elif isinstance(stage.start, Latents) or stage.mask is None:
            latent = isinstance(stage.start, Latents)
            found = self._start(stage.start)
            yield f"start = {found}\n"
            given["image"] = Code("start" if latent else "encoded(start)")
            if self._count(stage.start) != 1:
                given["num_images_per_prompt"] = Code("len(start)")
        else:
            yield f"start = {self._one(stage.start)}\n"
            given |= {"image": Code("start"), "mask_image": Code(self._one(stage.mask))}
            given |= {"width": Code("start.width"), "height": Code("start.height")}
        if stage.control is not None:
            given["image"] = Code(self._one(stage.control.picture))
            given["controlnet_conditioning_scale"] = float(stage.control.strength)
            given["control_guidance_start"] = float(stage.control.start)
            given["control_guidance_end"] = float(stage.control.end)
