"""Types, inputs and outputs of the newer node classes: what `comfy_api.latest.io` calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

T = TypeVar("T", bound=type)

NAMED_OTHERWISE = MappingProxyType(
    {
        "force_input": "forceInput",
        "dynamic_prompts": "dynamicPrompts",
        "raw_link": "rawLink",
        "display_mode": "display",
        "widget_type": "widgetType",
    }
)
"""Options whose name in `INPUT_TYPES` is another."""


class FolderType(StrEnum):
    """Where a file lies."""

    input = "input"
    output = "output"
    temp = "temp"


class UploadType(StrEnum):
    """What a choice of files lets people upload."""

    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class NumberDisplay(StrEnum):
    """How a number is edited."""

    number = "number"
    slider = "slider"


class Input:
    """One input. Options beyond the first are those of its type: default, min, multiline...

    Args:
        id: Its name.
        display_name: What people read.
        optional: Whether it may be left open.
        tooltip: Its help.
        lazy: Whether it is computed only if the node asks for it.
        extra_dict: Further options as in `INPUT_TYPES`.
    """

    io_type = "*"

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        extra_dict: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.optional = optional
        self.tooltip = tooltip
        self.lazy = lazy
        self.extra_dict = dict(extra_dict or {})
        self.options_given = options

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "options_given":
            raise AttributeError(name)
        return self.options_given.get(name)

    def get_io_type(self) -> str:
        """The name of its type."""
        return self.io_type

    def get_dynamic(self) -> Sequence[Input]:
        """The inputs that it stands for: mostly itself."""
        return [self]

    def as_v1(self) -> tuple[str, dict[str, Any]]:
        """The input as `INPUT_TYPES` would have it."""
        options: dict[str, Any] = {"tooltip": self.tooltip, "lazy": self.lazy}
        for name, value in self.options_given.items():
            options[NAMED_OTHERWISE.get(name, name)] = value
        options |= self.extra_dict
        known = {name: value for name, value in options.items() if value is not None}
        return self.get_io_type(), known


class ComboInput(Input):
    """A choice: of a list, or of the values of an enum."""

    io_type = "COMBO"

    def __init__(
        self, id: str, options: Sequence[Any] | type[Enum] | None = None, *more: Any, **named: Any
    ) -> None:
        super().__init__(id, *more, **named)
        choices = list(options or [])
        self.choices = [item.value if isinstance(item, Enum) else item for item in choices]

    def as_v1(self) -> tuple[str, dict[str, Any]]:
        """The choices are an option, and an upload is one by its own name."""
        kind, options = super().as_v1()
        upload = options.pop("upload", None)
        default = options.get("default")
        if isinstance(default, Enum):
            options["default"] = default.value
        if upload is not None:
            options[str(upload.value if isinstance(upload, Enum) else upload)] = True
        return kind, {"options": self.choices, **options}


class MultiComboInput(ComboInput):
    """Several choices of a list."""

    def as_v1(self) -> tuple[str, dict[str, Any]]:
        """The same, and that there are several."""
        kind, options = super().as_v1()
        return kind, {"multiselect": True, "multi_select": True, **options}


class RemoteOptions(dict[str, Any]):
    """Where ComfyUI's page fetches choices, and when. There are none of them here.

    Args:
        route: The address.
        refresh_button: Whether there is a button for it.
        more: The rest by name.
    """

    def __init__(self, route: str, refresh_button: bool, *_more: Any, **more: Any) -> None:
        super().__init__(route=route, refresh_button=refresh_button, **more)


class MultiTypeInput(Input):
    """An input that takes several types; its widget is that of the input it is made from."""

    def __init__(self, id: str | Input, types: Sequence[Any], *more: Any, **named: Any) -> None:
        self.widget = id if isinstance(id, Input) else None
        name = id.id if isinstance(id, Input) else id
        super().__init__(name, *more, **named)
        first = [self.widget.get_io_type()] if self.widget is not None else []
        self.io_type = ",".join(dict.fromkeys([*first, *(kind.io_type for kind in types)]))

    def as_v1(self) -> tuple[str, dict[str, Any]]:
        """All types, with the options of the widget."""
        kind, options = super().as_v1()
        if self.widget is None:
            return kind, options
        return kind, {**self.widget.as_v1()[1], **options, "widgetType": self.widget.get_io_type()}


class Template:
    """Inputs and outputs that have one type among them, whichever it is.

    Args:
        template_id: Its name.
        allowed_types: Which types that may be; all if none is named.
    """

    def __init__(self, template_id: str, allowed_types: Any = None) -> None:
        self.template_id = template_id
        kinds = allowed_types if isinstance(allowed_types, list | tuple) else [allowed_types]
        self.io_type = ",".join(kind.io_type for kind in kinds if kind is not None) or "*"


class MatchInput(Input):
    """An input of a template's type."""

    def __init__(self, id: str, template: Template, *more: Any, **named: Any) -> None:
        super().__init__(id, *more, **named)
        self.io_type = template.io_type


