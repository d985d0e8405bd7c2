"""Inputs of the newer node classes that stand for several: `comfy_api.latest._io` has them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from types import MappingProxyType
from typing import Any

from wirebrush_comfy.shims.api_types import ComfyTypeI, Input, Output

_EDITED = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})


class DynamicInput(Input):
    """An input that stands for several; `get_dynamic` says for which."""


class DynamicOutput(Output):
    """An output that stands for several."""


class AutogrowInput(DynamicInput):
    """As many inputs of one kind as somebody wires: `img1_$imgs_ag$`, `img2_$imgs_ag$`...

    Args:
        id: Its name.
        template_input: What each of them is; its name begins theirs.
        min: So many must be wired.
        max: There are no more than so many.
    """

    def __init__(
        self,
        id: str,
        template_input: Input,
        min: int = 1,
        max: int | None = None,
        *more: Any,
        **named: Any,
    ) -> None:
        super().__init__(id, *more, **named)
        self.template_input = template_input
        self.min = min
        self.max = max

    def get_dynamic(self) -> list[Input]:
        """The inputs, the required ones first. They take wires only."""
        most = self.min if self.max is None else max(self.min, self.max)
        return [self._input(number) for number in range(1, most + 1)]

    def _input(self, number: int) -> Input:
        made = copy(self.template_input)
        made.id = f"{made.id}{number}_${self.id}_ag$"
        made.display_name = made.display_name and f"{made.display_name}{number}"
        made.optional = self.optional or made.optional or number > self.min
        if made.get_io_type() in _EDITED:
            made.options_given = {**made.options_given, "force_input": True}
        return made


class AutogrowDynamic(ComfyTypeI):
    """Inputs that grow in number."""

    io_type = "COMFY_AUTOGROW_V3"
    Input = AutogrowInput


DYNAMIC: Mapping[str, Any] = MappingProxyType(
    {
        "AutogrowDynamic": AutogrowDynamic,
        "DynamicInput": DynamicInput,
        "DynamicOutput": DynamicOutput,
    }
)
"""What `comfy_api.latest._io` has beside `io`."""
