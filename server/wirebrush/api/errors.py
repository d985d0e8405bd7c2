"""What a node may raise or return to say that it did not produce its values."""

from __future__ import annotations

from dataclasses import dataclass


class NodeError(Exception):
    """The node cannot do its work; the person who runs the graph can mend it.

    Args:
        message: What is wrong, as one sentence ("The mask is 64x64, the picture 128x128.").
        hint: How to mend it ("Resize the mask with ImageScale first."). May be empty.
        port: The input that is to blame, if it is one.
    """

    def __init__(self, message: str, hint: str = "", *, port: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.port = port


class Cancelled(BaseException):
    """The job was cancelled. A `BaseException`, so that `except Exception` lets it through."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Returned instead of a value: whatever is wired to this output is skipped, not failed.

    A `message` turns the skip into an error at the first node that would have used the value;
    without one the nodes below simply do not run.
    """

    message: str | None = None
