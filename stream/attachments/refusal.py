"""Why something a terminal asked for is not done."""

from __future__ import annotations


class Refused(Exception):
    """`code` is for counters, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
