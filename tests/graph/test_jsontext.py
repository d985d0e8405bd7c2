from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.graph.jsontext import Limits, read_json

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_plain_data_comes_back_as_it_was(data: Any) -> None:
    text = json.dumps(data)
    read, problems = read_json(text)
    if "Infinity" in text or ("\\ud" in text and problems):
        assert {item.code for item in problems} <= {"not_finite", "not_text"}
    else:
        assert (read, problems) == (data, [])


def documents(keys: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts of objects and lists in which keys come twice, and colons and escapes anywhere."""
    words = st.text('":\\u03aA é\ud83c', max_size=6)
    scalars = words | st.sampled_from([1, 2**600, 1.5, 1e308, float("nan"), True, None])

    def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pairs = st.lists(st.tuples(keys | words, inner), max_size=3)
        return st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]") | pairs.map(
            lambda items: f"{{{','.join(f'{json.dumps(k)}: {v}' for k, v in items)}}}"
        )

    texts = scalars.map(json.dumps) | scalars.map(lambda item: json.dumps(item, ensure_ascii=False))
    found = st.recursive(texts, nested, max_leaves=8)
    return found | found.map(lambda text: text.replace('"a"', r'"\u0061"', 1))


@given(documents(st.sampled_from(["a", "b:", ":"])), st.booleans())
def test_what_is_read_at_once_is_what_the_careful_look_gives(text: str, forgiving: bool) -> None:
    data, problems = read_json(text, forgiving=forgiving)
    careful = read_json(text, forgiving=forgiving) if problems else _carefully(text, forgiving)
    assert repr((data, problems)) == repr(careful)


def _carefully(text: str, forgiving: bool) -> Any:
    """The same document with a doubt in it, which is not read at once."""
    doubt = r'"\u003a"'
    outer, problems = read_json(f"[{text}, {doubt}]", forgiving=forgiving)
    return (None if problems else outer[0]), problems


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_or_text_are_answered(source: bytes | str) -> None:
    data, problems = read_json(source)
    assert data is None or not problems
    assert all(item.message and item.hint for item in problems)


@pytest.mark.parametrize("depth", [65, 200, 900, 1_000, 100_000])
@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_deep_nesting_is_refused_at_once(depth: int, bracket: str) -> None:
    close = "]" if bracket == "[" else "}"
    text = bracket * depth + "1" + close * depth
    start = time.thread_time()
    data, problems = read_json(text)
    assert time.thread_time() - start < 0.05
    assert data is None
    assert [item.code for item in problems] == ["too_deep"]


def test_sixty_four_levels_are_fine() -> None:
    assert read_json("[" * 64 + "]" * 64)[1] == []


def test_nested_data_that_was_parsed_elsewhere_is_checked_the_same_way() -> None:
    data: dict[str, Any] = {}
    for _ in range(5_000):
        data = {"a": data}
    assert [item.code for item in read_json(data)[1]] == ["too_deep"]


def test_a_key_given_twice_is_named_with_its_place() -> None:
    text = '{"3": {"inputs": {"seed": 1, "seed": 2}}}'
    _, problems = read_json(text, locate=lambda path: (str(path[0]), str(path[-1])))
    assert problems[0].message == (
        '"seed" is written twice in the same object. (At 3 → inputs → seed.)'
    )
    assert (problems[0].node, problems[0].port) == ("3", "seed")


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "9" * 5_000]
)
def test_numbers_that_are_none_are_refused(number: str) -> None:
    _, problems = read_json(f'{{"a": [1, {number}]}}')
    assert [item.code for item in problems] == ["not_finite"]
    assert len(problems[0].message) < 100


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("<!DOCTYPE html>", "web page"),
        ("{'a': 1}", "double quotes"),
        ('{"a": 1,}', "comma"),
        ('{"a": [1, 2,]}', "comma"),
        ('{"a": 1', "cut off"),
        ('{"a": hello}', "that place"),
        ('{"a": 1} x', "that place"),
    ],
)
def test_hints_name_the_usual_slip(text: str, says: str) -> None:
    _, problems = read_json(text)
    assert problems[0].code == "not_json"
    assert says in problems[0].hint
    assert "line 1, column" in problems[0].message


def test_limits_are_told_in_megabytes_and_characters() -> None:
    _, problems = read_json(b" " * 11, limits=Limits(size=10))
    assert problems[0].code == "too_large"
    _, problems = read_json(" " * (9 * 1024 * 1024))
    assert problems[0].message == "The text has 9 MB; at most 8 MB are read."
    ten = "x" * (10 * 1024 * 1024)
    _, problems = read_json({"3": {"inputs": {"text": ten}}})
    assert problems[0].message == (
        "A text is 10,485,760 characters long; at most 1,048,576 are read. (At 3 → inputs → text.)"
    )


@pytest.mark.parametrize("source", [b"\xff\xfe{", '{"a": "\\ud83c"}', '{"\\ud83c": 1}'])
def test_half_characters_and_other_encodings_are_refused(source: str | bytes) -> None:
    assert [item.code for item in read_json(source)[1]] == ["not_text"]


def test_a_byte_order_mark_is_overlooked() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": 1}') == ({"a": 1}, [])
    assert read_json('\ufeff{"a": 1}') == ({"a": 1}, [])


def test_python_values_that_json_lacks_are_refused() -> None:
    assert [item.code for item in read_json({"a": {1, 2}})[1]] == ["not_data"]
    assert [item.code for item in read_json({"a": {1: 2}})[1]] == ["not_data"]


def test_a_million_faults_are_not_all_listed() -> None:
    assert len(read_json("[" + "NaN," * 10_000 + "1]")[1]) == 100
