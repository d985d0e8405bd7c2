"""Files that are not what they should be: one clear sentence each, and nothing worse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.checkpoint import load, open_checkpoint
from wirebrush_diffusion.files.weights import WeightFile


def written(path: Path, header: Any, data: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def entry(shape: list[Any], end: int, start: int = 0, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"{not json", "header .* is damaged"),
        (b"[]", "header is no table"),
        (b"[" * 100_000, "header .* is damaged"),
        (b'{"a": 1, "a": 2}', "a name occurs twice"),
        ({"a": entry([4], 16)}, "cut off"),
        ({"a": entry([2], 4)}, "contradicts itself"),
        ({"a": entry([-1, -1], 4)}, "contradicts itself"),
        ({"a": entry([2**62, 2**62], 4)}, "contradicts itself"),
        ({"a": entry([1], 4, dtype="F31")}, "contradicts itself"),
        ({"a": entry([1], 4, start=-4)}, "contradicts itself"),
        ({"a": {"shape": [1]}}, "contradicts itself"),
        ({"a": "text"}, "contradicts itself"),
        ({"a": entry([1], 4), "b": entry([1], 4)}, "overlaps another"),
    ],
)
def test_hostile_headers(tmp_path: Path, header: Any, reason: str) -> None:
    path = written(tmp_path / "evil.safetensors", header, b"\0" * 8)

    with pytest.raises(DiffusionError, match=rf"evil.safetensors.*{reason}"):
        WeightFile(path)


@pytest.mark.parametrize("content", [b"", b"\0", b"\xff" * 8 + b"{}", b"\x08" + b"\0" * 7])
def test_scraps(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scrap.safetensors"
    path.write_bytes(content)

    with pytest.raises(DiffusionError, match="no safetensors file, or only the beginning"):
        WeightFile(path)


def test_a_download_that_stopped(single_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    path.write_bytes(single_file.read_bytes()[: single_file.stat().st_size // 2])

    with pytest.raises(DiffusionError, match=r"half\.safetensors is cut off"):
        open_checkpoint(path)


@pytest.mark.parametrize("name", ["model.ckpt", "model.safetensors"])
def test_pickles_are_refused_with_the_way_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    torch.save({"state_dict": {"a": torch.ones(2)}}, path)

    with pytest.raises(DiffusionError, match=r"is a pickle.*wirebrush_diffusion\.files\.convert"):
        open_checkpoint(path)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DiffusionError, match="no safetensors file"):
        open_checkpoint(tmp_path / "notes.txt")


@pytest.mark.parametrize("length", [0x0280, 0x4B50])
def test_headers_whose_length_looks_like_a_pickles_mark(tmp_path: Path, length: int) -> None:
    header = json.dumps({"a": entry([1], 4)}).encode().ljust(length)
    path = written(tmp_path / "fine.safetensors", header, b"\0" * 4)

    assert torch.equal(WeightFile(path).tensor("a"), torch.zeros(1))


def changed(single_file: Path, target: Path, change: Callable[[dict[str, Tensor]], Any]) -> Path:
    tensors = load_file(single_file)
    change(tensors)
    save_file(tensors, target)
    return target


def test_missing_and_damaged_tensors_are_named(single_file: Path, tmp_path: Path) -> None:
    name = "model.diffusion_model.input_blocks.1.0.in_layers.0.weight"
    lacking = changed(single_file, tmp_path / "a.safetensors", lambda t: t.pop(name))
    broken = changed(single_file, tmp_path / "b.safetensors", lambda t: t[name].fill_(float("nan")))

    with pytest.raises(DiffusionError, match=r"missing down_blocks\.0\.resnets\.0\.norm1\.weight"):
        open_checkpoint(lacking).model()
    with pytest.raises(DiffusionError, match="contains NaN"):
        open_checkpoint(broken).model()


def test_weights_without_a_place_are_named(single_file: Path, tmp_path: Path) -> None:
    path = changed(
        single_file,
        tmp_path / "more.safetensors",
        lambda t: t.update({"model.diffusion_model.input_blocks.1.7.gate": torch.ones(1)}),
    )

    with pytest.raises(DiffusionError, match=r"unknown input_blocks\.1\.7\.gate"):
        open_checkpoint(path).model()


def test_numbers_in_names_cannot_keep_us_busy(single_file: Path, tmp_path: Path) -> None:
    for number in ("9999", "9" * 5000):
        path = changed(
            single_file,
            tmp_path / "busy.safetensors",
            lambda t, n=number: t.update(
                {f"first_stage_model.encoder.down.0.block.{n}.x": torch.ones(1)}
            ),
        )
        with pytest.raises(DiffusionError, match=r"no model has so many|unknown encoder"):
            open_checkpoint(path).autoencoder()


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("layers_per_block", 10**9),
        ("block_out_channels", [32] * 1000),
        ("cross_attention_dim", 1e99),
    ],
)
def test_absurd_configurations(folder: Path, tmp_path: Path, name: str, setting: Any) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "unet" / "config.json").read_text())
    (copy / "unet" / "config.json").write_text(json.dumps(config | {name: setting}))

    with pytest.raises(DiffusionError, match="makes no sense"):
        load(copy)


def test_networks_of_unknown_families(folder: Path, single_file: Path, tmp_path: Path) -> None:
    cascade = tmp_path / "cascade"
    shutil.copytree(folder, cascade)
    config = json.loads((cascade / "unet" / "config.json").read_text())
    named = config | {"_class_name": "StableCascadeUNet"}
    (cascade / "unet" / "config.json").write_text(json.dumps(named))
    name = "model.diffusion_model.input_blocks.0.0.weight"
    odd, narrow = (
        changed(
            single_file,
            tmp_path / f"{channels}.safetensors",
            lambda t, n=channels: t.update({name: torch.zeros((32, n, 3, 3))}),
        )
        for channels in (11, 3)
    )

    with pytest.raises(DiffusionError, match="cascade/unet holds a StableCascadeUNet of a family"):
        open_checkpoint(cascade).check()
    with pytest.raises(DiffusionError, match="reads 7 channels besides the latent"):
        open_checkpoint(odd).model().inputs(None, {}, (1, 4, 8, 8))
    with pytest.raises(DiffusionError, match="reads 3 channels, its latents have 4"):
        open_checkpoint(narrow).model()


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.bfloat16, torch.float64])
def test_other_precisions(single_file: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    path = tmp_path / "other.safetensors"
    save_file({name: tensor.to(dtype) for name, tensor in load_file(single_file).items()}, path)

    network = open_checkpoint(path).model().network

    assert all(parameter.isfinite().all() for parameter in network.parameters())


KINDS = {
    "lora_unet_x.lora_up.weight": ("a LoRA", "LoraLoader"),
    "control_model.zero_convs.0.0.weight": ("a ControlNet", "ControlNetLoader"),
    "first_stage_model.encoder.conv_in.weight": ("a VAE", "VAELoader"),
    "text_model.encoder.layers.0.mlp.fc1.weight": ("a CLIP text encoder", "CLIPLoader"),
    "encoder.block.0.layer.0.SelfAttention.q.weight": ("a T5 text encoder", "CLIPLoader"),
    "vision_model.encoder.layers.0.mlp.fc1.weight": ("a CLIP vision encoder", "CLIPVisionLoader"),
    "redux_up.weight": ("a style model", "StyleModelLoader"),
    "emb_params": ("a textual inversion", "prompt"),
    "model.layers.0.mlp.gate_proj.weight": ("a language model", "CLIPLoader"),
    "decoder.middle.0.residual.0.weight": ("a VAE", "VAELoader"),
    "anything": ("of a kind that is not known here", "another|this node"),
}


@pytest.mark.parametrize("name", KINDS)
def test_other_kinds_of_files_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "other.safetensors"
    save_file({name: torch.zeros(1)}, path)
    kind, hint = KINDS[name]

    with pytest.raises(DiffusionError, match=rf"other\.safetensors is {kind}.*({hint})"):
        open_checkpoint(path).model()
    with pytest.raises(DiffusionError, match="holds no VAE"):
        open_checkpoint(path).autoencoder()
    with pytest.raises(DiffusionError, match=rf"other\.safetensors is {kind}"):
        open_checkpoint(path).text_encoder()


def test_a_model_without_its_other_parts(single_file: Path, tmp_path: Path) -> None:
    def strip(tensors: dict[str, Tensor]) -> None:
        for name in [n for n in tensors if not n.startswith("model.")]:
            del tensors[name]

    path = changed(single_file, tmp_path / "bare.safetensors", strip)

    with pytest.raises(DiffusionError, match=r"no text encoder of Stable Diffusion 1.*CLIPLoad"):
        open_checkpoint(path).text_encoder()
    with pytest.raises(DiffusionError, match="holds no VAE"):
        open_checkpoint(path).autoencoder()
    assert open_checkpoint(path).model().beside == 0


def test_without_a_vocabulary_the_place_for_it_is_named(single_file: Path, tmp_path: Path) -> None:
    lonely = tmp_path / "lonely" / "model.safetensors"
    lonely.parent.mkdir()
    shutil.copy(single_file, lonely)

    with pytest.raises(DiffusionError, match="models/tokenizers/clip"):
        open_checkpoint(lonely).text_encoder()
    found = open_checkpoint(lonely, vocabularies=(single_file.parent,)).text_encoder()
    assert found.encode("red").context.shape == (1, 77, 64)


FOLDER_DAMAGE = {
    "unet/config.json": (lambda p: p.unlink(), "unet/config.json is missing"),
    "scheduler/scheduler_config.json": (lambda p: p.write_text("{"), "is damaged"),
    "vae/config.json": (
        lambda p: p.write_text(json.dumps({"_class_name": "AutoencoderTiny"})),
        "holds a AutoencoderTiny",
    ),
    "unet/diffusion_pytorch_model.safetensors": (lambda p: p.unlink(), "unet has no weights"),
    "text_encoder/config.json": (
        lambda p: p.write_text('{"hidden_size": "wide"}'),
        "makes no sense",
    ),
    "tokenizer/tokenizer.json": (lambda p: p.write_text("{}"), "tokenizer .* is damaged"),
}


@pytest.mark.parametrize("name", FOLDER_DAMAGE)
def test_damaged_folders(folder: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    damage, reason = FOLDER_DAMAGE[name]
    damage(copy / name)

    with pytest.raises(DiffusionError, match=reason):
        load(copy)


def test_a_configuration_for_other_weights(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "unet" / "config.json").read_text())
    config["cross_attention_dim"] = 99
    (copy / "unet" / "config.json").write_text(json.dumps(config))

    with pytest.raises(DiffusionError, match="the configuration says"):
        load(copy)


def test_shards_may_not_leave_the_folder(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    index = copy / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../../../elsewhere.safetensors"}}))

    with pytest.raises(DiffusionError, match="names a file elsewhere"):
        load(copy)


def test_half_precision_files(folder: Path, single_file: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.safetensors"
    save_file(
        {n: t.half() if t.is_floating_point() else t for n, t in load_file(single_file).items()},
        half,
    )

    network = open_checkpoint(half).model().network

    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_weights_in_the_wanted_precision_stay_in_their_file(single_file: Path) -> None:
    kept, made = (open_checkpoint(single_file).model(dtype=d) for d in (None, torch.float16))

    storages = {p.untyped_storage().data_ptr() for p in kept.network.parameters()}
    assert len(storages) == 1
    assert len({p.untyped_storage().data_ptr() for p in made.network.parameters()}) > 50


def test_changed_weights_do_not_change_the_file(single_file: Path, tmp_path: Path) -> None:
    path = shutil.copy(single_file, tmp_path / "own.safetensors")
    before = Path(path).read_bytes()

    network = open_checkpoint(Path(path)).model().network
    for parameter in network.parameters():
        parameter.data.zero_()

    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_file_that_changes_while_it_is_read(
    single_file: Path, tmp_path: Path, dtype: torch.dtype
) -> None:
    path = tmp_path / "model.safetensors"
    shutil.copy(single_file, path)
    source = open_checkpoint(path)
    source.check()
    path.write_bytes(single_file.read_bytes()[:-1000])

    with pytest.raises(DiffusionError, match=r"model\.safetensors was changed while it was being"):
        source.model(dtype=dtype)


def test_rows_of_a_tensor_alone(tmp_path: Path) -> None:
    numbers = torch.arange(12.0).reshape(4, 3)
    save_file({"first": torch.zeros(5), "a": numbers}, tmp_path / "rows.safetensors")
    file = WeightFile(tmp_path / "rows.safetensors")

    assert torch.equal(file.tensor("a", (1, 3)), numbers[1:3])
    assert torch.equal(file.mapped("a", (1, 3)), numbers[1:3])


def test_scaled_fp8(single_file: Path, tmp_path: Path) -> None:
    tensors = load_file(single_file)
    name = "model.diffusion_model.time_embed.0.weight"
    small = tensors[name].to(torch.float8_e4m3fn)
    marks = {
        name: small,
        name.replace("weight", "scale_weight"): torch.tensor([0.5]),
        name.replace("weight", "scale_input"): torch.tensor([1.0]),
        "model.diffusion_model.scaled_fp8": torch.zeros(0, dtype=torch.float8_e4m3fn),
    }
    path = tmp_path / "scaled.safetensors"
    save_file(tensors | marks, path)

    parameters = dict(open_checkpoint(path).model().network.named_parameters())

    assert torch.equal(parameters["time_embedding.linear_1.weight"], small.float() * 0.5)


def test_precisions_that_torch_does_not_know(tmp_path: Path) -> None:
    path = written(tmp_path / "four.safetensors", {"a": entry([4], 2, dtype="F4")}, b"\0\0")

    with pytest.raises(DiffusionError, match=r"four\.safetensors: 'a' is stored as F4, which"):
        WeightFile(path).tensor("a")
