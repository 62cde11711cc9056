"""Cameras on board: alarms as the codec reads them, and their files handed over in spite of losses."""

import struct
import wave
from io import BytesIO

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.pictures import camera_picture, jpeg
from simulators.safety import ADAS, Cameras, describe, files_of
from simulators.session import Session
from simulators.upload import Order, Upload
from simulators.videos import h264
from stream.jt808.frame import decode_frame, encode_frame
from stream.jt808.messages import decode_message
from tests.simulators.fleets import drive, plans

NUMBER = "ab" * 16
IDENTIFIER = b"0000007" + bytes.fromhex("260315142530") + bytes([0, 3, 0])


def test_the_codec_reads_an_alarm_as_it_was_meant():
    plan = next(each for each in plans(10, 3) if each.vehicle.edition == "2013")
    samples = drive(plan, 10, 2.0)
    items = Cameras(5, plan.vehicle, 0.2).alarms(samples, 0)
    assert items
    for row, item in items.items():
        told = describe(item)
        base = bytes(22) + bytes.fromhex("260315142530")
        report = decode_message(0x0200, base + item, "2013")
        (read,) = report.items
        assert read.id == told.peripheral
        assert len(read.value) == 47
        assert samples.speed_dkmh[row] >= 300
        assert told.level == (2 if samples.speed_dkmh[row] > 500 else 1)
        assert len(files_of(bytes.fromhex(told.identifier), NUMBER)) == told.attachments


def test_no_chance_no_alarm_and_the_same_seed_the_same_alarms():
    plan = next(each for each in plans(10, 3) if each.vehicle.edition == "2019")
    samples = drive(plan, 10, 1.0)
    assert Cameras(5, plan.vehicle, 0.0).alarms(samples, 0) == {}
    assert Cameras(5, plan.vehicle, 0.3).alarms(samples, 0) == Cameras(5, plan.vehicle, 0.3).alarms(
        samples, 0
    )


def test_files_are_what_their_names_say():
    for last in range(20):
        for file in files_of(IDENTIFIER[:6] + bytes([48 + last % 10]) + IDENTIFIER[7:14] + b"\3\0", NUMBER):
            kind, channel, alarm, _, rest = file.name.split("_", 4)
            assert int(kind) == file.kind
            assert channel == ("64" if alarm.startswith(f"{ADAS:02x}") else "65")
            assert rest.startswith(NUMBER)
            _check_content(file.name, file.data)


def _check_content(name: str, data: bytes) -> None:
    match name.rpartition(".")[2]:
        case "jpg":
            assert data[:2] == b"\xff\xd8"
            assert data[-2:] == b"\xff\xd9"
        case "h264":
            assert data[:5] == b"\0\0\0\1\x67"
        case "wav":
            with wave.open(BytesIO(data)) as sound:
                assert sound.getnframes() == 8_000
        case "bin":
            assert len(data) % 64 == 0
            assert all(sum(data[at : at + 63]) & 0xFF == data[at + 63] for at in range(0, len(data), 64))
        case other:
            raise AssertionError(other)


def test_a_picture_has_its_size_and_no_stray_marker():
    data = jpeg(camera_picture(1, width=128, height=96))
    assert struct.unpack(">HH", data[data.index(b"\xff\xc0") + 5 :][:4]) == (96, 128)
    scan = data[data.index(b"\xff\xda") + 14 : -2]
    assert all(scan[at + 1] == 0 for at in range(len(scan) - 1) if scan[at] == 0xFF)


def test_a_video_has_no_stray_start_code():
    picture = np.zeros((16, 16, 3), np.uint8)
    units = h264([picture, picture]).split(b"\0\0\0\1")[1:]
    assert [unit[0] for unit in units] == [0x67, 0x68, 0x65, 0x65]
    assert all(b"\0\0\0" not in unit and b"\0\0\1" not in unit and b"\0\0\2" not in unit for unit in units)


class Server:
    """The plainest attachment server: keeps bytes by name, loses what it is told to lose."""

    def __init__(self, phone: str, edition: str, lost: set[int]) -> None:
        self.files: dict[str, dict[int, int]] = {}
        self.announced: dict[str, int] = {}
        self._phone, self._edition, self._lost = phone, edition, lost
        self._chunk = 0

    def received(self, data: bytes) -> bytes:
        answers = b""
        while data:
            if data[0] == 0x30:
                name = data[4:54].rstrip(b"\0").decode()
                offset, length = struct.unpack_from(">II", data, 54)
                self._keep(name, offset, data[62 : 62 + length])
                data = data[62 + length :]
            else:
                end = data.index(b"\x7e", 1)
                answers += self._control(decode_frame(data[1:end]))
                data = data[end + 1 :]
        return answers

    def _keep(self, name: str, offset: int, chunk: bytes) -> None:
        self._chunk += 1
        if self._chunk not in self._lost:
            self.files.setdefault(name, {}).update(enumerate(chunk, offset))

    def _control(self, frame) -> bytes:
        message_id, body = frame.header.message_id, frame.body
        if message_id != 0x1212:
            answer = struct.pack(">HHB", frame.header.serial, message_id, 0)
            return encode_frame(0x8001, self._phone, 0, answer, self._edition)
        name = body[1 : 1 + body[0]].decode()
        size = int.from_bytes(body[-4:])
        have = self.files.get(name, {})
        missing = [at for at in range(size) if at not in have]
        ranges = struct.pack(">II", missing[0], missing[-1] - missing[0] + 1) if missing else b""
        answer = body[: 2 + body[0]] + bytes([bool(missing), bool(missing)]) + ranges
        return encode_frame(0x9212, self._phone, 0, answer, self._edition)


@settings(max_examples=25)
@given(st.sets(st.integers(1, 12)), st.sampled_from(["2013", "2019"]), st.integers(0, 4))
def test_every_file_arrives_whole_whatever_is_lost(lost, edition, cut_after):
    files = files_of(IDENTIFIER, NUMBER)
    order = Order("127.0.0.1", 1, IDENTIFIER, NUMBER.encode())
    upload = Upload("13900000001", edition, order, files)
    server = Server("13900000001", edition, lost)
    sent, exchanges = upload.begin(), 0
    while not upload.done:
        exchanges += 1
        assert exchanges < 100
        answer = server.received(sent)
        # A connection that breaks: the answer is lost, and a new connection begins.
        sent = upload.begin() if exchanges == cut_after else upload.received(answer)
    assert {name: bytes(got[at] for at in sorted(got)) for name, got in server.files.items()} == {
        file.name: file.data for file in files
    }


def test_a_terminal_answers_the_order_and_carries_it_out():
    vehicle = plans(1, 3)[0].vehicle
    orders: list[bytes] = []
    session = Session(vehicle, lambda first, count: [], on_attachments=orders.append)
    body = bytes([9]) + b"127.0.0.1" + struct.pack(">HH", 8809, 0) + IDENTIFIER + NUMBER.encode() + bytes(16)
    session.connected(0.0)
    session.take_output()
    session.received(encode_frame(0x9208, vehicle.terminal_phone, 7, body, vehicle.edition), 1.0)
    answer = decode_frame(session.take_output().strip(b"\x7e"))
    assert (answer.header.message_id, answer.body) == (0x0001, struct.pack(">HHB", 7, 0x9208, 0))
    order = Order.read(orders[0])
    assert (order.host, order.port, order.identifier) == ("127.0.0.1", 8809, IDENTIFIER)
    assert order.alarm_number == NUMBER.encode()
