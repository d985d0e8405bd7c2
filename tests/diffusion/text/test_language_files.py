"""Language models from files of their own, their tokenizers, and files that are faulty."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from original_names import MODEL, framed_vae_tensors, language_tensors, single, written
from safetensors.torch import save_file
from test_text_files import chunk, varint
from tiny_families import t5, t5_tokenizer
from tiny_language import QWEN_MERGES, gemma_tokenizer, gemma_words, pipeline, qwen_tokenizer
from torch import Tensor

from wirebrush_diffusion.autoencoder.files import check_vae, load_vae
from wirebrush_diffusion.autoencoder.tiled import decode_tiled
from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.families.lumina2 import RULES as LUMINA2_RULES
from wirebrush_diffusion.families.z_image import RULES as Z_IMAGE_RULES
from wirebrush_diffusion.files.checkpoint import load, open_checkpoint
from wirebrush_diffusion.files.separate import check_texts, read_texts
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.memory.portions import reading_portion
from wirebrush_diffusion.text.speech import find_speech, from_pairs, load_speech

NAMES = ("lumina2", "z_image", "qwen_image")
ROLES = {"lumina2": "gemma2_2b", "z_image": "qwen3_4b", "qwen_image": "qwen25_7b"}
RULES = {"lumina2": LUMINA2_RULES, "z_image": Z_IMAGE_RULES, "qwen_image": {}}


@pytest.fixture(scope="module")
def pipes() -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in made:
            made[name] = pipeline(name)
        return made[name]

    return get


def text_file(pipe: Any, folder: Path, **more: Tensor) -> WeightFile:
    """The text encoder as people have it, with its tokenizer beside it."""
    path = folder / "text.safetensors"
    save_file(language_tensors(pipe.text_encoder, "") | more, path)
    pipe.tokenizer.save_pretrained(folder / "tokenizer")
    return WeightFile(path)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lumina2", "lumina2"),
        ("z_image", "lumina2"),  # as the field's CLIPLoader has it
        ("z_image", "qwen_image"),
        ("qwen_image", "qwen_image"),
        ("lumina2", "stable_diffusion"),
    ],
)
def test_a_text_encoder_of_its_own(pipes: Any, tmp_path: Path, name: str, kind: str) -> None:
    pipe = pipes(name)
    reader = read_texts([text_file(pipe, tmp_path)], kind)

    ours = reader.encode("a red house").context

    with torch.inference_mode():
        arguments = {"system_prompt": ""} if name == "lumina2" else {}
        theirs = pipe.encode_prompt("a red house", **arguments)[0]
    if name == "lumina2":  # what it was told to put before the text, too
        ours = reader.encode(" <Prompt Start> a red house").context
        theirs = theirs[:, : ours.shape[1]]
    expected = theirs[0] if isinstance(theirs, list) else theirs[0, :]
    assert list(reader.parts) == [ROLES[name]]
    assert (ours[0] - expected).abs().max() < 1e-5


def test_fp8_with_scales(pipes: Any, tmp_path: Path) -> None:
    file = text_file(pipes("qwen_image"), tmp_path)
    tensors = {name: file.tensor(name) for name in file.names()}
    key = "model.layers.0.self_attn.q_proj.weight"
    scale = tensors[key].abs().max() / 448
    scaled = tensors | {
        key: (tensors[key] / scale).to(torch.float8_e4m3fn),
        key.replace("weight", "scale_weight"): scale,
        "scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn),
    }
    save_file(scaled, tmp_path / "fp8.safetensors")

    whole, eighth = (
        read_texts([one], "qwen_image").encode("a red house").context
        for one in (file, WeightFile(tmp_path / "fp8.safetensors"))
    )

    assert 0 < (whole - eighth).abs().max() < 0.1 * whole.std()


def test_brackets_weigh_words_for_gemma_alone(pipes: Any, tmp_path: Path) -> None:
    answers: dict[str, list[Tensor]] = {}
    for name in NAMES:
        folder = tmp_path / name
        folder.mkdir()
        reader = read_texts([text_file(pipes(name), folder)], "lumina2")
        answers[name] = [
            reader.encode(text).context for text in ("a red", "a (red:1.4)", "a (red:1.0)")
        ]

    _, heavy, one = answers["lumina2"]
    assert heavy.shape == one.shape
    assert torch.equal(heavy[:, :2], one[:, :2])
    assert not torch.equal(heavy[:, 2:], one[:, 2:])
    for name in ("z_image", "qwen_image"):  # for these, brackets are brackets
        assert answers[name][1].shape[1] > answers[name][0].shape[1]


def test_texts_that_never_end(pipes: Any, tmp_path: Path) -> None:
    reader = read_texts([text_file(pipes("z_image"), tmp_path)], "lumina2")

    assert reader.encode("x" * 3000).context.shape[1] > 3000
    with pytest.raises(DiffusionError, match=r"has 40\d\d tokens; at most 3072 are read"):
        reader.encode("x" * 4000)


def test_what_reading_takes_is_known_beforehand(pipes: Any, tmp_path: Path) -> None:
    reader = read_texts([text_file(pipes("qwen_image"), tmp_path)], "qwen_image")

    assert reader.portion == reading_portion([256], 4)


def test_without_eyes_texts_are_read_all_the_same(pipes: Any, tmp_path: Path) -> None:
    file = text_file(pipes("qwen_image"), tmp_path)
    blind = {name: file.tensor(name) for name in file.names() if not name.startswith("visual.")}
    save_file(blind, tmp_path / "blind.safetensors")

    reader = read_texts([WeightFile(tmp_path / "blind.safetensors")], "qwen_image")
    whole = read_texts([file], "qwen_image")

    assert torch.equal(reader.encode("red").context, whole.encode("red").context)
    encoder: Any = reader.parts["qwen25_7b"]
    with pytest.raises(DiffusionError, match="cannot look at pictures: its file holds no vision"):
        encoder.see("red", [torch.zeros((1, 56, 56, 3))], "", named=False)


def test_half_precision_reads_nearly_the_same(pipes: Any, tmp_path: Path) -> None:
    file = text_file(pipes("z_image"), tmp_path)

    whole, half = (
        read_texts([file], "lumina2", dtype=dtype).encode("a red house").context
        for dtype in (torch.float32, torch.bfloat16)
    )

    assert 0 < (whole - half).std() < 0.05 * whole.std()


def spiece() -> bytes:
    """Gemma's kind of SentencePiece model."""
    content = b""
    for word, score, kind in gemma_words():
        piece = chunk(1, word.encode()) + b"\x15" + struct.pack("<f", score)
        content += chunk(1, piece + varint(3 << 3) + varint(kind))
    return content + chunk(2, varint(3 << 3) + varint(2))


