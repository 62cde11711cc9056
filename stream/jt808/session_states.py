"""How far a terminal has come, and what takes it from one state to the next (JT/T 808-2013, 4.4; 2019, 4.5).

The table is all there is: sessions step by it and the picture in the documentation is drawn from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class State(Enum):
    """The states of one terminal on one connection."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    AUTHENTICATED = "authenticated"
    REPLACED = "replaced"
    CLOSED = "closed"


class Trigger(Enum):
    """What moves a session; the value says it in the standard's terms."""

    REGISTERED = "0x8100 result 0 sent"
    REGISTRATION_REFUSED = "0x8100 result 1-4 sent"
    AUTHENTICATED = "0x8001 success to 0x0102 sent"
    AUTHENTICATION_REFUSED = "0x8001 failure to 0x0102 sent"
    UNREGISTERED = "0x8001 success to 0x0003 sent"
    OTHER_TERMINAL = "another phone speaks"
    REPLACED = "its terminal authenticates on a new link"
    CLOSED = "link closed"


class SessionError(RuntimeError):
    """Ours: this program did what the state of a session does not allow."""


_LEAVING = {Trigger.REPLACED: State.REPLACED, Trigger.CLOSED: State.CLOSED}
_GREETING = {
    Trigger.REGISTERED: State.REGISTERED,
    Trigger.REGISTRATION_REFUSED: State.UNREGISTERED,
    Trigger.AUTHENTICATED: State.AUTHENTICATED,
    Trigger.AUTHENTICATION_REFUSED: State.UNREGISTERED,
}

#: Registered terminals authenticate on every link without registering again, so both greetings are open to
#: all; only what has authenticated can be replaced, unregister, or insist on its phone.
TRANSITIONS: Mapping[State, Mapping[Trigger, State]] = MappingProxyType(
    {
        State.UNREGISTERED: {
            **_GREETING,
            Trigger.OTHER_TERMINAL: State.UNREGISTERED,
            Trigger.CLOSED: State.CLOSED,
        },
        State.REGISTERED: {
            **_GREETING,
            Trigger.OTHER_TERMINAL: State.UNREGISTERED,
            Trigger.CLOSED: State.CLOSED,
        },
        State.AUTHENTICATED: {**_GREETING, Trigger.UNREGISTERED: State.UNREGISTERED, **_LEAVING},
        State.REPLACED: {Trigger.CLOSED: State.CLOSED},
        State.CLOSED: {Trigger.CLOSED: State.CLOSED},
    }
)


def step(state: State, trigger: Trigger) -> State:
    """The state after `trigger`. Raises `SessionError` where the table has no such step."""
    following = TRANSITIONS[state].get(trigger)
    if following is None:
        raise SessionError(f"a session that is {state.value} cannot take: {trigger.value}")
    return following


def mermaid() -> str:
    """The table as a state diagram of Mermaid, drawn by most readers of Markdown."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.UNREGISTERED.value}"]
    for state, steps in TRANSITIONS.items():
        for following in dict.fromkeys(steps.values()):
            triggers = [trigger.value for trigger, target in steps.items() if target is following]
            if state is not State.CLOSED:
                lines.append(f"    {state.value} --> {following.value}: {'<br/>'.join(triggers)}")
    return "\n".join([*lines, f"    {State.CLOSED.value} --> [*]"])


def document() -> str:
    """The page of the states, docs/protocols/session-states.md."""
    rows = [
        f"| {state.value} | {trigger.value} | {following.value} |"
        for state, steps in TRANSITIONS.items()
        for trigger, following in steps.items()
    ]
    return "\n".join(
        [
            "# States of a terminal's session",
            "",
            "Written by `make docs` from `stream/jt808/session_states.py`; a test keeps it in step. What the",
            "states mean for a terminal is told in [session.md](session.md).",
            "",
            "```mermaid",
            mermaid(),
            "```",
            "",
            "| from | by | to |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    print(document(), end="")
