"""Where CLIP's vocabulary comes from. Single files do not hold one, and it is never fetched."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wirebrush_diffusion.errors import DiffusionError

FILES = ("tokenizer.json", "vocab.json")
SUBFOLDERS = ("", "tokenizer", "clip", "clip/tokenizer")
PACKAGES = ("open_clip", "clip")  # libraries that ship CLIP's merges, if they are installed
MERGES = "bpe_simple_vocab_16e6.txt.gz"
MERGE_COUNT = 49152 - 256 - 2


def load_vocabulary(folder: Path) -> Any:
    """The `CLIPTokenizer` in a folder."""
    if not any((folder / name).is_file() for name in FILES):
        raise DiffusionError(
            f"{folder.parent.name}/{folder.name} holds no tokenizer.",
            "Expected tokenizer.json, or vocab.json and merges.txt.",
        )
    from transformers import CLIPTokenizer

    try:
        return CLIPTokenizer.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:  # the tokenizers library raises bare Exceptions
        raise DiffusionError(
            f"The tokenizer in {folder.parent.name}/{folder.name} is damaged: {str(error)[:200]}.",
            "Get its files again.",
        ) from error


def find_vocabulary(folders: Iterable[Path], size: int) -> Any:
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


def _installed() -> Any:
    for package in PACKAGES:
        spec = find_spec(package)
        for root in spec.submodule_search_locations or () if spec else ():
            merges = Path(root) / MERGES
            if merges.is_file():
                return _from_merges(merges)
    return None


def _from_merges(path: Path) -> Any:
    """From its authors' merge list: bytes, bytes at word ends, merged words, two marks."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
    merges: Any = [tuple(line.split()) for line in lines[1 : MERGE_COUNT + 1]]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())  # GPT-2's order of bytes
    words = [*alphabet, *(f"{char}</w>" for char in alphabet), *("".join(pair) for pair in merges)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=merges)