@pytest.mark.parametrize("text", ["a red house", "red  red", "", "Ü?", "<mask> re", "red<bos>a"])
def test_a_sentencepiece_of_pairs_reads_like_transformers(text: str) -> None:
    expected = gemma_tokenizer()(text, add_special_tokens=False)["input_ids"]

    assert from_pairs(spiece(), "tokenizer.model").ids(text) == expected


def test_where_tokenizers_are_found(pipes: Any, tmp_path: Path) -> None:
    own = torch.frombuffer(bytearray(spiece()), dtype=torch.uint8)
    inside = text_file(pipes("lumina2"), tmp_path, spiece_model=own)
    for path in (tmp_path / "tokenizer").iterdir():
        path.unlink()
    (tmp_path / "gemma2").mkdir()
    (tmp_path / "gemma2" / "tokenizer.model").write_bytes(spiece())

    answers = [
        read_texts([inside], "lumina2").encode("a red house").context,
        pipeline_context(pipes("lumina2")),
    ]
    found = find_speech("gemma2", [tmp_path], 320)

    assert (answers[0] - answers[1]).abs().max() < 1e-6
    assert found.ids("a red") == gemma_tokenizer()("a red", add_special_tokens=False)["input_ids"]


def pipeline_context(pipe: Any) -> Tensor:
    ids = pipe.tokenizer("a red house", return_tensors="pt").input_ids
    with torch.inference_mode():
        return pipe.text_encoder(ids, output_hidden_states=True).hidden_states[-2]


