"""axe-core in the page: what people who see or hear it otherwise would stumble over."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

LOOKS = (("dark", "normal"), ("light", "normal"), ("dark", "high"), ("light", "high"))
"""Theme and contrast, as a person chooses them in the settings."""

# The guards send the focus on as soon as they get it: nobody ever stands on one. The layers over
# the canvas show nothing and take no press, but axe would see no colour below them. Rules that know
# of no colours find the same in every look, so that one is enough for them.
SCAN = """async (part, looks) => {
  const { dataset } = document.documentElement;
  const { theme, contrast } = dataset;
  const layers = document.querySelectorAll(
    ".react-flow__viewport-portal, [data-document] > svg[aria-hidden=true]");
  for (const layer of layers) layer.style.display = "none";
  const found = [];
  for (const [index, [theme, contrast]] of looks.entries()) {
    Object.assign(dataset, { theme, contrast });
    await new Promise(done => requestAnimationFrame(done));
    const { violations, incomplete, passes } = await axe.run(
      { include: [part], exclude: ["[data-base-ui-focus-guard]"] },
      index ? { runOnly: ["color-contrast"] } : {},
    );
    const colours = results =>
      results.flatMap(({ id, nodes }) => id === "color-contrast" ? nodes : []);
    const covered = colours(incomplete)
      .filter(({ any }) => any[0].data?.messageKey === "bgOverlap");
    if (covered.length > colours([...violations, ...passes]).length)
      violations.push({ id: "covered", impact: "serious", nodes: covered });
    found.push(...violations.map(fault => ({ ...fault, look: `${theme}, ${contrast}` })));
  }
  for (const layer of layers) layer.style.display = "";
  Object.assign(dataset, { theme, contrast });
  return found;
}"""
"""What axe finds; also where most words are covered, so that it could not judge their colours."""

GRAVE = ("serious", "critical")


@dataclass(frozen=True)
class Fault:
    """A rule that something on the page breaks; `look` is the theme and the contrast."""

    rule: str
    look: str
    where: str
    why: str


@dataclass(frozen=True)
class Examiner:
    """Looks through what a page shows, one part after the other, and notes what is grave."""

    page: Page
    faults: dict[str, list[Fault]] = field(default_factory=dict[str, list[Fault]])

    @classmethod
    def of(cls, page: Page) -> Examiner:
        """Without transitions: a colour on its way to another is nobody's fault."""
        page.emulate_media(reduced_motion="reduce")
        return cls(page)

    def look_at(self, part: Locator, name: str) -> None:
        """Examine a part of the page in every look, once it is there."""
        expect(part).to_be_visible()
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        violations: list[dict[str, Any]] = part.evaluate(SCAN, [list(look) for look in LOOKS])
        grave = [
            Fault(found["id"], found["look"], node["html"][:200], node["failureSummary"])
            for found in violations
            if found["impact"] in GRAVE
            for node in found["nodes"]
        ]
        if grave:
            self.faults.setdefault(name, []).extend(grave)

    def look_over(self, name: str) -> None:
        """Examine the whole page."""
        self.look_at(self.page.locator("body"), name)
