"""Postcards: a small latent diffusion model that is shipped inside the studio.

Importing this package imports no torch; it only knows where the weights lie.
"""

from pathlib import Path

__all__ = ["models_path"]


def models_path() -> Path:
    """Return the folder `models`, laid out like a ComfyUI models folder.

    >>> (models_path() / "checkpoints" / "postcards" / "model_index.json").name
    'model_index.json'
    """
    return Path(__file__).resolve().parent / "models"
