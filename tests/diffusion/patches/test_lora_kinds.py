"""What each kind of LoRA makes of a weight is what peft's own layers make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.patches.lora import check_lora, read_lora
from wirebrush_diffusion.patches.lora_names import network_modules
from wirebrush_diffusion.patches.weights import PatchedWeights, WeightPatch


class Net(nn.Module):
    """One matrix and one convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(12, 8)
        self.conv = nn.Conv2d(4, 6, 3)


TARGETS: dict[str, Any] = {"target_modules": ["line", "conv"]}
R4: dict[str, Any] = {"r": 4, **TARGETS}
CONFIGS: dict[str, tuple[Any, float]] = {
    "lora": (peft.LoraConfig(lora_alpha=8, **R4), 8),
    "dora": (peft.LoraConfig(lora_alpha=8, use_dora=True, **R4), 8),
    "loha": (peft.LoHaConfig(alpha=2, **R4), 2),
    "loha, core": (peft.LoHaConfig(alpha=2, use_effective_conv2d=True, **R4), 2),
    "lokr": (peft.LoKrConfig(alpha=2, r=1, decompose_both=True, **TARGETS), 2),
    "lokr, core": (peft.LoKrConfig(alpha=2, r=1, use_effective_conv2d=True, **TARGETS), 2),
    "oft": (peft.OFTConfig(oft_block_size=4, r=0, **TARGETS), 0),
    "oft, one block for all": (
        peft.OFTConfig(oft_block_size=4, r=0, block_share=True, **TARGETS),
        0,
    ),
    "boft": (peft.BOFTConfig(boft_block_size=4, **TARGETS), 0),
}


def made(name: str, path: Path) -> tuple[Net, Net, WeightFile]:
    """A network, the same with peft's adapter merged, and the adapter's file."""
    config, alpha = CONFIGS[name]
    torch.manual_seed(1)
    base = Net()
    plain = Net()
    plain.load_state_dict(base.state_dict())
    model = peft.get_peft_model(base, config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    stored = {k: v.clone().contiguous() for k, v in peft.get_peft_model_state_dict(model).items()}
    if alpha:
        for module in ("line", "conv"):
            stored[f"base_model.model.{module}.alpha"] = torch.tensor(float(alpha))
    save_file(stored, path)
    merged: Any = model.merge_and_unload()
    return plain, merged, WeightFile(path)


@pytest.mark.filterwarnings("ignore:Failed to load the CUDA", "ignore:Setting boft_n")  # peft's
@pytest.mark.parametrize("name", CONFIGS)
def test_as_in_peft(name: str, tmp_path: Path) -> None:
    plain, merged, file = made(name, tmp_path / "x.safetensors")
    weights = PatchedWeights(plain)
    before = {key: tensor.clone() for key, tensor in plain.state_dict().items()}
    check_lora(file)
    deltas = read_lora(file, network_modules("Net", weights.shapes()))

    weights.apply([WeightPatch("x", deltas)])

    assert set(deltas) == {"line.weight", "conv.weight"}
    for key, wanted in merged.state_dict().items():
        assert (plain.state_dict()[key] - wanted).abs().max() <= 1e-5
        if key in deltas:
            assert (wanted - before[key]).abs().max() > 1e-3
    weights.apply([WeightPatch("x", deltas, 0.0)])
    assert all(torch.equal(tensor, before[key]) for key, tensor in plain.state_dict().items())


def test_any_order_of_kinds_gives_the_same_bits(tmp_path: Path) -> None:
    plain, patches = Net(), []
    weights = PatchedWeights(plain)
    for place, name in enumerate(("dora", "oft", "loha", "lora")):
        file = made(name, tmp_path / f"{place}.safetensors")[2]
        deltas = read_lora(file, network_modules("Net", weights.shapes()))
        patches.append(WeightPatch(name, deltas, 0.3 + place))

    weights.apply(patches)
    first = [tensor.clone() for tensor in plain.state_dict().values()]
    weights.apply(patches[1:3])
    weights.apply(patches[::-1])

    assert all(map(torch.equal, first, plain.state_dict().values()))


def file_of(path: Path, tensors: dict[str, Tensor], **metadata: str) -> WeightFile:
    save_file(tensors, path, metadata=metadata)
    return WeightFile(path)


def test_lengths_of_columns_as_older_files_have_them(tmp_path: Path) -> None:
    plain = Net()
    up, down, lengths = torch.randn(8, 2), torch.randn(2, 12), torch.rand(1, 12) + 0.5
    stored = {"lora_up.weight": up, "lora_down.weight": down, "dora_scale": lengths}
    file = file_of(tmp_path / "x.safetensors", {f"line.{k}": v for k, v in stored.items()})
    weight = plain.line.weight.detach()

    (delta,) = read_lora(file, network_modules("Net", PatchedWeights(plain).shapes())).values()

    changed = weight + up @ down
    wanted = lengths * changed / changed.norm(dim=0, keepdim=True)
    assert torch.allclose(weight + delta.dense(weight), wanted, atol=1e-5)


def test_differences_of_weights_and_biases(tmp_path: Path) -> None:
    weight, bias = torch.randn(8, 12), torch.randn(8)
    file = file_of(tmp_path / "x.safetensors", {"line.diff": weight, "line.diff_b": bias})

    deltas = read_lora(file, network_modules("Net", PatchedWeights(Net()).shapes()))

    assert torch.equal(deltas["line.weight"].dense(torch.zeros(8, 12)), weight)
    assert torch.equal(deltas["line.bias"].dense(torch.zeros(8)), bias)


def test_the_scale_that_diffusers_keeps_in_metadata(tmp_path: Path) -> None:
    up, down = torch.randn(8, 4), torch.randn(4, 12)
    stored = {"transformer.line.lora_B.weight": up, "transformer.line.lora_A.weight": down}
    told = '{"transformer.r": 4, "transformer.lora_alpha": 12}'
    modules = network_modules("Net", PatchedWeights(Net()).shapes())

    file = file_of(tmp_path / "x.safetensors", stored, lora_adapter_metadata=told)
    (delta,) = read_lora(file, modules).values()
    damaged = file_of(tmp_path / "y.safetensors", stored, lora_adapter_metadata="[")

    assert torch.allclose(delta.dense(torch.zeros(8, 12)), 3 * up @ down, atol=1e-5)
    with pytest.raises(DiffusionError, match="metadata is damaged"):
        read_lora(damaged, modules)


@pytest.mark.parametrize(
    "stored",
    [
        {"oft_R.weight": torch.zeros(5, 6)},
        {"boft_R": torch.zeros(2, 3, 4, 4), "boft_s": torch.ones(8, 1)},
        {"lokr_w1": torch.zeros(3, 3), "lokr_w2": torch.zeros(3, 3)},
        {"lora_up.weight": torch.zeros(8, 2), "lora_down.weight": torch.zeros(2, 12),
         "dora_scale": torch.zeros(5)},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path: Path, stored: dict[str, Tensor]) -> None:
    file = file_of(tmp_path / "x.safetensors", {f"line.{k}": v for k, v in stored.items()})

    with pytest.raises(DiffusionError, match=r"line is made of .* the model's line.weight is 8x12"):
        read_lora(file, network_modules("Net", PatchedWeights(Net()).shapes()))
