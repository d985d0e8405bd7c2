"""Which text encoders a family reads with, and the encoders at work together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from torch import Tensor, nn

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.memory.placement import Placement, placement_of
from wirebrush_diffusion.memory.plans import Portion
from wirebrush_diffusion.memory.portions import reading_portion
from wirebrush_diffusion.network import Loaded
from wirebrush_diffusion.patches.weights import PatchedWeights
from wirebrush_diffusion.text.embeddings import LearnedWord
from wirebrush_diffusion.text.encoder import Encoding, TextEncoder

TextKind = Literal["clip", "t5", "gemma2", "qwen3", "qwen25vl", "llama"]


@dataclass(frozen=True, slots=True)
class TextPart:
    """One text encoder of a family: where it is found and how it is read.

    `role` names it inside the family ("l", "g", "t5"); `folder` and `tokenizer` are diffusers'
    folders, `prefixes` where single files keep it. For CLIP: the `layer` that is read, whether it
    passes the final norm, whether the pooled state is projected, the `activation` (files do not
    tell it), the `padding` token (None: end of text), and how many last layers are never read
    (`cut`): files with `kept` layers were written without those. For others: `places` is the least
    length of an encoding, and whether nobody looks at what fills it up (`masked`). For language
    models: what stands `before` and `after` each text, whether states of what stands before are
    given away (`hides`), and whether brackets weigh words (`weighted`).
    """

    role: str
    kind: TextKind = "clip"
    folder: str = "text_encoder"
    tokenizer: str = "tokenizer"
    prefixes: tuple[str, ...] = ()
    layer: int = -1
    norm_hidden: bool = False
    projected: bool = False
    activation: Literal["quick_gelu", "gelu"] = "quick_gelu"
    padding: int | None = None
    cut: int = 0
    kept: int = 0
    places: int = 1
    masked: bool = False
    before: str = ""
    after: str = ""
    hides: bool = False
    weighted: bool = True


class PartEncoder(Protocol):
    """One encoder at work."""

    network: nn.Module
    patches: PatchedWeights

    @property
    def places(self) -> int:
        """How many positions an encoding has at least."""
        ...

    def encode(self, prompt: str, layer: int | None = None, windows: int = 1) -> Encoding:
        """The prompt as this encoder alone understands it."""
        ...


Join = Callable[["Reader", Mapping[str, str], "int | None"], Encoding]


@dataclass(slots=True, eq=False)
class Reader(Loaded):
    """All text encoders of one model by role; `join` makes one condition of their answers."""

    parts: Mapping[str, PartEncoder]
    join: Join
    network: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        networks = {role: part.network for role, part in self.parts.items()}
        self.network = (
            next(iter(networks.values())) if len(networks) == 1 else nn.ModuleDict(networks)
        )

    @property
    def patches(self) -> PatchedWeights:
        """The patches of the only encoder."""
        (part,) = self.parts.values()
        return part.patches

    def buffers(self) -> Iterator[Tensor]:
        """What lies beside the weights of all encoders: the homes of those that are away, and the
        originals of those that are changed."""
        yield from self.network.buffers()
        for placement in self.placements:
            yield from placement.homes()
        for part in self.parts.values():
            yield from part.patches.originals()

    @contextmanager
    def knowing(self, words: Mapping[str, LearnedWord]) -> Iterator[None]:
        """Learnt words, by the names that texts call them by, while the block runs.

        An encoder leaves out words of another width; one that none can read is an error.
        """
        encoders = [part for part in self.parts.values() if isinstance(part, TextEncoder)]
        widths = [encoder.config.hidden_size for encoder in encoders]
        for name, word in words.items():
            if all(word.of_width(width) is None for width in widths):
                has = " and ".join(str(tensor.shape[-1]) for tensor in word.vectors)
                reads = " and ".join(map(str, widths)) or "no learnt words"
                raise DiffusionError(
                    f"The word {name!r} is {has} wide, this model's text encoders read {reads}.",
                    "Use one that was learnt for this family of models.",
                )
        with ExitStack() as stack:
            for encoder in encoders:
                stack.enter_context(encoder.knowing(words))
            yield

    @property
    def placements(self) -> Sequence[Placement]:
        """Each encoder's own: which of its weights are on the device."""
        return [placement_of(part.network) for part in self.parts.values()]

    @property
    def portion(self) -> Portion:
        """What reading a text is expected to take on the device."""
        whole = [part.network.config for part in self.parts.values()]
        configs = [getattr(config, "text_config", config) for config in whole]
        widths = [getattr(c, "hidden_size", getattr(c, "d_model", None)) for c in configs]
        return reading_portion(widths, self.dtype.itemsize)

    def encode(self, text: str | Mapping[str, str | None], layer: int | None = None) -> Encoding:
        """One text for all encoders, or a text for each role; None lets an encoder say nothing.

        `layer` counts CLIP's layers from the end: -1 is the last, -2 the one before ("CLIP skip
        2"); None is what the family was trained with.
        """
        if isinstance(text, str):
            return self.join(self, dict.fromkeys(self.parts, text), layer)
        strangers = sorted(set(text) - set(self.parts))
        if strangers and not set(text) & set(self.parts):
            raise DiffusionError(
                f"This model reads texts with {' and '.join(self.parts)}, not with "
                f"{' and '.join(strangers)}.",
                "Use the text node of the model's family, or CLIPTextEncode.",
            )
        given = {role: text.get(role, "") for role in self.parts}
        said = {role: words for role, words in given.items() if words is not None}
        return self.join(self, said, layer)
