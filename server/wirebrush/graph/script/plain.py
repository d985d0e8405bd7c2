"""A plan as a script of plain diffusers code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from wirebrush.graph.script.levels import flow_functions, level_functions
from wirebrush.graph.script.painting import PIPELINES, Painting
from wirebrush.graph.script.plan import FLOWS, RANDOM, FromFile, Plan
from wirebrush.graph.script.writing import WIDTH, Code, call, comment, literal

Locate = Callable[[str, str], str]
"""Where a file of a kind lies, or where it should be put."""

_REPOSITORIES = {
    "flux": "black-forest-labs/FLUX.1-dev",
    "schnell": "black-forest-labs/FLUX.1-schnell",
}
_SETUP = """
device = "cuda" if torch.cuda.is_available() else "cpu"
dtype = torch.{half} if device == "cuda" else torch.float32
"""
_MISSING = """
missing = [path for path in ({names}) if not os.path.exists(path)]
if missing:
    raise SystemExit(
        f"Not found: {{', '.join(missing)}}. Put each file there, seen from {{os.getcwd()}}, "
        "or change its path at the top of this script."
    )
"""
_RESIZED = '''

def resized(picture, width, height, method):
    """A picture at another size."""
    if method == "lanczos":
        size, way = (width, height), Image.Resampling.LANCZOS
        bands = [band.convert("F").resize(size, way) for band in picture.split()]
        pixels = numpy.stack(bands, -1).round().clip(0, 255)
        return Image.fromarray(pixels.astype("uint8"))
    pixels = torch.from_numpy(numpy.array(picture)).movedim(-1, 0)[None] / 255
    pixels = torch.nn.functional.interpolate(pixels, size=(height, width), mode=method)
    pixels = (pixels[0].movedim(0, -1) * 255).round().clamp(0, 255)
    return Image.fromarray(pixels.byte().numpy())
'''
_SCALED = '''

def scaled(picture, factor):
    """The sides of a picture times a factor."""
    return [max(1, round(side * factor)) for side in picture.size]
'''
_WITH_MEGAPIXELS = '''

def with_megapixels(picture, megapixels):
    """The sides of a picture of so many times 1024 x 1024 pixels."""
    factor = (megapixels * 1024 * 1024 / (picture.width * picture.height)) ** 0.5
    return [max(1, round(side * factor)) for side in picture.size]
'''
_ENCODE = '''

def encoded(pictures):
    """Pictures as latents."""
    pixels = pipe.image_processor.preprocess(pictures).to(device, pipe.vae.dtype)
    return pipe.vae.encode(pixels).latent_dist.mode() * pipe.vae.config.scaling_factor
'''
_MASK = '''

def transparency(path):
    """Where a picture is transparent, as white on black."""
    return ImageOps.invert(Image.open(path).convert("RGBA").getchannel("A"))
'''


def plain_script(plan: Plan, locate: Locate) -> str:
    """The script. Its paths are what `locate` says."""
    return _Script(plan, locate).text()


@dataclass
class _Script:
    """The parts of the script; what is written last says what must be imported first."""

    plan: Plan
    locate: Locate
    imports: set[str] = field(default_factory=set[str])
    paths: dict[str, str] = field(default_factory=dict[str, str])

    def text(self) -> str:
        """All of it."""
        painting = Painting(self.plan, self.imports, self.path)
        body = "".join([*self._loading(), *painting.lines(), *self._saving()])
        functions = "".join(self._functions(body))
        half = "bfloat16" if self.plan.family in FLOWS else "float16"
        constants = "".join(f"{name} = {literal(path)}\n" for name, path in self.paths.items())
        gap = "\n" if functions else ""
        setup = _SETUP.format(half=half)
        return f"{self._head(body)}\n{constants}{self._check()}{functions}{gap}{setup}{body}"

    def _check(self) -> str:
        """What says which files are not there."""
        names = ", ".join(self.paths)
        text = _MISSING.format(names=names + ("," if len(self.paths) == 1 else ""))
        if len(text.split("\n")[1]) > WIDTH:
            rows = "".join(f"        {name},\n" for name in self.paths)
            within = "path\n    for path in (\n" + rows + "    )\n    if not os.path.exists(path)"
            text = _MISSING.format(names="@")
            start, end = text.index("["), text.index("]")
            text = f"{text[:start]}[\n    {within}\n{text[end:]}"
        return text if self.paths else ""

    def path(self, constant: str, kind: str, name: str) -> str:
        """The constant for a file."""
        path = self.locate(kind, name)
        known = {value: key for key, value in self.paths.items()}
        if path in known:
            return known[path]
        found, count = constant, 1
        while found in self.paths:
            count += 1
            found = f"{constant}_{count}"
        self.paths[found] = path
        return found

    def _head(self, body: str) -> str:
        loras = any(stage.loras for stage in self.plan.stages)
        needs = "torch, diffusers, transformers, accelerate" + (", peft" if loras else "")
        told = [comment(f"Written by Wirebrush. It needs {needs}, and no Wirebrush.")]
        if any(stage.sampler in RANDOM for stage in self.plan.stages):
            words = "Its sampler adds fresh noise at each step, which diffusers draws in another"
            told.append(comment(f"{words} order: the same kind of picture, not the same one."))
        told += [comment(words) for words in self.plan.guesses]
        masks, sized = "transparency(" in body, "resized(" in body
        pil = ["Image"] if "Image." in body or masks or sized else []
        pil += ["ImageOps"] if masks else []
        lines = ["import os\n"] if self.paths else []
        lines += ["import numpy"] if sized else []
        lines += ["import torch", _from("diffusers", sorted(self.imports))]
        lines += [_from("PIL", pil)] if pil else []
        return "\n".join(told) + "\n\n" + "\n".join(lines) + "\n"

    def _functions(self, body: str) -> Iterator[str]:
        stages = self.plan.stages
        schedules = dict.fromkeys(stage.schedule for stage in stages)
        if self.plan.family in FLOWS:
            yield flow_functions(schedules)
        else:
            yield level_functions(schedules, handed=not all(stage.fresh for stage in stages))
        helpers = {"resized": _RESIZED, "scaled": _SCALED, "with_megapixels": _WITH_MEGAPIXELS}
        helpers["encoded"] = _ENCODE
        yield from (text for name, text in helpers.items() if f"{name}(" in body)
        if any(isinstance(stage.mask, FromFile) for stage in stages):
            yield _MASK

    def _loading(self) -> Iterator[str]:
        models, family = self.plan.models, self.plan.family
        pipeline = f"{PIPELINES[family]}Pipeline"
        self.imports.add(pipeline)
        parts: dict[str, Any] = {"torch_dtype": Code("dtype")}
        if family == "sd15":
            parts |= {"safety_checker": None, "requires_safety_checker": False}
        if models.vae:
            path = self.path("VAE", "vae", models.vae)
            yield self._part("vae", "AutoencoderKL", path, models.vae)
            parts["vae"] = Code("vae")
        if models.checkpoint:
            path = self.path("CHECKPOINT", "checkpoints", models.checkpoint)
            yield loaded("pipe", pipeline, path, models.checkpoint, **parts)
        else:
            path = self.path("NETWORK", "diffusion_models", models.network)
            yield self._part("network", "FluxTransformer2DModel", path, models.network)
            yield comment("The text encoders come from where the model was published.") + "\n"
            source = _REPOSITORIES[family]
            parts["transformer"] = Code("network")
            yield call(f"{pipeline}.from_pretrained", source, named=parts, before="pipe = ") + "\n"
        yield "pipe.to(device)\n"
        if models.refiner:
            path = self.path("REFINER", "checkpoints", models.refiner)
            self.imports.add("StableDiffusionXLImg2ImgPipeline")
            parts.pop("vae", None)
            kind = "StableDiffusionXLImg2ImgPipeline"
            yield loaded("refiner", kind, path, models.refiner, **parts)
            yield "refiner.to(device)\n"

    def _part(self, variable: str, kind: str, path: str, name: str) -> str:
        self.imports.add(kind)
        return loaded(variable, kind, path, name, torch_dtype=Code("dtype"))

    def _saving(self) -> Iterator[str]:
        taken: set[str] = set()
        yield "\n"
        for item in self.plan.saved:
            prefix, count = _file_name(item.prefix), 1
            while prefix in taken:
                count += 1
                prefix = f"{_file_name(item.prefix)}_{count}"
            taken.add(prefix)
            pictures = Painting(self.plan, self.imports, self.path).pictures(item.picture)
            yield f"for number, picture in enumerate({pictures}, start=1):\n"
            yield f'    picture.save(f"{prefix}_{{number:05}}.png")\n'


def loaded(variable: str, kind: str, path: str, name: str, **parts: Any) -> str:
    """A line that loads a model: from a file, or from a folder in diffusers' layout."""
    one = name.lower().endswith((".safetensors", ".sft", ".ckpt", ".gguf"))
    method = "from_single_file" if one else "from_pretrained"
    return call(f"{kind}.{method}", Code(path), named=parts, before=f"{variable} = ") + "\n"


def _from(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 88:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _file_name(prefix: str) -> str:
    """A name that leads to no other folder, whatever the file says."""
    last = prefix.replace("\\", "/").rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9_. -]+", "_", last).strip("_. ")[:60] or "picture"
