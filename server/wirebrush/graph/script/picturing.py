"""Reading how a prompt makes pictures and masks of others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from wirebrush.api import Link
from wirebrush.graph.prompt import PromptNode
from wirebrush.graph.script.modelling import ModelReader
from wirebrush.graph.script.plan import Argument, FromFile, Made, NotPlain, Picture
from wirebrush.graph.script.reading import called, word

_FUNCTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ImageScaleBy": ("scale", ("image", "scale_by", "upscale_method")),
    "ImageScaleToTotalPixels": ("scale_to", ("image", "megapixels", "upscale_method")),
    "FluxKontextImageScale": ("fit_kontext", ("image",)),
    "ImageInvert": ("inverted", ("image",)),
    "ImageStitch": ("stitch", ("image1", "image2", "direction", "spacing_width", "spacing_color")),
    "ImagePadForOutpaint": ("pad", ("image", "left", "top", "right", "bottom", "feathering")),
    "ImageCompositeMasked": ("lay_over", ("destination", "source", "x", "y", "mask")),
    "Canny": ("canny", ("image", "low_threshold", "high_threshold")),
    "SolidMask": ("solid", ("value", "width", "height")),
    "InvertMask": ("inverted", ("mask",)),
    "MaskComposite": ("combine", ("destination", "source", "x", "y", "operation")),
    "MaskToImage": ("in_grey", ("mask",)),
}
"""The function of the script that does what a node does, and which inputs it is given."""

_LOADERS = ("LoadImage", "LoadImageOutput", "LoadImageMask")
_PLACE = re.compile(r" \[(input|output|temp)\]$")
"""Where a picture lies, behind its name."""

_SEVERAL = frozenset({"pad"})
_OPTIONAL = frozenset({"mask"})
_RESIZES = ("nearest-exact", "bilinear", "bicubic", "lanczos", "area")
_CHANNELS = ("red", "green", "blue", "alpha")
_DEEPEST = 40


@dataclass
class PictureReader(ModelReader):
    """Reads pictures and masks. Those that are painted are for who knows samplers."""

    _depth: int = 0

    def decoded(self, node: PromptNode) -> Picture:
        """The picture that a VAEDecode makes."""
        raise NotPlain(f"it uses {called(node)}.")

    def picture(self, node: PromptNode, name: str) -> Picture:
        """The picture or mask at an input."""
        if self._depth >= _DEEPEST:
            raise NotPlain("it is too long.")
        self._depth += 1
        try:
            return self._made(*self.above(node, name))
        finally:
            self._depth -= 1

    def _loaded(self, found: PromptNode, output: int) -> Picture:
        """What a file holds."""
        name = _PLACE.sub("", str(self.value(found, "image")))
        if found.class_type != "LoadImageMask":
            return FromFile(name, mask=output == 1)
        channel = self._one_of(found, "channel", _CHANNELS, "alpha")
        if channel == "alpha":
            return FromFile(name, mask=True)
        return Made("channel", (FromFile(name), _CHANNELS.index(channel)))

    def _made(self, found: PromptNode, output: int) -> Picture:
        kind = found.class_type
        if kind in _LOADERS:
            return self._loaded(found, output)
        if kind == "ImageStitch" and "image2" not in found.inputs:
            return self.picture(found, "image1")
        if kind == "ImageToMask":
            channel = self._one_of(found, "channel", _CHANNELS[:3], "red")
            return Made("channel", (self.picture(found, "image"), _CHANNELS.index(channel)))
        if kind == "VAEDecode":
            return self.decoded(found)
        if kind == "ImageScale":
            return self._resized(found)
        if kind == "ImageFromBatch":
            return self._taken(found)
        if kind not in _FUNCTIONS or not self._usual(found):
            raise NotPlain(f"it uses {called(found)}.")
        function, inputs = _FUNCTIONS[kind]
        arguments = tuple(self._argument(found, name) for name in inputs)
        return Made(function, arguments, output if function in _SEVERAL else None)

    def _usual(self, node: PromptNode) -> bool:
        """Whether a node has no setting that the functions do not know."""
        if node.class_type == "ImageStitch":
            return bool(self.value(node, "match_image_size", True))
        return not self.value(node, "resize_source", False)

    def _resized(self, node: PromptNode) -> Picture:
        width, height = self.whole(node, "width"), self.whole(node, "height")
        if not width or not height:
            raise NotPlain("one side of a picture is to follow from the other.")
        method = self._argument(node, "upscale_method")
        arguments = (self.picture(node, "image"), width, height, method)
        crop = self.value(node, "crop", "disabled") != "disabled"
        return Made("fit" if crop else "resize", arguments)

    def _taken(self, node: PromptNode) -> Picture:
        first, length = self.whole(node, "batch_index", 0), self.whole(node, "length", 1)
        if first < 0 or length < 1:
            raise NotPlain("it takes no picture of a batch, or a picture before the first.")
        return Made("taken", (self.picture(node, "image"), first, length))

    def _argument(self, node: PromptNode, name: str) -> Argument:
        if isinstance(node.inputs.get(name), Link):
            return self.picture(node, name)
        if name in _OPTIONAL and name not in node.inputs:
            return None
        if name == "upscale_method":
            return self._one_of(node, name, _RESIZES)
        found = self.value(node, name)
        if not isinstance(found, str | int | float):
            raise NotPlain(f"the {name} of its {called(node)} is no number.")
        return round(found, 6) if isinstance(found, float) else found

    def _one_of(
        self, node: PromptNode, name: str, known: tuple[str, ...], otherwise: str = ""
    ) -> str:
        found = str(self.value(node, name, *([otherwise] if otherwise else [])))
        if found not in known:
            raise NotPlain(f"diffusers knows no {name} {word(found)}.")
        return found
