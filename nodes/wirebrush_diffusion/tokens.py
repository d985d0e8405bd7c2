"""From a weighted prompt to windows of token ids that a CLIP text encoder can read.

A window has 77 places (or what the encoder has): start, up to 75 tokens, end, padding. Longer
prompts fill several. A piece of one weight is kept together if it is short: it goes to the next
window whole rather than being cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.prompt import parse_prompt
from wirebrush_diffusion.vocabulary import Words

LONG_PIECE = 8  # pieces from this many tokens on may be cut between windows
MAX_WINDOWS = 64


@dataclass(frozen=True, slots=True)
class Window:
    """Token ids and their weights, both as long as the encoder's window."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """`vocabulary` is CLIP's words, `length` the encoder's number of places.

    `padding` is the token that fills a window up; None is the vocabulary's own.
    """

    vocabulary: Words
    length: int = 77
    padding: int | None = None

    def windows(self, prompt: str) -> list[Window]:
        """The prompt as one or more windows."""
        pieces = [(self._ids(piece.text), piece.weight) for piece in parse_prompt(prompt)]
        rows = list(self._filled([(ids, weight) for ids, weight in pieces if ids]))
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

    def _ids(self, text: str) -> list[int]:
        text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no character
        return self.vocabulary.ids(text)

    def _filled(
        self, pieces: Sequence[tuple[list[int], float]]
    ) -> Iterator[list[tuple[int, float]]]:
        room = self.length - 2
        row: list[tuple[int, float]] = []
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

    def _closed(self, row: Sequence[tuple[int, float]]) -> Window:
        start, end = self.vocabulary.start, self.vocabulary.end
        padding = self.vocabulary.padding if self.padding is None else self.padding
        spare = self.length - 2 - len(row)
        ids = (start, *(token for token, _ in row), end, *([padding] * spare))
        weights = (1.0, *(weight for _, weight in row), 1.0, *([1.0] * spare))
        return Window(ids, weights)
