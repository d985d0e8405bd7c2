"""How much of a stranger's file is read in search of texts."""

from __future__ import annotations

LONGEST = 8 << 20
"""Bytes of one text; a longer one is no graph."""

MOST_PARTS = 4096
"""Boxes, blocks or elements that are looked at before giving up."""
