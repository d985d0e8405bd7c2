"""Tokenizers of language models (Qwen, Gemma, Llama): from a file, never fetched.

`tokenizer.json` is read by the tokenizers library, `vocab.json` with `merges.txt` by transformers,
and `tokenizer.model`, which some weight files carry inside, is a SentencePiece model of pairs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.text.pieces import MAX_BYTES, parsed_pieces
from wirebrush_diffusion.text.reading import TextKind

JSON, VOCAB, MERGES, MODEL = "tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model"
SUBFOLDERS: Mapping[TextKind, tuple[str, ...]] = {
    "gemma2": ("", "gemma2", "gemma", "tokenizer"),
    "qwen3": ("", "qwen3", "qwen", "tokenizer"),
    "qwen25vl": ("", "qwen25vl", "qwen2.5-vl", "qwen", "tokenizer"),
    "llama": ("", "llama3", "llama", "tokenizer"),
}
TURN = "<|im_start|>"
MARKS: Mapping[TextKind, str] = {
    "gemma2": "<bos>",
    "qwen3": TURN,
    "qwen25vl": TURN,
    "llama": "<|eot_id|>",
}
"""A word that tokenizers of that kind have."""
SOURCES: Mapping[TextKind, str] = {
    "gemma2": "tokenizer.json (or .model) of google/gemma-2-2b into models/tokenizers/gemma2",
    "qwen3": "tokenizer.json of Qwen/Qwen3-4B into models/tokenizers/qwen3",
    "qwen25vl": "tokenizer.json of Qwen/Qwen2.5-VL-7B-Instruct into models/tokenizers/qwen25vl",
    "llama": "tokenizer.json of meta-llama/Llama-3.1-8B-Instruct into models/tokenizers/llama3",
}
NORMAL, CONTROL, OWN = 1, 3, 4  # kinds of words in a SentencePiece model
SPARE_ROWS = 512  # embeddings have more rows than there are words


@dataclass(frozen=True, slots=True)
class Speech:
    """`backend` is a tokenizers `Tokenizer`. `<|words|>` that are marks are read as marks."""

    backend: Any

    def ids(self, text: str) -> list[int]:
        """Token ids of the text and nothing else."""
        text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no character
        return self.backend.encode(text, add_special_tokens=False).ids

    def id_of(self, word: str) -> int | None:
        """The id of a mark; None if there is no such word."""
        return self.backend.token_to_id(word)

    @property
    def size(self) -> int:
        """How many words there are."""
        return self.backend.get_vocab_size()


def find_speech(
    kind: TextKind, folders: Iterable[Path], rows: int, embedded: bytes | None = None
) -> Speech:
    """The tokenizer for a language model with `rows` embeddings: from its file, or a folder.

    Folders are searched with their usual sub-folders. One with too many or far too few words, or
    without the kind's marks, is another model's.
    """
    if embedded:
        return from_pairs(embedded, "the file's own tokenizer")
    for folder in folders:
        for place in (folder / subfolder for subfolder in SUBFOLDERS[kind]):
            found = load_speech(place)
            if found is None or found.id_of(MARKS[kind]) is None:
                continue
            if rows - SPARE_ROWS <= found.size <= rows:
                return found
    raise DiffusionError(
        f"This file holds no tokenizer, and none for its {rows} words was found.",
        f"Put {SOURCES[kind]}.",
    )


def load_speech(folder: Path) -> Speech | None:
    """The tokenizer in a folder; None if there is none, or one of another kind."""
    label = f"{folder.parent.name}/{folder.name}"
    try:
        if (folder / JSON).is_file():
            from tokenizers import Tokenizer

            return _of_pairs(Tokenizer.from_file(str(folder / JSON)))
        if (folder / VOCAB).is_file() and (folder / MERGES).is_file():
            return _from_vocabulary(folder)
    except Exception as error:  # the tokenizers library raises bare Exceptions
        raise DiffusionError(
            f"The tokenizer in {label} is damaged: {str(error)[:200]}.", "Get its files again."
        ) from error
    path = folder / MODEL
    if not path.is_file():
        return None
    if path.stat().st_size > MAX_BYTES:
        raise DiffusionError(f"{label}/{MODEL} is far too large for a tokenizer.")
    return from_pairs(path.read_bytes(), f"{label}/{MODEL}")


def _of_pairs(backend: Any) -> Speech | None:
    """T5's tokenizer is of another model, CLIP's ends words with a mark: they are for others."""
    model = backend.model
    if type(model).__name__ != "BPE" or model.end_of_word_suffix:
        return None
    backend.no_padding()  # files keep what their last user had set
    backend.no_truncation()
    return Speech(backend)


def _from_vocabulary(folder: Path) -> Speech | None:
    """Qwen's older files; CLIP's look the same but for their words."""
    if "<|startoftext|>" in json.loads((folder / VOCAB).read_text("utf-8")):
        return None
    from transformers import Qwen2Tokenizer

    whole: Any = Qwen2Tokenizer.from_pretrained(str(folder), local_files_only=True)
    return _of_pairs(whole.backend_tokenizer)


def from_pairs(content: bytes, label: str) -> Speech:
    """A tokenizer out of a SentencePiece model that was made by merging pairs, as Gemma's is."""
    from tokenizers import AddedToken, Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import BPE

    try:
        words, unknown, _ = parsed_pieces(content)
        ids = {word: i for i, (word, _, _) in enumerate(words)}
        backend: Any = Tokenizer(
            BPE(ids, _merges(words), unk_token=words[unknown][0], fuse_unk=True, byte_fallback=True)
        )
    except Exception as error:  # whatever the bytes lead to, here or in the library
        raise DiffusionError(
            f"{label} is no SentencePiece model, or damaged: {str(error)[:200]}.",
            "Get the file again.",
        ) from error
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    backend.add_special_tokens(
        [AddedToken(word, normalized=False) for word, _, kind in words if kind == CONTROL]
    )
    backend.add_tokens(
        [AddedToken(word, normalized=False) for word, _, kind in words if kind == OWN]
    )
    return Speech(backend)


def _merges(words: Sequence[tuple[str, float, int]]) -> list[tuple[str, str]]:
    """Each word's ways to be two others put together; what scores best is merged first."""
    scores = {word: score for word, score, kind in words if kind in (NORMAL, OWN)}
    found: list[tuple[float, int, int, tuple[str, str]]] = []
    places = {word: i for i, (word, _, _) in enumerate(words)}
    for word, score in scores.items():
        for cut in range(1, len(word)):
            first, second = word[:cut], word[cut:]
            if first in scores and second in scores:
                found.append((-score, places[first], places[second], (first, second)))
    return [pair for *_, pair in sorted(found)]
