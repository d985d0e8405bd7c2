"""From a weighted prompt to windows of token ids that a CLIP text encoder can read.

A window has 77 places (or what the encoder has): start, up to 75 tokens, end, padding. Longer
prompts fill several. A piece of one weight is kept together if it is short: it goes to the next
window whole rather than being cut. `BREAK` begins a new window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.text.embeddings import split_words
from wirebrush_diffusion.text.prompt import parse_prompt, split_breaks
from wirebrush_diffusion.text.vocabulary import Words

LONG_PIECE = 8  # pieces from this many tokens on may be cut between windows
MAX_WINDOWS = 64
NO_WORDS: Mapping[str, int] = MappingProxyType({})


class Learned(NamedTuple):
    """A place in a text that a vector of a learnt word takes, instead of a token's."""

    name: str
    row: int


Token = int | Learned
Piece = tuple[Sequence[Token], float]


@dataclass(frozen=True, slots=True)
class Window:
    """Token ids and their weights, both as long as the encoder's window.

    `learned` are the places that vectors of learnt words take; there the id means nothing.
    """

    ids: tuple[int, ...]
    weights: tuple[float, ...]
    learned: tuple[tuple[int, Learned], ...] = ()


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """`vocabulary` is CLIP's words, `length` the encoder's number of places.

    `padding` is the token that fills a window up; None is the vocabulary's own.
    """

    vocabulary: Words
    length: int = 77
    padding: int | None = None

    def windows(self, prompt: str, words: Mapping[str, int] = NO_WORDS) -> list[Window]:
        """The prompt as one or more windows.

        `words` are the learnt words that the encoder knows and how many vectors each has; others
        are left out.
        """
        parts: list[list[Piece]] = [[]]
        for text, weight, begins in split_breaks(parse_prompt(prompt)):
            if begins:
                parts.append([])
            tokens = self._tokens(text, words)
            if tokens:
                parts[-1].append((tokens, weight))
        rows = [row for pieces in parts for row in self._filled(pieces)]
        if len(rows) > MAX_WINDOWS:
            raise DiffusionError(
                f"The prompt fills {len(rows)} windows of {self.length - 2} tokens; "
                f"at most {MAX_WINDOWS} are read.",
                "Shorten the text.",
            )
        return [self._closed(row) for row in rows]

    def empty(self) -> Window:
        """The window of an empty prompt."""
        return self._closed([])

    def _tokens(self, text: str, words: Mapping[str, int]) -> list[Token]:
        tokens: list[Token] = []
        for plain, word in split_words(text):
            # half a surrogate pair is no character
            tokens += self.vocabulary.ids(plain.encode("utf-8", "replace").decode())
            if word is not None:
                tokens += [Learned(word, row) for row in range(words.get(word, 0))]
        return tokens

    def _filled(self, pieces: Sequence[Piece]) -> Iterator[list[tuple[Token, float]]]:
        room = self.length - 2
        row: list[tuple[Token, float]] = []
        for ids, weight in pieces:
            rest = ids
            while len(row) + len(rest) > room:
                if len(ids) >= LONG_PIECE:
                    split = room - len(row)
                    row.extend((token, weight) for token in rest[:split])
                    rest = rest[split:]
                yield row
                row = []
            row.extend((token, weight) for token in rest)
        yield row

    def _closed(self, row: Sequence[tuple[Token, float]]) -> Window:
        start, end = self.vocabulary.start, self.vocabulary.end
        padding = self.vocabulary.padding if self.padding is None else self.padding
        spare = self.length - 2 - len(row)
        plain = (token if isinstance(token, int) else 0 for token, _ in row)
        ids = (start, *plain, end, *([padding] * spare))
        weights = (1.0, *(weight for _, weight in row), 1.0, *([1.0] * spare))
        learned = [(place, token) for place, (token, _) in enumerate(row, 1)]
        return Window(ids, weights, tuple((p, t) for p, t in learned if isinstance(t, Learned)))
