"""The kinds of single fields in one place, and those that are needed everywhere ready made."""

from __future__ import annotations

from stream.jt808.kinds_bcd import Digits, Moment, Time
from stream.jt808.kinds_data import CountedData, Data, FixedData, RestData
from stream.jt808.kinds_number import Degrees, Number, Scaled
from stream.jt808.kinds_text import CountedText, FixedText, RestText, Text
from stream.jt808.view_values import hex_bytes, point_in_time, real_number, whole_number

U8, U16, U32 = Number(1), Number(2), Number(4)
ID16, ID32 = Number(2, hexadecimal=True), Number(4, hexadecimal=True)
SHORT_TEXT, WORD_TEXT, REST_TEXT = CountedText(1), CountedText(2), RestText()
REST_DATA = RestData()
TIME, UTC_TIME, MOMENT = Time(), Time(utc=True), Moment()

__all__ = [
    "CountedData",
    "CountedText",
    "Data",
    "Degrees",
    "Digits",
    "FixedData",
    "FixedText",
    "Moment",
    "Number",
    "RestData",
    "RestText",
    "Scaled",
    "Text",
    "Time",
    "hex_bytes",
    "point_in_time",
    "real_number",
    "whole_number",
]
