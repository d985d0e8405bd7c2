"""What a slow client loses, in which order, and that nothing grows without bound."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from wirebrush.http.backlog import MAX_BYTES, MAX_PICTURE_BYTES, PREVIEW_BYTES, Backlog


def backlog() -> Backlog:
    return Backlog(lambda: "resync")


async def drain(items: Backlog) -> list[str | bytes]:
    """Everything that waits."""
    found: list[str | bytes] = []
    while True:
        try:
            found.append(await asyncio.wait_for(items.get(), 0.01))
        except TimeoutError:
            return found


async def test_frames_come_out_in_order() -> None:
    items = backlog()
    for frame in ("a", "b", "c"):
        items.put(frame)
    assert await drain(items) == ["a", "b", "c"]


async def test_later_progress_takes_the_place_of_earlier() -> None:
    items = backlog()
    items.put("1/20", ("progress", "j", "n"))
    items.put("started other")
    items.put("2/20", ("progress", "j", "n"))
    assert await drain(items) == ["started other", "2/20"]
    items.put("3/20", ("progress", "j", "n"))
    assert await drain(items) == ["3/20"]


async def test_one_preview_per_node_waits() -> None:
    items = backlog()
    for number in range(100):
        items.put_preview(b"%d" % number, ("preview", "j", "n"))
    assert await drain(items) == [b"99"]


async def test_previews_go_before_events() -> None:
    items = backlog()
    picture = bytes(PREVIEW_BYTES // 2)
    items.put_preview(picture, ("preview", "j", "1"))
    items.put_preview(picture, ("preview", "j", "2"))
    items.put_preview(picture, ("preview", "j", "3"))  # no room: dropped
    text = "x" * 1000
    for _ in range(MAX_BYTES // 1000 - 1):
        items.put(text)
    found = await drain(items)
    assert set(found) == {text}
    assert len(found) == MAX_BYTES // 1000 - 1


async def test_when_even_events_do_not_fit_one_resync_stands_for_all() -> None:
    items = backlog()
    text = "x" * 100_000
    for _ in range(200):
        items.put(text)
        assert items.size <= MAX_BYTES
    assert await drain(items) == ["resync"]
    items.put("after")
    assert await drain(items) == ["after"]


async def test_answers_survive_a_resync() -> None:
    items = backlog()
    for _ in range(100):
        items.put("x" * 100_000)
    items.answer("accepted")
    assert await drain(items) == ["accepted", "resync"]


_Step = st.tuples(
    st.sampled_from(["put", "progress", "preview", "get"]),
    st.integers(0, 3),
    st.integers(1, MAX_BYTES // 3),
)


@given(st.lists(_Step, max_size=40))
def test_the_count_of_bytes_is_right_and_bounded(steps: list[tuple[str, int, int]]) -> None:
    async def play() -> None:
        items = backlog()
        for kind, node, size in steps:
            if kind == "put":
                items.put("x" * size)
            elif kind == "progress":
                items.put("x" * size, ("progress", "j", str(node)))
            elif kind == "preview":
                items.put_preview(bytes(size), ("preview", "j", str(node)))
            elif items.size:
                await items.get()
            assert 0 <= items.size <= MAX_BYTES + PREVIEW_BYTES
        await drain(items)
        assert items.size == 0

    asyncio.run(play())


async def test_a_picture_that_is_a_result_stays_where_previews_go() -> None:
    items = backlog()
    picture = b"p" * (MAX_BYTES + 1)
    items.put_preview(b"preview", ("preview", "1"))
    items.put_picture(picture)
    items.put("x" * MAX_BYTES)  # no room for previews any more
    assert await drain(items) == [picture, "x" * MAX_BYTES]
    assert items.size == 0


async def test_pictures_are_bounded_too() -> None:
    items = backlog()
    picture = b"p" * (MAX_PICTURE_BYTES // 2)
    for _ in range(3):
        items.put_picture(picture)
    assert await drain(items) == ["resync"]
    items.put_picture(picture)
    assert await drain(items) == [picture]
