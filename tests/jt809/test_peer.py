"""A pair of links in both roles: login, keep-alive, fall-over, notices, logout."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.jt809.document import document
from stream.jt809.events import (
    ConnectWanted,
    FrameRefused,
    LinkEstablished,
    LinkLost,
    LoginRefused,
    LoginRequested,
    MessageReceived,
    PositionsReceived,
)
from stream.jt809.frame import encode_frame
from stream.jt809.header import Edition, Header
from stream.jt809.link_settings import MAX_LOGIN_FRAME_BYTES
from stream.jt809.messages import Message, links, platforms, vehicles
from stream.jt809.messages.gnss import Gnss, Gnss2019
from stream.jt809.peer import Peer
from stream.jt809.sequence import SequenceWatch
from stream.jt809.states import TRANSITIONS, LinkState, Trigger, diagram
from stream.protocol_errors import EncodeError
from tests.jt809.pair import START_S, Pair, settings_of
from tests.jt809.strategies import EDITIONS

GNSS = Gnss(time=None, longitude_deg=118.8, latitude_deg=32.0, speed_kmh=60)
UP = vehicles.RealTimePosition(plate="苏A12345", color=93, position=GNSS)
DOWN = vehicles.ExchangeStart(plate="苏A12345", color=94, reason=2)
EDITIONS_AND_ENCRYPTION = [(edition, encrypt) for edition in EDITIONS for encrypt in (False, True)]


def _up(edition: Edition = "2011", **settings: bool) -> Pair:
    pair = Pair(settings_of(edition, **settings))
    pair.start()
    assert pair.upper.main.established
    assert pair.lower.sub.established
    pair.found.clear()
    return pair


def _received(pair: Pair, side: str) -> list[tuple[str, Message]]:
    found = [event for name, event in pair.found if name == side and isinstance(event, MessageReceived)]
    pair.found.clear()
    return [(event.link, event.message) for event in found]  # type: ignore[misc]


@pytest.mark.parametrize(("edition", "encrypt"), EDITIONS_AND_ENCRYPTION)
def test_both_links_come_up_and_carry_messages(edition: Edition, encrypt: bool) -> None:
    pair = Pair(settings_of(edition, encrypt=encrypt))
    pair.start()
    request = pair.take(LoginRequested, "upper")[0].request
    assert (request.user_id, request.password) == (20260001, "Abc12345")
    assert request.gnss_center_id == (33010 if edition == "2019" else None)
    assert pair.wanted == [
        ConnectWanted("main", "upper.example", 8809),
        ConnectWanted("sub", "192.0.2.7", 8810),
    ]
    for side in ("upper", "lower"):
        assert sorted(event.link for event in pair.take(LinkEstablished, side)) == ["main", "sub"]
    pair.found.clear()
    up = (
        UP
        if edition == "2011"
        else vehicles.RealTimePosition(plate="A", color=1, position=Gnss2019(report=b""))
    )
    sent = pair.lower.send(up, pair.now_s)
    assert sent is not None
    assert sent.link == "main"
    answer = pair.upper.send(DOWN, pair.now_s)
    assert answer is not None
    assert answer.link == "sub"
    pair.run()
    [event] = pair.take(MessageReceived, "upper")
    assert (event.message, event.header.sequence) == (up, sent.sequence)
    assert event.header.encrypt_flag == encrypt
    [event] = pair.take(MessageReceived, "lower")
    assert (event.message, event.oddities) == (DOWN, ())


def test_a_refused_login_is_told_and_tried_again_later_and_later() -> None:
    results = iter([3, 5, 0])
    pair = Pair(settings_of("2011"), lambda _: next(results))
    pair.start()
    assert pair.take(LoginRefused, "lower") == [LoginRefused("main", 3)]
    assert pair.upper.main.state is LinkState.DOWN
    pair.pass_time(1)
    assert len(pair.take(LoginRefused, "lower")) == 2
    pair.pass_time(1)
    assert not pair.lower.main.established
    pair.pass_time(1)
    assert pair.lower.main.established
    assert pair.lower.sub.established


def test_idle_links_are_tested_and_stay_up() -> None:
    pair = _up()
    pair.pass_time(3600)
    assert pair.found == []
    assert pair.upper.main.established
    assert pair.lower.sub.established
    assert pair.upper.main.counts["link_tests"] == 60
    assert pair.lower.sub.counts["link_tests"] == 60


def test_a_link_that_only_sends_is_tested_too() -> None:
    pair = _up()
    for _ in range(100):
        pair.pass_time(10)
        pair.lower.send(UP, pair.now_s)
        pair.run()
    assert pair.lower.main.established
    assert 14 <= pair.upper.main.counts["link_tests"] <= 17


def test_a_silent_peer_is_dead_after_three_minutes() -> None:
    pair = _up()
    pair.alive.clear()
    pair.pass_time(179, only=pair.upper)
    assert pair.upper.established
    pair.pass_time(1, only=pair.upper)
    assert {event.reason for event in pair.take(LinkLost, "upper")} == {"silent"}
    assert not pair.upper.established


def test_traffic_falls_over_to_the_main_link_and_back() -> None:
    pair = _up()
    pair.cut.add("sub")
    pair.break_link("sub")
    assert pair.upper.send(DOWN, pair.now_s).link == "main"  # type: ignore[union-attr]
    pair.run()
    assert _received(pair, "lower") == [("main", links.SubLinkBroken(reason=1)), ("main", DOWN)]
    pair.cut.clear()
    pair.pass_time(1)
    assert pair.upper.send(DOWN, pair.now_s).link == "sub"  # type: ignore[union-attr]
    assert pair.upper.counts["fell_over"] == 1


def test_traffic_falls_over_to_the_sub_link_and_back() -> None:
    pair = _up()
    pair.cut.add("main")
    pair.break_link("main")
    assert pair.lower.send(UP, pair.now_s).link == "sub"  # type: ignore[union-attr]
    pair.run()
    assert _received(pair, "upper") == [("sub", links.MainLinkBroken(reason=0)), ("sub", UP)]
    pair.pass_time(600)
    attempts = [one.link for one in pair.wanted].count("main")
    assert 10 <= attempts <= 20
    pair.cut.clear()
    pair.pass_time(60)
    assert pair.lower.send(UP, pair.now_s).link == "main"  # type: ignore[union-attr]
    assert pair.upper.sub.established


def test_with_both_links_down_nothing_is_taken() -> None:
    pair = _up()
    pair.cut |= {"main", "sub"}
    pair.break_link("main")
    pair.break_link("sub")
    assert pair.lower.send(UP, pair.now_s) is None
    assert pair.upper.send(DOWN, pair.now_s) is None


def test_a_notice_ends_a_link_whose_break_was_not_seen() -> None:
    pair = _up()
    pair.lower.disconnected("main", pair.now_s)
    pair.lower.main.data_to_send()
    pair.cut.add("main")
    pair.alive.discard("main")
    pair.run()
    assert pair.take(LinkLost, "upper") == [LinkLost("main", "notice")]
    assert pair.upper.send(DOWN, pair.now_s).link == "sub"  # type: ignore[union-attr]


def test_a_sub_link_that_cannot_be_opened_is_told_once() -> None:
    pair = Pair(settings_of("2011"))
    pair.cut.add("sub")
    pair.start()
    pair.pass_time(600)
    told = [event.message for event in pair.take(MessageReceived, "lower")]
    assert told == [links.SubLinkBroken(reason=0)]
    assert pair.upper.counts["sub_connect_failed"] > 5


def test_a_wrong_verify_code_is_refused() -> None:
    pair = _up()
    stranger = Peer("upper", settings_of("2011"))
    pair.break_link("sub")
    pair.lower.connected("sub", pair.now_s)
    stranger.sub.verify_code = 1
    stranger.connected("sub", pair.now_s)
    pair.lower.receive_data("sub", stranger.data_to_send("sub"), pair.now_s)
    stranger.receive_data("sub", pair.lower.data_to_send("sub"), pair.now_s)
    assert stranger.next_event() == LoginRefused("sub", 1)
    assert pair.lower.counts["wrong_verify_code"] == 1
    assert not pair.lower.sub.established


@pytest.mark.parametrize("role", ["lower", "upper"])
def test_closing_ends_both_links_for_both(role: str) -> None:
    pair = _up("2019")
    pair.cut |= {"main", "sub"}
    (pair.lower if role == "lower" else pair.upper).close(pair.now_s)
    pair.run()
    pair.pass_time(10)
    for peer in (pair.upper, pair.lower):
        assert peer.main.state is peer.sub.state is LinkState.DOWN
    notice = links.LowerCloses if role == "lower" else links.UpperCloses
    other = "upper" if role == "lower" else "lower"
    assert [type(event.message) for event in pair.take(MessageReceived, other)] == [notice]


def test_before_the_login_nothing_else_and_nothing_long_is_taken() -> None:
    upper = Peer("upper", settings_of("2011"))
    upper.connected("main", START_S)
    early = encode_frame(Header(message_id=0x1200, sequence=1, gnss_center_id=33010), UP.encode("2011"))
    upper.receive_data("main", early, START_S)
    event = upper.next_event()
    assert isinstance(event, FrameRefused)
    assert event.error.code == "state"
    upper.receive_data("main", b"\x5b" + bytes(2 * MAX_LOGIN_FRAME_BYTES), START_S)
    assert upper.next_event() is None
    upper.pass_time(START_S + 60)
    assert upper.next_event() == LinkLost("main", "no_login")


def test_a_second_connection_takes_the_place_of_the_first() -> None:
    pair = _up()
    pair.upper.connected("main", pair.now_s)
    pair.lower.connected("main", pair.now_s)
    assert pair.upper.next_event() == LinkLost("main", "replaced")
    pair.run()
    assert pair.upper.main.established
    assert pair.upper.sub.established


def test_a_login_on_the_same_connection_is_judged_again() -> None:
    pair = _up()
    login = links.LoginRequest(user_id=1, password="", down_link_ip="192.0.2.9", down_link_port=1)
    pair.lower.main.write(login, pair.now_s)
    pair.run()
    [event] = pair.take(LoginRequested, "upper")
    assert event.request == login
    assert pair.wanted[-1] == ConnectWanted("sub", "192.0.2.9", 1)
    assert pair.upper.main.established


def test_frames_that_cannot_be_read_are_told_and_counted() -> None:
    pair = _up()
    bad = encode_frame(Header(message_id=0x1200, sequence=1, gnss_center_id=33010), b"short")
    pair.upper.receive_data("main", b"junk" + bad + b"\x5bxx\x5d" + bad[:-3] + b"\x00\x00\x5d", pair.now_s)
    codes = [event.error.code for event in _refused(pair)]
    assert codes == ["truncated", "truncated", "checksum"]
    assert pair.upper.main.counts["truncated"] == 2
    assert pair.upper.main.established


def _refused(pair: Pair) -> list[FrameRefused]:
    pair.run()
    return [event for _, event in pair.found if isinstance(event, FrameRefused)]


def test_sequence_numbers_count_over_both_links_and_wrap() -> None:
    pair = _up()
    pair.lower._sequence = 0xFFFF_FFFE
    sent = [pair.lower.send(UP, pair.now_s).sequence for _ in range(3)]  # type: ignore[union-attr]
    assert sent == [0xFFFF_FFFF, 0, 1]


def test_lost_messages_are_told_by_their_numbers() -> None:
    for numbers in ((7, 8, 11, 9, 12, 12), (0xFFFF_FFFF, 0, 2), (5, 900_000_000, 900_000_002)):
        watch = SequenceWatch()
        for number in numbers:
            watch.see(number)
        assert watch.missing == 1
        watch.restart()
        watch.see(500)
        assert watch.missing == 1
    for bulk in (False, True):
        pair = _up(bulk=bulk)
        pair.lower.send(UP, pair.now_s)
        pair.lower._sequence += 3
        pair.lower.send(UP, pair.now_s)
        pair.run()
        assert (pair.upper.missing, pair.lower.missing) == (3, 0)


def test_what_does_not_fit_takes_no_sequence_number() -> None:
    pair = _up()
    before = pair.lower._sequence
    with pytest.raises(EncodeError):
        pair.lower.send(platforms.PostCheckResponse(info_id=1 << 40, content=""), pair.now_s)
    assert pair.lower._sequence == before


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_any_cut_of_the_stream_gives_the_same_events(size: int) -> None:
    pair = _up()
    one_by_one = _up(bulk=True)
    for number in range(20):
        message = vehicles.PositionReupload(
            plate=f"苏A{number:05d}", color=93, positions=(GNSS,) * (number % 3 + 1)
        )
        pair.lower.send(message, pair.now_s)
        if number % 7 == 0:
            pair.lower.send(platforms.PlatformTextResponse(info_id=number), pair.now_s)
    data = pair.lower.data_to_send("main")
    for at in range(0, len(data), size):
        pair.upper.receive_data("main", data[at : at + size], pair.now_s)
        one_by_one.upper.receive_data("main", data[at : at + size], pair.now_s)
    assert len(_received_now(pair)) == 23
    assert _flat(one_by_one) == [part for message in _messages(pair) for part in _parts(message)]


def _received_now(pair: Pair) -> list[object]:
    while (event := pair.upper.next_event()) is not None:
        pair.found.append(("upper", event))
    return pair.found


def _messages(pair: Pair) -> list[Message]:
    return [event.message for _, event in pair.found if isinstance(event, MessageReceived)]  # type: ignore[misc]


def _parts(message: Message) -> list[object]:
    if isinstance(message, vehicles.PositionReupload):
        return [message.plate] * len(message.positions)
    return [message]


def _flat(pair: Pair) -> list[object]:
    found: list[object] = []
    while (event := pair.upper.next_event()) is not None:
        if isinstance(event, PositionsReceived):
            found += event.positions.plates()
        else:
            assert isinstance(event, MessageReceived)
            found.append(event.message)
    return found


def test_the_page_of_states_and_messages_is_in_step() -> None:
    page = Path(__file__).parents[2] / "docs" / "protocols" / "jt809-tables.md"
    assert page.read_text(encoding="utf-8") == document(), "run make docs"


def test_every_state_can_be_left_and_the_picture_shows_all() -> None:
    for side, table in TRANSITIONS.items():
        states = {state for state, _ in table} | set(table.values())
        for state in states - {LinkState.DOWN}:
            assert table[state, Trigger.DISCONNECTED] is LinkState.DOWN
            assert table[state, Trigger.TIMEOUT] is LinkState.DOWN
        drawn = diagram(side)
        assert drawn.startswith("stateDiagram-v2")
        assert all(state.value.replace(" ", "_") in drawn for state in states)
