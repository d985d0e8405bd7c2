"""Values and links of a prompt, for those that read what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wirebrush.api import MISSING, Link
from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt, PromptNode
from wirebrush.graph.script.plan import NotPlain


@dataclass
class Reader:
    """Reads a prompt; what cannot be read is NotPlain."""

    prompt: Prompt
    catalog: Catalog
    _steps: int = 0

    def value(self, node: PromptNode, name: str, otherwise: Any = MISSING) -> Any:
        """The value of an input, or that of a new node."""
        found = node.inputs.get(name, MISSING)
        if isinstance(found, Link):
            raise NotPlain(f"the {name} of its {called(node)} is computed by another node.")
        spec = self.catalog.spec(node.class_type)
        port = spec.port(name) if spec is not None else None
        if found is MISSING and port is not None:
            found = port.default
        found = otherwise if found is MISSING else found
        if found is MISSING:
            raise NotPlain(f"its {called(node)} does not say its {name}.")
        return found

    def number(self, node: PromptNode, name: str, otherwise: Any = MISSING) -> float:
        """A value that is a number."""
        found = self.value(node, name, otherwise)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise NotPlain(f"the {name} of its {called(node)} is no number.")
        return found

    def whole(self, node: PromptNode, name: str, otherwise: Any = MISSING) -> int:
        """A value that is a whole number."""
        return int(self.number(node, name, otherwise))

    def above(self, node: PromptNode, name: str) -> tuple[PromptNode, int]:
        """The node at an input, and which of its outputs it is."""
        link = node.inputs.get(name)
        found = self.prompt.nodes.get(link.node) if isinstance(link, Link) else None
        if found is None or not isinstance(link, Link):
            raise NotPlain(f"the {name} of its {called(node)} is not connected.")
        self._steps += 1
        if self._steps > 20 * len(self.prompt.nodes) + 100:
            raise NotPlain("its nodes wait for each other in a circle.")
        return found, link.output


def called(node: PromptNode) -> str:
    """What a node is called in a sentence."""
    return word(node.class_type)


def word(name: str) -> str:
    """A name from the file, as far as it may stand in a sentence."""
    words = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(words.split())[:60] or "a node without a name"
