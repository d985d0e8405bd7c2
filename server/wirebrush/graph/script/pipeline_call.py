"""One call of a pipeline, while it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wirebrush.graph.script.plan import Stage
from wirebrush.graph.script.writing import Code


@dataclass
class PipelineCall:
    """`pipe` is the pipeline's variable, `seed` the seed's constant; `unpacked` and `given` are
    what it is called with, `mask` is the variable of where it paints; `after` are lines that undo
    what was changed for it."""

    pipe: str
    stage: Stage
    seed: str
    unpacked: list[Code] = field(default_factory=list[Code])
    given: dict[str, Any] = field(default_factory=dict[str, Any])
    mask: str = ""
    after: list[str] = field(default_factory=list[str])
