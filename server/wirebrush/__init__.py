"""Wirebrush: a node-graph studio for diffusion models. What a pack author needs is re-exported."""

from wirebrush.api import *  # noqa: F403
from wirebrush.api import __all__ as __all__

__version__ = "0.1.0"
