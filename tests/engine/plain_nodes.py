"""Numbers, sums, choices and failures: the source of a pack that many tests begin with."""

BASICS = """
@node(id="Number", category="t")
def number(value: int = 1) -> int:
    LOG.append(("Number", value))
    return value

@node(id="Add", category="t")
def add(a: int, b: int = 1) -> int:
    LOG.append(("Add", a, b))
    return a + b

@node(id="Show", category="t")
def show(value: Any, *, run: Run) -> None:
    run.show_text(repr(value))

@node(id="Choose", category="t")
def choose(first: bool, yes: Lazy[Any], no: Lazy[Any]) -> Any:
    return yes() if first else no()

@node(id="Fail", category="t")
def fail(value: int = 0, message: str = "no") -> int:
    raise NodeError(message, "Try again.", port="value")
"""
