"""What a node gets to talk to the world: progress, previews, files, weights, pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from wirebrush.api.errors import NodeError
from wirebrush.api.memory import Memory, PlentyOfMemory
from wirebrush.api.values import FileRef

T = TypeVar("T")
AssetKind = Literal["output", "preview"]


@dataclass(frozen=True, slots=True)
class Asset:
    """A stored file, addressed by the sha256 of its content."""

    id: str
    name: str
    mime: str
    kind: str = "output"
    width: int | None = None
    height: int | None = None


class ModelFiles(Protocol):
    """The models that a person has: for `@node(finds=)`, and part of every `Run`."""

    def names(self, kind: str) -> Sequence[str]:
        """All models in folder `kind`, files and diffusers folders, by relative name."""
        ...

    def path(self, ref: FileRef) -> Path:
        """Where the file lies on this machine, for reading only."""
        ...


class Run(ModelFiles, Protocol):
    """Injected into a parameter annotated `Run`; never shown as a port.

    All methods may raise `Cancelled`, so a node that reports its steps can be cancelled.
    """

    @property
    def node(self) -> str:
        """The id of the node that runs; those of an expansion have dots in theirs."""
        ...

    @property
    def graph(self) -> Mapping[str, Mapping[str, Any]]:
        """The prompt that runs, in API format, as it is now: with the nodes of expansions."""
        ...

    @property
    def device(self) -> str:
        """The torch device this worker owns: "cpu", "cuda:0", "mps"."""
        ...

    @property
    def memory(self) -> Memory:
        """What that device has, and how to make room on it."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """Text entries to embed in saved pictures: `prompt`, `workflow`, `wirebrush`."""
        ...

    def step(
        self, value: int, total: int, preview: Callable[[], bytes | None] | None = None
    ) -> None:
        """Report that `value` of `total` steps are done.

        `preview` makes an encoded JPEG or PNG; it is asked only when somebody looks and not more
        than a few times a second, in a thread of its own: the work does not wait for it, and what
        it looks at must not be changed in place.
        """
        ...

    def say(self, text: str) -> None:
        """Say in a short sentence what the node does now; the next one takes its place.

        It is live and not kept: what should stay on the node is for `show_text`. At most ten a
        second are told, of each 10,000 characters, and the last in any case.
        """
        ...

    def send(self, name: str, data: str) -> None:
        """Send a message to who speaks ComfyUI's API and wanted this: `data` is JSON.

        It is live and not kept; one of more than a million characters is not sent.
        """
        ...

    def check(self) -> None:
        """Raise `Cancelled` if the job was cancelled; call it in long loops."""
        ...

    def file(self, kind: str, name: str) -> FileRef:
        """The file `name` in folder `kind`; a NodeError that names it if there is none."""
        ...

    def resident(self, key: str, build: Callable[[], T], *, size: int | None = None) -> T:
        """The object under `key`, kept on this device while memory allows, else built now.

        `size` in bytes is for the memory accounting; without it torch parameters are counted.
        """
        ...

    def save(
        self,
        data: bytes,
        *,
        name: str,
        mime: str,
        kind: AssetKind = "output",
        width: int | None = None,
        height: int | None = None,
    ) -> Asset:
        """Store a file that the person sees: an output (named, kept) or a preview."""
        ...

    def show_text(self, text: str) -> None:
        """Show a text on the node."""
        ...

    def show_data(self, data: Mapping[str, Any]) -> None:
        """Give clients something that is neither file nor text, as JSON. Ours do not show it."""
        ...

    def rough(self, reason: str) -> None:
        """Say that this result is less exact than its inputs ask for, and why: a sentence.

        It is used in this job, and so is what is made of it; no cache keeps either, and the job
        ends with a warning. For nodes that do what they can where memory is short.
        """
        ...

    def store(self, kind: str, name: str, write: Callable[[Path], None]) -> FileRef:
        """Add a file to a models folder: `run.store("loras", "cats/tabby.safetensors", save)`.

        `write` fills a scratch file of the same ending. Then that gets its name, with a number in
        it: `cats/tabby_00001_.safetensors`. Nothing is ever written over; the same content is not
        stored twice under one name. A NodeError if the name leaves the folder.
        """
        ...

    def workspace(self, key: str) -> Path:
        """A folder on this machine for long work, which outlives the process.

        What a run that was cut off has left there, the next one with the same `key` finds: make the
        key from all that decides the work. Folders that nobody uses are deleted after some days.
        """
        ...


@dataclass
class SilentRun:
    """A `Run` for tests and scripts: keeps what a node says, reads files below `root`."""

    root: Path = field(default_factory=Path)
    node: str = "1"
    graph: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    device: str = "cpu"
    memory: Memory = field(default_factory=PlentyOfMemory)
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    steps: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    said: list[str] = field(default_factory=list[str])
    sent: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    saved: list[tuple[Asset, bytes]] = field(default_factory=list[tuple[Asset, bytes]])
    texts: list[str] = field(default_factory=list[str])
    data: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    reasons: list[str] = field(default_factory=list[str])
    kept: dict[str, object] = field(default_factory=dict[str, object])

    def step(
        self, value: int, total: int, preview: Callable[[], bytes | None] | None = None
    ) -> None:
        self.steps.append((value, total))

    def say(self, text: str) -> None:
        self.said.append(text)

    def send(self, name: str, data: str) -> None:
        self.sent.append((name, data))

    def check(self) -> None:
        return None

    def file(self, kind: str, name: str) -> FileRef:
        if not (self.root / kind / name).exists():
            raise NodeError(f"There is no {name!r} in {kind}.", f"Put it into {self.root / kind}.")
        return FileRef(kind, name)

    def names(self, kind: str) -> Sequence[str]:
        folder = self.root / kind
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def path(self, ref: FileRef) -> Path:
        return self.root / ref.kind / ref.name

    def resident(self, key: str, build: Callable[[], T], *, size: int | None = None) -> T:
        if key not in self.kept:
            self.kept[key] = build()
        return self.kept[key]  # type: ignore[return-value]  # keyed by what build makes

    def save(
        self,
        data: bytes,
        *,
        name: str,
        mime: str,
        kind: AssetKind = "output",
        width: int | None = None,
        height: int | None = None,
    ) -> Asset:
        asset = Asset(sha256(data).hexdigest(), name, mime, kind, width, height)
        self.saved.append((asset, data))
        return asset

    def show_text(self, text: str) -> None:
        self.texts.append(text)

    def show_data(self, data: Mapping[str, Any]) -> None:
        self.data.append(data)

    def rough(self, reason: str) -> None:
        self.reasons.append(reason)

    def store(self, kind: str, name: str, write: Callable[[Path], None]) -> FileRef:
        wanted = self.root / kind / name
        path = wanted.with_stem(f"{wanted.stem}_00001_")
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
        return FileRef(kind, path.relative_to(self.root / kind).as_posix())

    def workspace(self, key: str) -> Path:
        folder = self.root / "work" / key
        folder.mkdir(parents=True, exist_ok=True)
        return folder
