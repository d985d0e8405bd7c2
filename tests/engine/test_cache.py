"""The cache's tiers: what goes in comes out, across restarts, processes and damage."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from wirebrush.api import Blocked, Cond, FileRef, Handle, Latent, Model, Patch, value, values
from wirebrush.engine.cache.codec import Codec, Unencodable, record_types
from wirebrush.engine.cache.database import SCHEMA_VERSION, connect
from wirebrush.engine.cache.disk import INLINE, DiskStore
from wirebrush.engine.cache.memory import MemoryStore
from wirebrush.engine.cache.store import Many, Result
from wirebrush.engine.cache.tiered import TieredStore
from wirebrush.engine.leases import Leases
from wirebrush.events import Output


@value("POINT")
@dataclass(frozen=True)
class Point:
    x: float
    tensor: Any = None


CODEC = Codec({**record_types([values]), f"{Point.__module__}.{Point.__qualname__}": Point})


def same(one: Any, two: Any) -> bool:
    """Equal in type and content, tensors included."""
    if type(one) is not type(two):
        return False
    if isinstance(one, torch.Tensor):
        return one.dtype == two.dtype and one.shape == two.shape and bool(torch.equal(one, two))
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict):
        return [*one] == [*two] and all(same(one[name], two[name]) for name in one)
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, n), getattr(two, n)) for n in one.__dataclass_fields__)
    return bool(one == two) or one != one


def round_trip(*items: Any) -> tuple[Any, ...]:
    encoded = CODEC.encode(items)
    return CODEC.decode(bytearray(encoded.data), encoded.packed)


# --- codec --------------------------------------------------------------------------------------

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(trees, trees)
def test_plain_values_survive(one: Any, two: Any) -> None:
    assert same(round_trip(one, two), (one, two))


DTYPES = [
    torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool, torch.float8_e4m3fn,
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_tensors_keep_dtype_shape_and_content(dtype: torch.dtype) -> None:
    tensors = [
        torch.arange(6).reshape(2, 3).to(dtype),
        torch.zeros(()).to(dtype),
        torch.zeros(0, 4).to(dtype),
        torch.arange(12).reshape(3, 4).to(dtype).t(),
    ]
    for before, after in zip(tensors, round_trip(*tensors), strict=True):
        assert before.dtype == after.dtype
        assert before.shape == after.shape
        assert torch.equal(before.float(), after.float())


def test_records_survive_also_those_of_packs() -> None:
    model = Model(
        FileRef("checkpoints", "a", "d"), "unet", (Patch("lora", FileRef("loras", "b"), 0.5),)
    ).with_option("skip", -2)
    items = (
        model,
        Latent(torch.ones(1, 4, 2, 2), batch_index=(1, 2)),
        (Cond(torch.ones(1, 2), None, {"area": (1, 2), "mask": torch.zeros(1)}),),
        Point(1.5, torch.ones(2)),
        Many((1, Blocked("no"), torch.ones(1))),
    )
    assert same(round_trip(*items), items)
    assert round_trip(model)[0] == model


def test_a_tensor_that_is_used_twice_is_written_once() -> None:
    tensor = torch.ones(1_000)
    one, (two,) = round_trip(tensor, (tensor,))
    assert torch.equal(one, two)
    assert len(CODEC.encode((tensor, (tensor,))).data) < 5_000


class Plain:
    pass


@pytest.mark.parametrize("item", [Plain(), Handle(FileRef("a", "b")), {1, 2}, [lambda: 1]])
def test_what_cannot_be_written_says_so(item: Any) -> None:
    with pytest.raises(Unencodable):
        CODEC.encode((item,))


@pytest.mark.parametrize(
    "text", ['[{"v": "os.system", "f": ["echo"]}]', '[{"T": 3}]', "[{}]", '{"a": 1', '[{"q": 1}]']
)
def test_only_known_records_are_ever_built(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (JSON's own among them)
        CODEC.decode(text.encode(), False)


def test_cache_files_are_ordinary_safetensors(tmp_path: Path) -> None:
    encoded = CODEC.encode((torch.ones(3), torch.zeros(2, dtype=torch.bfloat16)))
    path = tmp_path / "x.safetensors"
    path.write_bytes(encoded.data)
    loaded = load_file(path)
    assert torch.equal(loaded["0"], torch.ones(3))
    assert loaded["1"].dtype == torch.bfloat16


# --- disk ---------------------------------------------------------------------------------------

BIG = Result((torch.arange(20_000, dtype=torch.float32),), seconds=1.0)
SMALL = Result((1, "two"), (Output("text", text="hi"), Output("output", asset="a" * 64)), 0.5)


def named(number: int) -> bytes:
    return number.to_bytes(16, "big")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def disk(folder: Path) -> Iterator[DiskStore]:
    store = DiskStore(folder, CODEC, 1 << 30)
    yield store
    store.close()


def test_results_come_back_after_a_restart(folder: Path, disk: DiskStore) -> None:
    disk.put_many([(named(1), SMALL), (named(2), BIG)])
    disk.close()
    again = DiskStore(folder, CODEC, 1 << 30)
    try:
        assert again.get(named(1)) == SMALL
        big = again.get(named(2))
        assert big is not None
        assert torch.equal(big.values[0], BIG.values[0])
        assert again.has([named(1), named(2), named(3)]) == {named(1): SMALL.shown, named(2): ()}
        assert again.get(named(3)) is None
    finally:
        again.close()


def test_small_results_are_rows_large_ones_files(folder: Path, disk: DiskStore) -> None:
    disk.put(named(1), SMALL)
    assert not list((folder / "blobs").rglob("*.safetensors"))
    disk.put(named(2), BIG)
    disk.put(named(3), Result(("x" * INLINE,)))
    assert len(list((folder / "blobs").rglob("*.safetensors"))) == 2
    assert disk.get(named(3)) == Result(("x" * INLINE,))
    assert not list((folder / "blobs").rglob("*.part"))


def test_many_keys_are_asked_for_in_few_questions(disk: DiskStore) -> None:
    disk.put_many([(named(i), Result((i,))) for i in range(3_000)])
    found = disk.has(named(i) for i in range(0, 6_000, 2))
    assert len(found) == 1_500


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone", "longer"])
def test_damaged_files_are_dropped(folder: Path, disk: DiskStore, damage: str) -> None:
    disk.put(named(1), BIG)
    (path,) = (folder / "blobs").rglob("*.safetensors")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    match damage:
        case "flip":
            path.write_bytes(data)
        case "cut":
            path.write_bytes(path.read_bytes()[:-5])
        case "empty":
            path.write_bytes(b"")
        case "longer":
            path.write_bytes(path.read_bytes() + b"x")
        case _:
            path.unlink()
    assert disk.get(named(1)) is None
    assert disk.has([named(1)]) == {}
    disk.put(named(1), BIG)
    assert disk.get(named(1)) is not None


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=30,
)
@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_never_served(disk: DiskStore, position: int, bit: int) -> None:
    disk.put(named(1), SMALL)
    writer, lock = disk.writer
    with lock:
        (data,) = writer.execute("SELECT data FROM entries").fetchone()
        broken = bytearray(data)
        broken[position % len(broken)] ^= 1 << bit
        writer.execute("UPDATE entries SET data = ?", [bytes(broken)])
    assert disk.get(named(1)) is None


def test_a_damaged_or_newer_index_starts_over(folder: Path, disk: DiskStore) -> None:
    disk.put(named(1), SMALL)
    disk.close()
    (folder / "cache.db").write_bytes(b"SQLite format 3\0" + os.urandom(5_000))
    store = DiskStore(folder, CODEC, 1 << 30)
    store.put(named(2), SMALL)
    assert store.get(named(2)) == SMALL
    store.close()
    database = sqlite3.connect(folder / "cache.db")
    database.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    database.close()
    store = DiskStore(folder, CODEC, 1 << 30)
    assert store.get(named(2)) is None
    store.put(named(2), SMALL)
    assert store.get(named(2)) == SMALL
    store.close()


def test_the_size_is_bounded_and_the_dear_stay(folder: Path) -> None:
    store = DiskStore(folder, CODEC, 400_000)
    store.put(named(0), Result((torch.zeros(10_000),), seconds=100.0))
    for i in range(1, 40):
        store.put(named(i), Result((torch.zeros(10_000),), seconds=0.001))
    assert store.get(named(0)) is not None
    assert len(store.has(named(i) for i in range(40))) < 11
    files = sum(path.stat().st_size for path in (folder / "blobs").rglob("*.safetensors"))
    assert files <= 400_000
    store.put(named(99), Result((torch.zeros(1_000_000),)))
    assert store.get(named(99)) is None, "larger than the whole store"
    store.close()


def test_two_processes_share_a_folder(folder: Path, disk: DiskStore) -> None:
    other = DiskStore(folder, CODEC, 1 << 30)
    threads = [
        threading.Thread(target=lambda s=s, k=k: [s.put(named(k + i), SMALL) for i in range(40)])
        for k, s in ((0, disk), (20, other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(disk.has(named(i) for i in range(60))) == 60
    assert len(other.has(named(i) for i in range(60))) == 60
    other.close()


def test_orphans_of_killed_processes_are_swept(folder: Path, disk: DiskStore) -> None:
    disk.put(named(1), BIG)
    (kept,) = (folder / "blobs").rglob("*.safetensors")
    orphan = kept.with_name(f"{named(7).hex()}.safetensors")
    part, young = kept.with_name("x.part"), kept.with_name("y.part")
    for path in (orphan, part, young):
        path.write_bytes(b"half")
    for path in (orphan, part, kept):
        os.utime(path, (0, 0))
    assert disk.sweep() == 2
    assert kept.exists()
    assert young.exists()


def test_leases_keep_others_out_until_they_are_given_up(folder: Path, disk: DiskStore) -> None:
    other = DiskStore(folder, CODEC, 1 << 30)
    mine, theirs = Leases(*disk.writer), Leases(*other.writer)
    assert mine.take(named(1))
    assert mine.take(named(1)), "it is ours already"
    assert not theirs.take(named(1))
    theirs.release([named(1)])
    assert not theirs.take(named(1)), "only the holder gives it up"
    mine.release([named(1)])
    assert theirs.take(named(1))
    other.close()


# --- memory and both ----------------------------------------------------------------------------


def test_memory_keeps_what_was_dear_and_is_small() -> None:
    store = MemoryStore(100_000)
    store.put(named(0), Result(("dear",), seconds=60.0))
    store.put(named(1), Result((bytes(50_000),), seconds=0.01))
    for i in range(2, 100):
        store.put(named(i), Result((bytes(5_000),), seconds=0.01))
    assert named(0) in store
    assert named(1) not in store
    assert store.bytes <= 100_000
    store.put(named(200), Result((bytes(200_000),), seconds=1e9))
    assert named(200) not in store, "it alone would fill the store"
    assert store.shrink(0) > 0
    assert len(store) == 0
    assert store.bytes == 0


def test_old_favourites_fade() -> None:
    store = MemoryStore(20_000)
    store.put(named(0), Result((bytes(4_000),), seconds=1.0))
    for _ in range(5):
        store.get(named(0))
    for i in range(1, 200):
        store.put(named(i), Result((bytes(4_000),), seconds=0.5))
    assert named(0) not in store


def test_what_disk_gives_stays_in_memory(disk: DiskStore) -> None:
    store = TieredStore(MemoryStore(1 << 20), disk)
    disk.put(named(1), SMALL)
    assert store.has([named(1)]) == {named(1): SMALL.shown}
    assert store.get(named(1)) == SMALL
    assert named(1) in store.memory
    store.drop(named(1))
    assert store.get(named(1)) is None


def test_a_worker_waits_for_another_that_makes_the_cache(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE something (number)")
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, other.execute, ["ROLLBACK"]).start()
    connect(path).close()
