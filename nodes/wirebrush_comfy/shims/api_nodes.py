"""`comfy_api.latest.io`: node classes of the newer kind, told as those of the older."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Self

from wirebrush_comfy.shims import api_types as types
from wirebrush_comfy.shims.api_dynamic import DYNAMIC
from wirebrush_comfy.shims.graphs import ExecutionBlocker
from wirebrush_comfy.world import World


class Hidden(StrEnum):
    """What of the run a node wants to know."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"
    api_key_comfy_org = "API_KEY_COMFY_ORG"


class HiddenHolder:
    """What a node knows of its run, as `cls.hidden`; None for what it did not ask for."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values = dict(values or {})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._values.get(name)


class Schema:
    """What a node class declares. Fields of later versions are taken and have no effect."""

    def __init__(
        self,
        node_id: str,
        display_name: str | None = None,
        category: str = "sd",
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        hidden: Sequence[Hidden] | None = None,
        description: str = "",
        is_input_list: bool = False,
        is_output_node: bool = False,
        **more: Any,
    ) -> None:
        self.node_id = node_id
        self.display_name = display_name
        self.category = category
        self.inputs = list(inputs or [])
        self.outputs = list(outputs or [])
        self.hidden = list(hidden or [])
        self.description = description
        self.is_input_list = is_input_list
        self.is_output_node = is_output_node
        self.is_deprecated = bool(more.get("is_deprecated"))
        self.is_experimental = bool(more.get("is_experimental"))
        self.is_api_node = bool(more.get("is_api_node"))
        self.not_idempotent = bool(more.get("not_idempotent"))
        self.enable_expand = bool(more.get("enable_expand"))

    def finished(self) -> Self:
        """With what every output node may know; ValueError if a name comes twice."""
        names = [item.id for item in self.inputs]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"the inputs {', '.join(sorted(twice))} are declared twice")
        if self.is_output_node:
            wanted = [Hidden.prompt, Hidden.extra_pnginfo]
            self.hidden += [item for item in wanted if item not in self.hidden]
        return self


class _FromSchema:
    """A class attribute that the schema decides."""

    def __init__(self, of: Callable[[Schema], Any]) -> None:
        self._of = of

    def __get__(self, _instance: Any, owner: Any) -> Any:
        return self._of(owner.GET_SCHEMA())


class ComfyNode:
    """What node classes of the newer kind inherit from. They have no objects."""

    hidden: HiddenHolder = HiddenHolder()
    SCHEMA: Schema
    FUNCTION = "execute"
    RETURN_TYPES = _FromSchema(lambda s: tuple(item.get_io_type() for item in s.outputs))
    RETURN_NAMES = _FromSchema(
        lambda s: tuple(item.display_name or item.get_io_type() for item in s.outputs)
    )
    OUTPUT_TOOLTIPS = _FromSchema(lambda s: tuple(item.tooltip for item in s.outputs))
    OUTPUT_IS_LIST = _FromSchema(lambda s: tuple(item.is_output_list for item in s.outputs))
    INPUT_IS_LIST = _FromSchema(lambda s: s.is_input_list)
    OUTPUT_NODE = _FromSchema(lambda s: s.is_output_node)
    CATEGORY = _FromSchema(lambda s: s.category)
    DESCRIPTION = _FromSchema(lambda s: s.description)
    DEPRECATED = _FromSchema(lambda s: s.is_deprecated)
    EXPERIMENTAL = _FromSchema(lambda s: s.is_experimental)
    API_NODE = _FromSchema(lambda s: s.is_api_node)
    NOT_IDEMPOTENT = _FromSchema(lambda s: s.not_idempotent)

    @classmethod
    def define_schema(cls) -> Schema:
        """What the node is; every node has its own."""
        raise NotImplementedError(f"{cls.__name__} has no define_schema.")

    @classmethod
    def GET_SCHEMA(cls) -> Schema:
        """What the node is, complete; asked once."""
        schema = cls.__dict__.get("SCHEMA")  # not that of a node that it inherits from
        if schema is None:
            schema = cls.SCHEMA = cls.define_schema().finished()
        return schema

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """The inputs as V1 classes tell them."""
        schema = cls.GET_SCHEMA()
        sections: dict[str, dict[str, Any]] = {"required": {}}
        for item in (part for whole in schema.inputs for part in whole.get_dynamic()):
            section = sections.setdefault("optional" if item.optional else "required", {})
            section[item.id] = item.as_v1()
        if schema.hidden:
            sections["hidden"] = {Hidden(item).name: Hidden(item).value for item in schema.hidden}
        return sections

    @classmethod
    def for_call(cls, hidden: Mapping[str, Any]) -> type[Any]:
        """A class of its own for one call, so that what it keeps on itself is gone afterwards."""
        return type(
            cls.__name__, (cls,), {"hidden": HiddenHolder(hidden), "SCHEMA": cls.GET_SCHEMA()}
        )


class NodeOutput:
    """What `execute` returns.

    Args:
        args: The values, one per output.
        ui: What the node shows.
        expand: Nodes to run instead.
        block_execution: Why nothing that is wired to the node runs.
    """

    def __init__(
        self,
        *args: Any,
        ui: Any = None,
        expand: Mapping[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[Any, ...] | None:
        """The values; None if there are none."""
        return self.args or None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NodeOutput:
        """The same from the dict that V1 nodes return."""
        values = data.get("result") or ()
        if isinstance(values, ExecutionBlocker):
            return cls(ui=data.get("ui"), block_execution=values.message)
        return cls(*values, ui=data.get("ui"), expand=data.get("expand"))

    def as_answer(self) -> Any:
        """The dict that V1 nodes return."""
        ui = self.ui.as_dict() if hasattr(self.ui, "as_dict") else self.ui
        blocked = None if self.block_execution is None else ExecutionBlocker(self.block_execution)
        answer = {"result": blocked or self.args, "ui": ui}
        return answer if self.expand is None else {**answer, "expand": self.expand}


def io_with_dynamic(world: World) -> Mapping[str, Any]:
    """The module `comfy_api.latest._io`, which has more."""
    return {**io(world), **DYNAMIC}


def io(_world: World) -> Mapping[str, Any]:
    """The module `comfy_api.latest.io`."""
    return {
        **types.TYPES,
        "Input": types.Input,
        "WidgetInput": types.Input,
        "Output": types.Output,
        "ComfyTypeI": types.ComfyTypeI,
        "ComfyTypeIO": types.ComfyTypeIO,
        "Custom": types.custom,
        "comfytype": types.comfytype,
        "FolderType": types.FolderType,
        "UploadType": types.UploadType,
        "NumberDisplay": types.NumberDisplay,
        "RemoteOptions": types.RemoteOptions,
        "Hidden": Hidden,
        "HiddenHolder": HiddenHolder,
        "Schema": Schema,
        "ComfyNode": ComfyNode,
        "NodeOutput": NodeOutput,
    }
