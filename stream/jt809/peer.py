"""A pair of links with one other platform, sans-IO: decides on which link a message goes and which is wanted.

The owner moves bytes and tells the time:

    peer = Peer("upper", settings)
    peer.connected("main", now)
    peer.receive_data("main", data, now)
    while (event := peer.next_event()) is not None: ...
    connection.write(peer.data_to_send("main"))
    wake up at peer.next_deadline() and call peer.pass_time(now)

`now` is in seconds since 1970 UTC, see `stream.jt809.link`. As long as one of the links is down, all messages
go over the other (JT/T 809-2011, 4.1 e).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from stream.jt809.events import (
    ConnectWanted,
    Event,
    LinkEstablished,
    LinkLost,
    LinkName,
    LoginRequested,
    MessageReceived,
    Role,
)
from stream.jt809.link import Link
from stream.jt809.link_settings import RECONNECT_FIRST_S, RECONNECT_LAST_S, LinkSettings
from stream.jt809.messages import Message, RawMessage
from stream.jt809.messages import links as m
from stream.jt809.sent_frames import SentFrame, SentFrames
from stream.jt809.sequence import SequenceWatch
from stream.jt809.states import LinkState, Side, Trigger

LINKS: tuple[LinkName, LinkName] = ("main", "sub")
_DOWN_TYPES = 0x8000


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message went and its sequence number, which 2019 answers refer to."""

    link: LinkName
    sequence: int


class _Attempts:
    """When a connection is to be tried again: soon at first, then less often."""

    def __init__(self) -> None:
        self.at_s: float | None = None
        self._wait_s = RECONNECT_FIRST_S

    def succeeded(self) -> None:
        self.at_s = None
        self._wait_s = RECONNECT_FIRST_S

    def later(self, now_s: float) -> None:
        self.at_s = now_s + self._wait_s
        self._wait_s = min(2 * self._wait_s, RECONNECT_LAST_S)


