"""Texts and values that a stranger may have written into a workflow."""

from __future__ import annotations

from hypothesis import strategies as st

words = st.text(max_size=12) | st.sampled_from(
    [
        '"""',
        "'''",
        "\\",
        '"\n#',
        "import os",
        "self",
        "before",
        "named",
        "nodes",
        "class",
        "ä\u2028",
    ]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
