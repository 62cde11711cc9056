"""Terminal parameters (JT/T 808-2013, 8.9-8.12 and table 12; 2019, 8.9-8.12)."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import ID32, U16, CountedData, hex_bytes, whole_number
from stream.jt808.layout import Json, Record, Scope
from stream.jt808.messages.base import Message
from stream.jt808.oddities import Oddity
from stream.jt808.parameter_table import PARAMETER_IDS, read_value, write_value
from stream.jt808.reader import Reader


class _Value(CountedData):
    """The value of a parameter, explained by its id."""

    def meaning(self, value: bytes, edition: Edition) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Parameter(Record):
    """One parameter, its value as sent; `stream.jt808.parameter_table` gives it a name, a type and a unit.

    The JSON view has `name` and `value` of a parameter known by id and length, `raw` (hex) of any other.
    """

    parameter_id: Annotated[int, ID32]
    value: Annotated[bytes, _Value(1)]

    def show(self, edition: Edition) -> dict[str, Json]:
        """By name and type where id and length are known."""
        view: dict[str, Json] = {"parameter_id": f"0x{self.parameter_id:04x}"}
        known = read_value(self.parameter_id, self.value)
        if known is None:
            return view | {"raw": self.value.hex()}
        return view | {"name": known[0], "value": known[1]}

    @classmethod
    def parse(cls, view: Json, edition: Edition = "2013", where: str = "") -> Self:
        """By `parameter_id` or `name`, with `value` or `raw`. Raises `EncodeError`."""
        if not isinstance(view, dict):
            raise EncodeError(f"{where}: an object with parameter_id and value is wanted, not {view!r}")
        number = _number(view, where)
        if "raw" in view:
            return cls(number, hex_bytes(view["raw"], f"{where}.raw"))
        if "value" not in view:
            raise EncodeError(f"{where}: parameter 0x{number:04x} has neither value nor raw")
        return cls(number, write_value(number, view["value"], f"{where}.value"))


def _number(view: dict[str, Any], where: str) -> int:
    if "parameter_id" in view:
        return whole_number(view["parameter_id"], f"{where}.parameter_id")
    if view.get("name") in PARAMETER_IDS:
        return PARAMETER_IDS[view["name"]]
    raise EncodeError(f"{where}: neither a parameter_id nor a known name, but {view.get('name')!r}")


_PARAMETERS = Nested(Parameter)
_HEAD_BYTES = 5


class _Reported(Counted[Parameter]):
    """What a terminal reports: those that are there, where it counts more than it sends."""

    def read(self, reader: Reader, name: str, scope: Scope) -> tuple[Parameter, ...]:
        count = reader.count(self.count_bytes, f"{name} count")
        found: list[Parameter] = []
        while len(found) < count and _is_whole(reader.ahead()):
            found.append(self.read_one(reader, f"{name}[{len(found)}]", scope))
        if len(found) < count:
            reader.note(Oddity.WRONG_COUNT)
        return tuple(found)


def _is_whole(ahead: bytes) -> bool:
    return len(ahead) >= _HEAD_BYTES and len(ahead) >= _HEAD_BYTES + ahead[_HEAD_BYTES - 1]


@dataclass(frozen=True, slots=True)
class SetParameters(Message):
    """0x8103. 2011 states the number of parameters in this package after the number of all."""

    message_id: ClassVar[int] = 0x8103
    parameters: Annotated[tuple[Parameter, ...], Counted(1, _PARAMETERS, again_2011=1)]


@dataclass(frozen=True, slots=True)
class ParameterQuery(Message):
    """0x8106, query of some parameters; 2013 and 2019."""

    message_id: ClassVar[int] = 0x8106
    parameter_ids: Annotated[tuple[int, ...], Counted(1, ID32)]


@dataclass(frozen=True, slots=True)
class ParameterResponse(Message):
    """0x0104, answer to 0x8104 and 0x8106."""

    message_id: ClassVar[int] = 0x0104
    reply_serial: Annotated[int, U16]
    parameters: Annotated[tuple[Parameter, ...], _Reported(1, _PARAMETERS)]
