"""LoRAs out of differences hold as much of them as fits into their rank."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from wirebrush_diffusion.files.tensor_source import TensorTable
from wirebrush_diffusion.patches.lora import read_lora
from wirebrush_diffusion.patches.lora_kinds import Full, LowRank
from wirebrush_diffusion.patches.lora_names import network_modules
from wirebrush_diffusion.patches.weights import Merge, PatchedWeights, WeightPatch
from wirebrush_diffusion.training import extract
from wirebrush_diffusion.training.extract import (
    Form,
    differences,
    factors_of,
    lora_of,
    stem_for,
)


class Net(nn.Module):
    """One matrix and one convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(12, 8)
        self.conv = nn.Conv2d(4, 6, 3)
        self.norm = nn.LayerNorm(6)


@pytest.mark.parametrize("whole", [extract.WHOLE_SVD, 0])
def test_what_fits_into_the_rank_comes_back(whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "WHOLE_SVD", whole)
    difference = torch.randn(40, 3) @ torch.randn(3, 45)
    up, down = factors_of(difference, 3)
    assert (up @ down - difference).abs().max() <= 1e-4
    again = factors_of(difference, 3)
    assert torch.equal(up, again[0])
    assert torch.equal(down, again[1])


def test_more_rank_is_nearer() -> None:
    difference = torch.randn(6, 4, 3, 3)
    errors: list[float] = []
    for rank in (1, 2, 4, 100):
        up, down = factors_of(difference, rank)
        product = LowRank({"up": up, "down": down}).dense(difference)
        errors.append((product - difference).norm().item())
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-4


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("vectors", [False, True])
def test_the_file_makes_the_same_network(full: bool, vectors: bool) -> None:
    torch.manual_seed(3)
    weights = PatchedWeights(Net())
    change = {
        name: Full({"diff": torch.randn(shape)}, 0.1) for name, shape in weights.shapes().items()
    }
    patches = [WeightPatch("x", change)]
    form = Form(36, full=full, vectors=vectors)
    tensors = {
        key: tensor
        for name, difference in differences(weights, patches)
        for key, tensor in lora_of(name, difference, stem_for("", 1, 0), form).items()
    }

    deltas = read_lora(TensorTable("x", tensors), network_modules("Net", weights.shapes()))

    wanted = {"line.weight", "conv.weight"}
    wanted |= {"line.bias", "conv.bias", "norm.weight", "norm.bias"} if vectors else set()
    assert deltas.keys() == wanted
    for name, delta in deltas.items():
        like = torch.zeros(weights.shapes()[name])
        assert (delta.dense(like) - change[name].dense(like)).abs().max() < 2e-3


def test_a_subtraction_is_a_difference_already() -> None:
    plain, other = Net(), Net()
    other.line.weight.data.copy_(plain.line.weight.data)
    theirs = dict(other.named_parameters())
    merge = Merge("m", lambda name: theirs[name].data, lambda name: (1.0, -1.0))

    found = dict(differences(PatchedWeights(plain), [merge]))

    assert "line.weight" not in found  # nothing changed there
    assert torch.allclose(found["conv.weight"], plain.conv.weight - other.conv.weight)


def test_names_of_text_encoders() -> None:
    stems = [stem_for("l", 1, 0), stem_for("l", 2, 0), stem_for("g", 2, 1), stem_for("t5", 2, 1)]
    assert stems == ["lora_te_text_model_", "lora_te1_text_model_", "lora_te2_text_model_",
                     "lora_te2_"]  # fmt: skip
