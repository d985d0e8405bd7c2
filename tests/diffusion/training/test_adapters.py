"""Factors beside a network: they begin as nothing, learn, and their file is the same network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_families import pipeline, saved
from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.folder import FolderCheckpoint
from wirebrush_diffusion.files.tensor_source import TensorTable
from wirebrush_diffusion.guidance.condition import Condition
from wirebrush_diffusion.model import DiffusionModel
from wirebrush_diffusion.patches.lora import read_lora
from wirebrush_diffusion.patches.lora_names import network_modules
from wirebrush_diffusion.patches.weights import WeightPatch
from wirebrush_diffusion.training.adapters import ALGORITHMS, Adapters
from wirebrush_diffusion.training.examples import Example
from wirebrush_diffusion.training.loop import LoopSettings
from wirebrush_diffusion.training.lora import LoraSettings, LoraTraining
from wirebrush_diffusion.training.objective import predicted

FAMILIES = ("sd1", "sd2", "sdxl", "sd3", "flux")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for name in FAMILIES:
        saved(pipeline(name), root / name)
    return root


@pytest.fixture(scope="module")
def models(folder: Path) -> dict[str, DiffusionModel]:
    return {name: FolderCheckpoint(folder / name).model() for name in FAMILIES}


def examples(model: DiffusionModel, count: int = 3) -> list[Example]:
    generator = torch.Generator().manual_seed(5)
    config: Any = model.config
    width = model.context_width or getattr(config, "joint_attention_dim", 64)
    pooled = getattr(config, "pooled_projection_dim", 128)
    found: list[Example] = []
    for _ in range(count):
        latent = torch.randn(model.latent.channels, 8, 8, generator=generator)
        context = torch.randn(1, 5, width, generator=generator)
        extra = model.inputs(torch.randn(1, pooled, generator=generator), {}, (1, *latent.shape))
        found.append(Example(latent, Condition(context, extra)))
    return found


def answers(model: DiffusionModel, training: LoraTraining) -> Tensor:
    """What the network now says about one noisy picture."""
    example = training.examples[0]
    text = example.condition
    with torch.inference_mode():
        x = 0.5 * example.latent.unsqueeze(0)
        return predicted(model, x, torch.tensor([500.0]), [text]).clone()


def weights(model: DiffusionModel) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.network.state_dict().items()}


def trained(model: DiffusionModel, algorithm: str, steps: int = 3, **told: Any) -> LoraTraining:
    loop = LoopSettings(learning_rate=1e-2)
    settings = LoraSettings(algorithm, rank=4, batch_size=2, loop=loop, **told)
    training = LoraTraining(model, examples(model), settings)
    training.run(steps)
    return training


CASES = [*((family, "LoRA") for family in FAMILIES), *(("sdxl", name) for name in ALGORITHMS)]
CASES += [("flux", "LoHa"), ("sd3", "LoKr"), ("flux", "OFT")]


@pytest.mark.parametrize(("family", "algorithm"), dict.fromkeys(CASES))
def test_the_file_is_the_network_that_was_trained(
    models: dict[str, DiffusionModel], family: str, algorithm: str
) -> None:
    model = models[family]
    before = weights(model)
    training = trained(model, algorithm)
    base = answers(model, training)
    with training.attached():
        learnt = answers(model, training)

    layers = getattr(model.config, "layers_per_block", 2)
    modules = network_modules(type(model.network).__name__, model.patches.shapes(), layers)
    deltas = read_lora(TensorTable("x", training.trained().tensors), modules)
    with model.patches.held([WeightPatch("x", deltas)]):
        read = answers(model, training)
    model.patches.remove()

    assert len(deltas) == len(training.adapters.factors)
    assert (learnt - base).abs().max() > 1e-3
    assert (learnt - read).abs().max() <= 1e-5 * max(1.0, learnt.abs().max().item())
    assert torch.equal(answers(model, training), base)
    after = model.network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


@pytest.mark.parametrize("family", ["sd1", "sdxl", "sd3", "flux"])
def test_diffusers_reads_the_file(
    models: dict[str, DiffusionModel], family: str, tmp_path: Path
) -> None:
    model, theirs = models[family], pipeline(family)
    training = trained(model, "LoRA")
    with training.attached():
        learnt = answers(model, training)
    training.trained().save(tmp_path / "x.safetensors")

    theirs.load_lora_weights(tmp_path / "x.safetensors")

    network = getattr(theirs, "unet", None) or theirs.transformer
    used = replace(model, network=network.eval())
    assert (answers(used, training) - learnt).abs().max() <= 1e-5


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_new_factors_change_nothing_and_all_learn(
    models: dict[str, DiffusionModel], algorithm: str
) -> None:
    model = models["sd1"]
    training = LoraTraining(model, examples(model), LoraSettings(algorithm, rank=4, batch_size=3))
    base = answers(model, training)
    with training.attached():
        assert (answers(model, training) - base).abs().max() <= 1e-6
        training.loss(0).backward()

    # in the first step only the factors that are zero learn: the others' answer is multiplied by it
    for name, factors in training.adapters.factors.items():
        gradients = [part.grad for part in factors.parts.values() if part.grad is not None]
        assert any(gradient.abs().max() > 0 for gradient in gradients), name
    assert all(parameter.grad is None for parameter in model.network.parameters())


def test_what_is_computed_again_gives_the_same_gradients(
    models: dict[str, DiffusionModel],
) -> None:
    model = models["sdxl"]
    plain = trained(model, "LoRA")
    again = trained(model, "LoRA", gradient_checkpointing=True)

    assert plain.loop.losses == pytest.approx(again.loop.losses, rel=1e-6)
    assert not model.network.is_gradient_checkpointing


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_factors_learn_exactly_beside_rough_weights(
    folder: Path, dtype: torch.dtype, algorithm: str
) -> None:
    model = FolderCheckpoint(folder / "sdxl").model("cpu", dtype)
    training = trained(model, algorithm)
    parameters = training.adapters.parameters().values()
    assert {parameter.dtype for parameter in parameters} == {torch.float32}
    assert {weight.dtype for weight in model.network.parameters()} == {dtype}
    base = answers(model, training)
    with training.attached():
        assert (answers(model, training) - base).abs().max() > 1e-3


def test_weights_in_fp8_teach_nothing(folder: Path) -> None:
    model = FolderCheckpoint(folder / "sd1").model("cpu", torch.float32, "fp8_e4m3fn")
    with pytest.raises(DiffusionError, match="kept as float8_e4m3fn: nothing can be learnt"):
        LoraTraining(model, examples(model), LoraSettings())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_lora_is_trained_further(models: dict[str, DiffusionModel], algorithm: str) -> None:
    model = models["sd1"]
    first = trained(model, algorithm)
    modules = network_modules(type(model.network).__name__, model.patches.shapes(), 1)
    deltas = read_lora(TensorTable("x", first.trained().tensors), modules)

    second = LoraTraining(model, first.examples, first.settings, existing=deltas)

    with first.attached():
        learnt = answers(model, first)
    with second.attached():
        assert (answers(model, second) - learnt).abs().max() <= 1e-5
        second.loss(0).backward()
    assert len(second.adapters.factors) == len(first.adapters.factors)


def test_what_cannot_be_trained_further_is_said(models: dict[str, DiffusionModel]) -> None:
    network = models["sd1"].network
    loha = {f"{n}.weight": f for n, f in Adapters.new(network, "LoHa", 2, 2, 0).factors.items()}

    with pytest.raises(DiffusionError, match="cannot be trained further as LoRA"):
        Adapters.resumed(network, "LoRA", loha)
    with pytest.raises(DiffusionError, match="nothing for this model"):
        Adapters.resumed(network, "LoRA", {})
    with pytest.raises(DiffusionError, match="no training algorithm 'LoCon'"):
        Adapters.new(network, "LoCon", 2, 2, 0)


def test_odd_sizes_of_layers() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 7, 3, stride=2, padding=1), nn.Conv2d(7, 5, 1, dilation=1))
    x = torch.randn(2, 3, 9, 9)
    for algorithm in ALGORITHMS:
        adapters = Adapters.new(network, algorithm, 4, 2.0, 1)
        with torch.no_grad():
            for parameter in adapters.parameters().values():
                parameter.add_(0.1 * torch.randn_like(parameter))
        with torch.no_grad(), adapters.attached(network):
            attached = network(x)
        changed = {
            f"{name}.weight": layer.weight + adapters.factors[name].dense(layer.weight)
            for name, layer in network.named_children()
            if name in adapters.factors and isinstance(layer, nn.Conv2d)
        }
        with torch.no_grad():
            wanted = torch.func.functional_call(network, changed, (x,))
        assert (attached - wanted).abs().max() <= 1e-5, algorithm
