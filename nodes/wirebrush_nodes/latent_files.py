"""Latents to files and back, in the field's layout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from safetensors.torch import save_file
from torch import zeros

from wirebrush.api import File, Latent, NodeError, Run, node
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_nodes.live import explained

KIND, TENSOR, MARK = "latents", "latent_tensor", "latent_format_version_0"
OLD_SCALE = 0.18215
"""Files without the mark hold latents multiplied by this."""


@node(id="SaveLatent", category="_for_testing")
def save_latent(samples: Latent, filename_prefix: str = "latents/ComfyUI", *, run: Run) -> None:
    """Keep a latent as a file in `models/latents`, for LoadLatent.

    Masks are not kept, as everywhere in the field.

    Args:
        samples: The latent.
        filename_prefix: How the file's name begins; "/" makes a folder.
    """
    tensors = {TENSOR: samples.samples.contiguous(), MARK: zeros(0)}

    def write(path: Path) -> None:
        save_file(tensors, path, dict(run.metadata))

    name = f"{filename_prefix.strip().removeprefix(f'{KIND}/')}.latent"
    stored = run.store(KIND, name, write)
    shape = "x".join(str(side) for side in samples.samples.shape)
    run.show_text(f"{KIND}/{stored.name}, {shape}")


@node(id="LoadLatent", category="_for_testing")
def load_latent(latent: Annotated[str, File(KIND)], *, run: Run) -> Latent:
    """Read a latent from a file: one of SaveLatent, here or in ComfyUI.

    Args:
        latent: A `.latent` file in `models/latents`.
    """
    with explained("latent"):
        file = WeightFile(run.path(run.file(KIND, latent)))
        if TENSOR not in file or len(file.shape(TENSOR)) not in (4, 5):
            raise NodeError(
                f"{file.name} holds no latent.", "SaveLatent makes such files.", port="latent"
            )
        samples = file.tensor(TENSOR).float()
    return Latent(samples if MARK in file else samples / OLD_SCALE)
