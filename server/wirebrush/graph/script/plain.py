"""A plan as a script of plain diffusers code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wirebrush.graph.script.functions import FUNCTIONS, picture_functions
from wirebrush.graph.script.guides import GUIDES, guide_functions
from wirebrush.graph.script.kinds import FLOWS
from wirebrush.graph.script.levels import (
    EXTRAS,
    extra_functions,
    flow_functions,
    level_functions,
)
from wirebrush.graph.script.loading import Loading
from wirebrush.graph.script.page import Locate, Page
from wirebrush.graph.script.painting import Painting
from wirebrush.graph.script.plan import BROWNIAN, Plan
from wirebrush.graph.script.texting import text_functions
from wirebrush.graph.script.writing import WIDTH, Names, assigned, comment, literal

_SETUP = """
device = "cuda" if torch.cuda.is_available() else "cpu"
dtype = torch.{half} if device == "cuda" else torch.float32
"""
_NO_GRADIENTS = "torch.set_grad_enabled(False)  # nothing is trained here\n"
_KONTEXT = "PREFERRED_KONTEXT_RESOLUTIONS"
_VAE = "DiagonalGaussianDistribution"
_SURE = """\
# ComfyUI takes the middle of what a VAE sees in a picture, where diffusers draws from it.
DiagonalGaussianDistribution.sample = lambda seen, generator=None: seen.mode()
"""
_CHANGE = "Files, texts and seeds: change them as you like."
_PIECES = " Texts in pieces have weights, or are longer than CLIP reads at once."
_MISSING = """
missing = [path for path in ({names}) if not os.path.exists(path)]
if missing:
    raise SystemExit(
        f"Not found: {{', '.join(missing)}}. Put each file there, seen from {{os.getcwd()}}, "
        "or change its path at the top of this script."
    )
"""
_RESERVED = (
    "os math numpy torch Image ImageOps load_image load_file device dtype missing path pipe vae"
    " network refiner image_pipe control_pipe control_image_pipe editing_pipe scheduler levels"
    " start begin end parts number picture vectors negative pooled areas prompt prompt_mask"
    " negative_mask hole seen"
)


def plain_script(plan: Plan, locate: Locate) -> str:
    """The script. Its paths are what `locate` says."""
    return _Script(plan, locate).text()


class _Script:
    """The parts of the script; what is written last says what must be imported first."""

    def __init__(self, plan: Plan, locate: Locate) -> None:
        self.plan = plan
        self.page = Page(locate, Names({*_RESERVED.split(), *FUNCTIONS, *EXTRAS, *GUIDES}))

    def text(self) -> str:
        """All of it."""
        painting = Painting(self.plan, self.page)
        body = "".join(
            [*Loading(self.plan, self.page).lines(), *painting.lines(), *self._saving(painting)]
        )
        functions = "".join(self._functions(body))
        half = "bfloat16" if self.plan.family in FLOWS else "float16"
        constants = "".join(assigned(name, literal(path)) for name, path in self.page.paths.items())
        said = "".join(assigned(name, text) for name, text in self.page.constants.items())
        setup = _SETUP.format(half=half)
        if any(
            f"{name}(" in body
            for name in ("encode", "decode", "embed", "encode_prompt", "read_by_area")
        ):
            setup += _NO_GRADIENTS
        if self._encodes():
            setup += _SURE
        setup += "\n# The models\n"
        gap = "\n" if functions else ""
        head = self._head(setup + body + functions)
        told = _CHANGE + (_PIECES if "embed(" in body + functions else "")
        told = comment(told) + "\n" if constants else ""
        return f"{head}\n{told}{constants}{said}{self._check()}{functions}{gap}{setup}{body}"

    def _encodes(self) -> bool:
        """Whether a pipeline, and not the script, encodes pictures."""
        stages = self.plan.stages
        return self.plan.family in FLOWS and any(
            stage.start or stage.seen or stage.edited for stage in stages
        )

    def _check(self) -> str:
        """What says which files are not there."""
        names = ", ".join(self.page.paths)
        text = _MISSING.format(names=names + ("," if len(self.page.paths) == 1 else ""))
        if len(text.split("\n")[1]) > WIDTH:
            rows = "".join(f"        {name},\n" for name in self.page.paths)
            within = "path\n    for path in (\n" + rows + "    )\n    if not os.path.exists(path)"
            text = _MISSING.format(names="@")
            start, end = text.index("["), text.index("]")
            text = f"{text[:start]}[\n    {within}\n{text[end:]}"
        return text if self.page.paths else ""

    def _head(self, text: str) -> str:
        loras = any(stage.loras for stage in self.plan.stages)
        needs = "torch, diffusers, transformers, accelerate" + (", peft" if loras else "")
        if any(stage.sampler == "dpmpp_sde" for stage in self.plan.stages):
            needs += ", torchsde"
        told = [comment(f"Written by Wirebrush. It needs {needs}, and no Wirebrush.")]
        if any(stage.sampler in BROWNIAN for stage in self.plan.stages):
            words = "Its sampler adds fresh noise at each step, which diffusers draws in another"
            told.append(comment(f"{words} order: the same kind of picture, not the same one."))
        told += [comment(words) for words in self.plan.guesses]
        standard = ["math"] if "math." in text else []
        standard += ["os"] if self.page.paths else []
        others = [name for name in ("numpy",) if f"{name}." in text]
        lines = [*(f"import {name}" for name in standard), *([""] if standard else [])]
        lines += [*(f"import {name}" for name in others), "import torch"]
        lines.append(_from("diffusers", sorted(self.page.imports)))
        if _VAE in text:
            lines += [f"from diffusers.models.autoencoders.vae import {_VAE}"]
        if _KONTEXT in text:
            place = "diffusers.pipelines.flux.pipeline_flux_kontext"
            lines += [f"from {place} import (\n    {_KONTEXT},\n)"]
        lines += ["from diffusers.utils import load_image"] if "load_image(" in text else []
        pil = [name for name in ("Image", "ImageOps") if f"{name}." in text]
        lines += [_from("PIL", pil)] if pil else []
        lines += ["from safetensors.torch import load_file"] if "load_file(" in text else []
        return "\n".join(told) + "\n\n" + "\n".join(lines) + "\n"

    def _functions(self, body: str) -> Iterator[str]:
        stages, family = self.plan.stages, self.plan.family
        schedules = dict.fromkeys(stage.schedule for stage in stages)
        if family in FLOWS:
            yield flow_functions(schedules)
        else:
            yield level_functions(schedules, handed=not all(stage.fresh for stage in stages))
        yield extra_functions(body)
        yield guide_functions(body)
        areas = any(stage.areas for stage in stages)
        if "embed(" in body or areas:
            learnt = bool(self.plan.learnt)
            yield text_functions(both=family == "sdxl", learnt=learnt, areas=areas)
        yield from picture_functions(body, in_full=family == "sdxl")

    def _saving(self, painting: Painting) -> Iterator[str]:
        taken: set[str] = set()
        yield "\n"
        for item in self.plan.saved:
            prefix, count = _file_name(item.prefix), 1
            while prefix in taken:
                count += 1
                prefix = f"{_file_name(item.prefix)}_{count}"
            taken.add(prefix)
            yield from painting.saving(item.picture, prefix)


def _from(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 88:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _file_name(prefix: str) -> str:
    """A name that leads to no other folder, whatever the file says."""
    last = prefix.replace("\\", "/").rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9_. -]+", "_", last).strip("_. ")[:60] or "picture"
