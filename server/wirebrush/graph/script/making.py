"""A prompt as a Python script: plain diffusers code where that says the same, else node by node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wirebrush.catalog import Catalog
from wirebrush.graph.prompt import Prompt
from wirebrush.graph.script.nodewise import nodewise_script
from wirebrush.graph.script.page import Locate
from wirebrush.graph.script.plain import plain_script
from wirebrush.graph.script.plan import NotPlain
from wirebrush.graph.script.planning import plan_of


@dataclass(frozen=True, slots=True)
class Script:
    """The text, and why it is not plain diffusers code (empty if it is)."""

    text: str
    why: str = ""


def script_of(
    prompt: Prompt, catalog: Catalog, locate: Locate, family_of: Callable[[str, str], str]
) -> Script:
    """The script for a prompt.

    `locate(kind, name)` is the path of a model or picture that the script shall use, `family_of`
    the family of a model file (`sd15`, `sdxl`, `sd3`, `flux`, `schnell`), or empty.
    """
    try:
        return Script(plain_script(plan_of(prompt, catalog, family_of), locate))
    except NotPlain as reason:
        return Script(nodewise_script(prompt, str(reason)), str(reason))
