"""How tests lie side by side when two run at once (`-n 2 --dist loadgroup`)."""

from __future__ import annotations

from pathlib import Path

import pytest
import setuptools  # noqa: F401  (before distutils, whoever imports that: torch's compiler insists)

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share what they have made; those in a browser share one studio."""
    for item in items:
        folder, *_ = item.path.relative_to(HERE).parts
        group = folder if folder == "e2e" else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
