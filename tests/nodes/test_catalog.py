"""Built-ins explain themselves; those that the field does not have keep their ports.

What the field has is compared with it in `test_reference_agreement.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest
from reference_table import read_table, row_of

import wirebrush_nodes
from wirebrush.api import NodeSpec, spec_of

OWN = """
DynamicThresholdingSimple | model:MODEL; mimic_scale:FLOAT=7[0..100]/0.5; threshold_percentile:FLOAT=1[0..1]/0.01 | MODEL
GuidanceInterval | model:MODEL; start:FLOAT=0[0..1]/0.001; end:FLOAT=1[0..1]/0.001 | MODEL
ManualSigmas | sigmas:STRING="1, 0.5" | SIGMAS
ImageColorPalette "Color Palette" | image:IMAGE; cells:INT=64[8..1024] | IMAGE
ImageGrayscale "Grayscale" | image:IMAGE | IMAGE
ImageThreshold "Threshold" | image:IMAGE; threshold:FLOAT=0.5[0..1]/0.01 | IMAGE
ImageTileBlur "Tile" | image:IMAGE; down_by:FLOAT=8[1..64]/0.1 | IMAGE
InpaintCrop "Crop for Inpainting" | image:IMAGE; mask:MASK; resolution:INT=1024[64..16384]/8; context:FLOAT=1.5[1..10]/0.05; blend:INT=32[0..512] | STITCH stitch, IMAGE image, MASK mask
InpaintStitch "Stitch after Inpainting" | stitch:STITCH; image:IMAGE | IMAGE
"""  # noqa: E501 (one node a line)


def specs() -> Iterator[NodeSpec]:
    for module in vars(wirebrush_nodes).values():
        if isinstance(module, ModuleType) and module.__name__.startswith("wirebrush_nodes."):
            for function in vars(module).values():
                if hasattr(function, "__node__") and function.__module__ == module.__name__:
                    yield spec_of(function)


SPECS = {spec.id: spec for spec in specs()}


ROWS = read_table(OWN.strip())


@pytest.mark.parametrize("name", ROWS)
def test_nodes_of_our_own_keep_their_ports(name: str) -> None:
    assert row_of(SPECS[name]) == ROWS[name]


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.id)
def test_every_node_explains_itself_and_each_port(spec: NodeSpec) -> None:
    assert len(spec.help) > 15
    assert [port.name for port in spec.inputs if not port.help] == []


def test_files_stay_short() -> None:
    for module in vars(wirebrush_nodes).values():
        if isinstance(module, ModuleType) and module.__name__.startswith("wirebrush_nodes."):
            assert len(inspect.getsource(module).splitlines()) <= 250
