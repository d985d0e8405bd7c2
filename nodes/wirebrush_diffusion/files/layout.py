"""How a network's tensors lie in a file, whatever the file's author called them.

Files come in two spellings: the authors' original names and diffusers'. A `Layout` knows, for each
of the network's own (diffusers') names, which rows of which stored tensor it is. It is made from
names and shapes alone; tensors are read one by one while the network is filled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from wirebrush_diffusion.files.weights import TORCH_DTYPES, WeightFile

SCALES = ("scale_weight", "weight_scale")  # what a quantised weight is multiplied with
QUANTISATION = (
    *SCALES, "scale_input", "input_scale", "scaled_fp8", "comfy_quant",
)  # fmt: skip
WHOLE = (".weight", ".bias")  # a rule to such a name is for one tensor, not for a module
LEAVES = {"weight": "weight", "bias": "bias", "scale": "weight"}  # some say "scale" for norms
SCALED = ("query_norm", "key_norm", "norms.#")  # these norms do


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a tensor lies: `rows` from and to of the stored one, or all of it.

    `swapped` exchanges its halves (authors keep "shift, scale", diffusers "scale, shift");
    `flattened` makes a matrix of a 1x1 convolution.
    """

    name: str
    rows: tuple[int, int] | None = None
    swapped: bool = False
    transposed: bool = False
    flattened: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A stored module that becomes `targets`, one above the other.

    The first `lead` targets have as many rows as the stored module `like`; the others share what is
    left. Without `like` all are equal.
    """

    targets: tuple[str, ...]
    swapped: bool = False
    transposed: bool = False
    like: str = ""
    lead: int = 0


Rules = Mapping[str, str | tuple[str, ...] | Rule]
"""Stored module -> the network's. `#` stands for a block's number; a tuple is several in one."""


class Layout:
    """The network's names -> where their tensors lie in one file."""

    def __init__(self, file: WeightFile, entries: Mapping[str, Stored]) -> None:
        self.file = file
        self.entries = entries

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape that the network will see."""
        stored = self.entries[name]
        shape = list(self.file.shape(stored.name))
        if stored.rows is not None:
            shape[0] = stored.rows[1] - stored.rows[0]
        if stored.flattened:
            shape = shape[:2]
        return tuple(reversed(shape)) if stored.transposed else tuple(shape)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """All names and shapes."""
        return {name: self.shape(name) for name in self.entries}

    def tensors(self, *, mapped: torch.dtype | None = None) -> FileTensors:
        """The tensors, read when asked for; those of precision `mapped` stay in the file."""
        return FileTensors(self, mapped=mapped)


class FileTensors(Mapping[str, Tensor]):
    """A network's tensors by its own names, in one file or several. Each access reads a file.

    Those that are stored in the precision `mapped` are mapped instead.
    """

    def __init__(self, *layouts: Layout, mapped: torch.dtype | None = None) -> None:
        self._mapped = mapped
        self._places = {name: layout for layout in layouts for name in layout.entries}

    @property
    def file(self) -> WeightFile:
        """The file of the first tensor: it stands for all of them in a sentence."""
        return next(iter(self._places.values())).file

    def without(self, starts: tuple[str, ...]) -> FileTensors:
        """Those whose names begin with none of these."""
        rest = FileTensors(mapped=self._mapped)
        kept = {n: at for n, at in self._places.items() if not n.startswith(starts or ("\0",))}
        rest._places = kept
        return rest

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape that the network will see, without reading it."""
        return self._places[name].shape(name)

    def dtype(self, name: str) -> torch.dtype:
        """In which precision a tensor is read, without reading it."""
        layout = self._places[name]
        stored = layout.entries[name].name
        scaled = _scale_of(layout.file, stored) is not None
        return torch.float32 if scaled else layout.file.dtype(stored)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """All names and shapes, without reading any."""
        return {name: layout.shape(name) for name, layout in self._places.items()}

    def __getitem__(self, name: str) -> Tensor:
        layout = self._places[name]
        stored, file = layout.entries[name], layout.file
        kept = TORCH_DTYPES.get(file.stored_as(stored.name)) == self._mapped
        read = file.mapped if kept else file.tensor
        tensor = read(stored.name, stored.rows)
        if (scale := _scale_of(file, stored.name)) is not None:
            tensor = tensor.float().mul_(scale)
        if stored.swapped:
            first, second = tensor.chunk(2)
            tensor = torch.cat([second, first])
        if stored.flattened:
            tensor = tensor.flatten(1)
        return tensor.T.contiguous() if stored.transposed else tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places


def _scale_of(file: WeightFile, name: str) -> Tensor | None:
    """The factor of an fp8 weight that was stored in units of its own, if it has one."""
    head, _, leaf = name.rpartition(".")
    if leaf != "weight" or not file.stored_as(name).startswith("F8"):
        return None
    for scale in SCALES:
        if f"{head}.{scale}" in file:
            return file.tensor(f"{head}.{scale}").float()
    return None