def test_qwens_older_tokenizer_files(tmp_path: Path) -> None:
    whole = qwen_tokenizer()
    words = whole.get_vocab()
    marks = {word: i for word, i in words.items() if word.startswith("<|")}
    (tmp_path / "vocab.json").write_text(
        json.dumps({word: i for word, i in words.items() if word not in marks}), "utf-8"
    )
    merges = "\n".join(" ".join(pair) for pair in QWEN_MERGES)
    (tmp_path / "merges.txt").write_text(f"#version: 0.2\n{merges}\n", "utf-8")
    (tmp_path / "added_tokens.json").write_text(json.dumps(marks), "utf-8")
    decoder = {i: {"content": word, "special": True} for word, i in marks.items()}
    config = {"tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder": decoder}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")

    found = load_speech(tmp_path)

    assert found is not None
    text = "<|im_start|>user\na red house<|im_end|>"
    assert found.ids(text) == whole(text)["input_ids"]


def test_without_a_tokenizer_the_place_for_it_is_named(pipes: Any, tmp_path: Path) -> None:
    save_file(language_tensors(pipes("z_image").text_encoder, ""), tmp_path / "a.safetensors")
    t5_tokenizer().save_pretrained(tmp_path / "tokenizer")  # of another model

    with pytest.raises(DiffusionError, match=r"none for its 300 words.*models/tokenizers/qwen3"):
        read_texts([WeightFile(tmp_path / "a.safetensors")], "lumina2")
    (tmp_path / "tokenizer" / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(DiffusionError, match=r"The tokenizer in .*/tokenizer is damaged"):
        load_speech(tmp_path / "tokenizer")
    with pytest.raises(DiffusionError, match="x is no SentencePiece model, or damaged"):
        from_pairs(b"\xff" * 20, "x")


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("lumina2", "sdxl", "one Gemma 2 text encoder too many for Stable Diffusion XL"),
        ("z_image", "flux", r"one Qwen3 text encoder too many for FLUX.1, which reads with l"),
        ("qwen_image", "hunyuan_image", "'hunyuan_image' are not read yet"),
    ],
)
def test_wrong_types(pipes: Any, tmp_path: Path, name: str, kind: str, reason: str) -> None:
    file = text_file(pipes(name), tmp_path)

    with pytest.raises(DiffusionError, match=reason):
        check_texts([file], kind)


def test_a_language_model_that_nobody_reads_with(tmp_path: Path) -> None:
    llama = ("embed_tokens.weight", "layers.0.mlp.gate_proj.weight", "norm.weight")
    save_file({f"model.{name}": torch.ones((2, 2)) for name in llama}, tmp_path / "l.safetensors")

    with pytest.raises(DiffusionError, match=r"l\.safetensors is a language model that no .*Qwen3"):
        check_texts([WeightFile(tmp_path / "l.safetensors")], "qwen_image")


def test_a_t5_where_gemma_is_read(tmp_path: Path) -> None:
    save_file(
        {name: t.clone() for name, t in t5().state_dict().items()}, tmp_path / "t.safetensors"
    )

    with pytest.raises(DiffusionError, match=r"one T5 text encoder too many for Lumina 2, which"):
        check_texts([WeightFile(tmp_path / "t.safetensors")], "lumina2")


@pytest.mark.parametrize("name", NAMES)
def test_faulty_networks(pipes: Any, tmp_path: Path, name: str) -> None:
    network = written(RULES[name], pipes(name).transformer.state_dict(), MODEL)
    keys = sorted(network)
    path = tmp_path / "model.safetensors"

    def refused(tensors: dict[str, Tensor], reason: str) -> None:
        save_file(tensors, path)
        with pytest.raises(DiffusionError, match=reason) as wrong:
            open_checkpoint(path).model()
        assert "model.safetensors" in wrong.value.message

    last = next(key for key in keys if "layers.1." in key or "transformer_blocks.1." in key)
    refused({k: t for k, t in network.items() if k != last}, "does not fit .*: missing")
    refused(network | {f"{MODEL}more.weight": torch.ones(1)}, "unknown more.weight")
    refused(network | {keys[0]: torch.full_like(network[keys[0]], torch.nan)}, "contains NaN")
    other = next(k for k in keys if network[k].ndim == 1)
    refused(network | {other: torch.ones(7)}, r"is 7, the configuration says|makes no sense")
    save_file(network, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DiffusionError, match=r"model\.safetensors is cut off"):
        open_checkpoint(path).model()


