"""Lines that load the models of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wirebrush.graph.script.kinds import KINDS, is_one_file
from wirebrush.graph.script.page import Page
from wirebrush.graph.script.plan import Plan
from wirebrush.graph.script.writing import Code, call, comment, literal

_REFINER = "StableDiffusionXLImg2ImgPipeline"


class Loading:
    """Loads the pipeline, from one file or folder or from parts."""

    def __init__(self, plan: Plan, page: Page) -> None:
        self._plan = plan
        self._kind = KINDS[plan.family]
        self._page = page

    def lines(self) -> Iterator[str]:
        """All of them: `pipe`, and `refiner` if there is one."""
        models, family = self._plan.models, self._plan.family
        pipeline = self._kind.pipeline_for(models.sight)
        self._page.imports.add(pipeline)
        parts: dict[str, Any] = {"torch_dtype": Code("dtype")}
        if family in ("sd15", "sd2"):
            parts |= {"safety_checker": None, "requires_safety_checker": False}
        if models.vae:
            path = self._page.path("VAE", "vae", models.vae)
            yield self._part("vae", self._kind.vae, path, models.vae)
            parts["vae"] = Code("vae")
        name = models.checkpoint
        read = self._kind.whole and not (self._kind.network and _is_scaled(name))
        if name and not models.apart and (read or not is_one_file(name)):
            path = self._page.path("CHECKPOINT", "checkpoints", name)
            yield _loaded("pipe", pipeline, path, name, **parts)
        else:
            yield from self._from_network(pipeline, parts)
        yield "pipe.to(device)\n"
        if models.refiner:
            path = self._page.path("REFINER", "checkpoints", models.refiner)
            self._page.imports.add(_REFINER)
            parts.pop("vae", None)
            yield _loaded("refiner", _REFINER, path, models.refiner, **parts)
            yield "refiner.to(device)\n"

    def _from_network(self, pipeline: str, parts: dict[str, Any]) -> Iterator[str]:
        """A pipeline whose network is in a file of its own."""
        models = self._plan.models
        kind = "checkpoints" if models.checkpoint else "diffusion_models"
        name = models.checkpoint or models.network
        path = self._page.path("NETWORK", kind, name)
        yield self._part("network", self._kind.network, path, name, "transformer")
        yield comment("What else it needs comes from where the model was published.") + "\n"
        parts["transformer"] = Code("network")
        source = Code(self._source())
        yield call(f"{pipeline}.from_pretrained", source, named=parts, before="pipe = ") + "\n"

    def _part(self, variable: str, class_name: str, path: str, name: str, part: str = "") -> str:
        """A line that loads a part; of one file, diffusers must be told how it is built."""
        self._page.imports.add(class_name)
        more: dict[str, Any] = {}
        if is_one_file(name) and self._kind.published:
            more = {"config": Code(self._source()), "subfolder": part or variable}
        path = f"unscaled({path})" if _is_scaled(name) else path
        return _loaded(variable, class_name, path, name, **more, torch_dtype=Code("dtype"))

    def _source(self) -> str:
        """The constant for where the model was published."""
        models = self._plan.models
        source = self._kind.repository(models.checkpoint or models.network)
        return self._page.constant("SOURCE", source, literal(source))


def _is_scaled(name: str) -> bool:
    """Whether a file holds weights of 8 bits with factors beside them, by its name."""
    return is_one_file(name) and "scaled" in name.lower()


def _loaded(variable: str, kind: str, path: str, name: str, **parts: Any) -> str:
    """A line that loads a model: from a file, or from a folder in diffusers' layout."""
    method = "from_single_file" if is_one_file(name) else "from_pretrained"
    return call(f"{kind}.{method}", Code(path), named=parts, before=f"{variable} = ") + "\n"
