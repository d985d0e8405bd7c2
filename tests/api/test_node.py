"""The signature is the node: what `@node` derives from a function."""

from typing import Annotated, Any, Literal, NamedTuple

import pytest

from wirebrush.api import (
    MISSING,
    Blocked,
    Choice,
    Clip,
    Expand,
    File,
    Image,
    Lazy,
    Link,
    Lossy,
    Mask,
    Model,
    NodeSpec,
    Optional,
    Port,
    Range,
    Run,
    Seed,
    SilentRun,
    Text,
    Unit,
    node,
    spec_of,
)


class Loaded(NamedTuple):
    MODEL: Model
    CLIP: Clip


class Sigmas:
    """A pack's own value type, without further declaration."""


@node(id="Everything", category="a/b", title="All of it", version=3, formerly=("Old",))
def everything(
    model: Model,
    text: Annotated[str, Text(multiline=True)],
    sigmas: Sigmas,
    seed: Seed = 0,
    amount: Unit = 0.5,
    count: Annotated[int, Range(1, 9)] = 2,
    flag: bool = True,
    kind: Literal["a", "b"] = "a",
    mode: Annotated[str, Choice(lambda: ["x", "y"])] = "x",
    ckpt: Annotated[str, File("checkpoints")] = "postcards",
    mask: Mask | None = None,
    either: Image | Mask | None = None,
    many: list[Image] | None = None,
    device: Annotated[Literal["default", "cpu"], Optional()] = "default",
    anything: Any = None,
    *,
    run: Run,
) -> Loaded:
    """Does everything
    at once.

    And more.

    Args:
        model: The model
            that does it.
        text: What to do.
    """
    run.step(1, 1)
    return Loaded(model, Clip(model.source))


@pytest.fixture
def spec() -> NodeSpec:
    return spec_of(everything)


def port(spec: NodeSpec, name: str) -> Port:
    found = spec.port(name)
    assert found is not None
    return found


def test_identity_and_docs_come_from_the_declaration(spec: NodeSpec) -> None:
    assert (spec.id, spec.title, spec.category, spec.version) == (
        "Everything",
        "All of it",
        "a/b",
        "3",
    )
    assert spec.help == "Does everything at once.\n\nAnd more."
    assert port(spec, "model").help == "The model that does it."
    assert spec.formerly == ("Old",)


def test_run_is_injected_and_never_a_port(spec: NodeSpec) -> None:
    assert spec.port("run") is None


@pytest.mark.parametrize(
    ("name", "type_name", "kind"),
    [
        ("model", "MODEL", None),
        ("text", "STRING", "text"),
        ("sigmas", "SIGMAS", None),
        ("seed", "INT", "seed"),
        ("amount", "FLOAT", "float"),
        ("count", "INT", "int"),
        ("flag", "BOOLEAN", "toggle"),
        ("kind", "COMBO", "choice"),
        ("mode", "COMBO", "choice"),
        ("ckpt", "COMBO", "file"),
        ("mask", "MASK", None),
        ("either", "IMAGE,MASK", None),
        ("many", "IMAGE", None),
        ("anything", "*", None),
    ],
)
def test_types_and_widgets(spec: NodeSpec, name: str, type_name: str, kind: str | None) -> None:
    found = port(spec, name)
    assert found.type == type_name
    assert (found.widget.kind if found.widget else None) == kind


def test_required_optional_and_defaults(spec: NodeSpec) -> None:
    assert port(spec, "model").required
    assert not port(spec, "seed").required
    assert port(spec, "seed").default == 0
    assert port(spec, "mask").optional
    assert port(spec, "mask").default is MISSING
    assert port(spec, "many").list
    assert port(spec, "device").optional, "listed as optional although it has a default"


def test_ranges_and_choices_reach_the_widget(spec: NodeSpec) -> None:
    count = port(spec, "count").widget
    assert count is not None
    assert (count.min, count.max) == (1, 9)
    kind = port(spec, "kind").widget
    assert kind is not None
    assert kind.choices == ("a", "b")
    mode = port(spec, "mode").widget
    assert mode is not None
    assert mode.choices == ("x", "y")


