"""Text encoders from files of their own, and where their tokenizers come from."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from original_names import clip_tensors, open_clip_tensors, plain
from safetensors.torch import save_file
from tiny_families import PIECES, clip, clip_tokenizer, pipeline, t5, t5_tokenizer
from torch import Tensor

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.files.separate import check_texts, read_texts
from wirebrush_diffusion.files.weights import WeightFile
from wirebrush_diffusion.text.pieces import find_pieces, from_sentencepiece, load_pieces
from wirebrush_diffusion.text.vocabulary import load_vocabulary


@pytest.fixture(scope="module")
def pipe() -> Any:
    return pipeline("sd3")


@pytest.fixture(scope="module")
def files(pipe: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, WeightFile]:
    """clip_l, clip_g and t5xxl as people have them, with tokenizers beside them."""
    folder = tmp_path_factory.mktemp("text_encoders")
    second = clip_tensors(pipe.text_encoder_2, "")
    projection = {"text_projection.weight": pipe.text_encoder_2.text_projection.weight.detach()}
    tensors = {
        "l": clip_tensors(pipe.text_encoder, ""),
        "g": second | projection,
        "t5": plain(pipe.text_encoder_3, ""),
        "open_g": open_clip_tensors(pipe.text_encoder_2, ""),
    }
    for name, content in tensors.items():
        save_file(content, folder / f"{name}.safetensors")
    pipe.tokenizer.save_pretrained(folder / "tokenizer")
    pipe.tokenizer_3.save_pretrained(folder / "t5")
    return {name: WeightFile(folder / f"{name}.safetensors") for name in tensors}


def encoded(pipe: Any, text: str) -> tuple[Tensor, Tensor]:
    with torch.inference_mode():
        states, _, pooled, _ = pipe.encode_prompt(
            text, None, None, do_classifier_free_guidance=False, max_sequence_length=77
        )
    return states, pooled


@pytest.mark.parametrize("order", [("l", "g", "t5"), ("t5", "open_g", "l")])
def test_three_files_in_any_order(pipe: Any, files: Any, order: tuple[str, ...]) -> None:
    reader = read_texts([files[name] for name in order], "sd3")

    ours = reader.encode("a red house")

    states, pooled = encoded(pipe, "a red house")
    assert list(reader.parts) == ["l", "g", "t5xxl"]
    assert ours.pooled is not None
    assert (ours.context - states).abs().max() < 1e-4
    assert (ours.pooled - pooled).abs().max() < 1e-5


def test_a_text_for_each_encoder(pipe: Any, files: Any) -> None:
    reader = read_texts([files["l"], files["g"], files["t5"]], "sd3")

    ours = reader.encode({"l": "red", "g": "a house", "t5xxl": "fog " * 60})
    again = reader.encode({"l": "red"})

    with torch.inference_mode():
        states, *_ = pipe.encode_prompt(
            "red", "a house", "fog " * 60, do_classifier_free_guidance=False,
            max_sequence_length=256,
        )  # fmt: skip
    assert (ours.context[:, :77] - states[:, :77]).abs().max() < 1e-4
    assert ours.context.shape[1] > 77 + 180
    assert again.context.shape[1] == 77 + 77
    with pytest.raises(DiffusionError, match="reads texts with l and g and t5xxl, not with llama"):
        reader.encode({"llama": "red"})


def test_two_of_three_files_will_do(pipe: Any, files: Any) -> None:
    states, pooled = encoded(pipe, "a red house")
    clips = read_texts([files["l"], files["g"]], "sd3").encode("a red house")
    with_t5 = read_texts([files["l"], files["t5"]], "sd3").encode("a red house")

    assert clips.pooled is not None
    assert (clips.context[..., :192] - states[:, :77, :192]).abs().max() < 1e-5
    assert (clips.pooled - pooled).abs().max() < 1e-5
    assert with_t5.context.shape[1] == 154


def test_flux_and_single_files(files: Any) -> None:
    flux = read_texts([files["l"], files["t5"]], "flux").encode("red")
    one = read_texts([files["l"]], "stable_diffusion").encode("red")
    pair = read_texts([files["l"], files["g"]], "sdxl").encode("red house " * 90)

    assert flux.context.shape == (1, 256, 256)
    assert one.context.shape == (1, 77, 64)
    assert pair.context.shape == (1, 3 * 77, 192)


def test_pooled_sides_of_different_lengths(files: Any) -> None:
    reader = read_texts([files["l"], files["g"]], "sdxl")

    assert reader.encode({"l": "red house " * 90, "g": "red"}).context.shape == (1, 231, 192)


@pytest.mark.parametrize(
    ("names", "kind", "reason"),
    [
        (("t5",), "sdxl", "T5 text encoder too many for Stable Diffusion XL"),
        (("l", "g", "open_g"), "sdxl", "one CLIP text encoder too many"),
        (("l",), "hunyuan_video", "'hunyuan_video' are not read yet.*sdxl, sd3, flux"),
    ],
)
def test_wrong_choices(files: Any, names: tuple[str, ...], kind: str, reason: str) -> None:
    with pytest.raises(DiffusionError, match=reason):
        check_texts([files[name] for name in names], kind)


def test_other_files_are_named(files: Any, tmp_path: Path) -> None:
    save_file({"lora_unet_x.lora_up.weight": torch.zeros(1)}, tmp_path / "style.safetensors")

    with pytest.raises(DiffusionError, match=r"style\.safetensors is a LoRA; a text encoder was"):
        check_texts([WeightFile(tmp_path / "style.safetensors")], "flux")


def test_without_a_t5_tokenizer_the_place_for_it_is_named(tmp_path: Path) -> None:
    save_file(plain(t5(), ""), tmp_path / "t5.safetensors")
    save_file(clip_tensors(clip(64), ""), tmp_path / "l.safetensors")
    clip_tokenizer().save_pretrained(tmp_path / "tokenizer")
    files = [WeightFile(tmp_path / f"{name}.safetensors") for name in ("t5", "l")]

    with pytest.raises(DiffusionError, match=r"its 64 words.*models/tokenizers/t5"):
        read_texts(files, "flux")


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def chunk(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def spiece() -> bytes:
    """A SentencePiece model with T5's three special words and a few pieces."""
    words = [("<pad>", 3), ("</s>", 3), ("<unk>", 2), *((piece, 1) for piece in PIECES)]
    content = b""
    for i, (word, kind) in enumerate(words):
        score = struct.pack("<f", 0.0 if i < 3 else -1.0 - (i - 3) / 10)
        piece = chunk(1, word.encode()) + b"\x15" + score + varint(3 << 3) + varint(kind)
        content += chunk(1, piece)
    return content + chunk(2, b"\x08\x01") + b"\x21" + b"\0" * 8


