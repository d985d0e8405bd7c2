"""The last lines of the server's own log, without secrets, and who wants to hear of new ones."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

LINES = 300
MOST = 256
"""So many clients may follow."""
_SECRET = re.compile(r"(?i)(token[=:]\s*|bearer\s+|wirebrush_token=)[^\s&;,'\"]+")

Entry: TypeAlias = Mapping[str, str]
"""`t`: the time in ISO 8601; `m`: the line, with its end."""
Tell: TypeAlias = Callable[[Entry], object]


class LogBook(logging.Handler):
    """A log handler that keeps lines. `subscribers` are the ids of clients that asked for them.

    `tell` is called with each new line, in the thread that logs it.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        self.subscribers: set[str] = set()
        self.tell: Tell = lambda _: None
        self._lines: deque[Entry] = deque(maxlen=LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        text = _SECRET.sub(r"\1...", self.format(record))
        when = datetime.fromtimestamp(record.created).isoformat(timespec="microseconds")
        entry = {"t": when, "m": text + "\n"}
        self._lines.append(entry)
        self.tell(entry)

    def entries(self) -> list[Entry]:
        """The lines there are, the oldest first."""
        return list(self._lines)

    def subscribe(self, client: str, wants: bool) -> None:
        """A client wants to hear of new lines, or no more."""
        if not wants:
            self.subscribers.discard(client)
        elif len(self.subscribers) < MOST:
            self.subscribers.add(client)


def message(*entries: Entry) -> dict[str, Any]:
    """What a websocket message `logs` says. There is no terminal whose size could matter."""
    return {"entries": [*entries], "size": None}
