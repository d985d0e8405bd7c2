from __future__ import annotations

from typing import Annotated, Any

import pytest

from wirebrush.api import File, Port, Widget, node, spec_of
from wirebrush.catalog import Catalog
from wirebrush.graph.values import Wrong, check_value

FINE: list[tuple[str, str, list[Any]]] = [
    ("Sample", "steps", [1, 20, 100, -0 + 1]),
    ("Sample", "seed", [0, -0, 2**64 - 1]),
    ("Sample", "cfg", [0, -0.0, 8, 8.5, -3, 1e300]),
    ("Sample", "denoise", [0, 1, 0.5, -0.0]),
    ("Sample", "sampler_name", ["euler", "heun"]),
    ("Level", "level", [1, 2, 4, 2.0]),
    ("Level", "late", [True, "auto"]),
    ("Encode", "text", ["", "20", "a\nb", "漢"]),
    ("Switch", "on", [True, False]),
    ("Blend", "mask", [None]),
    ("Sum", "numbers", [[], [1, 2], 3]),
    ("Either", "item", [1, "x"]),
    ("Show", "value", [None, 1, "x", [1, [2]], {"a": 1}, True]),
    ("LoadPicture", "image", ["a.png", "sub/a.png", "漢 字.png", "..a.png", "0" * 64]),
]

WRONG: list[tuple[str, str, list[Any], str]] = [
    ("Sample", "steps", [True, "20", 20.0, 20.5, None, [1, 2], {}, 1e999], "wrong_value"),
    ("Sample", "steps", [0, -1, 101, 2**80], "out_of_range"),
    ("Sample", "seed", [-1, 2**64, 2**80], "out_of_range"),
    ("Sample", "seed", ["1e3", "false", float("nan"), 1e3], "wrong_value"),
    ("Sample", "cfg", [True, "8", None, [], float("nan"), float("inf")], "wrong_value"),
    ("Sample", "cfg", [2**80], "out_of_range"),
    ("Sample", "denoise", [-0.01, 1.01, 2], "out_of_range"),
    ("Sample", "sampler_name", ["Euler", "", None, 0, ["euler"], {"a": 1}], "not_a_choice"),
    ("Level", "level", [True, 3, "1"], "not_a_choice"),
    ("Level", "late", [1, 1.0, "True"], "not_a_choice"),
    ("Encode", "text", [20, None, True, ["a"]], "wrong_value"),
    ("Switch", "on", ["false", "true", 0, 1, None], "wrong_value"),
    ("Sample", "model", ["postcards", 1, None, {}], "wire_needed"),
    ("Blend", "mask", ["x"], "wire_needed"),
    ("Sketch", "raw", [1], "wire_needed"),
    ("Sum", "numbers", [["1"], [1, None], "x", None], "wrong_value"),
    ("Batch", "images", [[1]], "wire_needed"),
    ("Either", "item", [True, None, 1.5], "wrong_value"),
    ("Show", "value", [float("nan"), float("inf")], "wrong_value"),
    ("LoadPicture", "image", [3, None, ["a.png"]], "wrong_value"),
    (
        "LoadPicture",
        "image",
        [
            "",
            " ",
            "/etc/passwd",
            "../a.png",
            "a/../../b",
            "..\\a",
            "C:\\a.png",
            "C:a.png",
            "\\\\h\\s",
            "a\0.png",
            "~/a.png",
            "//h/s",
            "a.png:stream",
        ],
        "bad_file_name",
    ),
]


def checked(catalog: Catalog, type_name: str, port_name: str, value: Any) -> Wrong | None:
    spec = catalog.spec(type_name)
    assert spec is not None
    port = spec.port(port_name)
    assert port is not None
    return check_value(port, value)


@pytest.mark.parametrize(("type_name", "port_name", "values"), FINE)
def test_right_values(catalog: Catalog, type_name: str, port_name: str, values: list[Any]) -> None:
    for value in values:
        assert checked(catalog, type_name, port_name, value) is None, value


@pytest.mark.parametrize(("type_name", "port_name", "values", "code"), WRONG)
def test_wrong_values(
    catalog: Catalog, type_name: str, port_name: str, values: list[Any], code: str
) -> None:
    for value in values:
        wrong = checked(catalog, type_name, port_name, value)
        assert wrong is not None, value
        assert wrong.code == code, value
        assert wrong.hint
        assert wrong.sentence.endswith(".")
        assert len(wrong.sentence) < 200