def test_named_tuple_gives_named_outputs(spec: NodeSpec) -> None:
    assert [(out.name, out.type) for out in spec.outputs] == [("MODEL", "MODEL"), ("CLIP", "CLIP")]


def test_what_makes_results_less_exact_is_marked() -> None:
    @node(id="Quick", category="x", lossy=True)
    def quick(amount: float = 0.2) -> float:
        return amount

    @node(id="Load", category="x")
    def load(
        precision: Annotated[Literal["whole", "half"], Lossy(("half",))] = "whole",
    ) -> float:
        return 0.0

    assert spec_of(quick).loses({})
    assert not spec_of(load).loses({})
    assert spec_of(load).loses({"precision": "half"})
    assert not spec_of(load).loses({"precision": Link("1", 0)})
    for kind in (quick, load):
        assert NodeSpec.from_json(spec_of(kind).to_json()) == spec_of(kind)
    assert spec_of(quick).to_json()["lossy"] is True


def test_spec_survives_json(spec: NodeSpec) -> None:
    assert NodeSpec.from_json(spec.to_json()) == spec


def test_the_function_stays_a_plain_function() -> None:
    from wirebrush.api import FileRef

    run = SilentRun()
    model = Model(FileRef("checkpoints", "x"))
    assert everything(model, "hi", Sigmas(), run=run).MODEL is model
    assert run.steps == [(1, 1)]


def test_a_function_that_returns_nothing_is_a_sink() -> None:
    @node(id="Sink", category="x")
    def sink(image: Image) -> None: ...

    @node(id="Also", category="x", output=True)
    def also(image: Image) -> Image:
        return image

    assert spec_of(sink).sink
    assert spec_of(sink).outputs == ()
    assert spec_of(also).sink


def test_lazy_link_and_list_ports() -> None:
    @node(id="Choose", category="x")
    def choose(condition: bool, yes: Lazy[Image], no: Lazy[Image]) -> Image:
        return yes() if condition else no()

    @node(id="Loop", category="x")
    def loop(again: Link, items: list[Image]) -> list[Image] | Expand | Blocked:
        return items

    assert [item.lazy for item in spec_of(choose).inputs] == [False, True, True]
    spec = spec_of(loop)
    assert port(spec, "again").link
    assert port(spec, "items").list
    assert [(out.type, out.list) for out in spec.outputs] == [("IMAGE", True)]


def test_async_functions_are_marked() -> None:
    @node(id="Fetch", category="x", cache="never")
    async def fetch(url: str) -> str:
        return url

    assert getattr(fetch, "__node__").is_async  # noqa: B009
    assert spec_of(fetch).cache == "never"


def test_a_parameter_without_annotation_is_refused_by_name() -> None:
    def bare(image) -> None:  # noqa: ANN001
        ...

    with pytest.raises(TypeError, match="'image' has no annotation"):
        node(id="Bare", category="x")(bare)


def test_a_type_that_exists_only_for_the_checker_is_explained() -> None:
    def hidden(image: "NotImported") -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(TypeError, match=r"'NotImported' cannot be resolved.*TYPE_CHECKING"):
        node(id="Hidden", category="x")(hidden)


def test_an_expansion_without_named_outputs_is_refused() -> None:
    def grow() -> Expand:
        return Expand({})

    with pytest.raises(TypeError, match="name the outputs"):
        node(id="Grow", category="x")(grow)


def test_spec_of_a_plain_function_says_what_to_do() -> None:
    with pytest.raises(TypeError, match="decorate it with @node"):
        spec_of(len)


@pytest.mark.parametrize(
    ("mine", "theirs", "fits"),
    [
        ("IMAGE", "IMAGE", True),
        ("IMAGE", "MASK", False),
        ("IMAGE,MASK", "MASK", True),
        ("*", "MODEL", True),
        ("MODEL", "*", True),
        ("FLOAT", "INT", True),
        ("INT", "FLOAT", False),
    ],
)
def test_which_wires_fit(mine: str, theirs: str, fits: bool) -> None:
    assert Port("x", mine).accepts(theirs) is fits
