"""How tests lie side by side when two run at once (`-n 2 --dist loadgroup`), and their examples."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import setuptools  # noqa: F401  (before distutils, whoever imports that: torch's compiler insists)
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent


def pytest_configure() -> None:
    """What passes here passes everywhere: also on a busy machine, also in the background."""
    # The examples are the same in every run; `--hypothesis-profile=default` looks for others.
    settings.register_profile(
        "same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("same")
    # Who is started in the background ignores Ctrl-C, and the tests of it would hand that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist's own looks for the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share what they have made; those in a browser share one studio."""
    for item in items:
        folder, *_ = item.path.relative_to(HERE).parts
        group = folder if folder == "e2e" else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
