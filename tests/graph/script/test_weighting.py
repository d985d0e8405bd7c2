"""Weights and learnt words are read as the nodes read them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wirebrush.graph.script.weighting import learnt_words, pieces_of, with_tokens
from wirebrush_diffusion.text.embeddings import words_in
from wirebrush_diffusion.text.prompt import parse_prompt

texts = st.text("ab (:.1)\\e\0", max_size=30) | st.text(max_size=20)


@given(texts)
def test_as_nodes_read_them(text: str) -> None:
    assert pieces_of(text) == tuple((piece.text, piece.weight) for piece in parse_prompt(text))


@given(st.lists(st.sampled_from(["embedding:a", "(embedding:b:1.2)", ", ", "x"]), max_size=6))
def test_learnt_words_are_found(parts: list[str]) -> None:
    text = " ".join(parts)
    assert learnt_words(pieces_of(text)) == words_in(text)


def test_learnt_words_as_diffusers_has_them() -> None:
    assert with_tokens("a embedding:cat-toy, red") == "a <cat-toy>, red"
