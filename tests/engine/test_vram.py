"""One resident set per device: what is least worth its bytes leaves first, in parts."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch

from wirebrush.api import Memory
from wirebrush.engine.devices import Device
from wirebrush.engine.weighing import weights_of


@dataclass
class Part:
    """A leaf that is on the device until it leaves."""

    weight: int
    seconds: float = 1.0
    here: bool = True

    @property
    def size(self) -> int:
        return self.weight if self.here else 0

    def leave(self) -> None:
        self.here = False


@dataclass
class Parted:
    """Something with leaves."""

    parts: list[Part] = field(default_factory=list[Part])

    def leaves(self) -> list[Part]:
        return self.parts

    def here(self) -> list[int]:
        return [part.weight for part in self.parts if part.here]


@pytest.fixture
def device() -> Device:
    return Device("cpu", vram_limit=100)


def keep(device: Device, key: str, *parts: Part) -> Parted:
    return device.resident(key, lambda: Parted(list(parts)), size=1)


def test_a_limit_makes_the_processor_a_card(device: Device) -> None:
    memory: Memory = device.room
    assert (memory.limit, memory.apart, memory.limited_by) == (100, True, "--vram-limit")
    assert device.memory() == 100
    assert "as a device of" in device.title()
    plain = Device("cpu")
    assert not plain.room.apart
    assert plain.room.limit == plain.memory()
    assert plain.room.make_room(2**60) < 2**60, "nothing leaves the processor"
    assert plain.vram() == 0


def test_what_is_on_the_device_is_added_up(device: Device) -> None:
    keep(device, "a", Part(30), Part(10, here=False))
    assert device.room.available() == 70
    assert device.vram() == 30


def test_the_dearest_to_bring_back_and_the_last_used_stay(device: Device) -> None:
    dear = keep(device, "dear", Part(20, seconds=20.0), Part(20, seconds=10.0))
    cheap = keep(device, "cheap", Part(30, seconds=1.0), Part(10, seconds=1.0))
    assert device.room.make_room(40) == 50, "of equal worth the largest leaves, and it is enough"
    assert (dear.here(), cheap.here()) == ([20, 20], [10])
    assert device.room.make_room(70) == 80
    assert (dear.here(), cheap.here()) == ([20], [])


def test_what_is_used_often_stays(device: Device) -> None:
    rare = keep(device, "rare", Part(40))
    usual = keep(device, "usual", Part(40))
    for _ in range(5):
        keep(device, "usual")
    device.room.make_room(50)
    assert (rare.here(), usual.here()) == ([], [40])


def test_what_is_held_does_not_leave(device: Device) -> None:
    held, other = keep(device, "held", Part(60)), keep(device, "other", Part(30))
    with device.room.held(held):
        assert device.room.reachable() == 40
        assert device.room.make_room(90) == 40
        assert (held.here(), other.here()) == ([60], [])
    assert device.room.make_room(90) == 100


def test_networks_without_leaves_leave_as_a_whole(device: Device) -> None:
    network = device.resident("net", lambda: torch.nn.Linear(4, 4))
    assert network is device.resident("net", lambda: pytest.fail("it is there"))
    assert device.vram() == 80
    device.room.make_room(100)
    assert device.vram() == 0
    assert device.resident("net", lambda: "built again") == "built again"


def test_shared_memory_is_weighed_once() -> None:
    base = torch.zeros(100)
    assert weights_of([base, base[:50], base.view(10, 10)]) == {"cpu": 400}
    assert weights_of([base[:50], base[25:75]]) == {"cpu": 300}
    layer = torch.nn.Linear(10, 10, bias=False)
    tied = torch.nn.Linear(10, 10, bias=False)
    tied.weight = layer.weight
    assert weights_of([layer, tied]) == {"cpu": 400}
