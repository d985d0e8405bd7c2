"""ControlNets that are told as a change of the model that they steer.

A control-lora holds small factors for most of the weights; a "difference" holds what has to be
added to the model's. Both need the model's own weights before they can be used.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from wirebrush_diffusion.control.plan import ControlPlan
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.architectures import Shapes, hint_config
from wirebrush_diffusion.files.names import controlnet_name
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.model import DiffusionModel

LORA, DIFFERENCE = "lora_controlnet", "difference"
PREFIX = "control_model."


def needs_model(file: WeightFile) -> bool:
    """Whether the file is a change of a model."""
    return LORA in file or DIFFERENCE in file


def changed_plan(file: WeightFile, model: DiffusionModel | None) -> ControlPlan:
    """The ControlNet that the file makes of the model."""
    if model is None or type(model.network).__name__ != "UNet2DConditionModel":
        raise DiffusionError(
            f"{file.name} is a change of a model of Stable Diffusion 1, 2 or XL, and there is none "
            "to change.",
            "Use it with such a model, or load it with DiffControlNetLoader.",
        )
    prefix = "" if LORA in file else PREFIX
    config = dict(model.config) | hint_config(Shapes(file, prefix))
    layers = config["layers_per_block"]
    hints = 2 * (len(config["conditioning_embedding_out_channels"]) - 1)

    def tensors(network: nn.Module) -> Mapping[str, Tensor]:
        named = dict(network.named_parameters())
        stored = {name: prefix + controlnet_name(name, layers, hints) for name in named}
        return {
            name: _weight(file, place, model.patches.patched(name, ()), named[name])
            for name, place in stored.items()
        }

    return ControlPlan("ControlNetModel", config, named=tensors)


def _weight(file: WeightFile, stored: str, own: Tensor | None, parameter: Tensor) -> Tensor:
    """One weight: the file's, the model's own, or that with a change."""
    stem = stored.removesuffix(".weight")
    if f"{stem}.up" in file and f"{stem}.down" in file:
        up, down = (file.tensor(f"{stem}.{part}").float() for part in ("up", "down"))
        return _changed(file, stored, own, up.flatten(1) @ down.flatten(1))
    if stored in file:
        tensor = file.tensor(stored)
        if DIFFERENCE in file and own is not None:
            return _changed(file, stored, own, tensor.float())
        return tensor.reshape(parameter.shape) if tensor.numel() == parameter.numel() else tensor
    if own is None:
        raise DiffusionError(f"{file.name} has no tensor {stored!r}.", "Get the file again.")
    return own


def _changed(file: WeightFile, stored: str, own: Tensor | None, change: Tensor) -> Tensor:
    if own is None or own.numel() != change.numel():
        raise DiffusionError(
            f"{file.name}: {stored} changes {change.numel()} numbers, the model has "
            f"{0 if own is None else own.numel()} there.",
            "It was made for another model.",
        )
    return own + change.to(own.device).reshape(own.shape)
