"""Assets: stored whole or not at all, known by content, named for people only."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import os
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from wirebrush.jobs.assets import AssetStore, MadeBy
from wirebrush.jobs.errors import AssetRefused, AssetTooLarge, AssetUnsaved
from wirebrush.jobs.gallery import Wanted
from wirebrush.jobs.journal import Journal


@pytest.fixture
async def assets(journal: Journal, tmp_path: Path) -> AssetStore:
    """An empty store."""
    return await AssetStore.open(tmp_path / "assets", journal)


def picture(format: str = "PNG", size: tuple[int, int] = (30, 20), colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, format)
    return out.getvalue()


def files_in(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("format", "mime"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
async def test_a_picture_is_known_by_its_content(
    assets: AssetStore, format: str, mime: str
) -> None:
    data = picture(format)
    record = await assets.put(data, "holiday.exe")
    assert (record.mime, record.width, record.height) == (mime, 30, 20)
    assert record.id == hashlib.sha256(data).hexdigest()
    assert await assets.read(record.id) == data
    assert await assets.find("holiday.exe") == await assets.find(record.id) == record


async def test_a_lossless_and_an_extended_webp_have_sizes(assets: AssetStore) -> None:
    for mode, options in (("RGB", {"lossless": True}), ("RGBA", {"exif": b"Exif\0\0"})):
        out = io.BytesIO()
        Image.new(mode, (300, 7)).save(out, "WEBP", **options)
        record = await assets.put(out.getvalue(), "x.webp")
        assert (record.width, record.height) == (300, 7)


async def test_an_upload_may_stream(assets: AssetStore) -> None:
    data = picture()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 10):
            yield data[start : start + 10]

    assert (await assets.put(chunks(), "a.png")).size == len(data)


BAD = {
    "a Python pickle": b"\x80\x04\x95\x00\x00.",
    "a zip archive": b"PK\x03\x04" + bytes(60),
    "HTML, SVG or XML": b"<html><script>alert(1)</script>",
    "SVG": b"\xef\xbb\xbf  <svg xmlns='http://www.w3.org/2000/svg'/>",
    "a script": b"#!/usr/bin/python3\nimport os",
    "no picture, sound, film or JSON": b"import os\nos.system('true')",
    "a program": b"\x7fELF" + bytes(60),
    "a Windows program": b"MZ" + bytes(60),
    "safetensors": struct.pack("<Q", 20) + b'{"__metadata__":{}}',
    "empty": b"",
    "JSON": b'{"nodes": ',
    "cut short": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "damaged": b"\xff\xd8\xff\xe0\x00\x02garbage",
    "megapixels": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 50_000, 50_000),
    "no size": b"GIF89a" + bytes(20),
    "has no picture": b"\xff\xd8" + b"\xff\xe0\x00\x02" * 100_000,
    "has no picture in it": b"\xff\xd8" + b"\xff" * 100_000,
}


@pytest.mark.parametrize("what", BAD)
async def test_what_may_not_be_uploaded_is_refused_under_any_name(
    assets: AssetStore, tmp_path: Path, what: str
) -> None:
    for name in ("cat.png", "workflow.json", "model.safetensors"):
        with pytest.raises(AssetRefused, match=what):
            await assets.put(BAD[what], name)
    assert files_in(tmp_path / "assets") == []
    assert await assets.page() == ([], None)


async def test_a_workflow_can_be_uploaded(assets: AssetStore) -> None:
    record = await assets.put(b' {"format": "wirebrush/1"}', "w.json")
    assert record.mime == "application/json"


async def test_a_file_beyond_the_limit_is_refused_early(assets: AssetStore, tmp_path: Path) -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield bytes(1024)

    with pytest.raises(AssetTooLarge, match="larger than"):
        await assets.put(endless(), "big.png", limit=10_000)
    assert asked == 10
    assert files_in(tmp_path / "assets") == []


async def test_a_name_means_one_file_and_a_file_may_have_several(assets: AssetStore) -> None:
    red, blue = picture(colour="red"), picture(colour="blue")
    first = await assets.put(red, "a.png")
    second = await assets.put(blue, "a.png")
    assert second.name == "a (2).png"
    again = await assets.put(red, "b.png")
    assert (again.id, again.name) == (first.id, "b.png")
    found = await assets.find("a.png")
    assert found is not None
    assert found.id == first.id
    third = await assets.put(blue, "a.png", overwrite=True)
    assert third.name == "a.png"
    found = await assets.find("a.png")
    assert found is not None
    assert found.id == second.id
    assert await assets.names("image") == ["a (2).png", "a.png", "b.png"]
    assert await assets.names("audio") == await assets.names("nonsense") == []


async def test_outputs_get_readable_copies_with_names_of_their_own(
    assets: AssetStore, tmp_path: Path
) -> None:
    made = MadeBy("0abcdef0ghjkmnpq", "9", 0, "cats/blue.png")
    record = await assets.put_output(picture(), made)
    assert record.name == "cats/blue_ghjkmnpq_9_0.png"
    assert files_in(tmp_path / "output") == [record.name]
    again = await assets.put_output(picture(), made)
    assert again == record
    changed = await assets.put_output(picture(colour="green"), made)
    assert files_in(tmp_path / "output") == [changed.name]
    assert (tmp_path / "output" / changed.name).read_bytes() == picture(colour="green")
    assert (await assets.page(Wanted("output")))[0][0].id == changed.id
    assert await assets.page(Wanted("upload")) == ([], None)
    other = await assets.put_output(picture(colour="red"), MadeBy("0abcdef0ghjkmnpq", "9", 1, "x"))
    await assets.put_output(picture(colour="blue"), MadeBy("j" * 16, "1", 0, "p", kind="preview"))
    assert await assets.names("output") == [other.name, changed.name]
    assert await assets.names("image") == []


async def test_counted_outputs_never_share_a_name(assets: AssetStore, tmp_path: Path) -> None:
    made = MadeBy("j" * 16, "9", 0, "cats/blue.png", counted=True)
    await assets.put(picture(colour="blue"), "blue_00004_.png", folder="cats")
    first, other, again = await asyncio.gather(
        assets.put_output(picture(), made),
        assets.put_output(picture(colour="green"), made),
        assets.put_output(picture(), made),
    )
    names = [f"cats/blue_{number:05}_.png" for number in (5, 6, 7)]
    assert sorted(record.name for record in (first, other, again)) == names
    assert files_in(tmp_path / "output") == names
    assert first.id == again.id, "equal bytes are kept once"
    assert set((await assets.labels([first.id]))[first.id]) == {first.name, again.name}
    for record in (first, other, again):
        found = await assets.find(record.name)
        assert found is not None
        assert found.id == record.id


async def test_a_copy_that_is_gone_comes_back_when_the_output_is_shown_again(
    assets: AssetStore, tmp_path: Path
) -> None:
    record = await assets.put_output(picture(), MadeBy("j" * 16, "1", 0, "cats/x"))
    copy = tmp_path / "output" / record.name
    copy.unlink()
    assert await assets.show_again([record.id]) == {record.id: record}
    assert copy.read_bytes() == picture()
    upload = await assets.put(picture(colour="blue"), "mine.png")
    assert await assets.show_again([upload.id]) == {upload.id: upload}
    assert files_in(tmp_path / "output") == [record.name]
    assert await assets.show_again(["0" * 64]) == {}


async def test_where_no_link_can_be_made_a_copy_is(
    assets: AssetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    record = await assets.put_output(picture(), MadeBy("j" * 16, "1", 0, "x"))
    assert (tmp_path / "output" / record.name).read_bytes() == picture()


async def test_an_output_never_follows_a_link_out_of_its_folder(
    assets: AssetStore, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "cats").symlink_to(outside)
    with pytest.raises(AssetRefused, match="is a link"):
        await assets.put_output(picture(), MadeBy("j" * 16, "1", 0, "cats/blue"))
    assert files_in(outside) == []


async def test_a_node_may_not_smuggle_a_page(assets: AssetStore) -> None:
    made = MadeBy("j" * 16, "1", 0, "x", mime="text/html")
    record = await assets.put_output(b"<script>alert(1)</script>", made)
    assert record.mime == "application/octet-stream"
    sound = await assets.put_output(b"RIFF....WAVE", MadeBy("j" * 16, "1", 1, "x", "audio/wav"))
    assert (sound.mime, sound.name[-4:]) == ("audio/wav", ".wav")


async def test_what_a_node_made_is_kept_however_large_or_broken(assets: AssetStore) -> None:
    large = await assets.put_output(BAD["megapixels"] + bytes(20), MadeBy("j" * 16, "1", 0, "x"))
    assert (large.mime, large.width) == ("image/png", 50_000)
    assert await assets.thumbnail(large.id) is None
    broken = await assets.put_output(BAD["cut short"], MadeBy("j" * 16, "1", 1, "x"))
    assert (broken.mime, broken.width) == ("application/octet-stream", None)


async def test_a_preview_becomes_an_output_when_it_is_saved(assets: AssetStore) -> None:
    seen = await assets.put_output(picture(), MadeBy("j" * 16, "1", 0, "p", kind="preview"))
    assert seen.kind == "preview"
    saved = await assets.put_output(picture(), MadeBy("j" * 16, "2", 0, "p"))
    assert (saved.id, saved.kind) == (seen.id, "output")


async def test_old_previews_go_and_what_is_kept_stays(assets: AssetStore) -> None:
    kept = await assets.put_output(picture(), MadeBy("j" * 16, "1", 0, "p"))
    seen: list[str] = []
    for number, colour in enumerate(["blue", "green", "white"]):
        made = MadeBy("j" * 16, "2", number, "p", kind="preview")
        seen.append((await assets.put_output(picture(colour=colour), made)).id)
    await assets.star(seen[0], True)
    assert await assets.forget_previews(before=0) == 0
    assert await assets.forget_previews(before=2e10) == 2
    assert {item.id for item in (await assets.page())[0]} == {kept.id, seen[0]}
    starred = await assets.get(seen[0])
    assert starred is not None
    assert starred.starred


async def test_delete_removes_the_file_its_copies_and_thumbnails(
    assets: AssetStore, tmp_path: Path
) -> None:
    record = await assets.put_output(picture(), MadeBy("j" * 16, "1", 0, "cats/x"))
    await assets.put(picture(), "mine.png")
    (tmp_path / "output" / "mine.png").write_bytes(b"somebody else's")
    assert await assets.thumbnail(record.id) is not None
    assert await assets.delete(record.id)
    assert not await assets.delete(record.id)
    assert await assets.find(record.name) is None
    assert files_in(tmp_path / "assets") == []
    assert files_in(tmp_path / "output") == ["mine.png"]


async def test_what_a_crash_left_is_swept(journal: Journal, tmp_path: Path) -> None:
    left = tmp_path / "assets" / "incoming" / "half"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    await AssetStore.open(tmp_path / "assets", journal)
    assert not left.exists()


async def test_bytes_that_changed_are_not_given_out(assets: AssetStore) -> None:
    record = await assets.put(picture(), "a.png")
    path = assets.path(record.id)
    assert path is not None
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    assert await assets.read(record.id) is None


async def test_ids_are_no_paths(assets: AssetStore) -> None:
    for name in ("../../etc/passwd", "", "ab", "A" * 64, "a" * 63 + "/"):
        assert assets.path(name) is None
        assert await assets.read(name) is None
        assert await assets.get(name) is None
        assert await assets.thumbnail(name) is None
        assert not await assets.delete(name)


async def test_thumbnails_are_small_and_kept(assets: AssetStore, tmp_path: Path) -> None:
    record = await assets.put(picture("JPEG", (1600, 800)), "a.jpg")
    data = await assets.thumbnail(record.id, 200)
    assert data is not None
    with Image.open(io.BytesIO(data)) as small:
        assert (small.format, small.size) == ("WEBP", (256, 128))
    kept = tmp_path / "assets" / "thumbnails" / f"{record.id}-256.webp"
    kept.write_bytes(b"kept")
    assert await assets.thumbnail(record.id, 256) == b"kept"
    workflow = await assets.put(b"{}", "w.json")
    assert await assets.thumbnail(workflow.id) is None


async def test_a_picture_that_cannot_be_decoded_has_no_thumbnail(assets: AssetStore) -> None:
    record = await assets.put(picture()[:60], "cut.png")
    assert await assets.thumbnail(record.id) is None


@pytest.mark.parametrize("call", ["open", "write", "fsync", "close"])
@pytest.mark.parametrize("nth", range(1, 6))
async def test_a_disk_that_fails_at_the_nth_call_leaves_nothing_half(
    assets: AssetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, nth: int
) -> None:
    real: Callable[..., Any] = getattr(os, call)
    made = 0

    def failing(*args: Any, **kwargs: Any) -> Any:
        nonlocal made
        made += 1
        if made == nth:
            if call == "close":
                real(*args)
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing)
        try:
            await assets.put_output(picture(), MadeBy("j" * 16, "1", 0, "x"))
        except AssetUnsaved:
            assert made >= nth
    for name in files_in(tmp_path / "assets"):
        assert Path(name).name == hashlib.sha256(picture()).hexdigest()
    record = await assets.put_output(picture(), MadeBy("j" * 16, "1", 0, "x"))
    assert await assets.read(record.id) == picture()
    assert files_in(tmp_path / "output") == [record.name]


async def test_an_uploads_folder_is_part_of_its_name(assets: AssetStore) -> None:
    record = await assets.put(picture(), "../mask.png", folder="clipspace/./..\\old")
    assert record.name == "clipspace/old/mask.png"
    assert await assets.names("image") == ["clipspace/old/mask.png"]


async def test_a_picture_that_was_made_can_be_uploaded(assets: AssetStore) -> None:
    made = await assets.put_output(picture(), MadeBy("job-1", "9", 0, "cat"))
    assert await assets.names("image") == []
    same = await assets.put(picture(), "cat.png")
    assert (same.id, same.kind, await assets.names("image")) == (made.id, "output", ["cat.png"])
    again = await assets.put(picture(), made.name)
    assert await assets.names("image") == ["cat.png", again.name]
    await assets.put_output(picture(), MadeBy("job-1", "9", 0, "cat"))  # made anew: still uploaded
    assert await assets.names("image") == ["cat.png", made.name]


@pytest.mark.parametrize("place", ["input", "output", "temp"])
async def test_a_name_may_say_its_place_as_comfyuis_do(assets: AssetStore, place: str) -> None:
    record = await assets.put(picture(), "cat.png")
    assert await assets.find(f"cat.png [{place}]") == record
    assert await assets.known([f"cat.png [{place}]", "cat.png [else]", "dog.png [input]", "]"]) == {
        f"cat.png [{place}]"
    }
    odd = await assets.put(picture(colour="blue"), f"cat.png [{place}]")
    assert await assets.find(f"cat.png [{place}]") == odd
