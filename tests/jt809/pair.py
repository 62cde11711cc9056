"""Two peers joined by pipes in memory, and a clock that is turned by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream.jt809.cipher import Cipher
from stream.jt809.events import ConnectWanted, Event, LinkLost, LinkName, LoginRequested
from stream.jt809.header import Edition
from stream.jt809.link_settings import LinkSettings
from stream.jt809.peer import LINKS, Peer
from stream.jt809.states import LinkState

START_S = 1_773_500_000.0
VERIFY_CODE = 4711


def settings_of(edition: Edition, *, encrypt: bool = False, bulk: bool = False) -> LinkSettings:
    """What both sides have agreed on."""
    return LinkSettings(
        gnss_center_id=33010,
        edition=edition,
        cipher=Cipher(30000000, 20000000, 20000000),
        encrypt=encrypt,
        encrypt_key=77,
        user_id=20260001,
        password="Abc12345",
        down_link_ip="192.0.2.7",
        down_link_port=8810,
        main_host="upper.example",
        main_port=8809,
        bulk=bulk,
    )


class Pair:
    """An upper and a lower platform. `cut` are links whose connections cannot be made now."""

    def __init__(self, settings: LinkSettings, judge: Callable[[LoginRequested], int] = lambda _: 0) -> None:
        self.upper, self.lower = Peer("upper", settings), Peer("lower", settings)
        self.now_s = START_S
        self.cut: set[LinkName] = set()
        self.alive: set[LinkName] = set()
        self.wanted: list[ConnectWanted] = []
        self.found: list[tuple[str, Event]] = []
        self._judge = judge

    def start(self) -> None:
        """Bring both links up, as far as they can be."""
        self.lower.start(self.now_s)
        self.run()

    def run(self) -> None:
        """Move bytes and events until nothing moves."""
        moved = True
        while moved:
            moved = self._move_bytes()
            for name, peer in (("upper", self.upper), ("lower", self.lower)):
                while (event := peer.next_event()) is not None:
                    moved = True
                    self.found.append((name, event))
                    self._react(peer, event)

    def _move_bytes(self) -> bool:
        moved = False
        for link in LINKS:
            for sender, receiver in ((self.upper, self.lower), (self.lower, self.upper)):
                data = sender.data_to_send(link)
                if data and link in self.alive:
                    receiver.receive_data(link, data, self.now_s)
                    moved = True
        return moved

    def _react(self, peer: Peer, event: Event) -> None:
        if isinstance(event, ConnectWanted):
            self.wanted.append(event)
            self._connect(peer, event.link)
        elif isinstance(event, LoginRequested):
            result = self._judge(event)
            if result:
                self.upper.refuse_login(result, self.now_s)
            else:
                self.upper.accept_login(VERIFY_CODE, self.now_s)
        elif isinstance(event, LinkLost) and peer.link(event.link).state is LinkState.DOWN:
            self._move_bytes()
            self.break_link(event.link)

    def _connect(self, peer: Peer, link: LinkName) -> None:
        if link in self.cut:
            peer.connect_failed(link, self.now_s)
            return
        self.alive.add(link)
        self.upper.connected(link, self.now_s)
        self.lower.connected(link, self.now_s)

    def break_link(self, link: LinkName) -> None:
        """The connection of a link is gone for both."""
        self.alive.discard(link)
        self.upper.data_to_send(link)
        self.lower.data_to_send(link)
        self.upper.disconnected(link, self.now_s)
        self.lower.disconnected(link, self.now_s)
        self.run()

    def pass_time(self, seconds: float, *, only: Peer | None = None) -> None:
        """Go from deadline to deadline for some time."""
        end_s = self.now_s + seconds
        peers = [only] if only else [self.upper, self.lower]
        while True:
            due = [
                one for one in (peer.next_deadline() for peer in peers) if one is not None and one <= end_s
            ]
            if not due:
                break
            self.now_s = max(self.now_s, min(due))
            for peer in peers:
                peer.pass_time(self.now_s)
            self.run()
        self.now_s = end_s

    def take(self, kind: Any, side: str) -> list[Any]:
        """The events of a kind that one side had."""
        return [event for name, event in self.found if name == side and isinstance(event, kind)]
