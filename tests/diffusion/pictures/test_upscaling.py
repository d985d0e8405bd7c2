"""Upscale models: tiny files of the true architectures, in every layout."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import interpolate

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.pictures.upscalers import Compact, Esrgan, esrgan_name
from wirebrush_diffusion.pictures.upscaling import load_upscaler


def written(path: Path, network: nn.Module, prefix: str = "") -> WeightFile:
    tensors = {prefix + name: tensor for name, tensor in network.state_dict().items()}
    save_file(tensors, path)
    return WeightFile(path)


def old_names(network: Esrgan) -> dict[str, Tensor]:
    """The names that the first ESRGAN files have, written out from the paper's code layout."""
    last = 4 + 3 * network.doublings
    blocks = len(network.body)
    heads = {"conv_first": "model.0", "conv_body": f"model.1.sub.{blocks}"}
    heads |= {f"conv_up{i + 1}": f"model.{3 + 3 * i}" for i in range(network.doublings)}
    heads |= {"conv_hr": f"model.{last - 2}", "conv_last": f"model.{last}"}
    renamed: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        head, _, rest = name.partition(".")
        if head == "body":
            block, dense, conv, leaf = rest.split(".")
            renamed[f"model.1.sub.{block}.{dense.upper()}.{conv}.0.{leaf}"] = tensor
        else:
            renamed[f"{heads[head]}.{rest}"] = tensor
    return renamed


def loaded(file: WeightFile) -> tuple[float, Tensor, Tensor]:
    upscaler = load_upscaler(file, "cpu", torch.float32)
    pictures = torch.rand((2, 7, 10, 3), generator=torch.Generator().manual_seed(0))
    enlarged = upscaler.enlarged(pictures, lambda done, total: None)
    with torch.no_grad():
        wanted = upscaler.network(pictures.movedim(-1, 1)).movedim(1, -1).clamp(0, 1)
    assert torch.allclose(enlarged, wanted, atol=1e-5)
    return upscaler.scale, pictures, enlarged


@pytest.mark.parametrize(
    ("doublings", "fold", "scale"), [(2, 1, 4), (2, 2, 2), (1, 1, 2), (3, 1, 8)]
)
def test_esrgan_in_both_layouts(tmp_path: Path, doublings: int, fold: int, scale: int) -> None:
    torch.manual_seed(0)
    network = Esrgan(8, 4, 2, doublings, fold)
    new = loaded(written(tmp_path / "new.safetensors", network, "params_ema."))
    save_file(old_names(network), tmp_path / "old.safetensors")
    old = loaded(WeightFile(tmp_path / "old.safetensors"))

    assert new[0] == old[0] == scale
    assert new[2].shape == (2, 7 * scale, 10 * scale, 3)
    assert torch.equal(new[2], old[2])


def test_compact_ones(tmp_path: Path) -> None:
    torch.manual_seed(0)
    scale, pictures, enlarged = loaded(written(tmp_path / "c.safetensors", Compact(8, 3, 4)))

    assert scale == 4
    assert enlarged.shape == (2, 28, 40, 3)
    plain = Compact(4, 1, 2)
    for parameter in plain.parameters():
        nn.init.zeros_(parameter)
    _, pictures, enlarged = loaded(written(tmp_path / "zero.safetensors", plain))
    doubled = interpolate(pictures.movedim(-1, 1), scale_factor=2.0).movedim(1, -1)
    assert torch.allclose(enlarged, doubled, atol=1e-6)


