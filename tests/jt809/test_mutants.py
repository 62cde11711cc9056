"""A hundred thousand broken frames: nothing but the protocol error, and the link goes on."""

from __future__ import annotations

import json
import random

from stream.jt809.bulk import decode_frames
from stream.jt809.cipher import Cipher
from stream.jt809.events import FrameRefused, MessageReceived, PositionsReceived
from stream.jt809.frame import crc, decode_frame, encode_frame
from stream.jt809.framing import escape
from stream.jt809.header import HEADER_BYTES, Edition, Header
from stream.jt809.messages import vehicles
from stream.jt809.messages.gnss import Gnss, Gnss2019
from stream.jt809.positions import decode_positions
from stream.jt809.reading import read_frame
from stream.jt809.tool import decode_content, encode_object
from stream.protocol_errors import ProtocolError
from tests.jt809.pair import Pair, settings_of
from tests.jt809.strategies import CASES, EDITIONS

CIPHER = Cipher(30000000, 20000000, 20000000)
FRAMES = 100_000
MUTANTS_OF_ONE = 250


def _samples(rng: random.Random) -> list[tuple[Edition, bytes]]:
    """Contents without escapes and check code: each message class once, with what hypothesis draws first."""
    found: list[tuple[Edition, bytes]] = []
    for kind, edition, _ in CASES:
        body = bytes(rng.randrange(256) for _ in range(rng.choice([0, 40, 300])))
        header = Header(
            message_id=kind.message_id, sequence=1, gnss_center_id=1, edition_2019=edition == "2019"
        )
        head = encode_frame(header)[1:-1][: HEADER_BYTES[edition]]
        wrapped = bytes(21) + b"\x02" + kind.sub_type.to_bytes(2) + len(body).to_bytes(4) + body
        found += [(edition, head + wrapped), (edition, head + body)]
        if kind in (vehicles.RealTimePosition, vehicles.ExchangedPosition):
            gnss = (
                Gnss(time=None, longitude_deg=1, latitude_deg=1, speed_kmh=1)
                if edition == "2011"
                else Gnss2019(report=bytes(28))
            )
            message = kind(plate="a", color=1, position=gnss)  # type: ignore[call-arg]
            found += [(edition, head + message.encode(edition))] * 20
    return found


def _mutate(rng: random.Random, content: bytes) -> bytes:
    """Changed, cut or lengthened, then sealed with a right length and check code, mostly."""
    data = bytearray(content)
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        at = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            del data[at : at + rng.randrange(1, 9)]
        elif kind == 1:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 5)))
        else:
            data[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        if not data:
            data = bytearray(b"\x00")
    if len(data) > 4 and rng.random() < 0.9:
        data[:4] = (len(data) + 4).to_bytes(4)
    code = crc(bytes(data)) if rng.random() < 0.9 else rng.randrange(65536)
    wire = escape(bytes(data) + code.to_bytes(2))
    return wire if rng.random() < 0.95 else wire[: rng.randrange(len(wire) + 1)]


def _assert_written_again(content: bytes, edition: Edition, cipher: Cipher | None) -> None:
    """What is no error is written as it was read, byte for byte."""
    for choice in (edition, "auto"):
        shown = decode_content(content, edition=choice, cipher=cipher, lenient=True)
        if "error" not in shown:
            read_back = json.loads(json.dumps(shown, allow_nan=False))
            assert encode_object(read_back, cipher=cipher) == b"\x5b" + content + b"\x5d"


def test_mutants_raise_nothing_but_the_protocol_error() -> None:
    rng = random.Random(809)
    samples = _samples(rng)
    done = 0
    while done < FRAMES:
        edition, content = rng.choice(samples)
        batch = [_mutate(rng, content) for _ in range(MUTANTS_OF_ONE)]
        cipher = CIPHER if rng.random() < 0.5 else None
        sound = 0
        for wire in batch:
            try:
                frame = decode_frame(wire, edition, cipher)
                sound += not frame.body_ciphered
                read_frame(frame, edition, cipher)
            except ProtocolError:
                continue
        bulk = decode_frames(batch, edition, cipher)
        assert int((bulk.error == 0).sum()) == sound
        decode_positions(bulk)
        decode_content(batch[0], cipher=cipher, explain=True)
        for wire in batch[:20]:
            _assert_written_again(wire, edition, cipher)
        done += len(batch)


def test_a_link_goes_on_through_mutants() -> None:
    rng = random.Random(1809)
    for edition in EDITIONS:
        pair = Pair(settings_of(edition, bulk=True))
        pair.start()
        contents = [content for of, content in _samples(rng) if of == edition]
        kinds: set[type] = set()
        for _ in range(300):
            data = b"".join(b"\x5b" + _mutate(rng, rng.choice(contents)) + b"\x5d" for _ in range(10))
            pair.upper.receive_data("main", data, pair.now_s)
            while (event := pair.upper.next_event()) is not None:
                kinds.add(type(event))
            # Some mutants are sound logouts and notices.
            if not pair.upper.main.established:
                pair = Pair(settings_of(edition, bulk=True))
                pair.start()
        assert kinds >= {MessageReceived, FrameRefused, PositionsReceived}
