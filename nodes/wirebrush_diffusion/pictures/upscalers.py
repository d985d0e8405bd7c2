"""Networks that enlarge pictures: ESRGAN and Real-ESRGAN's compact ones, in their file layouts.

ESRGAN: Wang et al. 2018 (arXiv:1809.00219); Real-ESRGAN: Wang et al. 2021 (arXiv:2107.10833). Both
take and give `[B,3,H,W]`, 0..1. Their configuration is read from the shapes in the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pixel_shuffle, pixel_unshuffle

SLOPE = 0.2
DAMPING = 0.2  # of residuals, so that deep networks stay stable


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees all before it."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for i in range(5):
            out = features if i == 4 else growth
            self.add_module(f"conv{i + 1}", nn.Conv2d(features + i * growth, out, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for i in range(1, 5):
            new = leaky_relu(self.get_submodule(f"conv{i}")(seen), SLOPE)
            seen = torch.cat([seen, new], dim=1)
        return x + self.get_submodule("conv5")(seen) * DAMPING


class ResidualBlock(nn.Module):
    """Three dense blocks in a row, with a way around them."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(features, growth) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.rdb3(self.rdb2(self.rdb1(x))) * DAMPING


class Esrgan(nn.Module):
    """RRDBNet: `doublings` times twice as large, from a picture folded `fold` times smaller."""

    def __init__(
        self, features: int, growth: int, blocks: int, doublings: int = 2, fold: int = 1
    ) -> None:
        super().__init__()
        self.fold, self.doublings = fold, doublings
        self.conv_first = nn.Conv2d(3 * fold * fold, features, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(features, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        for i in range(doublings):
            self.add_module(f"conv_up{i + 1}", nn.Conv2d(features, features, 3, padding=1))
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, 3, 3, padding=1)

    @property
    def scale(self) -> float:
        """How many times as wide and high pictures become."""
        return 2**self.doublings / self.fold

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        if self.fold > 1:
            spare = (-width % self.fold, -height % self.fold)
            x = nn.functional.pad(x, (0, spare[0], 0, spare[1]), mode="replicate")
            x = pixel_unshuffle(x, self.fold)
        x = self.conv_first(x)
        x = x + self.conv_body(self.body(x))
        for i in range(self.doublings):
            x = self.get_submodule(f"conv_up{i + 1}")(interpolate(x, scale_factor=2.0))
            x = leaky_relu(x, SLOPE)
        x = self.conv_last(leaky_relu(self.conv_hr(x), SLOPE))
        return x[..., : round(height * self.scale), : round(width * self.scale)]


class Compact(nn.Module):
    """SRVGGNetCompact: plain convolutions, enlarged by shuffling channels into pixels."""

    def __init__(self, features: int, layers: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        modules: list[nn.Module] = [nn.Conv2d(3, features, 3, padding=1), nn.PReLU(features)]
        for _ in range(layers):
            modules += [nn.Conv2d(features, features, 3, padding=1), nn.PReLU(features)]
        modules.append(nn.Conv2d(features, 3 * scale * scale, 3, padding=1))
        self.body = nn.Sequential(*modules)

    def forward(self, x: Tensor) -> Tensor:
        return pixel_shuffle(self.body(x), self.scale) + interpolate(x, scale_factor=self.scale)


_OLD_BLOCK = re.compile(r"model\.1\.sub\.(\d{1,4})\.RDB([123])\.conv([1-5])\.0\.(weight|bias)")
_OLD_BODY = re.compile(r"model\.1\.sub\.\d{1,4}\.(weight|bias)")
_OLD_LAYER = re.compile(r"model\.(\d{1,3})\.(weight|bias)")


def esrgan_name(name: str, last: int) -> str:
    """Our name for one of the old layout, whose last layer is `model.{last}`; others stay."""
    if match := _OLD_BLOCK.fullmatch(name):
        block, dense, conv, leaf = match.groups()
        return f"body.{block}.rdb{dense}.conv{conv}.{leaf}"
    if match := _OLD_BODY.fullmatch(name):
        return f"conv_body.{match.group(1)}"
    if match := _OLD_LAYER.fullmatch(name):
        place, leaf = int(match.group(1)), match.group(2)
        known = {0: "conv_first", last: "conv_last", last - 2: "conv_hr"}
        return f"{known.get(place, f'conv_up{place // 3}')}.{leaf}"
    return name


def last_layer(names: Mapping[str, object]) -> int:
    """The number of the last layer in the old layout."""
    return max((int(m.group(1)) for m in map(_OLD_LAYER.fullmatch, names) if m), default=0)


def build_upscaler(shapes: Mapping[str, tuple[int, ...]]) -> nn.Module | None:
    """The network (without memory) that has these parameters, or None if it is neither kind."""
    esrgan = ("conv_first.weight", "body.0.rdb1.conv1.weight")
    with torch.device("meta"):
        if all(len(shapes.get(name, ())) == 4 and 0 not in shapes[name] for name in esrgan):
            return _esrgan(shapes)
        if "body.0.weight" in shapes and "body.1.weight" in shapes:
            return _compact(shapes)
    return None


def _esrgan(shapes: Mapping[str, tuple[int, ...]]) -> nn.Module:
    features, channels = shapes["conv_first.weight"][:2]
    growth = shapes["body.0.rdb1.conv1.weight"][0]
    blocks = len({name.split(".")[1] for name in shapes if name.startswith("body.")})
    doublings = len([name for name in shapes if re.fullmatch(r"conv_up\d\.weight", name)])
    return Esrgan(features, growth, blocks, doublings, max(1, round((channels / 3) ** 0.5)))


def _compact(shapes: Mapping[str, tuple[int, ...]]) -> nn.Module | None:
    places = [
        int(m.group(1)) for m in map(re.compile(r"body\.(\d{1,3})\.weight").fullmatch, shapes) if m
    ]
    last = shapes[f"body.{max(places)}.weight"]
    first = shapes["body.0.weight"]
    if len(first) != 4 or first[1] != 3 or len(last) != 4 or 0 in first:
        return None
    return Compact(first[0], max(places) // 2 - 1, max(1, round((last[0] / 3) ** 0.5)))
