"""How tests lie side by side when three run at once (`--dist loadscope`), and their examples."""

from __future__ import annotations

import signal

import pytest
import setuptools  # noqa: F401  (before distutils, whoever imports that: torch's compiler insists)
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


def pytest_configure() -> None:
    """What passes here passes everywhere: also on a busy machine, also in the background."""
    # The examples are the same in every run; `--hypothesis-profile=default` looks for others.
    settings.register_profile(
        "same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("same")
    # Who is started in the background ignores Ctrl-C, and the tests of it would hand that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Together(LoadScopeScheduling):
    """A file's tests share what they have made; those in a browser share two studios.

    `--dist loadgroup` is for that, but finds no group where pytest is 9.2 (pytest-xdist 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        file, *_ = nodeid.split("::")
        *folders, name = file.split("/")
        half = "a to l" if name < "test_m" else "m to z"
        return f"e2e, {half}" if "e2e" in folders else file


@pytest.hookimpl(optionalhook=True)  # there is no such hook where one test runs at a time
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together | None:
    """Which tests one process runs one after the other."""
    return Together(config, log) if config.getvalue("dist") == "loadscope" else None
