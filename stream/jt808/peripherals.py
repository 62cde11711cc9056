"""State and information of active safety peripherals inside 0x8900 and 0x0900 (T/JSATL 12-2017, 5.4).

Types 0xF7 (state) and 0xF8 (information). Down: which peripherals are asked. Up: what each answers.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from stream.jt808.errors import EncodeError, ProtocolError
from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import SHORT_TEXT, U8, CountedData, Number, whole_number
from stream.jt808.layout import Json, Record
from stream.jt808.reader import Reader

STATE, INFORMATION = 0xF7, 0xF8
PERIPHERALS = {0x64: "adas", 0x65: "dsm", 0x66: "tpms", 0x67: "bsd"}

_STATES = {1: "normal", 2: "standby", 3: "upgrading", 4: "fault", 0x10: "disconnected"}
_FAULTS = {
    **{0: "camera", 1: "main_storage", 2: "second_storage", 3: "infrared_light", 4: "speaker", 5: "battery"},
    **{10: "communication_module", 11: "gnss_module"},
}


@dataclass(frozen=True, slots=True)
class PeripheralQuery(Record):
    """Which peripherals are asked: ids 0x64 to 0x67."""

    peripheral_ids: Annotated[tuple[int, ...], Counted(1, Number(1, names=PERIPHERALS))]


@dataclass(frozen=True, slots=True)
class PeripheralState(Record):
    """Content of an 0xF7 answer. state: 1 normal, 2 standby, 3 upgrading, 4 fault, 0x10 disconnected.
    fault_bits: 0 camera, 1 main storage, 2 second storage, 3 IR light, 4 speaker, 5 battery, 10
    communication, 11 GNSS.
    """

    state: Annotated[int, Number(1, names=_STATES)]
    fault_bits: Annotated[int, Number(4, bits=_FAULTS)]


@dataclass(frozen=True, slots=True)
class PeripheralInformation(Record):
    """Content of an 0xF8 answer."""

    company: Annotated[str, SHORT_TEXT]
    product_model: Annotated[str, SHORT_TEXT]
    hardware_version: Annotated[str, SHORT_TEXT]
    software_version: Annotated[str, SHORT_TEXT]
    device_id: Annotated[str, SHORT_TEXT]
    customer_code: Annotated[str, SHORT_TEXT]


@dataclass(frozen=True, slots=True)
class PeripheralAnswer(Record):
    """What one peripheral answers; `content` is a `PeripheralState` or a `PeripheralInformation`."""

    peripheral_id: Annotated[int, U8]
    content: Annotated[bytes, CountedData(1)]


@dataclass(frozen=True, slots=True)
class PeripheralAnswers(Record):
    """The data of 0x0900 of type 0xF7 or 0xF8."""

    answers: Annotated[tuple[PeripheralAnswer, ...], Counted(1, Nested(PeripheralAnswer))]


_CONTENTS: dict[int, type[Record]] = {STATE: PeripheralState, INFORMATION: PeripheralInformation}


def _whole(record: type[Record], data: bytes) -> Record:
    """The record that fills all of the data. Raises `ProtocolError`."""
    reader = Reader(data)
    found = record.read(reader, "2013")
    if reader.left:
        raise ProtocolError(f"{reader.left} bytes behind the {record.__name__}")
    return found


def read_content(kind: int, data: bytes, *, uplink: bool) -> Record:
    """A `PeripheralQuery` (down) or `PeripheralAnswers` (up). Raises `ProtocolError` for anything else."""
    if kind not in _CONTENTS:
        raise ProtocolError(f"transparent data of type 0x{kind:02x} are not of a peripheral")
    return _whole(PeripheralAnswers if uplink else PeripheralQuery, data)


def show_content(kind: int, data: bytes, *, uplink: bool) -> Json | None:
    """The JSON view of the data, None where they are something else."""
    try:
        content = read_content(kind, data, uplink=uplink)
        if isinstance(content, PeripheralQuery):
            return content.show("2013")
        assert isinstance(content, PeripheralAnswers)
        return [
            {"peripheral_id": answer.peripheral_id} | _whole(_CONTENTS[kind], answer.content).show("2013")
            for answer in content.answers
        ]
    except ProtocolError:
        return None


def parse_content(view: dict[str, Any], *, uplink: bool) -> bytes:
    """The data that `show_content` has shown as `content`. Raises `EncodeError`."""
    kind = whole_number(view.get("kind"), "kind")
    if kind not in _CONTENTS:
        raise EncodeError(f"content: only types 0xf7 and 0xf8 have one, not 0x{kind:02x}; give data instead")
    if not uplink:
        return PeripheralQuery.parse(view["content"], where="content").encode()
    if not isinstance(view["content"], list):
        raise EncodeError(f"content: a list of answers is wanted, not {view['content']!r}")
    answers = []
    for one in view["content"]:
        rest = {key: value for key, value in one.items() if key != "peripheral_id"}
        content = _CONTENTS[kind].parse(rest, where="content").encode()
        answers.append(PeripheralAnswer(whole_number(one.get("peripheral_id"), "peripheral_id"), content))
    return PeripheralAnswers(tuple(answers)).encode()
