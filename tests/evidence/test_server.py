"""Uploads over real sockets: whole, cut, out of order, lost, wrong, too much."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from tests.evidence.alarms import INSERT_ALARM
from tests.evidence.conftest import Centre, eventually
from tests.evidence.samples import h264, jpeg, state, wav
from tests.evidence.terminal import (
    CHUNK,
    END,
    HEAD,
    IDENTIFIER,
    LIST,
    Terminal,
    about,
    chunk,
    chunks,
    file_list,
    frame,
)

NUMBER = b"a" * 32
PICTURE, VIDEO, STATE = (
    b"00_65_6501_0_" + NUMBER + b".jpg",
    b"02_65_6501_1_" + NUMBER + b".h264",
    b"03_65_6501_2_" + NUMBER + b".bin",
)
FILES = {PICTURE: (0, jpeg(90_000)), VIDEO: (2, h264(300_000)), STATE: (3, state(100))}


def listed(names: list[bytes] | None = None) -> bytes:
    return file_list([(name, len(FILES[name][1])) for name in names or FILES], IDENTIFIER, NUMBER)


async def check_stored(centre: Centre, name: bytes) -> None:
    row = (await centre.rows())[name.decode()]
    data = FILES[name][1]
    assert row["state"] == "complete"
    assert row["size_bytes"] == len(data)
    assert row["sha256"] == hashlib.sha256(data).digest()
    assert row["sm3"] == hashlib.new("sm3", data).digest()
    assert await centre.stored(row["sha256"], len(data)) == data
    assert bytes(row["identifier"]) == IDENTIFIER


@pytest.mark.parametrize("edition_2019", [False, True])
async def test_three_files_of_an_alarm(centre: Centre, edition_2019: bool) -> None:
    async with centre.terminal(edition_2019=edition_2019) as terminal:
        assert (await terminal.ask(LIST, listed())).result == 0
        for name, (file_type, data) in FILES.items():
            answer = await terminal.hand_over(name, file_type, data)
            assert (answer.message_id, answer.result, answer.ranges) == (0x9212, 0, [])
            assert answer.body[1 : 1 + answer.body[0]] == name
    for name in FILES:
        await check_stored(centre, name)
    kinds = {row["kind"]: row["content_type"] for row in (await centre.rows()).values()}
    assert kinds == {"image": "image/jpeg", "video": "video/h264", "text": "application/octet-stream"}
    assert list((centre.folder / "partial").iterdir()) == []


async def test_cut_in_the_middle_and_resumed(centre: Centre) -> None:
    data = FILES[VIDEO][1]
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, listed())
        assert (await terminal.hand_over(PICTURE, 0, FILES[PICTURE][1])).result == 0
        await terminal.ask(HEAD, about(VIDEO, 2, len(data)))
        terminal.send(b"".join(chunks(VIDEO, data))[: CHUNK * 2 + 1000])  # in the middle of a chunk
        await terminal.writer.drain()
        terminal.writer.transport.abort()
    async with centre.terminal() as terminal:
        assert (
            await terminal.ask(LIST, file_list([(VIDEO, len(data)), (STATE, 6400)], again=1, number=NUMBER))
        ).result == 0
        answer = await terminal.ask(HEAD, about(VIDEO, 2, len(data)))
        assert answer.result == 0
        answer = await terminal.ask(END, about(VIDEO, 2, len(data)))
        assert answer.result == 1
        assert sum(length for _, length in answer.ranges) <= len(data)
        for offset, length in answer.ranges:
            terminal.send(chunk(VIDEO, offset, data[offset : offset + length]))
        assert (await terminal.ask(END, about(VIDEO, 2, len(data)))).result == 0
        assert (await terminal.hand_over(STATE, 3, FILES[STATE][1])).result == 0
    for name in FILES:
        await check_stored(centre, name)


async def test_chunks_in_any_order_doubled_and_cut_anywhere(centre: Centre) -> None:
    data = FILES[VIDEO][1]
    pieces = chunks(VIDEO, data, 7_001) + chunks(VIDEO, data, 20_011)
    random.Random(5).shuffle(pieces)
    stream = b"".join(pieces)
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, listed())
        await terminal.ask(HEAD, about(VIDEO, 2, len(data)))
        for at in range(0, len(stream), 9_973):
            terminal.send(stream[at : at + 9_973])
            await terminal.writer.drain()
        assert (await terminal.ask(END, about(VIDEO, 2, len(data)))).result == 0
    await check_stored(centre, VIDEO)


async def test_lost_chunks_are_asked_for(centre: Centre) -> None:
    data = FILES[VIDEO][1]
    pieces = chunks(VIDEO, data)
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, listed())
        await terminal.ask(HEAD, about(VIDEO, 2, len(data)))
        for number in (0, 2, 4):
            terminal.send(pieces[number])
        answer = await terminal.ask(END, about(VIDEO, 2, len(data)))
        assert answer.result == 1
        assert answer.ranges == [(CHUNK, CHUNK), (3 * CHUNK, CHUNK)]
        terminal.send(pieces[1])
        answer = await terminal.ask(END, about(VIDEO, 2, len(data)))
        assert answer.ranges == [(3 * CHUNK, CHUNK)]
        terminal.send(pieces[3])
        assert (await terminal.ask(END, about(VIDEO, 2, len(data)))).result == 0
    await check_stored(centre, VIDEO)


async def test_more_gaps_than_an_answer_holds_come_in_turns(centre: Centre) -> None:
    data = h264(40_000)
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, file_list([(VIDEO, len(data))], number=NUMBER))
        await terminal.ask(HEAD, about(VIDEO, 2, len(data)))
        for at in range(0, len(data), 100):
            terminal.send(chunk(VIDEO, at, data[at : at + 50]))
        rounds = 0
        while (answer := await terminal.ask(END, about(VIDEO, 2, len(data)))).result == 1:
            rounds += 1
            for offset, length in answer.ranges:
                terminal.send(chunk(VIDEO, offset, data[offset : offset + length]))
        assert rounds == 5
    assert (await centre.rows())[VIDEO.decode()]["sha256"] == hashlib.sha256(data).digest()


async def test_the_server_ends_and_starts_in_the_middle(centre: Centre) -> None:
    data = FILES[VIDEO][1]
    pieces = chunks(VIDEO, data)
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, listed())
        await terminal.ask(HEAD, about(VIDEO, 2, len(data)))
        terminal.send(b"".join(pieces[1:4]))
        await partial_bytes(centre, 3 * CHUNK)
        await centre.stop()
        assert await terminal.closed()
    await centre.start()
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, listed([VIDEO]))
        await terminal.ask(HEAD, about(VIDEO, 2, len(data)))
        answer = await terminal.ask(END, about(VIDEO, 2, len(data)))
        assert answer.ranges == [(0, CHUNK), (4 * CHUNK, len(data) - 4 * CHUNK)]
        terminal.send(pieces[0] + pieces[4])
        assert (await terminal.ask(END, about(VIDEO, 2, len(data)))).result == 0
    await check_stored(centre, VIDEO)


async def partial_bytes(centre: Centre, size: int) -> None:
    async def there() -> bool:
        folder = centre.folder / "partial"
        return folder.is_dir() and any(path.stat().st_size >= size for path in folder.iterdir())

    await eventually(there)


@pytest.mark.parametrize(
    ("name", "file_type", "data", "reason"),
    [
        (b"a.jpg", 0, b"#!/bin/sh\necho pwned\n" * 9, "content"),
        (b"a.jpg", 0, jpeg()[:-40], "truncated"),
        (b"a.h264", 2, b"MZ" + bytes(500), "content"),
        (b"a.wav", 1, wav(5000)[:2000], "truncated"),
        (b"a.bin", 3, state(3)[:-1] + b"\x00", "checksum"),
        (b"a.bin", 3, state(3)[:-1], "truncated"),
        (b"a.jpg", 0, h264(), "content"),
    ],
)
async def test_wrong_content_is_put_aside(
    centre: Centre, name: bytes, file_type: int, data: bytes, reason: str
) -> None:
    if reason == "checksum" and data == state(3):
        data = data[:-1] + b"\x01"
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, file_list([(name, len(data))], number=NUMBER))
        assert (await terminal.hand_over(name, file_type, data)).result == 0  # not asked for again
    row = (await centre.rows())[name.decode()]
    assert row["state"] == "rejected"
    assert row["reason"].startswith(reason)
    assert row["sha256"] == hashlib.sha256(data).digest()
    assert (centre.folder / "quarantine" / str(row["file_id"])).read_bytes() == data
    assert not list((centre.folder / "objects").rglob("*"))


@pytest.mark.parametrize(
    "name",
    [
        b"../../../../etc/cron.d/evil.jpg",
        b"/etc/passwd",
        b"..\\..\\boot.jpg",
        b"a\x00b.jpg",
        b"\xff\xfe\xfd.jpg",
        "急刹车.jpg".encode("gbk"),
        b"'; DROP TABLE alerts; --.jpg",
        b"x" * 255,
        b"",
    ],
)
async def test_evil_names_are_only_text(centre: Centre, name: bytes, tmp_path: Path) -> None:
    before = outside(tmp_path, centre.folder)
    data = jpeg(2000)
    async with centre.terminal() as terminal:
        assert (await terminal.ask(LIST, file_list([(name, len(data))], number=NUMBER))).result == 0
        answer = await terminal.hand_over(name, 0, data)
        assert answer.result == 0
        assert answer.body[1 : 1 + answer.body[0]] == name
    (row,) = (await centre.rows()).values()
    assert row["state"] == "complete"
    assert outside(tmp_path, centre.folder) - before <= {centre.folder}
    stored = [path for path in (centre.folder / "objects").rglob("*") if path.is_file()]
    assert [path.name for path in stored] == [row["sha256"].hex()]


def outside(root: Path, folder: Path) -> set[Path]:
    return {path for path in root.rglob("*") if folder not in path.parents}


async def test_long_names_that_a_chunk_cuts(centre: Centre) -> None:
    """Two names alike in their first 50 bytes: the file under way gets the bytes."""
    names = [b"02_65_6501_10_" + NUMBER + b"_front.h264", b"02_65_6501_10_" + NUMBER + b"_rear.h264"]
    contents = [h264(3000, 1), h264(4000, 2)]
    async with centre.terminal() as terminal:
        sizes = [(name, len(data)) for name, data in zip(names, contents, strict=True)]
        await terminal.ask(LIST, file_list(sizes, number=NUMBER))
        for name, data in reversed(list(zip(names, contents, strict=True))):
            assert (await terminal.hand_over(name, 2, data)).result == 0
    rows = await centre.rows()
    for name, data in zip(names, contents, strict=True):
        assert rows[name.decode()]["sha256"] == hashlib.sha256(data).digest()


async def test_too_big_too_many_too_much(centre: Centre) -> None:
    await centre.stop()
    await centre.start(file_bytes=10_000, alarm_files=3, alarm_bytes=20_000)
    async with centre.terminal() as terminal:
        assert (await terminal.ask(LIST, file_list([(b"a.jpg", 10_001)]))).result == 1
        assert (await terminal.ask(LIST, file_list([(b"%d.jpg" % n, 10) for n in range(4)]))).result == 1
        assert (await terminal.ask(LIST, file_list([(b"%d.jpg" % n, 9_000) for n in range(3)]))).result == 1
        assert (await terminal.ask(LIST, file_list([(b"%d.jpg" % n, 2_000) for n in range(3)]))).result == 0
        assert (await terminal.ask(HEAD, about(b"new.jpg", 0, 10))).result == 1  # a fourth
        assert (await terminal.ask(HEAD, about(b"0.jpg", 0, 20_000))).result == 1
    assert len(await centre.rows()) == 3


async def test_bytes_beyond_the_announced_end_are_dropped(centre: Centre) -> None:
    data = jpeg(2000)
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, file_list([(b"a.jpg", 2000)]))
        await terminal.ask(HEAD, about(b"a.jpg", 0, 2000))
        terminal.send(chunk(b"a.jpg", 2**32 - 10, b"x" * 100))
        terminal.send(chunk(b"a.jpg", 1990, b"x" * 100))
        terminal.send(chunk(b"nobody.jpg", 0, b"x" * 100))
        terminal.send(chunk(b"a.jpg", 0, data))
        assert (await terminal.ask(END, about(b"a.jpg", 0, 2000))).result == 0
    assert (await centre.rows())["a.jpg"]["sha256"] == hashlib.sha256(data).digest()
    assert len(await centre.rows()) == 1


async def test_a_connection_has_its_bound(centre: Centre) -> None:
    await centre.stop()
    await centre.start(link_bytes=200_000)
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, listed())
        terminal.send(chunk(VIDEO, 0, bytes(65536)) * 5)
        assert await terminal.closed()


async def test_connections_have_their_bound(centre: Centre) -> None:
    await centre.stop()
    await centre.start(links=1)
    async with centre.terminal() as first:
        assert (await first.ask(0x0002, b"")).result == 0
        async with centre.terminal() as second:
            assert await second.closed()
        assert (await first.ask(0x0002, b"")).result == 0


async def test_a_silent_link_is_closed(centre: Centre) -> None:
    await centre.stop()
    await centre.start(idle_s=0.2)
    async with centre.terminal() as terminal:
        assert await terminal.closed()


async def test_unknown_terminals_are_refused(centre: Centre) -> None:
    async with centre.terminal("13999999999") as terminal:
        assert (await terminal.ask(LIST, listed())).result == 1
        assert await terminal.closed()
    assert await centre.rows() == {}


async def test_alarms_nobody_knows_have_their_bound(centre: Centre) -> None:
    await centre.stop()
    await centre.start(unlinked_files=5)
    async with centre.terminal() as terminal:
        for number, expected in enumerate([0, 0, 1]):
            other = IDENTIFIER[:13] + bytes([number]) + IDENTIFIER[14:]
            answer = await terminal.ask(LIST, file_list([(b"a.jpg", 9), (b"b.jpg", 9)], other))
            assert answer.result == expected
    async with centre.terminal("13900000002") as terminal:  # another vehicle has its own
        assert (await terminal.ask(LIST, listed())).result == 0


async def test_a_complete_file_is_final(centre: Centre) -> None:
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, listed([PICTURE]))
        assert (await terminal.hand_over(PICTURE, 0, FILES[PICTURE][1])).result == 0
        assert (await terminal.hand_over(PICTURE, 0, jpeg(90_000, 77))).result == 0  # the same size
        assert (await terminal.hand_over(PICTURE, 0, jpeg(50_000, 78))).result == 0  # another one
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, listed([PICTURE]))
        assert (await terminal.ask(END, about(PICTURE, 0, 90_000))).result == 0
    await check_stored(centre, PICTURE)


async def test_the_newest_link_takes_a_file_over(centre: Centre) -> None:
    data = FILES[VIDEO][1]
    pieces = chunks(VIDEO, data)
    async with centre.terminal() as old, centre.terminal() as new:
        await start(old, data)
        old.send(pieces[0])
        await partial_bytes(centre, CHUNK)
        await start(new, data)
        old.send(chunk(VIDEO, CHUNK, b"\xff" * CHUNK))
        assert (await old.ask(END, about(VIDEO, 2, len(data)))).result == 1
        new.send(b"".join(pieces[1:]))
        answer = await new.ask(END, about(VIDEO, 2, len(data)))
        assert answer.result == 0
    await check_stored(centre, VIDEO)


async def start(terminal: Terminal, data: bytes) -> None:
    assert (await terminal.ask(LIST, listed([VIDEO]))).result == 0
    assert (await terminal.ask(HEAD, about(VIDEO, 2, len(data)))).result == 0


async def test_refused_content_may_be_brought_again(centre: Centre) -> None:
    good = jpeg(2000)
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, file_list([(b"a.jpg", 2000)]))
        assert (await terminal.hand_over(b"a.jpg", 0, bytes(2000))).result == 0
        assert (await centre.rows())["a.jpg"]["state"] == "rejected"
        assert (await terminal.hand_over(b"a.jpg", 0, good)).result == 0
    row = (await centre.rows())["a.jpg"]
    assert (row["state"], row["reason"]) == ("complete", None)


async def test_the_same_bytes_are_stored_once(centre: Centre) -> None:
    data = jpeg(5000)
    for phone in ("13900000001", "13900000002"):
        async with centre.terminal(phone) as terminal:
            await terminal.ask(LIST, file_list([(b"a.jpg", 5000), (b"b.jpg", 5000)]))
            assert (await terminal.hand_over(b"a.jpg", 0, data)).result == 0
            assert (await terminal.hand_over(b"b.jpg", 0, data)).result == 0
    assert await centre.pool.fetchval("SELECT count(*) FROM evidence_files WHERE state = 'complete'") == 4
    assert len([path for path in (centre.folder / "objects").rglob("*") if path.is_file()]) == 1


async def test_damage_between_is_forgiven_and_junk_ends_the_link(centre: Centre) -> None:
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, listed([PICTURE]))
        damaged = bytearray(frame(HEAD, terminal.phone, 9, about(PICTURE, 0, 90_000)))
        damaged[20] ^= 0x01
        terminal.send(bytes(damaged))
        assert (await terminal.hand_over(PICTURE, 0, FILES[PICTURE][1])).result == 0
        terminal.send(chunk(PICTURE, 0, b"abc") + b"GET / HTTP/1.1\r\n" * 400)
        assert await terminal.closed()
    await check_stored(centre, PICTURE)


async def test_a_file_without_its_list_finds_its_alarm_by_its_name(centre: Centre) -> None:
    data = jpeg(2000)
    async with centre.terminal() as terminal:
        assert (await terminal.ask(HEAD, about(PICTURE, 0, 2000))).result == 1
        await centre.pool.execute(INSERT_ALARM, IDENTIFIER, NUMBER.decode(), None)
        assert (await terminal.hand_over(PICTURE, 0, data)).result == 0
    assert (await centre.rows())[PICTURE.decode()]["state"] == "complete"
