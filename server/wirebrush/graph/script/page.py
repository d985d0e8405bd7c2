"""What stands at the top of a script: what it imports, its files, texts and seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wirebrush.graph.script.writing import Names

Locate = Callable[[str, str], str]
"""Where a file of a kind lies, or where it should be put."""


@dataclass
class Page:
    """Gathers it while the rest is written. `imports` are classes of diffusers; `paths` and
    `constants` are names in capitals with the Python text of their values."""

    locate: Locate
    names: Names
    imports: set[str] = field(default_factory=set[str])
    paths: dict[str, str] = field(default_factory=dict[str, str])
    constants: dict[str, str] = field(default_factory=dict[str, str])
    _said: dict[tuple[str, object], str] = field(default_factory=dict[tuple[str, object], str])

    def path(self, constant: str, kind: str, name: str) -> str:
        """The constant for a file."""
        path = self.locate(kind, name)
        known = {value: key for key, value in self.paths.items()}
        if path in known:
            return known[path]
        found, count = constant, 1
        while found in self.paths:
            count += 1
            found = f"{constant}_{count}"
        self.paths[found] = path
        return found

    def constant(self, name: str, value: object, text: str) -> str:
        """The constant for a value, which is written as `text`."""
        if (name, value) not in self._said:
            self._said[name, value] = found = self.names.new(name, upper=True)
            self.constants[found] = text
        return self._said[name, value]