class Output:
    """One output.

    Args:
        id: Its name in code.
        display_name: What people read; the type if there is none.
        tooltip: Its help.
        is_output_list: Whether the node gives a list of such values.
    """

    io_type = "*"

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
        **_more: Any,
    ) -> None:
        self.id = id
        self.display_name = display_name or id
        self.tooltip = tooltip
        self.is_output_list = is_output_list

    def get_io_type(self) -> str:
        """The name of its type."""
        return self.io_type


class MatchOutput(Output):
    """An output of a template's type."""

    def __init__(self, template: Template, *more: Any, **named: Any) -> None:
        super().__init__(*more, **named)
        self.io_type = template.io_type


class _Kind(type):
    """Types may be asked for the Python types they have in annotations; these say nothing here."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return dict


class ComfyTypeI(metaclass=_Kind):
    """A type that only inputs have."""

    io_type = "*"
    Type: Any = Any
    Input: type[Input] = Input


class ComfyTypeIO(ComfyTypeI):
    """A type that inputs and outputs have."""

    Output: type[Output] = Output


def comfytype(io_type: str, **_more: Any) -> Callable[[T], T]:
    """Give a class its type name, and its inputs and outputs, too."""

    def named(kind: T) -> T:
        for part in ("Input", "Output"):
            base = kind.__dict__.get(part) or getattr(kind, part, None)
            if isinstance(base, type) and issubclass(base, Input | Output):
                setattr(kind, part, type(part, (base,), {"io_type": io_type, "Parent": kind}))
        kind.io_type = io_type
        return kind

    return named


def custom(io_type: str) -> type[ComfyTypeIO]:
    """A type of the pack's own."""
    return comfytype(io_type)(type("Custom", (ComfyTypeIO,), {}))


_PLAIN = (
    "Boolean BOOLEAN,Int INT,Float FLOAT,String STRING,Image IMAGE,Mask MASK,Latent LATENT,"
    "Conditioning CONDITIONING,Sampler SAMPLER,Sigmas SIGMAS,Noise NOISE,Guider GUIDER,Clip CLIP,"
    "ControlNet CONTROL_NET,Vae VAE,Model MODEL,ClipVision CLIP_VISION,"
    "ClipVisionOutput CLIP_VISION_OUTPUT,StyleModel STYLE_MODEL,Gligen GLIGEN,"
    "UpscaleModel UPSCALE_MODEL,Audio AUDIO,Video VIDEO,SVG SVG,LoraModel LORA_MODEL,"
    "LossMap LOSS_MAP,Voxel VOXEL,Mesh MESH,Hooks HOOKS,HookKeyframes HOOK_KEYFRAMES,"
    "TimestepsRange TIMESTEPS_RANGE,LatentOperation LATENT_OPERATION,FlowControl FLOW_CONTROL,"
    "Accumulation ACCUMULATION,Load3DCamera LOAD3D_CAMERA,Load3D LOAD_3D,"
    "Load3DAnimation LOAD_3D_ANIMATION,Photomaker PHOTOMAKER,Point POINT,"
    "FaceAnalysis FACE_ANALYSIS,BBOX BBOX,SEGS SEGS,AnyType *,MODEL_PATCH MODEL_PATCH,"
    "ModelPatch MODEL_PATCH,AudioEncoder AUDIO_ENCODER,AudioEncoderOutput AUDIO_ENCODER_OUTPUT,"
    "WanCameraEmbedding WAN_CAMERA_EMBEDDING,Webcam WEBCAM,BoundingBox BOUNDING_BOX,Tracks TRACKS,"
    "LatentUpscaleModel LATENT_UPSCALE_MODEL"
)


def _types() -> dict[str, type[ComfyTypeI]]:
    made: dict[str, type[ComfyTypeI]] = {}
    for entry in _PLAIN.split(","):
        name, io_type = entry.split()
        made[name] = comfytype(io_type)(type(name, (ComfyTypeIO,), {}))
    made["Combo"] = comfytype("COMBO")(type("Combo", (ComfyTypeIO,), {"Input": ComboInput}))
    several = type("MultiCombo", (ComfyTypeI,), {"Input": MultiComboInput})
    made["MultiCombo"] = comfytype("COMBO")(several)
    matching = {"Input": MatchInput, "Output": MatchOutput, "Template": Template}
    made["MatchType"] = type("MatchType", (ComfyTypeIO,), matching)
    made["MultiType"] = type("MultiType", (ComfyTypeI,), {"Input": MultiTypeInput})
    return made


TYPES: Mapping[str, type[ComfyTypeI]] = MappingProxyType(_types())
"""All types by the name they have in `io`."""
