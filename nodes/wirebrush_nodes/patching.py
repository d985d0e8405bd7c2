"""The patches of a handle, as changes of the weights that are in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

from torch import Tensor, zeros

from wirebrush.api import Handle, Patch, Run
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.tensor_source import TensorSource, TensorTable
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.patches.lora import read_lora
from wirebrush_diffusion.patches.lora_names import Modules
from wirebrush_diffusion.patches.merging import attention_factors, check_alike, shares
from wirebrush_diffusion.patches.weights import Merge, PatchedWeights, WeightPatch

SCALING = "attention"
"""The kind of a patch that multiplies attention's weights."""
COMPUTED = "dtype"
"""The option for another precision than the device's usual one, by torch's name for it."""
LOADING = ("type", "device", "weight_dtype", COMPUTED)
"""Options of a handle that decide how its weights are loaded."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One network's weights, what files call its modules, and a text encoder's role.

    `authors` gives the names that the network's authors have for the weights.
    """

    patches: PatchedWeights
    modules: Callable[[], Modules]
    role: str = ""
    authors: Callable[[], Mapping[str, str]] = dict[str, str]


Find = Callable[[Handle, str, Run], "Weights | None"]


def patches_of(handle: Handle, weights: Weights, find: Find, run: Run) -> list[WeightPatch | Merge]:
    """The handle's patches for one of its networks. Nothing of a merge is loaded yet.

    `find` gives the weights of a handle without its patches.
    """
    return [
        _merge(patch, patch.other, weights, find, run)
        if patch.other is not None
        else _scaling(patch, handle, weights)
        if patch.kind == SCALING
        else lora_patch(patch, unpatched(handle), weights, run)
        for patch in handle.patches
    ]


def lora_patch(patch: Patch, base: Handle, weights: Weights, run: Run) -> WeightPatch:
    """A LoRA for one network of a handle without patches."""
    digest = patch.file.digest or patch.file.name
    deltas = run.resident(
        f"{base.key} {weights.role} {patch.kind} {digest}",
        lambda: read_lora(_tensors_of(patch, run), weights.modules()),
    )
    return WeightPatch(digest, deltas, patch.strength)


def _tensors_of(patch: Patch, run: Run) -> TensorSource:
    if patch.tensors is not None:
        return TensorTable(patch.file.name, patch.tensors)
    return WeightFile(run.path(patch.file))


def _merge(patch: Patch, other: Handle, weights: Weights, find: Find, run: Run) -> Merge:
    @cache
    def theirs() -> Callable[[str], Tensor | None]:
        found = find(other, weights.role, run)
        check_alike(
            weights.patches.shapes(),
            found.patches.shapes() if found is not None else {},
            other.source.name,
        )
        if found is None:
            return lambda name: None
        patches = patches_of(other, found, find, run)
        return lambda name: found.patches.patched(name, patches)

    settings = {
        name: float(share) for name, share in patch.settings if isinstance(share, float | int)
    }
    author = weights.authors() if "blocks" in settings else {}
    name = f"{other.key} {patch.settings}"
    given = partial(shares, settings, author=author)
    return Merge(name, lambda weight: theirs()(weight), given)


def _scaling(patch: Patch, handle: Handle, weights: Weights) -> Merge:
    """Attention's weights multiplied, as a merge with nothing."""
    settings = dict(patch.settings)
    shapes = weights.patches.shapes()
    given = {part: float(str(settings[part])) for part in ("q", "k", "v", "out")}
    factors = attention_factors(shapes, str(settings["layer"]), given)
    if not factors and not weights.role:
        raise DiffusionError(
            f"{handle.source.name} has no such attention: these factors are for UNets.",
            "Use it with Stable Diffusion 1, 2 or XL.",
        )
    return Merge(
        f"{SCALING} {patch.settings}",
        lambda name: zeros(()).expand(shapes[name]) if name in factors else None,
        lambda name: (factors[name], 0.0),
        frozenset(factors),
    )


def unpatched(handle: Handle) -> Handle:
    """What the weights in memory depend on."""
    loading = tuple(option for option in handle.options if option[0] in LOADING)
    return replace(handle, patches=(), options=loading, tweaks=())
