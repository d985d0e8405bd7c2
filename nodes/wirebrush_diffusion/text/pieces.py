"""SentencePiece tokenizers, as T5 and language models use them: from a file, never fetched.

`tokenizer.json` is read by the tokenizers library. `spiece.model` is a small protocol buffer
(github.com/google/sentencepiece, sentencepiece_model.proto) of which three fields matter here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wirebrush_diffusion.errors import DiffusionError

JSON, MODEL = "tokenizer.json", "spiece.model"
SUBFOLDERS = ("", "t5", "t5xxl", "tokenizer", "tokenizer_2", "tokenizer_3")
MAX_BYTES = 64 * 1024 * 1024
SPARE_ROWS = 256  # embeddings have a few rows more than there are words
SPACE = "▁"
VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Pieces:
    """`backend` is a tokenizers `Tokenizer`; `end` closes a text, `padding` fills it up."""

    backend: Any
    end: int = 1
    padding: int = 0

    def ids(self, text: str) -> list[int]:
        """Token ids, without start, end or padding."""
        text = text.encode("utf-8", "replace").decode()
        return self.backend.encode(text, add_special_tokens=False).ids

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return self.backend.get_vocab_size()


def find_pieces(folders: Iterable[Path], rows: int, embedded: bytes | None = None) -> Pieces:
    """The tokenizer for an encoder with `rows` embeddings: from the weight file, or a folder.

    Folders are searched with their usual sub-folders; one with too many or far too few words is
    another model's.
    """
    if embedded:
        return from_sentencepiece(embedded, "the file's own tokenizer")
    for folder in folders:
        for place in (folder / subfolder for subfolder in SUBFOLDERS):
            found = load_pieces(place) if has_pieces(place) else None
            if found is not None and rows - SPARE_ROWS <= found.size <= rows:
                return found
    raise DiffusionError(
        f"This file holds no tokenizer, and none for its {rows} words was found.",
        "Put spiece.model or tokenizer.json of google/t5-v1_1-xxl into models/tokenizers/t5.",
    )


def has_pieces(folder: Path) -> bool:
    """Whether a tokenizer of this kind may lie there."""
    return (folder / MODEL).is_file() or (
        (folder / JSON).is_file() and not (folder / "merges.txt").is_file()
    )


def load_pieces(folder: Path) -> Pieces | None:
    """The tokenizer in a folder; None if what lies there is of another kind (CLIP's)."""
    label = f"{folder.parent.name}/{folder.name}"
    if (folder / JSON).is_file():
        from tokenizers import Tokenizer

        try:
            backend = Tokenizer.from_file(str(folder / JSON))
        except Exception as error:  # the tokenizers library raises bare Exceptions
            raise DiffusionError(
                f"{label}/{JSON} is damaged: {str(error)[:200]}.", "Get the file again."
            ) from error
        return _closed(backend) if type(backend.model).__name__ == "Unigram" else None
    path = folder / MODEL
    if path.stat().st_size > MAX_BYTES:
        raise DiffusionError(f"{label}/{MODEL} is far too large for a tokenizer.")
    return from_sentencepiece(path.read_bytes(), f"{label}/{MODEL}")


def _closed(backend: Any) -> Pieces:
    backend.no_padding()  # files keep what their last user had set
    backend.no_truncation()
    end, padding = backend.token_to_id("</s>"), backend.token_to_id("<pad>")
    return Pieces(backend, 1 if end is None else end, 0 if padding is None else padding)


def from_sentencepiece(content: bytes, label: str) -> Pieces:
    """A tokenizer out of the bytes of a `spiece.model`."""
    from tokenizers import Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import Unigram

    try:
        words, unknown, charsmap = parsed_pieces(content)
        scored = [(word, score) for word, score, _ in words]
        backend: Any = Tokenizer(Unigram(scored, unknown, byte_fallback=False))
        if charsmap:
            backend.normalizer = normalizers.Precompiled(charsmap)
    except Exception as error:  # whatever the bytes lead to, here or in the library
        raise DiffusionError(
            f"{label} is no SentencePiece model, or damaged: {str(error)[:200]}.",
            "Get the file again.",
        ) from error
    split = pre_tokenizers.WhitespaceSplit()
    spaces = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always")
    backend.pre_tokenizer = pre_tokenizers.Sequence([split, spaces])
    return _closed(backend)


def parsed_pieces(content: bytes) -> tuple[list[tuple[str, float, int]], int, bytes]:
    """Words with scores and kinds (1: plain, 2: unknown, 3 and 4: marks, 6: bytes), the place of
    the unknown word, and the normaliser's table."""
    words: list[tuple[str, float, int]] = []
    unknown, charsmap = 0, b""
    for field, raw in _fields(content):
        if field == 1 and isinstance(raw, bytes):  # a piece: text, score, kind
            piece = dict(_fields(raw))
            text, score = piece.get(1, b""), piece.get(2, b"\0\0\0\0")
            kind = piece.get(3, 1)
            if kind == 2:
                unknown = len(words)
            if isinstance(kind, bytes) or not isinstance(text, bytes):
                raise ValueError("a piece without text")
            if not isinstance(score, bytes):
                raise ValueError("a piece without a score")
            words.append((text.decode("utf-8"), struct.unpack("<f", score)[0], kind))
        elif field == 3 and isinstance(raw, bytes):  # the normaliser
            table = dict(_fields(raw)).get(2, b"")
            charsmap = table if isinstance(table, bytes) else b""
    if not words:
        raise ValueError("it has no words")
    return words, unknown, charsmap


def _fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protocol buffer: their numbers and raw values."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        kind = key & 7
        if kind == VARINT:
            number, place = _varint(content, place)
            yield key >> 3, number
            continue
        size = {EIGHT_BYTES: 8, FOUR_BYTES: 4}.get(kind)
        if kind == BYTES:
            size, place = _varint(content, place)
        if size is None or place + size > len(content):
            raise ValueError("it is cut off")
        yield key >> 3, content[place : place + size]
        place += size


def _varint(content: bytes, place: int) -> tuple[int, int]:
    number, shift = 0, 0
    while shift < 64:
        byte = content[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place
    raise ValueError("a number that never ends")
