"""Reading which models a prompt paints with."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from math import exp
from typing import get_args

from wirebrush.graph.prompt import PromptNode
from wirebrush.graph.script.families import sight_of_name
from wirebrush.graph.script.guessing import guessed_family
from wirebrush.graph.script.kinds import KINDS, Family, Sight, is_one_file
from wirebrush.graph.script.plan import Lora, Models, NotPlain
from wirebrush.graph.script.reading import Reader, called, word

FamilyOf = Callable[[str, str], str]
"""The family of a model file of a kind, with what it sees after a space ("flux hole"), or empty if
nobody can look into it."""


_SHIFTS: Mapping[str, int] = {
    "ModelSamplingSD3": 1000,
    "ModelSamplingAuraFlow": 1000,
    "ModelSamplingFlux": 10_000,
}
"""Nodes that bend a flow's levels, with the length of the table that they bring."""

_CHANGES = ("LoraLoader", "LoraLoaderModelOnly", "RenormCFG", "DifferentialDiffusion", *_SHIFTS)
"""Nodes that change a model in a way that is known."""

_FAMILIES: Mapping[str, Family] = {name: name for name in get_args(Family)}
_SIGHTS: Mapping[str, Sight] = {name: name for name in get_args(Sight)}

_VAES: Mapping[str, str] = {"CheckpointLoaderSimple": "ckpt_name", "VAELoader": "vae_name"}
"""The nodes that load a VAE, and the input that says which."""

_STEEPEST = 20.0
_TWO_VAES = "it has more than one VAE."


