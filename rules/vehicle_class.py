"""Vehicle classes as the regulations divide them, as small numbers for columns."""

from __future__ import annotations

from enum import IntEnum


class VehicleClass(IntEnum):
    """Code of a vehicle class in a uint8 column."""

    UNKNOWN = 0
    HEAVY_TRUCK = 1  # 12 t and more, tractors
    TOUR_COACH = 2  # tourist and charter coaches
    LINE_COACH = 3  # scheduled coaches, class 3 and above
    HAZMAT = 4  # dangerous goods


PASSENGER_CLASSES = (VehicleClass.TOUR_COACH, VehicleClass.LINE_COACH)

CODE_OF_NAME: dict[str, int] = {member.name.lower(): int(member) for member in VehicleClass}
NAME_OF_CODE: dict[int, str] = {code: name for name, code in CODE_OF_NAME.items()}


def class_code(name: str) -> int:
    """Code of a class name; an empty name is `unknown`.

    Raises
    ------
    ValueError
        The name is not one of the classes.

    >>> class_code("hazmat")
    4
    """
    folded = name.strip().lower()
    if not folded:
        return 0
    if folded not in CODE_OF_NAME:
        raise ValueError(f"vehicle class {name!r} is not known; it must be one of {', '.join(CODE_OF_NAME)}")
    return CODE_OF_NAME[folded]


def class_name(code: int) -> str:
    """Name of a class code; a code nobody defined reads as `unknown`.

    >>> class_name(3)
    'line_coach'
    """
    return NAME_OF_CODE.get(code, "unknown")
