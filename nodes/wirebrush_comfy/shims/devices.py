"""`comfy.model_management`: one device, whose memory the engine looks after."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import psutil
import torch

from wirebrush.api import Cancelled
from wirebrush_comfy.current import current_run
from wirebrush_comfy.world import World


class VRAMState(Enum):
    """How much of the device ComfyUI would use."""

    DISABLED = 0
    NO_VRAM = 1
    LOW_VRAM = 2
    NORMAL_VRAM = 3
    HIGH_VRAM = 4
    SHARED = 5


class CPUState(Enum):
    """Which kind of device there is."""

    GPU = 0
    CPU = 1
    MPS = 2


class InterruptProcessingException(Exception):
    """What packs raise to stop; the job is cancelled by it."""


def throw_exception_if_processing_interrupted() -> None:
    """Ends the node if its job was cancelled."""
    if (run := current_run()) is not None:
        run.check()


def processing_interrupted() -> bool:
    """Whether the job was cancelled."""
    try:
        throw_exception_if_processing_interrupted()
    except Cancelled:
        return True
    return False


def soft_empty_cache(force: bool = False) -> None:
    """Give unused device memory back."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


class _Devices:
    """The functions that answer where to compute.

    Args:
        world: Names the device.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def get_torch_device(self) -> torch.device:
        """The device of this worker."""
        run = current_run()
        return torch.device(self._world.device if run is None else run.device)

    def get_torch_device_name(self, device: Any) -> str:
        """A device in words."""
        return str(device)

    def is_device_type(self, device: Any, kind: str) -> bool:
        """Whether it is of that kind."""
        return torch.device(device).type == kind

    def get_total_memory(self, dev: Any = None, torch_total_too: bool = False) -> Any:
        """Bytes of the device, or of the machine."""
        device = self._device(dev)
        total = psutil.virtual_memory().total
        if device.type == "cuda":
            total = torch.cuda.mem_get_info(device)[1]
        return (total, total) if torch_total_too else total

    def get_free_memory(self, dev: Any = None, torch_free_too: bool = False) -> Any:
        """Bytes of it that are free."""
        device = self._device(dev)
        free = psutil.virtual_memory().available
        if device.type == "cuda":
            free = torch.cuda.mem_get_info(device)[0]
        return (free, free) if torch_free_too else free

    def should_use_fp16(self, *_arguments: Any, **_named: Any) -> bool:
        """Half precision pays on CUDA devices only."""
        return self.get_torch_device().type == "cuda"

    def should_use_bf16(self, *_arguments: Any, **_named: Any) -> bool:
        """The same for bfloat16, where the device has it."""
        return self.should_use_fp16() and torch.cuda.is_bf16_supported()

    def _device(self, device: Any) -> torch.device:
        return self.get_torch_device() if device is None else torch.device(device)


def _places(devices: _Devices) -> Mapping[str, Any]:
    """Where parts of models are computed and kept."""
    computed = ("text_encoder_device", "vae_device")
    kept = (
        "intermediate_device", "unet_offload_device", "text_encoder_offload_device",
        "vae_offload_device",
    )  # fmt: skip
    return {name: devices.get_torch_device for name in computed} | {
        name: lambda: torch.device("cpu") for name in kept
    }


def _answers() -> Mapping[str, Any]:
    """What is asked of ComfyUI's memory: models here come and go by themselves."""
    return {
        "unload_all_models": lambda: None,
        "cleanup_models": lambda *_arguments: None,
        "cleanup_models_gc": lambda: None,
        "free_memory": lambda *_arguments, **_named: [],
        "loaded_models": lambda *_arguments, **_named: [],
        "intermediate_dtype": lambda *_arguments: torch.float32,
    }


def model_management(world: World) -> Mapping[str, Any]:
    """The module `comfy.model_management`. What touches ComfyUI's loaded models is missing."""
    devices = _Devices(world)
    public = {name: getattr(devices, name) for name in dir(devices) if not name.startswith("_")}
    kinds = {
        f"is_device_{kind}": lambda device, kind=kind: devices.is_device_type(device, kind)
        for kind in ("cpu", "mps", "cuda")
    }
    on_cpu = world.device == "cpu"
    return {
        **public,
        **kinds,
        **_places(devices),
        **_answers(),
        "VRAMState": VRAMState,
        "CPUState": CPUState,
        "vram_state": VRAMState.DISABLED if on_cpu else VRAMState.NORMAL_VRAM,
        "cpu_state": CPUState.CPU if on_cpu else CPUState.GPU,
        "InterruptProcessingException": InterruptProcessingException,
        "OOM_EXCEPTION": torch.OutOfMemoryError,
        "XFORMERS_IS_AVAILABLE": False,
        "current_loaded_models": [],
        "throw_exception_if_processing_interrupted": throw_exception_if_processing_interrupted,
        "processing_interrupted": processing_interrupted,
        "soft_empty_cache": soft_empty_cache,
        "minimum_inference_memory": lambda: 1 << 30,
        "xformers_enabled": lambda: False,
        "xformers_enabled_vae": lambda: False,
        "is_nvidia": lambda: torch.cuda.is_available() and not torch.version.hip,
        "is_amd": lambda: torch.cuda.is_available() and bool(torch.version.hip),
        "is_intel_xpu": lambda: False,
        "is_directml_enabled": lambda: False,
        "device_supports_non_blocking": lambda _device: False,
        "get_autocast_device": lambda device: torch.device(device).type,
        "module_size": lambda module: sum(t.nbytes for t in module.state_dict().values()),
        "dtype_size": lambda dtype: dtype.itemsize,
    }
