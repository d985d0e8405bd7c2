"""DiffSynth's ControlNets for Qwen-Image: a small network behind each of its blocks.

What a block says of the picture's patches is compared with the latent of a steering picture, and
what the small network makes of both is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from wirebrush_diffusion.control.controlnet import Control, ControlModel, Question
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.flux import PATCH, packed
from wirebrush_diffusion.files.kinds import kind_of
from wirebrush_diffusion.files.precision import precision_for
from wirebrush_diffusion.files.weights import WeightFile, fill
from wirebrush_diffusion.lean import Remembered
from wirebrush_diffusion.model import DiffusionModel, Residuals
from wirebrush_diffusion.pictures.resize import resize

MARK, READS = "controlnet_blocks.0.y_rms.weight", "img_in.weight"
EPSILON = 1e-6
PLAIN = 16 * PATCH**2  # numbers of a patch of the latent alone


class BlockControl(nn.Module):
    """What is added behind one block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.x_rms = nn.RMSNorm(width, eps=EPSILON)
        self.y_rms = nn.RMSNorm(width, eps=EPSILON)
        self.input_proj = nn.Linear(width, width)
        self.output_proj = nn.Linear(width, width)

    def forward(self, states: Tensor, shown: Tensor) -> Tensor:
        """`[N, patches, D]` of the picture that is painted, and of the one that steers."""
        return self.output_proj(gelu(self.input_proj(self.x_rms(states) + self.y_rms(shown))))


class BlockwiseNetwork(nn.Module):
    """A `BlockControl` for each block, and what reads the latent's patches."""

    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        self.img_in = nn.Linear(channels, width)
        self.controlnet_blocks = nn.ModuleList(BlockControl(width) for _ in range(blocks))


@dataclass(slots=True, eq=False)
class BlockwiseControl(ControlModel):
    """`network` is a `BlockwiseNetwork`."""

    network: nn.Module
    hosts: ClassVar[str] = "QwenImageTransformer2DModel"
    _shown: Remembered = field(init=False, default_factory=Remembered)

    @property
    def masked(self) -> bool:
        """Whether it also reads a mask. Without one, it takes all of the picture to be known."""
        return self._weight.shape[1] > PLAIN

    @property
    def _weight(self) -> Tensor:
        weight = self.network.get_parameter(READS)
        return weight

    def check(self, control: Control, host: DiffusionModel) -> None:
        if type(host.network).__name__ != self.hosts:
            raise DiffusionError(
                "This model patch is for Qwen-Image; the model that paints is not of that family.",
                "Choose a diffusion model of the Qwen-Image family.",
            )
        width, theirs = self._weight.shape[0], host.network.get_parameter(READS).shape[0]
        if width != theirs or len(self._blocks) != host.config.num_layers:
            raise DiffusionError(
                f"The model patch has {len(self._blocks)} blocks for states {width} wide, the "
                f"model {host.config.num_layers} for {theirs}.",
                "Choose a patch of the same size of model.",
            )
        if control.mask is not None and not self.masked:
            raise DiffusionError(
                "This model patch reads no mask, and one is given.",
                "Take the mask away, or choose the patch for inpainting.",
            )

    @property
    def _blocks(self) -> Sequence[nn.Module]:
        return list(self.network.get_submodule("controlnet_blocks").children())

    def read(self, control: Control, host: DiffusionModel, height: int, width: int) -> Tensor:
        """The picture's latent, and where it is known if the network wants that."""
        assert control.encode is not None
        scale = host.latent.downscale
        planes = control.hint[..., :3].movedim(-1, 1)
        planes = resize(planes, width * scale, height * scale, "area", crop="center")
        latent = host.latent.to_network(control.encode(planes.movedim(1, -1)))
        if not self.masked:
            return latent
        known = torch.ones_like(latent[:, :1])
        if control.mask is not None:
            mask = 1.0 - control.mask.reshape(-1, 1, *control.mask.shape[-2:]).float()
            known = resize(mask, width, height, "bilinear").to(latent).expand_as(known)
        return torch.cat([latent, known], dim=1)

    def answer(
        self, control: Control, host: DiffusionModel, asked: Question, hint: Tensor
    ) -> Residuals:
        shown = self._shown.get(hint, lambda read: self._read(packed(read)))
        return Residuals(alterations=[Behind(self._blocks, shown, control.strength)])

    def _read(self, patches: Tensor) -> Tensor:
        reads: Any = self.network.get_submodule("img_in")
        return reads(patches)


@dataclass(frozen=True, slots=True, eq=False)
class Behind:
    """An alteration: something is added to what each block says. `shown` `[N, patches, D]`."""

    blocks: Sequence[nn.Module]
    shown: Tensor
    strength: float

    @contextmanager
    def on(self, network: nn.Module) -> Iterator[None]:
        theirs = network.get_submodule("transformer_blocks").children()
        pairs = list(zip(theirs, self.blocks, strict=True))
        handles = [block.register_forward_hook(self._adding(own)) for block, own in pairs]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _adding(self, own: nn.Module) -> Any:
        places = self.shown.shape[1]  # patches of reference pictures stand behind

        def add(module: nn.Module, given: Any, answer: tuple[Tensor, Tensor]) -> Any:
            text, states = answer
            painted = states[:, :places]
            more = painted.add(own(painted, self.shown), alpha=self.strength)
            return text, torch.cat([more, states[:, places:]], dim=1)

        return add


def load_blockwise(
    file: WeightFile, device: str, dtype: torch.dtype | None = None
) -> BlockwiseControl:
    """The patch of a file; without a `dtype`, in the device's usual precision."""
    check_blockwise(file)
    width, channels = file.shape(READS)
    numbers = {name.split(".")[1] for name in file.names() if name.startswith("controlnet_blocks")}
    with torch.device("meta"):
        network = BlockwiseNetwork(channels, width, len(numbers))
    tensors = {name: file.tensor(name) for name in file.names()}
    precision = precision_for(device, torch.bfloat16, dtype)
    fill(network, tensors, where=file.name, device=torch.device(device), dtype=precision)
    return BlockwiseControl(network)


def check_blockwise(file: WeightFile) -> None:
    """Raise if the file holds no DiffSynth patch for Qwen-Image; from names and shapes alone."""
    if MARK in file and READS in file and len(file.shape(READS)) == 2:
        return
    kind, hint = kind_of(file)
    raise DiffusionError(
        f"{file.name} is {kind}; a model patch for Qwen-Image (DiffSynth) was expected.",
        hint or "Choose a file such as qwen_image_canny_diffsynth_controlnet.safetensors.",
    )
