"""Nodes that wait for each other. Finding out that there are none is the common case, and cheap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from wirebrush.api import Link
from wirebrush.events import Problem
from wirebrush.graph.codes import Code, problem, quoted
from wirebrush.graph.prompt import Prompt

SHOWN = 8  # nodes of a cycle that a message names


def cycle_problems(prompt: Prompt) -> Iterator[Problem]:
    """One problem for each knot of nodes that wait for each other, with one way round it."""
    knotted = unorderable(prompt)
    if not knotted:
        return
    for cycle in _cycles(prompt, knotted):
        first = prompt.nodes[cycle[0]]
        ports = [name for name, link in first.links() if link.node == cycle[-1]]
        yield problem(
            Code.CYCLE,
            f"These nodes wait for each other in a circle: {_way_round(prompt, cycle)}."
            if len(cycle) > 1
            else f"{_short(prompt, cycle[0])} is connected to itself: it would wait for ever.",
            "Remove one of these wires." if len(cycle) > 1 else "Remove that wire.",
            first.id,
            ports[0],
        )


def unorderable(prompt: Prompt) -> set[str]:
    """The nodes that have no place in any order of running: those in a cycle, or after one."""
    waits: dict[str, int] = {}
    users: dict[str, list[str]] = {}
    nodes = prompt.nodes
    for node_id, node in nodes.items():
        count = 0
        for item in node.inputs.values():
            if isinstance(item, Link) and item.node in nodes:
                count += 1
                users.setdefault(item.node, []).append(node_id)
        waits[node_id] = count
    ready = [node_id for node_id, count in waits.items() if not count]
    for node_id in ready:  # grows while it is walked
        for user in users.get(node_id, ()):
            waits[user] -= 1
            if not waits[user]:
                ready.append(user)
    return {node_id for node_id, count in waits.items() if count}


def _cycles(prompt: Prompt, knotted: set[str]) -> Iterable[list[str]]:
    """One cycle of every strongly connected part, starting at its first node in the document."""
    import networkx as nx  # a tenth of a second, which only a graph with a cycle pays

    graph: nx.DiGraph[str] = nx.DiGraph()
    order = {node_id: place for place, node_id in enumerate(prompt.nodes)}
    for node_id in sorted(knotted, key=order.__getitem__):
        for _, link in prompt.nodes[node_id].links():
            if link.node in knotted:
                graph.add_edge(link.node, node_id)
    cycles: list[list[str]] = []
    for part in nx.strongly_connected_components(graph):
        start = min(part, key=order.__getitem__)
        if len(part) > 1 or graph.has_edge(start, start):
            find_cycle = cast("Any", nx).find_cycle  # its stubs do not say what it gives
            edges = cast("list[tuple[str, str]]", find_cycle(graph.subgraph(part), start))
            nodes = [source for source, _ in edges]
            turn = nodes.index(min(nodes, key=order.__getitem__))
            cycles.append(nodes[turn:] + nodes[:turn])
    return sorted(cycles, key=lambda cycle: order[cycle[0]])


def _way_round(prompt: Prompt, cycle: list[str]) -> str:
    names = [_short(prompt, node_id) for node_id in cycle[:SHOWN]]
    if len(cycle) > SHOWN:
        half = SHOWN // 2
        names[half:] = [f"… {len(cycle) - SHOWN:,} more …"]
        names.extend(_short(prompt, node_id) for node_id in cycle[-half:])
    return " → ".join([*names, _short(prompt, cycle[0])])


def _short(prompt: Prompt, node_id: str) -> str:
    node = prompt.nodes[node_id]
    return f"{quoted(node.title.strip() or node.class_type)[1:-1]} ({node_id[:60]})"
