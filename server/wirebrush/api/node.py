"""`@node`: the signature is the node. The decorator only attaches a spec to the function."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from wirebrush.api.docstring import Docstring, parse_docstring
from wirebrush.api.errors import Blocked
from wirebrush.api.expand import Expand, Link
from wirebrush.api.run import ModelFiles, Run
from wirebrush.api.spec import MISSING, CachePolicy, NodeSpec, Output, Port, Widget
from wirebrush.api.values import FileRef, TypeName
from wirebrush.api.widgets import Choice, File, Lazy, Lossy, Optional, Range, SeedWidget, Text

F = TypeVar("F", bound=Callable[..., Any])

PortsFunction = Callable[[Mapping[str, Any]], Sequence[Port]]
FingerprintFunction = Callable[[Mapping[str, Any]], str]
FilesFunction = Callable[[Mapping[str, Any]], Sequence[FileRef]]
FindsFunction = Callable[[ModelFiles], Sequence[FileRef]]
ValidateFunction = Callable[
    [Mapping[str, Any], Mapping[str, str]], Sequence[tuple[str | None, str]]
]

_SCALARS: Mapping[object, tuple[str, str]] = {
    bool: ("BOOLEAN", "toggle"),
    int: ("INT", "int"),
    float: ("FLOAT", "float"),
    str: ("STRING", "text"),
}


@dataclass(frozen=True, slots=True)
class NodeFunction:
    """What `@node` attaches to a function: its spec and the hooks that stay in the worker."""

    spec: NodeSpec
    function: Callable[..., Any]
    run_parameter: str | None
    is_async: bool
    ports: PortsFunction | None = None
    fingerprint: FingerprintFunction | None = None
    files: FilesFunction | None = None
    finds: FindsFunction | None = None
    validate: ValidateFunction | None = None


def node(
    *,
    id: str,
    category: str,
    title: str = "",
    version: str | int = 1,
    cache: CachePolicy = "pure",
    output: bool = False,
    ports: PortsFunction | None = None,
    fingerprint: FingerprintFunction | None = None,
    files: FilesFunction | None = None,
    finds: FindsFunction | None = None,
    validate: ValidateFunction | None = None,
    effects: bool = False,
    deprecated: bool = False,
    experimental: bool = False,
    lossy: bool = False,
    formerly: Sequence[str] = (),
) -> Callable[[F], F]:
    """Declare a node type. The function stays a plain function that a test can call.

    Args:
        id: The type's name in prompts and workflows; ComfyUI's where the meaning is the same.
        category: Menu path, parts separated by "/".
        title: What people read; the id if empty.
        version: Change it when the node's results change for the same inputs.
        cache: "never" for nodes that read a clock or the network; "node" for those whose result
            is their own even if another node has the same inputs.
        output: A sink although it returns values; a function that returns None is one anyway.
        ports: Further inputs that depend on the values of the others.
        fingerprint: Looks at the world (values -> text) before the node is keyed; "nan", not a
            number, says that it is different each time.
        files: Files that the values name although they are no file inputs (values -> files); an
            empty name means all of that kind. A value that is wired is None.
        finds: Models that no value names, which the node looks for by itself (folders -> files).
        validate: Looks at the values before a job is accepted (values, types of what is wired by
            input name -> what is wrong: input or None, and a sentence). What is wired has no value.
        effects: It acts on the outside world (sends, posts, deletes): if its worker dies meanwhile,
            the job fails and says so, instead of doing it a second time.
        deprecated: Hidden from search, still runs.
        experimental: Marked as such.
        lossy: It makes results less exact, mostly to be faster; marked as such. Where only some
            choices of an input do, annotate that: `Annotated[..., Lossy(("fp8",))]`.
        formerly: Earlier ids, still accepted in workflows.
    """

    looks = {"fingerprint": fingerprint, "files": files, "finds": finds}
    draft = NodeSpec(
        id=id,
        title=title or id,
        category=category,
        version=str(version),
        cache=cache,
        sink=output,
        dynamic=ports is not None,
        fingerprint=any(look is not None for look in looks.values()),
        validates=validate is not None,
        effects=effects,
        deprecated=deprecated,
        experimental=experimental,
        lossy=lossy,
        formerly=tuple(formerly),
    )

    return partial(_attach, draft, {"ports": ports, "validate": validate, **looks})


def _attach(draft: NodeSpec, hooks: Mapping[str, Any], function: F) -> F:
    setattr(function, "__node__", replace(_declared(function, draft), **hooks))  # noqa: B010 (pyright: not declared on functions)
    return function


def _declared(function: Callable[..., Any], draft: NodeSpec) -> NodeFunction:
    """The draft, completed by what the signature and the docstring say."""
    hints = _hints(function)
    doc = parse_docstring(inspect.getdoc(function) or "")
    outputs = _outputs(hints.pop("return", NoneType), function.__qualname__)
    spec = replace(
        draft,
        help=doc.text,
        inputs=tuple(_ports(function, hints, doc)),
        outputs=outputs,
        sink=draft.sink or not outputs,
    )
    return NodeFunction(
        spec=spec,
        function=function,
        run_parameter=next((name for name, hint in hints.items() if hint is Run), None),
        is_async=inspect.iscoroutinefunction(function),
    )


def spec_of(function: Callable[..., Any]) -> NodeSpec:
    """The spec that `@node` attached; TypeError if the function is no node."""
    declared = getattr(function, "__node__", None)
    if not isinstance(declared, NodeFunction):
        raise TypeError(f"{function!r} is not a node: decorate it with @node(id=..., category=...)")
    return declared.spec


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TypeError(
            f"Node {function.__qualname__}: the annotation {error.name!r} cannot be resolved when "
            "the module is imported; import it outside `if TYPE_CHECKING`."
        ) from error


def _ports(
    function: Callable[..., Any], hints: Mapping[str, Any], doc: Docstring
) -> typing.Iterator[Port]:
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if parameter.name not in hints:
            raise TypeError(
                f"Node {function.__qualname__}: parameter {parameter.name!r} has no annotation, so "
                "its port has no type."
            )
        hint = hints[parameter.name]
        if hint is not Run:
            default = MISSING if parameter.default is parameter.empty else parameter.default
            yield _port(parameter.name, hint, default, doc.args.get(parameter.name, ""))


def _port(name: str, hint: Any, default: Any, help_text: str) -> Port:
    lazy = get_origin(hint) is Lazy
    if lazy:
        (hint,) = get_args(hint)
    base, extras = _unwrap(hint)
    base, may_be_none = _without_none(base)
    base, more = _unwrap(base)
    extras = (*extras, *more)
    is_list = get_origin(base) is list
    if is_list:
        base, extras = _unwrap(get_args(base)[0])
    optional = (
        may_be_none or default is None or any(isinstance(extra, Optional) for extra in extras)
    )
    if default is None:
        default = MISSING
    return Port(
        name=name,
        type=_type_name(base, extras),
        default=default,
        widget=None if is_list else _widget(base, extras),
        optional=optional,
        lazy=lazy,
        list=is_list,
        link=base is Link,
        help=help_text,
    )


def _unwrap(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without its `Annotated` wrapper, and what the wrapper carried."""
    if get_origin(hint) is typing.Annotated:
        base, *extras = get_args(hint)
        return base, tuple(extras)
    return hint, ()


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    members = get_args(hint)
    others = tuple(member for member in members if member is not NoneType)
    if len(others) == len(members):
        return hint, False
    return (others[0] if len(others) == 1 else Union[others]), True  # noqa: UP007 (made at run time)