@dataclass
class ModelReader(Reader):
    """Reads the models of a prompt. `guesses` are sentences about families that are guessed,
    `vaes` are the VAEs that encode and decode, as the input that names one and the name."""

    family_of: FamilyOf = lambda kind, name: ""
    models: Models | None = None
    family: Family | None = None
    guesses: list[str] = field(default_factory=list[str])
    vaes: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def model(self, node: PromptNode, name: str) -> tuple[tuple[Lora, ...], bool]:
        """The LoRAs on the model at an input, without their strengths for texts, and whether it is
        SDXL's refiner."""
        loras: list[Lora] = []
        models = Models()
        found, _ = self.above(node, name)
        while found.class_type in _CHANGES:
            if found.class_type in _SHIFTS:  # the last one counts, and is the first here
                shift = self._shift(found) if models.shift is None else models.shift
                levels = models.levels or _SHIFTS[found.class_type]
                models = replace(models, shift=shift, levels=levels)
            elif found.class_type == "RenormCFG":
                models = replace(models, renorm=self._renorm(found, models))
            elif found.class_type == "DifferentialDiffusion":
                models = replace(models, gradual=True)
            else:
                loras.append(self._lora(found))
            found, _ = self.above(found, "model")
        refiner = self._use(self._file(models, found))
        if refiner and loras:
            raise NotPlain("it puts a LoRA on SDXL's refiner.")
        return tuple(reversed(loras)), refiner

    def _file(self, models: Models, loader: PromptNode) -> Models:
        """The models with the file that a node loads."""
        if loader.class_type == "CheckpointLoaderSimple":
            return replace(models, checkpoint=str(self.value(loader, "ckpt_name")))
        if loader.class_type != "UNETLoader":
            raise NotPlain(f"it uses {called(loader)}.")
        stored = str(self.value(loader, "weight_dtype", "default"))
        if stored != "default":
            raise NotPlain(f"the weights of its model are kept as {word(stored)}.")
        return replace(models, network=str(self.value(loader, "unet_name")))

    def _shift(self, node: PromptNode) -> float:
        """How far levels are bent towards noise."""
        if node.class_type != "ModelSamplingFlux":
            return self.number(node, "shift")
        low, high = self.number(node, "base_shift", 0.5), self.number(node, "max_shift", 1.15)
        size = self.number(node, "width", 1024) * self.number(node, "height", 1024)
        return exp(min(low + (high - low) * (size / 256 - 256) / (4096 - 256), _STEEPEST))

    def _renorm(self, node: PromptNode, models: Models) -> float:
        if models.renorm is not None or self.number(node, "cfg_trunc", 100.0) <= 1:
            raise NotPlain("it uses RenormCFG for a part of the steps, or twice.")
        return self.number(node, "renorm_cfg", 1.0)

    def _lora(self, node: PromptNode) -> Lora:
        name = str(self.value(node, "lora_name"))
        return Lora(name, self.number(node, "strength_model"), 0.0)

    def _use(self, models: Models) -> bool:
        """All stages must be painted by one model; or the last ones by SDXL's refiner."""
        before = self.models or Models()
        if self.family is not None and _bare(before) == models:
            return False
        if before.refiner and before.refiner == models.checkpoint:
            return True
        kind, name = "checkpoints", models.checkpoint
        if not name:
            kind, name = "diffusion_models", models.network
        family, sight = self._family(kind, name)
        if family == "refiner" and self.family == "sdxl" and not before.refiner:
            self.models = replace(before, refiner=name)
            return True
        if self.family is not None:
            raise NotPlain("it paints with more than one model.")
        if family == "refiner":
            raise NotPlain("it paints with SDXL's refiner alone.")
        _check_changes(replace(models, sight=sight), family)
        self.models, self.family = replace(models, sight=sight), family
        return False

    def _family(self, kind: str, name: str) -> tuple[Family, Sight]:
        said, _, sight = self.family_of(kind, name).partition(" ")
        if said in _FAMILIES and sight in _SIGHTS:
            return _FAMILIES[said], _SIGHTS[sight]
        guessed = guessed_family(self.prompt, kind, name)
        if guessed is None:
            raise NotPlain(f"nobody here knows what kind of model {word(name)} is.")
        family, reason = guessed
        told = f"{word(name)} is not here: that its kind is {family} is guessed from {reason}."
        if told not in self.guesses:
            self.guesses.append(told)
        return family, sight_of_name(name)

    def vae(self, node: PromptNode, refiner: bool) -> None:
        """Notes the VAE at a node; the refiner's stages are read by its own."""
        found, _ = self.above(node, "vae")
        if found.class_type not in _VAES:
            raise NotPlain(f"it uses {called(found)}.")
        place = _VAES[found.class_type]
        vae = place, str(self.value(found, place))
        if not refiner:
            self.vaes.add(vae)
        elif self.models is None or vae != ("ckpt_name", self.models.refiner):
            raise NotPlain(_TWO_VAES)


def with_vae(models: Models, vaes: Collection[tuple[str, str]]) -> Models:
    """The models with the one VAE that is used, which is the checkpoint's own or in a file."""
    if len(vaes) > 1:
        raise NotPlain(_TWO_VAES)
    for place, name in vaes:
        if place == "vae_name":
            return replace(models, vae=name)
        if name != models.checkpoint:
            raise NotPlain("its VAE is that of another checkpoint.")
    return models


def readable(models: Models, family: Family) -> Models:
    """The models, without a VAE that diffusers cannot read but that comes with the others."""
    own = KINDS[family].own_vae
    if not own or not is_one_file(models.vae):
        return models
    if not re.search(own, models.vae.lower()):
        raise NotPlain(f"diffusers cannot read {word(models.vae)} from one file.")
    return replace(models, vae="")


def _bare(models: Models) -> Models:
    """What a sampler's own nodes say of its models."""
    return replace(models, refiner="", apart=False, sight="")


def _check_changes(models: Models, family: Family) -> None:
    """What is done to a model must be known of its family."""
    if models.network and not KINDS[family].network:
        raise NotPlain("its model is in parts.")
    if models.shift is not None and KINDS[family].flow is None:
        raise NotPlain("it changes the noise levels of its model.")
    if not KINDS[family].pipeline_for(models.sight):
        raise NotPlain("diffusers has no pipeline for what its model sees.")
    if models.renorm is not None and family != "lumina2":
        raise NotPlain("RenormCFG is written plainly for Lumina 2 only.")
