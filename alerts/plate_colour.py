"""Plate colours as JT/T 697.7-2014 numbers them, by number or by name."""

from __future__ import annotations

_COLOURS = {
    0: ("", "none", "unlicensed", "无牌", "未上牌"),
    1: ("蓝", "blue"),
    2: ("黄", "yellow"),
    3: ("黑", "black"),
    4: ("白", "white"),
    5: ("绿", "green"),
    9: ("其他", "其它", "other"),
    91: ("农黄",),
    92: ("农绿",),
    93: ("黄绿", "yellow-green", "yellow_green"),
    94: ("渐变绿", "gradient-green", "gradient_green"),
}

_CODE_OF_NAME = {name: code for code, names in _COLOURS.items() for name in names}


def plate_colour_code(text: str) -> int:
    """Code of a colour given as number, Chinese name (with or without 色) or English name; empty is 0.

    Raises
    ------
    ValueError
        The text is none of them.

    >>> plate_colour_code("黄色"), plate_colour_code("2"), plate_colour_code("Yellow")
    (2, 2, 2)
    """
    folded = text.strip().lower()
    if folded.isdecimal() and int(folded) in _COLOURS:
        return int(folded)
    name = folded.removesuffix("牌").removesuffix("色") if folded not in _CODE_OF_NAME else folded
    if folded.isdecimal() or name not in _CODE_OF_NAME:
        raise ValueError(
            f"plate_colour {text!r} is not known; use 蓝/黄/黑/白/绿/其他, an English name or a code"
        )
    return _CODE_OF_NAME[name]
