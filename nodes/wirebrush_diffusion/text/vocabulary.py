"""Where CLIP's vocabulary comes from. Single files do not hold one, and it is never fetched."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wirebrush_diffusion.errors import DiffusionError

FILES = ("tokenizer.json", "vocab.json")
SUBFOLDERS = ("", "tokenizer", "clip", "clip/tokenizer")
PACKAGES = ("open_clip", "clip")  # libraries that ship CLIP's merges, if they are installed
MERGES = "bpe_simple_vocab_16e6.txt.gz"
START, END = "<|startoftext|>", "<|endoftext|>"
MAX_JSON = 4 * 1024 * 1024
MERGE_COUNT = 49152 - 256 - 2


@dataclass(frozen=True, slots=True)
class Words:
    """CLIP's words: `backend` is a tokenizers `Tokenizer`; `start`, `end` and `padding` are ids."""

    backend: Any
    start: int
    end: int
    padding: int

    def ids(self, text: str) -> list[int]:
        """Token ids, without start, end or padding."""
        return self.backend.encode(text, add_special_tokens=False).ids

    def __len__(self) -> int:
        return self.backend.get_vocab_size()


def load_vocabulary(folder: Path) -> Words:
    """The words in a folder: from tokenizer.json, or from vocab.json and merges.txt."""
    label = f"{folder.parent.name}/{folder.name}"
    if not any((folder / name).is_file() for name in FILES):
        raise DiffusionError(
            f"{label} holds no tokenizer.", "Expected tokenizer.json, or vocab.json and merges.txt."
        )
    try:
        if (folder / FILES[0]).is_file():
            from tokenizers import Tokenizer

            backend = Tokenizer.from_file(str(folder / FILES[0]))
        else:
            from transformers import CLIPTokenizer

            whole = CLIPTokenizer.from_pretrained(str(folder), local_files_only=True)
            backend = whole.backend_tokenizer
        return _words(backend, _padding_word(folder))
    except Exception as error:  # the tokenizers library raises bare Exceptions
        raise DiffusionError(
            f"The tokenizer in {label} is damaged: {str(error)[:200]}.", "Get its files again."
        ) from error


def _words(backend: Any, padding: str = END) -> Words:
    backend.no_padding()  # files keep what their last user had set
    backend.no_truncation()
    found = [backend.token_to_id(word) for word in (START, END, padding)]
    if None in found[:2]:
        raise ValueError(f"it has no {START} or {END}")
    return Words(backend, found[0], found[1], found[1] if found[2] is None else found[2])


def _padding_word(folder: Path) -> str:
    """What the folder's configuration fills windows up with."""
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        path = folder / "special_tokens_map.json"
    if not path.is_file() or path.stat().st_size > MAX_JSON:
        return END
    stated = json.loads(path.read_text("utf-8")).get("pad_token") or END
    return stated["content"] if isinstance(stated, dict) else str(stated)


def find_vocabulary(folders: Iterable[Path], size: int) -> Words:
    """A CLIP tokenizer of `size` words: in or below the folders, or from an installed library."""
    tried: list[Path] = []
    for folder in folders:
        for subfolder in SUBFOLDERS:
            place = folder / subfolder
            tried.append(place)
            if any((place / name).is_file() for name in FILES):
                vocabulary = load_vocabulary(place)
                if len(vocabulary) == size:
                    return vocabulary
    installed = _installed() if size == MERGE_COUNT + 2 * 256 + 2 else None
    if installed is not None:
        return installed
    raise DiffusionError(
        f"This file holds no tokenizer, and none with {size} words was found.",
        "Install CLIP's (pip install --no-deps clip-anytorch), or put vocab.json and merges.txt of"
        " CLIP ViT-L/14 into models/tokenizers/clip.",
    )


def _installed() -> Words | None:
    for package in PACKAGES:
        spec = find_spec(package)
        for root in spec.submodule_search_locations or () if spec else ():
            merges = Path(root) / MERGES
            if merges.is_file():
                return _from_merges(merges)
    return None


def _from_merges(path: Path) -> Words:
    """From its authors' merge list: bytes, bytes at word ends, merged words, two marks."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
    merges: Any = [tuple(line.split()) for line in lines[1 : MERGE_COUNT + 1]]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())  # GPT-2's order of bytes
    words = [*alphabet, *(f"{char}</w>" for char in alphabet), *("".join(pair) for pair in merges)]
    words += [START, END]
    whole = CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=merges)
    return _words(whole.backend_tokenizer)
