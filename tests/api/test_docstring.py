from wirebrush.api.docstring import parse_docstring


def test_text_ends_where_the_sections_begin() -> None:
    doc = parse_docstring(
        "One.\n\nTwo\nlines.\n\nArgs:\n    a: A.\n\nReturns:\n    b: no argument."
    )
    assert doc.text == "One.\n\nTwo lines."
    assert doc.args == {"a": "A."}


def test_an_argument_may_run_over_lines_and_hold_colons() -> None:
    doc = parse_docstring("X.\n\nArgs:\n    a: First\n        more: of it.\n    b (int): Second.")
    assert doc.args == {"a": "First more: of it.", "b": "Second."}


def test_nothing_gives_nothing() -> None:
    assert parse_docstring("").text == ""