@pytest.mark.parametrize(
    ("type_name", "port_name", "value", "sentence", "hint"),
    [
        ("Sample", "steps", 0, "is 0, but must be at least 1.", "Use a number from 1 to 100."),
        ("Empty", "width", 8, "is 8, but must be at least 16.", "Use 16 or more."),
        (
            "Sample",
            "steps",
            20.0,
            "is 20.0, but must be a whole number.",
            "Write 20 instead of 20.0.",
        ),
        (
            "Sample",
            "steps",
            "20",
            'is "20", but must be a whole number.',
            "Write 20 without quotes.",
        ),
        ("Sample", "cfg", "1e3", 'is "1e3", but must be a number.', "Write 1e3 without quotes."),
        ("Encode", "text", 5, "is 5, but must be text.", 'Write "5" in quotes.'),
        ("Switch", "on", "True", 'is "True", but must be on or off.', "Write true without quotes."),
        (
            "Sample",
            "sampler_name",
            "Euler",
            'is "Euler", which is not one of its 2 choices.',
            'Did you mean "euler"? Choose one of "euler", "heun".',
        ),
        (
            "Sample",
            "model",
            "sd15",
            'takes a wire from a MODEL output, not the value "sd15".',
            "Connect an output to it.",
        ),
    ],
)
def test_sentences_say_what_is_expected(
    catalog: Catalog, type_name: str, port_name: str, value: Any, sentence: str, hint: str
) -> None:
    wrong = checked(catalog, type_name, port_name, value)
    assert wrong is not None
    assert (wrong.sentence, wrong.hint) == (sentence, hint)


def test_files_are_asked_for_by_kind_and_name(catalog: Catalog) -> None:
    asked: list[tuple[str, str]] = []

    def files(kind: str, name: str) -> bool:
        asked.append((kind, name))
        return name == "there"

    loader = catalog.spec("LoadModel")
    assert loader is not None
    port = loader.inputs[0]
    assert check_value(port, "there", files) is None
    wrong = check_value(port, "gone", files)
    assert wrong is not None
    assert wrong.code == "file_not_found"
    assert wrong.hint == "Put it into models/checkpoints/, or choose another one."
    assert check_value(port, "../there", files) is not None
    assert asked == [("checkpoints", "there"), ("checkpoints", "gone")]


def test_a_missing_upload_is_to_be_uploaded(catalog: Catalog) -> None:
    spec = catalog.spec("LoadPicture")
    assert spec is not None
    wrong = check_value(spec.inputs[0], "cat.png", lambda kind, name: False)
    assert wrong is not None
    assert wrong.hint == "Upload it, or choose another one."


def test_a_file_may_be_none_by_a_name_for_that() -> None:
    def train(lora: Annotated[str, File("loras", none="[None]")] = "[None]") -> None: ...

    (port,) = spec_of(node(id="Train", category="t")(train)).inputs

    assert check_value(port, "[None]", lambda kind, name: False) is None
    assert check_value(port, "a.safetensors", lambda kind, name: True) is None
    assert isinstance(check_value(port, "b.safetensors", lambda kind, name: False), Wrong)


def test_an_input_that_its_node_judges_takes_what_is_of_its_kind() -> None:
    strength = Port("strength", "FLOAT", widget=Widget("float", max=1.0), unchecked="values")
    assert check_value(strength, 7.0) is None
    assert check_value(strength, "seven") is not None
    mode = Port("mode", "COMBO", widget=Widget("choice", choices=("a",)), unchecked="values")
    assert check_value(mode, "b") is None
    assert check_value(Port("flag", "BOOL", unchecked="values"), item=False) is None


def test_only_a_node_that_judges_wires_takes_them_all() -> None:
    assert not Port("x", "IMAGE", unchecked="values").accepts("MASK")
    assert check_value(Port("x", "INT", unchecked="types"), "many") is not None
    every = Port("x", "IMAGE", unchecked="all")
    assert every.accepts("MASK")
    assert Port.from_json(every.to_json()) == every
