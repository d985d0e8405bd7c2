"""The tokenizer: a small byte-pair code. A taught word is one token, any other word several."""

import json
from itertools import pairwise
from pathlib import Path

from transformers import CLIPTokenizer

from wirebrush_postcards.words import vocabulary

START, END, WORD_END = "<|startoftext|>", "<|endoftext|>", "</w>"
LENGTH = 77


def byte_letters() -> list[str]:
    """Return GPT-2's 256 printable stand-ins for bytes, in the order of CLIP's vocabulary."""
    kept = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(256) if byte not in kept]
    return [chr(byte) for byte in kept] + [chr(256 + place) for place in range(len(others))]


def learn_merges(words: list[str]) -> list[tuple[str, str]]:
    """Join the most frequent pair again and again until every word is a single token."""
    pieces = [[*word[:-1], word[-1] + WORD_END] for word in words]
    merges: list[tuple[str, str]] = []
    while True:
        counts: dict[tuple[str, str], int] = {}
        for parts in pieces:
            for pair in pairwise(parts):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            return merges
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        pieces = [_joined(parts, best) for parts in pieces]


def _joined(parts: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    for part in parts:
        if out and (out[-1], part) == pair:
            out[-1] += part
        else:
            out.append(part)
    return out


def write_tokenizer(folder: Path) -> None:
    """Write vocab.json, merges.txt and tokenizer_config.json in CLIP's layout."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = byte_letters()
    merges = learn_merges(vocabulary())
    entries = [*letters, *(letter + WORD_END for letter in letters)]
    entries += [
        entry for entry in dict.fromkeys(a + b for a, b in merges) if entry not in set(entries)
    ]
    entries += [START, END]
    table = {entry: number for number, entry in enumerate(entries)}
    (folder / "vocab.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(f"{a} {b}" for a, b in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": LENGTH,
        "add_prefix_space": False,
        "bos_token": START,
        "eos_token": END,
        "pad_token": END,
        "unk_token": END,
        "do_lower_case": True,
        "errors": "replace",
    }
    (folder / "tokenizer_config.json").write_text(
        json.dumps(config, indent=2) + "\n", encoding="utf-8"
    )


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """Load the tokenizer that `write_tokenizer` wrote."""
    return CLIPTokenizer.from_pretrained(str(folder))
