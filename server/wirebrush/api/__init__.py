"""Floor 1: what a pack author may import. Imports nothing of ours, never torch.

A node is a plain function with annotations::

    from wirebrush.api import Image, Unit, node

    @node(id="FadeToGrey", category="image")
    def fade_to_grey(image: Image, amount: Unit = 0.5) -> Image:
        \"\"\"Mix a picture with its own grey version.

        Args:
            image: The picture, `[B,H,W,C]`, 0..1.
            amount: 0 keeps the colours, 1 is fully grey.
        \"\"\"
        grey = image.mean(dim=-1, keepdim=True)
        return image + (grey - image) * amount
"""

from wirebrush.api.errors import Blocked, Cancelled, NodeError
from wirebrush.api.expand import Expand, Link, Subgraph
from wirebrush.api.importing import ImportedPack, Machine, PackImporter
from wirebrush.api.memory import Leaf, Memory
from wirebrush.api.node import NodeFunction, node, spec_of
from wirebrush.api.run import Asset, ModelFiles, Run, SilentRun
from wirebrush.api.spec import MISSING, NodeSpec, Output, Port, Widget
from wirebrush.api.values import (
    Clip,
    Cond,
    Conditioning,
    ControlNet,
    FileRef,
    Guider,
    Handle,
    Image,
    Latent,
    Mask,
    Model,
    Noise,
    Patch,
    Sampler,
    Scalar,
    Settings,
    Sigmas,
    Tweak,
    TypeName,
    Vae,
    value,
)
from wirebrush.api.widgets import (
    Choice,
    File,
    Lazy,
    Lossy,
    Optional,
    Range,
    Seed,
    Text,
    Unit,
)

__all__ = [
    "MISSING",
    "Asset",
    "Blocked",
    "Cancelled",
    "Choice",
    "Clip",
    "Cond",
    "Conditioning",
    "ControlNet",
    "Expand",
    "File",
    "FileRef",
    "Guider",
    "Handle",
    "Image",
    "ImportedPack",
    "Latent",
    "Lazy",
    "Leaf",
    "Link",
    "Lossy",
    "Machine",
    "Mask",
    "Memory",
    "Model",
    "ModelFiles",
    "NodeError",
    "NodeFunction",
    "NodeSpec",
    "Noise",
    "Optional",
    "Output",
    "PackImporter",
    "Patch",
    "Port",
    "Range",
    "Run",
    "Sampler",
    "Scalar",
    "Seed",
    "Settings",
    "Sigmas",
    "SilentRun",
    "Subgraph",
    "Text",
    "Tweak",
    "TypeName",
    "Unit",
    "Vae",
    "Widget",
    "node",
    "spec_of",
    "value",
]
