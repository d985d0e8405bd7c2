"""Pictures to be looked at while painting: latents whose tokens stand beside those of the picture.

FLUX Kontext and Qwen-Image-Edit read them. Conditions carry them in `reference_latents`, and how
they are placed in `reference_latents_method`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.latent.space import LatentFormat

REFERENCES, METHOD = "reference_latents", "reference_latents_method"
DIAGONAL = "uxo/uno"
Place = tuple[int, int, int]
"""Sheet, and the row and column of the first patch."""
MOST = 64
_NAME = "reference."


def reference_extras(
    options: Mapping[str, Any], latent: LatentFormat, *, default: str, known: Sequence[str]
) -> dict[str, Tensor]:
    """A condition's references, scaled as the network sees them, by names that say the method."""
    pictures: Sequence[Tensor] = options.get(REFERENCES, ())
    method = str(options.get(METHOD) or default)
    if pictures and method not in known:
        raise DiffusionError(
            f"This model does not place reference pictures by {method!r}.",
            f"Choose {' or '.join(known)} in FluxKontextMultiReferenceLatentMethod.",
        )
    if len(pictures) > MOST:
        raise DiffusionError(
            f"The condition shows {len(pictures)} reference pictures; at most {MOST} are read.",
            "Leave some out, or combine them into one.",
        )
    return {
        f"{_NAME}{i:03d}.{method}": latent.to_network(latent.fit(picture.float()))
        for i, picture in enumerate(pictures)
    }


def references_in(extra: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
    """The method and the latent `[N,C,h,w]` of each reference, in order."""
    names = sorted(name for name in extra if name.startswith(_NAME))
    return [(name.split(".", 2)[2], extra[name]) for name in names]


def placed(method: str, sizes: Sequence[tuple[int, int]], size: tuple[int, int]) -> list[Place]:
    """Where references of these sizes (rows, columns of patches) stand beside a picture of `size`.

    "offset" puts them side by side on one sheet behind the picture, growing where it is shorter;
    "index" each on a sheet of its own; "uxo/uno" on the picture's own sheet, down the diagonal.
    """
    places: list[Place] = []
    tall, wide = size if method == DIAGONAL else (0, 0)
    for number, (rows, columns) in enumerate(sizes, 1):
        if method == "index":
            places.append((number, 0, 0))
        elif method == DIAGONAL:
            places.append((0, tall, wide))
            tall, wide = tall + rows, wide + columns
        else:
            below = rows + tall <= columns + wide
            top, left = (tall, 0) if below else (0, wide)
            places.append((1, top, left))
            tall, wide = max(tall, top + rows), max(wide, left + columns)
    return places