class Peer:
    """One other platform. role: ours. Upper: we listen for the main link and connect the sub link."""

    def __init__(self, role: Role, settings: LinkSettings) -> None:
        self.role = role
        self.settings = settings
        self._watch = SequenceWatch()
        sides: tuple[Side, Side] = ("listens", "connects")
        main, sub = sides if role == "upper" else sides[::-1]
        self.main = Link("main", main, settings, self._take_sequence, self._watch)
        self.sub = Link("sub", sub, settings, self._take_sequence, self._watch)
        self.counts: Counter[str] = Counter()
        self._sequence = 0
        self._sent = SentFrames()
        self._events: deque[Event] = deque()
        self._attempts = _Attempts()
        self._sub_address: tuple[str, int] | None = None
        self._closing = False
        self._told_broken = False

    def link(self, name: LinkName) -> Link:
        """One of the two links."""
        return self.main if name == "main" else self.sub

    @property
    def established(self) -> bool:
        """Whether a message can be sent at all."""
        return self.main.established or self.sub.established

    @property
    def missing(self) -> int:
        """Messages of the other platform that did not come, by the gaps in its sequence numbers."""
        return self._watch.missing

    @property
    def _ours(self) -> Link:
        """The link that we connect."""
        return self.sub if self.role == "upper" else self.main

    def start(self, now_s: float) -> None:
        """Lower platform: ask for the connection of the main link. An upper platform waits for it."""
        if self.role == "lower":
            self._attempts.at_s = now_s
            self._want(now_s)

    def connected(self, name: LinkName, now_s: float) -> None:
        """A connection for a link is there."""
        self._prepare(name)
        self.link(name).connected(now_s)
        self._settle(now_s)

    def connect_failed(self, name: LinkName, now_s: float) -> None:
        """The connection that `ConnectWanted` asked for could not be made; it is asked for again later."""
        self.counts[f"{name}_connect_failed"] += 1
        self._tell_broken(name, now_s, cannot_connect=True)
        self._attempts.later(now_s)

    def disconnected(self, name: LinkName, now_s: float) -> None:
        """The connection of a link is gone."""
        self.link(name).end(Trigger.DISCONNECTED)
        self._settle(now_s)

    def receive_data(self, name: LinkName, data: bytes, now_s: float) -> None:
        """Take bytes of a link's connection."""
        self.link(name).receive_data(data, now_s)
        self._settle(now_s)

    def data_to_send(self, name: LinkName) -> bytes:
        """All bytes to be written to a link's connection; they are given once."""
        return self.link(name).data_to_send()

    def next_event(self) -> Event | None:
        """The oldest event not taken yet."""
        return self._events.popleft() if self._events else None

    def send(self, message: Message | RawMessage, now_s: float) -> Sent | None:
        """Queue a message on the link where it belongs, or on the other while that is down.

        None if both are down: the message was not taken. Raises `EncodeError` if it does not fit its fields;
        its sequence number is not used up then.
        """
        link = self._link_for(message.message_id)
        if link is None:
            return None
        sequence = link.write(message, now_s)
        self._sent.keep(message.message_id, message.sub_type, sequence, link.newest_frame)
        return Sent(link.name, sequence)

    def kept(self, data_type: int, first: int, last: int) -> Iterator[SentFrame]:
        """Frames of ours that can be sent again, see `SentFrames.find`."""
        return self._sent.find(data_type, first, last)

    def send_again(self, frame: SentFrame, now_s: float) -> LinkName | None:
        """Queue a frame once more, unchanged; tells the link that takes it, None if both are down."""
        link = self._link_for(frame.message_id)
        if link is None:
            return None
        link.write_again(frame.data, now_s)
        return link.name

    def _link_for(self, message_id: int) -> Link | None:
        """The link where a message belongs, or the other while that is down."""
        preferred = self.sub if message_id >= _DOWN_TYPES else self.main
        other = self.main if preferred is self.sub else self.sub
        link = preferred if preferred.established else other
        if not link.established:
            return None
        if link is not preferred:
            self.counts["fell_over"] += 1
        return link

    def accept_login(self, verify_code: int, now_s: float) -> bool:
        """Upper platform: let the lower one in that asked; its sub link is wanted next.

        False if it does not wait any more: the link has gone down since it asked.
        """
        if self.main.state is not LinkState.DECIDING:
            return False
        self.sub.verify_code = verify_code
        self.main.accept(m.LoginResponse(result=0, verify_code=verify_code), now_s)
        # A new login has a new code, and the old sub link may be one of a process that is gone. No notice of
        # that: the new sub link takes its place at the other end.
        self._told_broken = True
        self.sub.end(Trigger.NOTICE)
        self._settle(now_s)
        self._told_broken = False
        self._attempts.at_s = now_s
        self._want(now_s)
        return True

    def refuse_login(self, result: int, now_s: float) -> bool:
        """Upper platform: refuse the lower one; result as in `links.LOGIN_RESULTS`. False as above."""
        if self.main.state is not LinkState.DECIDING:
            return False
        self.main.refuse(m.LoginResponse(result=result, verify_code=0), now_s)
        self._settle(now_s)
        return True

    def close(self, now_s: float, reason: int = 0) -> None:
        """End both links in order: notice to the other platform, logout. reason: 0 restart, 1 other."""
        self._closing = True
        self._attempts.at_s = None
        notice = m.UpperCloses(reason=reason) if self.role == "upper" else m.LowerCloses(reason=reason)
        preferred = self.main if self.role == "upper" else self.sub
        link = preferred if preferred.established else self._ours
        if link.established:
            link.write(notice, now_s)
        for each in (self.main, self.sub):
            if each.established:
                each.log_out(now_s)
            elif each.state is not LinkState.DOWN:
                each.end(Trigger.DISCONNECTED, "closed")
        self._settle(now_s)

    def next_deadline(self) -> float | None:
        """When `pass_time` is to be called at the latest; None if nothing is due ever."""
        found = (self.main.next_deadline(), self.sub.next_deadline(), self._attempts.at_s)
        return min((deadline for deadline in found if deadline is not None), default=None)

    def pass_time(self, now_s: float) -> None:
        """Do what is due."""
        self.main.pass_time(now_s)
        self.sub.pass_time(now_s)
        self._want(now_s)
        self._settle(now_s)

    def _take_sequence(self) -> int:
        """Counts the messages of this platform over both links and wraps (JT/T 809-2011, 4.3.2)."""
        self._sequence = (self._sequence + 1) & 0xFFFF_FFFF
        return self._sequence

    def _want(self, now_s: float) -> None:
        """Ask for the connection of our link if its time has come."""
        if self._attempts.at_s is None or now_s < self._attempts.at_s:
            return
        self._attempts.at_s = None
        settings = self.settings
        address = (settings.main_host, settings.main_port) if self.role == "lower" else self._sub_address
        if address and self._ours.state is LinkState.DOWN:
            self._events.append(ConnectWanted(self._ours.name, *address))

    def _prepare(self, name: LinkName) -> None:
        settings, link = self.settings, self.link(name)
        if link is not self._ours:
            return
        if name == "sub":
            link.login = m.SubLoginRequest(verify_code=link.verify_code)
            link.logout_request = m.SubLogoutRequest(verify_code=link.verify_code)
            return
        link.login = m.LoginRequest(
            user_id=settings.user_id,
            password=settings.password,
            gnss_center_id=settings.gnss_center_id if settings.edition == "2019" else None,
            down_link_ip=settings.down_link_ip,
            down_link_port=settings.down_link_port,
        )
        link.logout_request = m.LogoutRequest(user_id=settings.user_id, password=settings.password)

    def _settle(self, now_s: float) -> None:
        """Take the events of both links, react to them and pass them on."""
        for event in self._drain():
            if isinstance(event, LoginRequested) and isinstance(event.request, m.SubLoginRequest):
                self._judge_sub_login(event.request, now_s)
                continue
            self._events.append(event)
            if isinstance(event, LoginRequested) and isinstance(event.request, m.LoginRequest):
                self._sub_address = (event.request.down_link_ip, event.request.down_link_port)
            elif isinstance(event, LinkEstablished):
                self._on_established(event)
            elif isinstance(event, LinkLost):
                self._on_lost(event, now_s)
            elif isinstance(event, MessageReceived):
                self._on_message(event)

    def _drain(self) -> Iterator[Event]:
        """Events as long as there are some; reacting to one may make more."""
        while True:
            event = self.main.next_event() or self.sub.next_event()
            if event is None:
                return
            yield event

    def _judge_sub_login(self, request: m.SubLoginRequest, now_s: float) -> None:
        if request.verify_code == self.main.verify_code and not self._closing:
            self.sub.accept(m.SubLoginResponse(result=0), now_s)
        else:
            self.counts["wrong_verify_code"] += 1
            self.sub.refuse(m.SubLoginResponse(result=1), now_s)

    def _on_established(self, event: LinkEstablished) -> None:
        if event.link == "main":
            self._watch.restart()
        if self.link(event.link) is self._ours:
            self._attempts.succeeded()
            self._told_broken = False

    def _on_lost(self, event: LinkLost, now_s: float) -> None:
        if self._closing or event.reason == "replaced":
            return
        if self.link(event.link) is self._ours:
            self._tell_broken(event.link, now_s, cannot_connect=False)
            if self.role == "lower" or self.main.established:
                self._attempts.later(now_s)

    def _tell_broken(self, name: LinkName, now_s: float, *, cannot_connect: bool) -> None:
        """Tell the other platform on the link that is left that ours is broken, once for each break."""
        if self._told_broken or self.link(name) is not self._ours:
            return
        if self.role == "upper" and self.main.established:
            self.main.write(m.SubLinkBroken(reason=0 if cannot_connect else 1), now_s)
            self._told_broken = True
        elif self.role == "lower" and self.sub.established:
            self.sub.write(m.MainLinkBroken(reason=0), now_s)
            self._told_broken = True

    def _on_message(self, event: MessageReceived) -> None:
        """A notice that a link is broken ends it here too: its end may not have been seen yet.

        One that is not established is newer than the notice.
        """
        message = event.message
        if isinstance(message, m.MainLinkBroken) and self.role == "upper" and self.main.established:
            self.main.end(Trigger.NOTICE)
        elif isinstance(message, m.SubLinkBroken) and self.role == "lower" and self.sub.established:
            self.sub.end(Trigger.NOTICE)
        elif isinstance(message, m.LowerCloses | m.UpperCloses):
            self._told_broken = True
            for link in (self.main, self.sub):
                link.end(Trigger.NOTICE, "closed")
