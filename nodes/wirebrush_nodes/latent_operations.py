"""Operations on latents: on a finished one, or at each step on what guidance adds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from wirebrush.api import Latent, Model, Range, Settings, node, value
from wirebrush_diffusion.latent.operations import operate
from wirebrush_nodes.live import explained

CATEGORY = "latent/advanced/operations"


@value("LATENT_OPERATION")
@dataclass(frozen=True, slots=True)
class LatentOperation:
    """What is done to a latent: the operation's name, and its settings."""

    kind: str
    settings: Settings = ()


@node(id="LatentApplyOperation", category=CATEGORY, experimental=True)
def latent_apply_operation(samples: Latent, operation: LatentOperation) -> Latent:
    """Do an operation on a latent.

    Args:
        samples: The latent.
        operation: What is done, from a LatentOperation node.
    """
    with explained("samples"):
        changed = operate(samples.samples, operation.kind, dict(operation.settings))
    return replace(samples, samples=changed)


@node(id="LatentApplyOperationCFG", category=CATEGORY, experimental=True)
def latent_apply_operation_cfg(model: Model, operation: LatentOperation) -> Model:
    """At each step do an operation on what the positive text adds to the negative.

    Args:
        model: The model.
        operation: What is done: tone mapping lets a high cfg keep its colours.
    """
    return model.tweaked(
        "LatentApplyOperationCFG", operation=operation.kind, **dict(operation.settings)
    )


@node(id="LatentOperationTonemapReinhard", category=CATEGORY, experimental=True)
def latent_operation_tonemap_reinhard(
    multiplier: Annotated[float, Range(0.0, 100.0, 0.01)] = 1.0,
) -> LatentOperation:
    """Soften the strongest places of a latent.

    Args:
        multiplier: From which strength on: 1 is far above the usual, less softens more.
    """
    return LatentOperation("LatentOperationTonemapReinhard", (("multiplier", multiplier),))


@node(id="LatentOperationSharpen", category=CATEGORY, experimental=True)
def latent_operation_sharpen(
    sharpen_radius: Annotated[int, Range(1, 31, 1)] = 9,
    sigma: Annotated[float, Range(0.1, 10.0, 0.1)] = 1.0,
    alpha: Annotated[float, Range(0.0, 5.0, 0.01)] = 0.1,
) -> LatentOperation:
    """Bring out the edges of a latent.

    Args:
        sharpen_radius: How far around a place is looked, in positions of the latent.
        sigma: How wide the edges are that are brought out.
        alpha: How much.
    """
    settings = (("sharpen_radius", sharpen_radius), ("sigma", sigma), ("alpha", alpha))
    return LatentOperation("LatentOperationSharpen", settings)