def test_tiles_are_seen_in_progress_and_hardly_in_the_picture(tmp_path: Path) -> None:
    torch.manual_seed(0)
    upscaler = load_upscaler(
        written(tmp_path / "c.safetensors", Compact(4, 1, 2)), "cpu", torch.float32
    )
    wide = torch.rand((1, 20, 900, 4), generator=torch.Generator().manual_seed(0))
    seen: list[tuple[int, int]] = []
    enlarged = upscaler.enlarged(wide, lambda done, total: seen.append((done, total)))

    assert seen == [(1, 2), (2, 2)]
    with torch.no_grad():
        whole = upscaler.network(wide[..., :3].movedim(-1, 1)).movedim(1, -1).clamp(0, 1)
    assert torch.allclose(enlarged[:, :, :900], whole[:, :, :900], atol=0.1)
    assert float((enlarged - whole).abs().mean()) < 1e-3
    with pytest.raises(DiffusionError, match=r"A picture batch is \[B,H,W,3\], got 1x2x3"):
        upscaler.enlarged(torch.zeros(1, 2, 3), lambda done, total: None)


def test_memory_that_does_not_do_makes_smaller_tiles_once(tmp_path: Path) -> None:
    file = written(tmp_path / "c.safetensors", Compact(4, 1, 2))
    upscaler = load_upscaler(file, "cpu", torch.float32)
    sizes: list[int] = []
    most = 260

    def limited(module: nn.Module, args: tuple[Tensor]) -> None:
        sizes.append(args[0].shape[-1])
        if args[0].shape[-1] > most:
            raise torch.OutOfMemoryError("too large")

    upscaler.network.register_forward_pre_hook(limited)
    enlarged = upscaler.enlarged(torch.zeros(1, 8, 300, 3), lambda done, total: None)
    assert enlarged.shape == (1, 16, 600, 3)
    assert sizes[:2] == [300, 256]

    most = 10
    with pytest.raises(DiffusionError, match="Enlarging 300x8 needs more memory than there is"):
        upscaler.enlarged(torch.zeros(1, 8, 300, 3), lambda done, total: None)


def test_what_is_no_upscale_model(tmp_path: Path) -> None:
    save_file({"lora_unet_x.lora_up.weight": torch.zeros(2, 2)}, tmp_path / "lora.safetensors")
    with pytest.raises(DiffusionError, match="no upscale model that is known here: it is a LoRA"):
        load_upscaler(WeightFile(tmp_path / "lora.safetensors"), "cpu", torch.float32)
    network = Compact(4, 1, 2).state_dict()
    del network["body.2.bias"]
    save_file(network, tmp_path / "half.safetensors")
    with pytest.raises(DiffusionError, match=r"half.safetensors does not fit Compact: missing"):
        load_upscaler(WeightFile(tmp_path / "half.safetensors"), "cpu", torch.float32)


@pytest.mark.skipif(find_spec("spandrel") is not None, reason="spandrel reads them")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("layers.0.residual_group.overlap_attn.relative_position_bias_table", "HAT"),
        ("layers.0.residual_group.blocks.0.attn.qkv.weight", "SwinIR"),
        ("layers.0.blocks.0.attn.qkv.weight", "DAT"),
        ("block_1.c1_r.sk.weight", "SPAN"),
    ],
)
def test_kinds_that_need_the_extra_are_named(name: str, kind: str, tmp_path: Path) -> None:
    save_file({name: torch.zeros(2, 2)}, tmp_path / "other.safetensors")
    with pytest.raises(DiffusionError, match=f"other.safetensors is a {kind} model") as caught:
        load_upscaler(WeightFile(tmp_path / "other.safetensors"), "cpu", torch.float32)
    assert "wirebrush[upscale]" in (caught.value.hint or "")


@pytest.mark.parametrize("shape", [(), (4,), (4, 0, 3, 3), (4, 3, 3)])
def test_strange_shapes_end_in_a_sentence(shape: tuple[int, ...], tmp_path: Path) -> None:
    names = ("conv_first.weight", "body.0.rdb1.conv1.weight", "body.0.weight", "body.1.weight")
    save_file({name: torch.zeros(shape) for name in names}, tmp_path / "odd.safetensors")
    with pytest.raises(DiffusionError):
        load_upscaler(WeightFile(tmp_path / "odd.safetensors"), "cpu", torch.float32)


def test_unknown_names_stay() -> None:
    assert esrgan_name("body.0.weight", 10) == "body.0.weight"
    assert esrgan_name("model.8.weight", 10) == "conv_hr.weight"
