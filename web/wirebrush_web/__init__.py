"""The browser side as data: the built page, and the workflows that ship with the studio."""

from pathlib import Path

HERE = Path(__file__).parent


def page_path() -> Path:
    """The built page. The folder is absent in a checkout whose page was not built yet."""
    return HERE / "dist"


def workflows_path() -> Path:
    """The shipped workflows: in the package once installed, at the top of a checkout otherwise."""
    packaged = HERE / "workflows"
    return packaged if packaged.is_dir() else HERE.parents[1] / "workflows"
