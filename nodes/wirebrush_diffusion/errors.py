"""The one error of the library: what is wrong, and how to mend it."""

from __future__ import annotations


class DiffusionError(ValueError):
    """Something that the person who chose the file or the number can put right.

    Args:
        message: What was found and what was expected, as one or two sentences.
        hint: What to do about it. May be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
