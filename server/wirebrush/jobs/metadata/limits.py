"""How much of a stranger's file is read in search of texts."""

from __future__ import annotations

LONGEST = 8 << 20
"""Bytes of one text; a longer one is no graph."""

MOST_PARTS = 4096
"""Boxes, blocks or elements that are looked at before giving up."""

MOST_TEXT = 4 * LONGEST
"""Letters of all texts of a file together: small files can be packed full of large ones."""

KEYS = frozenset({"wirebrush", "workflow", "prompt"})
"""Texts of other names are nothing to us."""