@pytest.mark.parametrize("text", ["a red house", "  red\thouse ", "(a1) xyz?", "", "red, fog"])
def test_sentencepiece_reads_like_transformers(text: str) -> None:
    expected = t5_tokenizer()(text, add_special_tokens=False)["input_ids"]

    assert from_sentencepiece(spiece(), "spiece.model").ids(text) == expected


def test_a_tokenizer_inside_the_weight_file(files: Any, tmp_path: Path) -> None:
    own = torch.frombuffer(bytearray(spiece()), dtype=torch.uint8)
    save_file(plain(t5(), "") | {"spiece_model": own}, tmp_path / "t5.safetensors")

    reader = read_texts([WeightFile(tmp_path / "t5.safetensors"), files["l"]], "flux")

    assert reader.encode("a red house").context.shape == (1, 256, 256)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x0a\xff\xff\xff\xff\x0f", b"\xff" * 20])
def test_damaged_sentencepiece_models(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "spiece.model").write_bytes(content)

    with pytest.raises(DiffusionError, match=r"spiece\.model is no SentencePiece model, or damag"):
        load_pieces(tmp_path)


def test_tokenizers_of_others_are_passed_by(tmp_path: Path) -> None:
    clip_tokenizer().save_pretrained(tmp_path / "tokenizer")
    (tmp_path / "tokenizer" / "merges.txt").unlink(missing_ok=True)
    (tmp_path / "t5").mkdir()
    (tmp_path / "t5" / "spiece.model").write_bytes(spiece())

    assert find_pieces([tmp_path], 64).size == 3 + len(PIECES)
    with pytest.raises(DiffusionError, match="none for its 32128 words"):
        find_pieces([tmp_path], 32128)
    (tmp_path / "tokenizer" / "tokenizer.json").write_text(json.dumps({}))
    with pytest.raises(DiffusionError, match=r"tokenizer\.json is damaged"):
        load_pieces(tmp_path / "tokenizer")


def test_a_tokenizer_that_was_saved_with_a_fixed_length(tmp_path: Path) -> None:
    short, long = clip_tokenizer(), t5_tokenizer()
    for tokenizer, name in ((short, "tokenizer"), (long, "t5")):
        tokenizer("red", padding="max_length", max_length=20, truncation=True)
        tokenizer.save_pretrained(tmp_path / name)

    assert len(load_vocabulary(tmp_path / "tokenizer").ids("red house")) == 2
    assert len(find_pieces([tmp_path], 64).ids("red " * 30)) == 30


def test_padding_is_what_the_folder_says(tmp_path: Path) -> None:
    clip_tokenizer("!").save_pretrained(tmp_path / "a")
    clip_tokenizer().save_pretrained(tmp_path / "b")
    path = tmp_path / "b" / "tokenizer_config.json"
    path.write_text(json.dumps({"pad_token": {"content": "!", "special": True}}))

    assert [load_vocabulary(tmp_path / name).padding for name in "ab"] == [0, 0]