def layout_by_rules(
    file: WeightFile, prefix: str, rules: Rules, ignored: Sequence[str] = ()
) -> Layout:
    """Everything below the prefix by the network's names. What no rule knows keeps its name."""
    entries: dict[str, Stored] = {}
    for stored in file.names():
        name = stored.removeprefix(prefix)
        if not stored.startswith(prefix) or is_left_over(name, ignored):
            continue
        for target, place in _placed(file, prefix, name, rules):
            entries[target] = replace(place, name=stored)
    return Layout(file, entries)


def is_left_over(name: str, ignored: Sequence[str]) -> bool:
    """Whether a tensor is no weight of the network: what training or quantisation left behind."""
    return name.startswith(tuple(ignored)) or name.rpartition(".")[2] in QUANTISATION


def _placed(file: WeightFile, prefix: str, name: str, rules: Rules) -> Iterator[tuple[str, Stored]]:
    module, _, leaf = name.rpartition(".")
    spellings = [(name, ""), (module, f".{LEAVES[leaf]}")] if leaf in LEAVES else [(name, "")]
    for key, ending in spellings:
        rule, number = _rule_for(key, rules)
        if rule is None or (ending and rule.targets[0].endswith(WHOLE)):
            continue
        targets = [target.replace("#", number) for target in rule.targets]
        like = rule.like.replace("#", number)
        total = file.shape(prefix + name)[0] if len(targets) > 1 else 0
        ends = _ends(len(targets), total, rule.lead, _rows(file, f"{prefix}{like}.weight"))
        for target, rows in zip(targets, ends, strict=True):
            place = Stored(name, rows if total else None, rule.swapped, rule.transposed)
            yield target + ending, place
        return
    yield name, Stored(name)


def _rule_for(key: str, rules: Rules) -> tuple[Rule | None, str]:
    """The rule for a module: by its very name, or with its first number as `#`."""
    number = next((part for part in key.split(".") if part.isdecimal()), "")
    numbered = ".".join(key.split(".")).replace(f".{number}.", ".#.", 1) if number else key
    if numbered == key and key.endswith(f".{number}") and number:
        numbered = key[: -len(number)] + "#"
    found = rules.get(key, rules.get(numbered))
    return (None if found is None else _rule(found)), number


def _rule(found: str | tuple[str, ...] | Rule) -> Rule:
    if isinstance(found, str):
        return Rule((found,))
    return Rule(found) if isinstance(found, tuple) else found


def _ends(count: int, total: int, lead: int, rows: int) -> list[tuple[int, int]]:
    """From and to of each target's rows."""
    rest = (total - lead * rows) // max(count - lead, 1)
    sizes = [rows] * lead + [rest] * (count - lead)
    starts = [sum(sizes[:i]) for i in range(count)]
    return [(start, start + size) for start, size in zip(starts, sizes, strict=True)]


def _rows(file: WeightFile, name: str) -> int:
    return file.shape(name)[0] if name in file else 0


def places_by_rules(shapes: Mapping[str, tuple[int, ...]], rules: Rules) -> dict[str, Stored]:
    """The inverse of `layout_by_rules`: where its authors keep each of a network's tensors.

    What no rule knows keeps its name. `rows` say how those that are stored in one lie in it.
    """
    backwards = {
        target: (key, index, rule)
        for key, rule in ((key, _rule(found)) for key, found in rules.items())
        for index, target in enumerate(rule.targets)
    }
    stacks: dict[str, list[tuple[int, str]]] = {}
    places: dict[str, Stored] = {}
    for name in shapes:
        stored, index, rule = _author_of(name, backwards)
        stacks.setdefault(stored, []).append((index, name))
        places[name] = Stored(stored, None, rule.swapped, rule.transposed)
    for stack in stacks.values():
        start = 0
        for _, name in sorted(stack) if len(stack) > 1 else ():
            end = start + shapes[name][0]
            places[name] = replace(places[name], rows=(start, end))
            start = end
    return places


def _author_of(name: str, backwards: Mapping[str, tuple[str, int, Rule]]) -> tuple[str, int, Rule]:
    """The authors' name for one of ours, and the place among those stored with it."""
    module, _, leaf = name.rpartition(".")
    for ours, ending in ((name, ""), (module, f".{leaf}")):
        number = next((part for part in ours.split(".") if part.isdecimal()), "")
        numbered = f"{ours}.".replace(f".{number}.", ".#.", 1)[:-1] if number else ours
        key, index, rule = backwards.get(ours, backwards.get(numbered, ("", 0, Rule(()))))
        if key:
            ending = ".scale" if ending == ".weight" and key.endswith(SCALED) else ending
            return key.replace("#", number) + ending, index, rule
    return name, 0, Rule(())
