"""The browser of the system, and how it is started for tests."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, BrowserType

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
"""The one that has no windows, if there is one: what they cost is six times what they show."""

START = 180_000
"""Milliseconds that a browser may take to start."""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a moving pattern
    "--use-fake-ui-for-media-stream",  # and may be used without asking
)


def launched(chromium: BrowserType) -> Browser:
    """A browser, however long a busy machine takes to start it."""
    return chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), timeout=START)
