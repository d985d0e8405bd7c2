"""The widgets that a subgraph shows on its instances."""

from __future__ import annotations

from wirebrush.graph.comfy.records import INSIDE, UiSubgraph
from wirebrush.graph.comfy.tracing import Tracer


def shown_ports(item: UiSubgraph) -> list[str]:
    """The ports whose values instances hold in their list, in its order: those that feed a widget.

    ComfyUI also shows widgets without a port (`proxyWidgets`); their values stay with the node
    inside, where they are read.
    """
    tracer = Tracer(item.graph)
    edited: set[int] = set()
    for node in item.graph.nodes:
        for slot, port in enumerate(node.inputs):
            link = tracer.into(node, slot) if port.widget else None
            source = tracer.source(link) if link is not None else None
            if source is not None and source.node == INSIDE:
                edited.add(source.slot)
    return [port.id for place, port in enumerate(item.inputs) if place in edited]
