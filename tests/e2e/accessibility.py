"""axe-core in the page: what people who see or hear it otherwise would stumble over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

# The guards send the focus on as soon as they get it: nobody ever stands on one.
RUN = """() => axe.run(
  { exclude: ["[data-base-ui-focus-guard]"] },
  { resultTypes: ["violations"] },
)"""

GRAVE = ("serious", "critical")


@dataclass(frozen=True)
class Fault:
    """A rule that something on the page breaks."""

    rule: str
    impact: str
    where: str
    why: str


def grave_faults(page: Page) -> list[Fault]:
    """What is serious or critical on the page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    violations: list[dict[str, Any]] = page.evaluate(RUN)["violations"]
    return [
        Fault(found["id"], found["impact"], node["html"][:200], node["failureSummary"])
        for found in violations
        if found["impact"] in GRAVE
        for node in found["nodes"]
    ]
