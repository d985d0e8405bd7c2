"""The way to run networks on a device: plan, bring, compute; if memory runs out, once with less.

latent = within(room, [model], portions, lambda portion: ..., "Painting 1024x1024")
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Protocol, TypeVar

from wirebrush_diffusion.errors import DiffusionError
from wirebrush_diffusion.memory.meter import Meter, is_out_of_memory
from wirebrush_diffusion.memory.placement import Placement
from wirebrush_diffusion.memory.plans import Plan, Portion, fitting, lower, plans_for
from wirebrush_diffusion.memory.room import Room
from wirebrush_diffusion.memory.streaming import Stream
from wirebrush_diffusion.memory.transfer import CardMeter, Transfer, transfer_to

T = TypeVar("T")
LOWER = 2.0  # after running out, activations are taken to need this many times what was expected

log = logging.getLogger(__name__)


class Placed(Protocol):
    """What has weights; `network.Loaded` is such."""

    @property
    def placements(self) -> Sequence[Placement]: ...


def within(
    room: Room,
    networks: Sequence[Placed],
    portions: Sequence[Portion],
    work: Callable[[Portion], T],
    what: str,
) -> T:
    """`work(portion)` with the networks on the device.

    Portions are offered largest first. `what` begins the sentence if memory does not do:
    "Painting 1024x1024".
    """
    with _claimed(room, networks) as placements:
        if not placements:
            return work(portions[0])
        reachable = room.reachable() + _here(placements)
        plan = fitting(_plans(room, placements, portions, reachable), reachable)
        try:
            return _done(room, placements, plan, work)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            idle = room.reachable() > room.available()
            more = _plans(room, placements, portions, reachable, LOWER)
            others = lower(more, plan, same=idle)
            if not others:
                raise _too_much(room, plan, reachable, what) from error
            log.warning("%s: out of memory with %s.", what, plan.title)
        plan = fitting(others, reachable)
        try:
            return _done(room, placements, plan, work)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise _too_much(room, plan, reachable, what) from error


@contextmanager
def placed(room: Room, networks: Sequence[Placed], portion: Portion) -> Iterator[None]:
    """The networks are on the device while the block runs, which does as much as the portion."""
    with _claimed(room, networks) as placements:
        if not placements or not room.apart:
            yield
            return
        reachable = room.reachable() + _here(placements)
        plan = fitting(_plans(room, placements, [portion], reachable), reachable)
        transfer = _transfer(placements, room.device)
        with _placed(room, placements, plan, transfer), _measured(room, placements, plan, transfer):
            yield


@contextmanager
def _claimed(room: Room, networks: Sequence[Placed]) -> Iterator[Sequence[Placement]]:
    """Nobody else uses these networks, or makes them leave; those that are not in use already."""
    found = dict.fromkeys(placement for network in networks for placement in network.placements)
    with ExitStack() as stack:
        for placement in sorted(found, key=id):  # one order for all, or two would wait forever
            stack.enter_context(placement.lock)
        stack.enter_context(room.held(*networks))
        yield [placement for placement in found if placement.device is None]


def _plans(
    room: Room,
    placements: Sequence[Placement],
    portions: Sequence[Portion],
    reachable: int,
    factor: float = 1.0,
) -> list[Plan]:
    """With activations as they were measured, else as expected, `factor` times."""
    each = max((p.measured.get(room.device, 0.0) for p in placements), default=0.0)
    portions = [
        replace(p, activations=int(factor * (each * p.units or p.activations))) for p in portions
    ]
    if not room.apart:
        return [Plan("whole", portion) for portion in portions]
    return list(plans_for(placements, portions, reachable))


def _done(
    room: Room, placements: Sequence[Placement], plan: Plan, work: Callable[[Portion], T]
) -> T:
    if not room.apart:
        return work(plan.portion)
    transfer = _transfer(placements, room.device)
    with _placed(room, placements, plan, transfer), _measured(room, placements, plan, transfer):
        return work(plan.portion)


@contextmanager
def _placed(
    room: Room, placements: Sequence[Placement], plan: Plan, transfer: Transfer
) -> Iterator[None]:
    """The kept weights are brought, the others come and go, while the block runs."""
    for part in plan.streamed:
        part.leave()
    missing = sum(leaf.weight - leaf.size for leaf in plan.kept)
    room.make_room(missing + plan.needed - sum(leaf.weight for leaf in plan.kept))
    log.info("%s; %d MB needed.", plan.title, plan.needed >> 20)
    with ExitStack() as stack:
        for leaf in plan.kept:
            leaf.bring(transfer)
        if plan.streamed:
            stack.enter_context(Stream(plan.streamed, transfer).on())
        for placement in placements:
            placement.device, placement.streaming = transfer.device, bool(plan.streamed)
        try:
            yield
        finally:
            for placement in placements:
                placement.device, placement.streaming = None, False


@contextmanager
def _measured(
    room: Room, placements: Sequence[Placement], plan: Plan, transfer: Transfer
) -> Iterator[None]:
    """Learns what the work allocates; a simulated device says when it is too much."""
    card = transfer.device.type == "cuda"
    if not card and transfer.device.type != "cpu":
        yield
        return
    meter = CardMeter(transfer.device) if card else Meter(room.available())
    with meter:
        yield
    streamed = 2 * max((part.weight for part in plan.streamed), default=0)
    each = max(meter.peak - streamed, 0) / max(plan.portion.units, 1.0)
    for placement in placements:
        before = placement.measured.get(room.device, 0.0)
        placement.measured[room.device] = max(before, each)


def _transfer(placements: Sequence[Placement], device: str) -> Transfer:
    """The way to the device; one for a network, because it has a stream of its own."""
    for placement in placements:
        if placement.transfer is None:
            placement.transfer = transfer_to(device)
    found = placements[0].transfer
    assert found is not None
    return found


def _here(placements: Sequence[Placement]) -> int:
    return sum(leaf.size for placement in placements for leaf in placement.every)


def _too_much(room: Room, plan: Plan, reachable: int, what: str) -> DiffusionError:
    by = f" ({room.limited_by})" if room.limited_by else ""
    needed = max(plan.needed, reachable + 1)
    return DiffusionError(
        f"{what} needs more memory than there is: at least {_size(needed)}, even with "
        f"{plan.title}. {room.device} may use {_size(room.limit)}{by}; {_size(max(reachable, 0))} "
        "of it could be made free.",
        "Use a smaller picture or batch, a smaller model or one in fp8"
        + (f", or allow more with {room.limited_by}." if by else ", or close what else uses it."),
    )


def _size(size: float) -> str:
    """Bytes for people."""
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "bytes" else f"{size:.0f} bytes"
        size /= 1024
    return f"{size:.2f} GB"