def _type_name(base: Any, extras: Sequence[Any]) -> str:
    for extra in extras:
        if isinstance(extra, TypeName):
            return extra.name
        if isinstance(extra, Choice | File):
            return "COMBO"
    if get_origin(base) is Literal:
        return "COMBO"
    if base in (Any, object, Link):
        return "*"
    if get_origin(base) in (Union, UnionType):
        return ",".join(_type_name(*_unwrap(member)) for member in get_args(base))
    if base in _SCALARS:
        return _SCALARS[base][0]
    declared = getattr(base, "__value_type__", None)
    return declared if isinstance(declared, str) else getattr(base, "__name__", str(base)).upper()


def _widget(base: Any, extras: Sequence[Any]) -> Widget | None:
    if get_origin(base) is Literal:
        lossy = next((extra.choices for extra in extras if isinstance(extra, Lossy)), ())
        return Widget("choice", choices=get_args(base), lossy=lossy)
    parts: dict[str, Any] = {}
    kind = _SCALARS[base][1] if base in _SCALARS else None
    for extra in extras:
        if isinstance(extra, Choice):
            return Widget("choice", choices=extra.values())
        if isinstance(extra, File):
            none = (extra.none,) if extra.none else None
            return Widget("file", folder=extra.kind, upload=extra.upload, choices=none)
        if isinstance(extra, SeedWidget):
            kind = "seed"
        if isinstance(extra, Range):
            parts.update(min=extra.min, max=extra.max, step=extra.step)
        if isinstance(extra, Text):
            parts.update(multiline=extra.multiline, placeholder=extra.placeholder)
    return None if kind is None else Widget(kind, **parts)


def _outputs(hint: Any, where: str) -> tuple[Output, ...]:
    base, extras = _unwrap(hint)
    if base in (NoneType, None):
        return ()
    if get_origin(base) in (Union, UnionType):
        # `-> Image | Expand`: the node may answer with a subgraph or a blocker instead.
        members = [m for m in get_args(base) if m not in (Expand, Blocked, NoneType)]
        if not members:
            return ()
        if len(members) < len(get_args(base)):
            return _outputs(members[0] if len(members) == 1 else Union[tuple(members)], where)  # noqa: UP007
    if base is Expand:
        raise TypeError(f"Node {where}: name the outputs, e.g. `-> Image | Expand`.")
    names = _tuple_fields(base)
    if names:
        fields = typing.get_type_hints(base, include_extras=True)
        return tuple(_output(name, fields[name]) for name in names)
    return (_output("", hint, extras),)


def _tuple_fields(base: Any) -> tuple[str, ...]:
    """The field names of a NamedTuple class; empty for anything else."""
    return getattr(base, "_fields", ()) if isinstance(base, type) else ()


def _output(name: str, hint: Any, extras: Sequence[Any] = ()) -> Output:
    base, own = _unwrap(hint)
    is_list = get_origin(base) is list
    if is_list:
        base, own = _unwrap(get_args(base)[0])
    type_name = _type_name(base, (*own, *extras))
    return Output(name or type_name, type_name, list=is_list)
