"""The shipped model, loaded once for all tests of meaning."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # for `studio`

from studio import Studio


@pytest.fixture(scope="session")
def studio() -> Iterator[Studio]:
    """One thread: with busy neighbours that is the fastest."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Studio.opened()
    torch.set_num_threads(before)
