r"""Prompt weights: what the field's users type, and anything else they may type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.text.prompt import Weighted, parse_prompt
from wirebrush_diffusion.text.tokens import Tokenizer
from wirebrush_diffusion.text.vocabulary import Words


@pytest.mark.parametrize(
    ("prompt", "pieces"),
    [
        ("plain", [("plain", 1.0)]),
        ("a (red) house", [("a ", 1.0), ("red", 1.1), (" house", 1.0)]),
        ("(red:1.3)", [("red", 1.3)]),
        ("((red))", [("red", 1.21)]),
        ("(a (b:0.5) c:2)", [("a ", 2.0), ("b", 0.5), (" c", 2.0)]),
        ("(a (b) c:2)", [("a ", 2.0), ("b", 2.2), (" c", 2.0)]),
        (r"a \(literal\) bracket", [("a (literal) bracket", 1.0)]),
        (r"(a \(b\):1.5)", [("a (b)", 1.5)]),
        ("12:30", [("12:30", 1.0)]),
        ("(see: this)", [("see: this", 1.1)]),
        ("(never closed", [("(never closed", 1.0)]),
        ("never opened)", [("never opened)", 1.0)]),
        ("(a)(b:2)", [("a", 1.1), ("b", 2.0)]),
        ("(x:nan) (y:1e9)", [("x:nan", 1.1), (" ", 1.0), ("y:1e9", 1.1)]),
        ("()", []),
        ("", []),
    ],
)
def test_weights(prompt: str, pieces: list[tuple[str, float]]) -> None:
    parsed = parse_prompt(prompt)

    assert [piece.text for piece in parsed] == [text for text, _ in pieces]
    assert [piece.weight for piece in parsed] == pytest.approx([weight for _, weight in pieces])


@given(st.text(alphabet="ab ():.12\\\0é", max_size=60))
@settings(max_examples=400, deadline=None)
def test_no_text_is_wrong_and_no_letter_is_lost(prompt: str) -> None:
    parsed = parse_prompt(prompt)

    letters = [char for char in prompt if char in "abé"]
    assert [c for piece in parsed for c in piece.text if c in "abé"] == letters
    assert all(piece.text and abs(piece.weight) < 1e5 for piece in parsed)


@given(st.text(alphabet=st.characters(exclude_characters="()\\\0"), max_size=60))
def test_text_without_brackets_is_one_piece(prompt: str) -> None:
    assert parse_prompt(prompt) == ([Weighted(prompt, 1.0)] if prompt else [])


def test_absurd_prompts_take_no_time() -> None:
    assert parse_prompt("(" * 20_000 + "a" + ")" * 20_000)
    assert parse_prompt("(" * 50_000)


def words(tiny: Any) -> Words:
    backend = tiny.tokenizer.backend_tokenizer
    marks = (tiny.tokenizer.bos_token_id, tiny.tokenizer.eos_token_id)
    return Words(backend, *marks, tiny.tokenizer.pad_token_id)


def test_windows_have_a_start_an_end_and_padding(tiny: Any) -> None:
    tokenizer = Tokenizer(words(tiny))

    (window,) = tokenizer.windows("red house")

    start, end = tiny.tokenizer.bos_token_id, tiny.tokenizer.eos_token_id
    red, house = (
        tiny.tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in ("red", "house")
    )
    assert window.ids == (start, red, house, end, *[end] * 73)
    assert window.weights == (1.0,) * 77
    assert tokenizer.windows("") == [tokenizer.empty()]


def test_short_pieces_are_not_cut_between_windows(tiny: Any) -> None:
    tokenizer = Tokenizer(words(tiny))

    first, second = tokenizer.windows("red " * 73 + "(red house red:1.5)")

    assert first.weights.count(1.5) == 0
    assert second.weights[1:4] == (1.5, 1.5, 1.5)


@given(count=st.integers(0, 400))
@settings(max_examples=30, deadline=None)
def test_no_token_is_lost_in_long_prompts(tiny: Any, count: int) -> None:
    windows = Tokenizer(words(tiny)).windows("red " * count)

    red = tiny.tokenizer("red", add_special_tokens=False)["input_ids"][0]
    assert sum(window.ids.count(red) for window in windows) == count
    assert len(windows) == max(1, -(-count // 75))
    assert {len(window.ids) for window in windows} == {77}


def test_half_a_surrogate_pair_is_no_reason_to_stop(tiny: Any) -> None:
    assert Tokenizer(words(tiny)).windows("red \ud800 house")


def test_a_book_is_no_prompt(tiny: Any) -> None:
    with pytest.raises(DiffusionError, match="at most 64"):
        Tokenizer(words(tiny)).windows("red " * 6000)
