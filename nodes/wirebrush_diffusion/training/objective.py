"""The loss: how far a network's prediction is from what it should have been.

Every kind of network is asked for its own prediction (noise, velocity, flow...) of latents with a
random amount of noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import huber_loss, l1_loss, mse_loss, smooth_l1_loss

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.noise.denoiser import Prediction
from wirebrush_diffusion.noise.schedules import NoiseSchedule

Loss = Callable[[Tensor, Tensor], Tensor]
LOSSES: Mapping[str, Loss] = MappingProxyType(
    {"MSE": mse_loss, "L1": l1_loss, "Huber": huber_loss, "SmoothL1": smooth_l1_loss}
)
MIN_BYTES = 2
"""Of a number that gradients can be worked out from."""
TIMES = ("uniform", "logit_normal")
"""How noise levels are drawn: all alike, or the middle more often (Esser et al. 2024)."""


class Task(NamedTuple):
    """What the network reads, and what it should answer; all `[N,C,h,w]` but the times `[N]`."""

    x: Tensor
    times: Tensor
    answer: Tensor


def loss_named(name: str) -> Loss:
    """The loss of that name, or an error that lists them."""
    if name not in LOSSES:
        raise DiffusionError(f"There is no loss {name!r}.", f"Known are {', '.join(LOSSES)}.")
    return LOSSES[name]


def check_trainable(model: DiffusionModel) -> None:
    """Raise if gradients cannot go through the network's weights as they are stored."""
    stored = {parameter.dtype for parameter in model.network.parameters()}
    small = [dtype for dtype in stored if dtype.itemsize < MIN_BYTES]
    if small:
        kept = str(small[0]).removeprefix("torch.")
        raise DiffusionError(
            f"The model's weights are kept as {kept}: nothing can be learnt through them.",
            "Load it in bf16 or fp32.",
        )


def draw_levels(
    schedule: NoiseSchedule, count: int, generator: torch.Generator, times: str = "uniform"
) -> list[float]:
    """`count` noise levels, spread evenly over the distribution so that few say much."""
    strata = torch.arange(count, dtype=torch.float64)
    strata += torch.rand(count, generator=generator, dtype=torch.float64)
    places = strata / count
    if times == "logit_normal":
        places = torch.special.ndtri(places.clamp(1e-6, 1 - 1e-6)).sigmoid()
    table = schedule.sigmas
    return [table[min(int(place * len(table)), len(table) - 1)] for place in places.tolist()]


def task(model: DiffusionModel, data: Tensor, noise: Tensor, levels: Sequence[float]) -> Task:
    """The task for data `[N,C,h,w]` (scaled for the network) at these noise levels.

    From `denoised = skip * x + output * prediction` with `x = kept * data + sigma * noise` follows
    what the prediction must be for `denoised` to be the data.
    """
    rows: list[tuple[float, ...]] = []
    flow = model.prediction is Prediction.FLOW
    for sigma in levels:
        scaling = model.prediction.scaling(sigma)
        kept = 1.0 - sigma if flow else 1.0
        of_data = (1.0 - scaling.skip * kept) / scaling.output
        of_noise = -scaling.skip * sigma / scaling.output
        rows.append((scaling.input * kept, scaling.input * sigma, of_data, of_noise))
    table = torch.tensor(rows, dtype=torch.float32, device=data.device)
    columns = [column.reshape(-1, *(1,) * (data.ndim - 1)) for column in table.unbind(1)]
    times = torch.tensor([model.schedule.timestep(sigma) for sigma in levels], device=data.device)
    x = columns[0] * data + columns[1] * noise
    return Task(x, times.float(), columns[2] * data + columns[3] * noise)


def predicted(
    model: DiffusionModel, x: Tensor, times: Tensor, texts: Sequence[Condition]
) -> Tensor:
    """The network's answer, float32, with one text for each row."""
    place = {"device": model.device, "dtype": model.dtype}
    context = torch.cat([text.context for text in texts]).to(**place)
    extra = {
        name: torch.cat([text.extra[name] for text in texts]).to(**place) for name in texts[0].extra
    }
    return model.predict(x.to(**place), times, context, extra)
