"""Files with hypernetworks, as `wirebrush_diffusion.files.convert` makes them of their pickles.

Tensors are named by width, network (0 keys, 1 values) and layer: `768.0.linear.0.weight`. What the
pickle says besides is in the metadata: `activation_func`, `activate_output`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from wirebrush_diffusion.control.hypernetwork import ACTIVATIONS, Hypernetwork, HypernetworkModel
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.precision import precision_for
from wirebrush_diffusion.files.weights import WeightFile, fill

_KEY = re.compile(r"(\d{2,5})\.([01])\.linear\.?(\d{1,3})\.(weight|bias)")
Stems = Mapping[tuple[int, int], Sequence[str]]
"""Width and network -> its layers' names in the file, first to last."""


def load_hypernetwork(
    file: WeightFile, device: str, dtype: torch.dtype | None = None
) -> HypernetworkModel:
    """The hypernetwork of a file; without a `dtype`, in the device's usual precision."""
    stems = check_hypernetwork(file)
    activation = _activation(file)
    pairs: dict[int, list[nn.Module]] = {}
    tensors: dict[str, Tensor] = {}
    for (width, place), layers in sorted(stems.items()):
        network, names = _network(file, layers, activation)
        pairs.setdefault(width, []).append(network)
        for own, stem in names.items():
            for leaf in ("weight", "bias"):
                tensors[f"pairs.{width}.{place}.{own}.{leaf}"] = file.tensor(f"{stem}.{leaf}")
    made = Hypernetwork(pairs)
    precision = precision_for(device, torch.float16, dtype)
    fill(made, tensors, where=file.name, device=torch.device(device), dtype=precision)
    return HypernetworkModel(made.to(device))


def check_hypernetwork(file: WeightFile) -> Stems:
    """The layers by width and network; raises if the file holds no whole hypernetwork.

    From names and shapes alone.
    """
    found: dict[tuple[int, int], dict[int, str]] = {}
    for name in file.names():
        match = _KEY.fullmatch(name)
        if match is not None:
            width, place, number, _ = match.groups()
            found.setdefault((int(width), int(place)), {})[int(number)] = name.rpartition(".")[0]
    stems = {key: [each[n] for n in sorted(each)] for key, each in found.items()}
    if not stems:
        kind, hint = kind_of(file)
        raise DiffusionError(
            f"{file.name} is {kind}; a hypernetwork was expected.",
            hint or "Choose a hypernetwork for Stable Diffusion 1 or 2.",
        )
    for (width, place), layers in stems.items():
        if (width, 1 - place) not in stems or not _fits(file, layers, width):
            raise DiffusionError(
                f"{file.name}: the hypernetwork's part for states {width} wide is incomplete or "
                "does not fit together.",
                "Get the file again.",
            )
    _activation(file)
    return stems


def _fits(file: WeightFile, layers: Sequence[str], width: int) -> bool:
    """Whether the layers lead from the width back to it."""
    if any(f"{stem}.{leaf}" not in file for stem in layers for leaf in ("weight", "bias")):
        return False
    shapes = [file.shape(f"{stem}.weight") for stem in layers]
    wide = [shape for shape in shapes if len(shape) == 2]
    if not wide or any(len(shape) not in (1, 2) for shape in shapes):
        return False
    joined = all(before[0] == after[1] for before, after in pairwise(wide))
    return joined and wide[0][1] == width and wide[-1][0] == width


def _activation(file: WeightFile) -> tuple[str, bool]:
    """Which, and whether it also follows the last layer."""
    name = file.metadata.get("activation_func", "linear").strip('"').lower()
    if name not in ACTIVATIONS:
        raise DiffusionError(
            f"{file.name} uses the activation {name[:40]!r}, which is not known here.",
            f"Known are {', '.join(ACTIVATIONS)}.",
        )
    return name, file.metadata.get("activate_output", "false").lower() == "true"


def _network(
    file: WeightFile, layers: Sequence[str], activation: tuple[str, bool]
) -> tuple[nn.Module, dict[str, str]]:
    """The layers with their activations; norms stand behind those. Own names -> the file's."""
    kind, at_end = activation
    shapes = {stem: file.shape(f"{stem}.weight") for stem in layers}
    last = [stem for stem in layers if len(shapes[stem]) == 2][-1]
    modules: list[nn.Module] = []
    names: dict[str, str] = {}
    with torch.device("meta"):
        for stem in layers:
            names[str(len(modules))] = stem
            if len(shapes[stem]) == 1:
                modules.append(nn.LayerNorm(shapes[stem][0]))
                continue
            modules.append(nn.Linear(shapes[stem][1], shapes[stem][0]))
            if stem != last or at_end:
                modules.append(ACTIVATIONS[kind]())
    return nn.Sequential(*modules), names