def test_parts_where_others_are_read(pipes: Any, tmp_path: Path) -> None:
    pipe = pipes("qwen_image")
    for name, tensors in (
        ("network", written({}, pipe.transformer.state_dict())),
        ("text", language_tensors(pipe.text_encoder, "")),
        ("vae", framed_vae_tensors(pipe.vae, "")),
    ):
        save_file(tensors, tmp_path / f"{name}.safetensors")
    network, text, vae = (tmp_path / f"{n}.safetensors" for n in ("network", "text", "vae"))

    with pytest.raises(DiffusionError, match=r"text\.safetensors is a language model.*CLIPLoader"):
        open_checkpoint(text).check()
    with pytest.raises(DiffusionError, match=r"vae\.safetensors is a VAE; a diffusion model was"):
        open_checkpoint(vae).check()
    with pytest.raises(DiffusionError, match=r"it is a diffusion model.*UNETLoader"):
        check_vae(WeightFile(network))
    with pytest.raises(DiffusionError, match=r"network\.safetensors is a diffusion model; a text"):
        check_texts([WeightFile(network)], "qwen_image")
    strange = {"transformer_blocks.0.strange.weight": torch.ones(1)}
    save_file(strange, tmp_path / "strange.safetensors")
    with pytest.raises(DiffusionError, match=r"of a family that is not known here.*Lumina 2, Z-Im"):
        open_checkpoint(tmp_path / "strange.safetensors").check()


def test_the_vae_from_a_file_of_its_own(pipes: Any, tmp_path: Path) -> None:
    network = pipes("qwen_image").vae
    for name, tensors in (
        ("original", framed_vae_tensors(network, "")),
        ("diffusers", {n: t.contiguous() for n, t in network.state_dict().items()}),
    ):
        save_file(tensors, tmp_path / f"{name}.safetensors")
    latent = torch.randn((2, 16, 1, 4, 4))
    video = torch.randn((1, 16, 2, 4, 4))

    vaes = [
        load_vae(WeightFile(tmp_path / f"{name}.safetensors"), "cpu", torch.float32)
        for name in ("original", "diffusers")
    ]

    tiles = decode_tiled(vaes[0], latent, 24, 8, lambda done, total: None)
    assert tiles.shape == (2, 32, 32, 3)
    for vae in vaes:
        assert (vae.channels, vae.downscale) == (16, 8)
        assert torch.equal(vae.decode(latent), vaes[0].decode(latent[:, :, 0]))
        assert vae.decode(video).shape == (5, 32, 32, 3)  # a latent frame after the first is four
        assert vae.encode(torch.rand((2, 40, 33, 3))).shape == (2, 16, 5, 4)
    with pytest.raises(DiffusionError, match="reads latents of 16 channels, got 1x4x8x8"):
        vaes[0].decode(torch.zeros((1, 4, 8, 8)))


def test_latents_with_a_frame(pipes: Any, tmp_path: Path) -> None:
    pipe = pipes("qwen_image")
    path = tmp_path / "model.safetensors"
    save_file(single(pipe, "qwen_image"), path)
    pipe.tokenizer.save_pretrained(tmp_path / "tokenizer")
    latent = load(path).model.latent

    framed = torch.randn((2, 16, 1, 4, 4))

    assert torch.equal(latent.fit(framed), framed[:, :, 0])
    assert latent.fit(torch.zeros((1, 4, 1, 4, 4))).shape == (1, 16, 4, 4)
    assert torch.allclose(latent.from_network(latent.to_network(framed)), framed, atol=1e-5)
    with pytest.raises(DiffusionError, match="has 3 frames; this model paints pictures"):
        latent.fit(torch.zeros((1, 16, 3, 4, 4)))
