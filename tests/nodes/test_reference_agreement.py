"""Built-in nodes declare what the field's nodes of the same names declare.

A node that is new here needs nothing added: its row is in the table already. Where ours means
something else, say so in `DIFFERENT`, with the reason.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from reference_table import TABLE, read_table, row_of

from wirebrush.engine.packs import load_packs

ROWS = read_table(TABLE.read_text(encoding="utf-8"))
SPECS = {kind.spec.id: kind.spec for kind in load_packs().types.values()}
BOTH = sorted(set(ROWS) & set(SPECS))


class Difference(NamedTuple):
    """A piece of the table's row, and what stands there in ours."""

    theirs: str
    ours: str
    reason: str


UNSAID = "off is what the field's page shows, too"
LOSSY = "what changes pictures to be faster says so"
DIFFERENT: dict[str, tuple[Difference, ...]] = {
    "EasyCache": (Difference("EasyCache β", 'EasyCache "EasyCache (lossy)" β', LOSSY),),
    "HyperTile": (Difference("HyperTile |", 'HyperTile "HyperTile (lossy)" |', LOSSY),),
    "TomePatchModel": (
        Difference("TomePatchModel |", 'TomePatchModel "TomePatchModel (lossy)" |', LOSSY),
    ),
    "LazyCache": (Difference("LazyCache β", 'LazyCache "LazyCache (lossy)" β', LOSSY),),
    "TorchCompileModel": (
        Difference(
            "TorchCompileModel β",
            'TorchCompileModel "Compile Model (torch)" β',
            "the field's title is its id",
        ),
    ),
    "CreateHookKeyframesFromFloats": (Difference("FLOATS=-1", "FLOATS", "a wire has no default"),),
    "ImageScaleToMaxDimension": (
        Difference("|nearest-exact|bilinear|", "|nearest-exact|", "one choice stands there twice"),
    ),
    "LossGraphNode": (Difference("LOSS_MAP={}", "LOSS_MAP", "a wire has no default"),),
    "ModelSamplingContinuousEDM": (
        Difference("|edm_playground_v2.5", "", "the latent space of that model is not known here"),
    ),
    "LoadImageOutput": (
        Difference("FILE↑", "FILE", "what was made here needs no upload: LoadImage takes those"),
    ),
    "SamplerSASolver": (
        Difference("use_pece:BOOLEAN", "use_pece:BOOLEAN=false", UNSAID),
        Difference("simple_order_2:BOOLEAN", "simple_order_2:BOOLEAN=false", UNSAID),
    ),
    "TrainLoraNode": (
        Difference(
            "existing_lora:FILE",
            "existing_lora:FILE; negative:CONDITIONING?; caption_dropout:FLOAT=0[0..1]/0.01?; "
            "sample_every:INT=25[0..10000]?; lr_schedule:(constant|cosine|linear)?; "
            "lr_warmup_steps:INT=0[0..100000]?",
            "samples while training, the empty text that guidance needs, a falling learning rate",
        ),
    ),
}


def expected(name: str) -> str:
    """The table's row with our differences."""
    row = ROWS[name]
    for difference in DIFFERENT.get(name, ()):
        assert difference.theirs in row, f"{name}: this difference is none any more"
        row = row.replace(difference.theirs, difference.ours, 1)
    return row


@pytest.mark.parametrize("name", BOTH)
def test_a_node_declares_what_the_fields_node_declares(name: str) -> None:
    assert row_of(SPECS[name]) == expected(name)


def test_the_table_is_read_whole() -> None:
    assert len(ROWS) > 290
    assert ROWS["SamplerLMS"] == "SamplerLMS | order:INT=4[1..100] | SAMPLER"
    assert ROWS["ModelMergeSDXL"].count("input_blocks.") == 9
    assert "$" not in "".join(ROWS.values())


def test_differences_are_of_nodes_that_are_here() -> None:
    assert [name for name in DIFFERENT if name not in BOTH] == []


def test_what_is_missing_is_written_down() -> None:
    page = (Path(__file__).parents[2] / "docs" / "nodes.md").read_text(encoding="utf-8")
    here, missing = page.split("## Not here yet")
    named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| `.*? \|", missing, re.MULTILINE))))
    assert named == set(ROWS) - set(SPECS)
    assert f"{len(BOTH)} of its {len(ROWS)}" in here
