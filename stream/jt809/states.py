"""How far a link has come: one table for the side that connects and one for the side that listens.

The lower platform connects the main link, the upper platform the sub link (JT/T 809-2011, 4.1). `diagram`
draws the tables for the documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Literal

Side = Literal["connects", "listens"]


class LinkState(Enum):
    """State of one link."""

    DOWN = "down"
    LOGGING_IN = "logging in"
    GREETED = "greeted"
    DECIDING = "deciding"
    ESTABLISHED = "established"
    LOGGING_OUT = "logging out"


class Trigger(Enum):
    """What moves a link."""

    CONNECTED = "connected"
    LOGIN_REQUEST = "login request"
    LOGIN_OK = "login answer ok"
    LOGIN_REFUSED = "login answer not ok"
    ACCEPT = "login accepted"
    REFUSE = "login refused"
    LOGOUT = "owner logs out"
    LOGOUT_REQUEST = "logout request"
    LOGOUT_ANSWER = "logout answer"
    NOTICE = "notice on the other link"
    TIMEOUT = "time is up"
    DISCONNECTED = "connection broken"


_S, _T = LinkState, Trigger
_ANY_END = (_T.NOTICE, _T.TIMEOUT, _T.DISCONNECTED)


def _table(
    steps: Mapping[tuple[LinkState, Trigger], LinkState],
) -> Mapping[tuple[LinkState, Trigger], LinkState]:
    """The steps, and from every state but DOWN the ways down that are always open."""
    states = {state for state, _ in steps} | set(steps.values())
    ends = {(state, end): _S.DOWN for state in states - {_S.DOWN} for end in _ANY_END}
    return {**ends, **steps}


TRANSITIONS: Mapping[Side, Mapping[tuple[LinkState, Trigger], LinkState]] = {
    "connects": _table(
        {
            (_S.DOWN, _T.CONNECTED): _S.LOGGING_IN,
            (_S.LOGGING_IN, _T.LOGIN_OK): _S.ESTABLISHED,
            (_S.LOGGING_IN, _T.LOGIN_REFUSED): _S.DOWN,
            (_S.ESTABLISHED, _T.LOGOUT): _S.LOGGING_OUT,
            (_S.LOGGING_OUT, _T.LOGOUT_ANSWER): _S.DOWN,
        }
    ),
    "listens": _table(
        {
            (_S.DOWN, _T.CONNECTED): _S.GREETED,
            (_S.GREETED, _T.LOGIN_REQUEST): _S.DECIDING,
            (_S.DECIDING, _T.ACCEPT): _S.ESTABLISHED,
            (_S.DECIDING, _T.REFUSE): _S.DOWN,
            # Some lower platforms log in again on the same connection after a fault of their own.
            (_S.ESTABLISHED, _T.LOGIN_REQUEST): _S.DECIDING,
            (_S.ESTABLISHED, _T.LOGOUT_REQUEST): _S.DOWN,
            (_S.ESTABLISHED, _T.LOGOUT): _S.LOGGING_OUT,
            (_S.LOGGING_OUT, _T.LOGOUT_REQUEST): _S.DOWN,
        }
    ),
}


def diagram(side: Side) -> str:
    """A table as a Mermaid state diagram; triggers between the same states share an arrow."""
    arrows: dict[tuple[LinkState, LinkState], list[str]] = {}
    for (state, trigger), following in TRANSITIONS[side].items():
        arrows.setdefault((state, following), []).append(trigger.value)
    ids = {state: state.value.replace(" ", "_") for state in LinkState}
    lines = ["stateDiagram-v2", f"    [*] --> {ids[LinkState.DOWN]}"]
    lines += [
        f"    {ids[start]} --> {ids[end]}: {', '.join(sorted(triggers))}"
        for (start, end), triggers in sorted(arrows.items(), key=lambda item: [s.value for s in item[0]])
    ]
    return "\n".join(lines)
