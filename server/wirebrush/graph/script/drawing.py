"""Writes how pictures and masks are made of others: a line for each, when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from wirebrush.graph.script.plan import Argument, FromFile, FromStage, Latents, Made, Picture, Plan
from wirebrush.graph.script.writing import Code, Names, call, literal

_NAMES: Mapping[str, tuple[str, ...]] = {
    "canny": ("edges",),
    "channel": ("mask",),
    "combine": ("mask",),
    "fit": ("fitted",),
    "hollow": ("hollowed", "mask"),
    "in_grey": ("grey",),
    "inverted": ("inverted",),
    "lay_over": ("together",),
    "like": ("fitted",),
    "pad": ("padded", "rim"),
    "solid": ("mask",),
    "stitch": ("stitched",),
    "taken": ("taken",),
}
"""What the results of functions are called; of others, `resized`."""

_INLINE: Mapping[str, str] = {
    "channel": "{0}[:, [{1}]]",
    "in_grey": "{0}.repeat(1, 3, 1, 1)",
    "inverted": "1 - {0}",
    "solid": "torch.full((1, 1, {2}, {1}), {0})",
}
"""What needs no function."""


@dataclass
class Drawing:
    """Names for pictures. `path` gives the constant for a file; lines that must come before a name
    is used wait in `lines`."""

    plan: Plan
    path: Callable[[str, str, str], str]
    names: Names
    lines: list[str] = field(default_factory=list[str])
    _known: dict[Picture, str] = field(default_factory=dict["Picture", str])

    def taken(self) -> Iterator[str]:
        """The lines that wait."""
        yield from self.lines
        self.lines.clear()

    def name(self, picture: Picture) -> str:
        """What a picture is called, as a tensor."""
        if picture not in self._known:
            if isinstance(picture, FromStage):
                self._known[picture] = self._painted(picture.stage)
            elif isinstance(picture, FromFile):
                self._known[picture] = self._loaded(picture)
            else:
                self._make(picture)
        return self._known[picture]

    def fitted(self, picture: Picture, width: int | str, height: int | str) -> str:
        """A picture brought to a size as ComfyUI does it for ControlNets; named `hint`."""
        if size_of(self.plan, picture) == (width, height):
            return self.name(picture)
        sides = [Code(side) if isinstance(side, str) else side for side in (width, height)]
        found = self.names.new("hint")
        made = call("fit", Code(self.name(picture)), *sides, "nearest-exact", before=f"{found} = ")
        self.lines.append(made + "\n")
        return found

    def _painted(self, stage: int) -> str:
        name = f"pictures_{stage + 1}"
        if self.plan.stages[stage].latent:
            self.lines.append(f"{name} = decode(latents_{stage + 1})\n")
        return name

    def _loaded(self, picture: FromFile) -> str:
        path = self.path("PICTURE", "image", picture.name)
        function, name = ("transparency", "mask") if picture.mask else ("load", "loaded")
        found = self.names.new(name)
        self.lines.append(f"{found} = {function}({path})\n")
        return found

    def _make(self, picture: Made) -> None:
        arguments = [self._argument(each) for each in picture.arguments]
        usual = _NAMES.get(picture.function, ("resized",))
        names = [self.names.new(name) for name in usual]
        for part, name in enumerate(names):
            made = picture if picture.part is None else Made(*_key(picture), part)
            self._known[made] = name
        before = ", ".join(names) + " = "
        inline = _INLINE.get(picture.function)
        if picture.function == "taken":
            first, end = _range_of(self.plan, picture)
            self.lines.append(f"{before}{arguments[0]}[{first}:{end}]\n")
        elif inline is not None:
            values = [literal(each) for each in arguments]
            self.lines.append(before + inline.format(*values) + "\n")
        else:
            self.lines.append(call(picture.function, *arguments, before=before) + "\n")

    def _argument(self, value: Argument) -> Argument:
        if isinstance(value, FromFile | FromStage | Made):
            return Code(self.name(value))
        return value


def _key(picture: Made) -> tuple[str, tuple[Argument, ...]]:
    return picture.function, picture.arguments


def count_of(plan: Plan, picture: Picture | Latents | None) -> int:
    """How many pictures one stands for."""
    if isinstance(picture, Made):
        if picture.function == "taken":
            first, end = _range_of(plan, picture)
            return end - first
        parts = (each for each in picture.arguments if isinstance(each, FromStage | Made))
        return max((count_of(plan, each) for each in parts), default=1)
    if picture is None or isinstance(picture, FromFile):
        return 1
    stage = plan.stages[picture.stage]
    return stage.batch if stage.start is None else count_of(plan, stage.start)


def _range_of(plan: Plan, picture: Made) -> tuple[int, int]:
    """Which pictures of a batch are taken; beyond its end is its last one."""
    batch, first, length = picture.arguments
    assert isinstance(batch, FromFile | FromStage | Made)
    assert isinstance(first, int)
    assert isinstance(length, int)
    count = count_of(plan, batch)
    first = min(first, count - 1)
    return first, min(first + length, count)


def size_of(plan: Plan, picture: Picture) -> tuple[int, int] | None:
    """Width and height, if the plan says them."""
    if isinstance(picture, FromStage):
        stage = plan.stages[picture.stage]
        return (stage.width, stage.height) if stage.start is None else None
    if isinstance(picture, Made) and picture.function in ("resize", "fit"):
        width, height = picture.arguments[1:3]
        return (width, height) if isinstance(width, int) and isinstance(height, int) else None
    if isinstance(picture, Made) and picture.function in ("canny", "inverted"):
        first = picture.arguments[0]
        return size_of(plan, first) if isinstance(first, FromStage | Made) else None
    return None


def drawn_stages(plan: Plan) -> set[int]:
    """The stages whose pictures other pictures are made of, or that are painted over."""
    found: set[int] = set()
    waiting: list[Argument | Latents] = [
        item.picture for item in plan.saved if not isinstance(item.picture, FromStage)
    ]
    for stage in plan.stages:
        waiting += [stage.start, stage.mask, stage.seen, stage.hole, stage.edited]
        waiting += [*(item.picture for item in stage.controls)]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Made):
            waiting += each.arguments
        elif isinstance(each, FromStage):
            found.add(each.stage)
    return found
