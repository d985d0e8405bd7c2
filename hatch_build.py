"""Build hook: every install, editable ones included, builds the page unless it is already there."""

import platform
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))

import web_build

MACHINES_WITH_A_NODE_WHEEL = ("x86_64", "amd64", "aarch64", "arm64")


class PageHook(BuildHookInterface[Any]):
    """Builds `web/`, and takes the shipped workflows into wheels."""

    def dependencies(self) -> list[str]:
        """Node comes as a wheel, and only when there is something to build."""
        has_wheel = platform.machine().lower() in MACHINES_WITH_A_NODE_WHEEL
        return [web_build.NODE_WHEEL] if has_wheel and web_build.wanted(self._web) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects the files."""
        if web_build.wanted(self._web):
            self._build()
        elif not web_build.current(self._web):
            self.app.display_warning("wirebrush: packaged without the page, which was not built")
        workflows = Path(self.root) / "workflows"
        if self.target_name == "wheel" and version == "standard" and workflows.is_dir():
            build_data["force_include"][str(workflows)] = "wirebrush_web/workflows"

    def _build(self) -> None:
        self.app.display_info("wirebrush: building the page")
        try:
            web_build.build(self._web)
        except web_build.PageNotBuilt as problem:
            self.app.abort(f"wirebrush: {problem}")

    @property
    def _web(self) -> Path:
        return Path(self.root) / "web"
