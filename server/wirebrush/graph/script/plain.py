"""A plan as a script of plain diffusers code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from wirebrush.graph.script.levels import flow_function, level_functions
from wirebrush.graph.script.painting import PIPELINES, Painting
from wirebrush.graph.script.plan import FLOWS, RANDOM, FromFile, Plan
from wirebrush.graph.script.writing import Code, call, comment, literal

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
        functions = "".join(self._functions())
        half = "bfloat16" if self.plan.family in FLOWS else "float16"
        constants = "".join(f"{name} = {literal(path)}\n" for name, path in self.paths.items())
        gap = "\n" if functions else ""
        return f"{self._head(body)}\n{constants}{functions}{gap}{_SETUP.format(half=half)}{body}"

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
        masks = "transparency(" in body
        pil = ["Image"] if "Image." in body or masks else []
        pil += ["ImageOps"] if masks else []
        lines = ["import torch", _from("diffusers", sorted(self.imports))]
        lines += [_from("PIL", pil)] if pil else []
        return "\n".join(told) + "\n\n" + "\n".join(lines) + "\n"

    def _functions(self) -> Iterator[str]:
        stages = self.plan.stages
        if self.plan.family in FLOWS:
            yield flow_function()
        else:
            yield level_functions(dict.fromkeys(stage.schedule for stage in stages))
        if any(stage.start is not None and stage.mask is None for stage in stages):
            yield _ENCODE
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
