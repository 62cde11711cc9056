"""Every command comes to one end, whatever happens in whatever order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.commands.world import FINAL, LIMITS, World

GATEWAYS = st.sampled_from("AAB")
LINES = st.sampled_from(("139", "139", "139", "138"))
REPRESENTATIVES = ("text", "area_set", "photo", "parameters_query", "terminal_control")
"""Without and with an answer of its own, asked again and not, never sent twice."""
STEPS = st.one_of(
    st.tuples(st.just("order"), st.sampled_from(REPRESENTATIVES), LINES, st.sampled_from([15, 300, 3000])),
    st.tuples(st.just("join"), GATEWAYS, LINES),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 11.0, 11.0, 40.0, 200.0])),
    st.tuples(st.just("leave"), GATEWAYS, LINES),
    st.tuples(st.just("acknowledge"), GATEWAYS, LINES, st.sampled_from([0, 0, 0, 1, 3]), st.integers(0, 2)),
    st.tuples(st.just("answer"), GATEWAYS, LINES, st.integers(0, 2)),
    st.tuples(st.just("restart"), GATEWAYS),
    st.tuples(st.just("hush"), st.booleans()),
)


@settings(max_examples=250, deadline=None)
@given(st.lists(STEPS, min_size=10, max_size=60))
def test_every_command_ends_once_and_is_not_repeated_for_ever(steps: list[tuple]) -> None:
    world = World()
    for name, *arguments in steps:
        if name == "hush":
            world.talkative = arguments[0]
        else:
            getattr(world, name)(*arguments)
    world.wait(3001)
    # What a dead gateway had in hand is ended by one that reads the table again.
    for row in world.rows.values():
        row.gateway = None
    world.restart("A")
    world.wait(0)
    for number, row in world.rows.items():
        assert row.state in FINAL, row
        assert row.ends == 1, row
        assert row.attempts <= LIMITS.attempts
        assert world.transmissions[number] <= LIMITS.attempts * 2, "a few more while a link is replaced"
    assert [len(one.dispatcher) for one in world.gateways.values()] == [0, 0]


def test_the_standards_repetitions() -> None:
    """T, T, 2 T: after the n-th repetition the wait is n times the one before."""
    world = World()
    world.join("A", "139")
    command = world.order("text", "139")
    times = [0.0]
    for tenth in range(1, 500):
        world.wait(0.1)
        if world.transmissions[command.command_id] > len(times):
            times.append(tenth / 10)
    assert times == [0, 10, 20]
    row = world.rows[command.command_id]
    assert (row.state, row.reason, row.attempts) == ("failed", "no_answer", 3)
    (serials,) = {tuple(serial for _, serial in world.gateways["A"].links["139"])}
    assert len(serials) == 1, "repeated under its serial"


def test_a_silent_terminal_may_come_back() -> None:
    world = World()
    world.talkative = False
    world.join("A", "139")
    command = world.order("text", "139")
    world.wait(100)
    assert world.rows["0"].state == "sent"
    world.leave("A", "139")
    world.join("A", "139")
    assert world.transmissions[command.command_id] == 4
    world.acknowledge("A", "139")
    assert (world.rows["0"].state, world.rows["0"].result) == ("answered", {"result": 0})


def test_a_terminal_that_drops_off_each_time_is_not_tried_for_ever() -> None:
    world = World()
    command = world.order("text", "139", 3600)
    for _ in range(2 * LIMITS.attempts):
        world.join("A", "139")
        world.wait(5)
        world.leave("A", "139")
    assert world.transmissions[command.command_id] == LIMITS.attempts
    assert (world.rows["0"].state, world.rows["0"].reason) == ("failed", "no_answer")


def test_an_own_answer_comes_after_the_acknowledgement_or_instead() -> None:
    world = World()
    world.join("A", "139")
    world.order("photo", "139")
    world.acknowledge("A", "139")
    assert world.rows["0"].state == "delivered"
    world.answer("A", "139")
    assert world.rows["0"].state == "answered"
    world.order("parameters_query", "139")
    world.answer("A", "139")
    assert world.rows["1"].state == "answered"


def test_delivered_and_never_answered_expires() -> None:
    world = World()
    world.join("A", "139")
    world.order("photo", "139")
    world.acknowledge("A", "139")
    world.wait(301)
    assert (world.rows["0"].state, world.rows["0"].reason) == ("expired", "not_answered")
    assert world.transmissions["0"] == 1


@pytest.mark.parametrize(("result", "reason"), [(1, "refused"), (2, "bad_message"), (3, "unsupported")])
def test_a_terminal_that_says_no(result: int, reason: str) -> None:
    world = World()
    world.join("A", "139")
    world.order("area_set", "139")
    world.acknowledge("A", "139", result)
    assert (world.rows["0"].state, world.rows["0"].reason) == ("failed", reason)
    assert world.rows["0"].result == {"result": result}


def test_one_family_keeps_its_order_others_do_not_wait() -> None:
    world = World()
    for kind in ("area_delete", "area_set", "text", "area_set"):
        world.order(kind, "139")
    world.join("A", "139")
    assert [command.kind for command, _ in world.gateways["A"].links["139"]] == ["area_delete", "text"]
    world.acknowledge("A", "139", back=1)
    heard = world.gateways["A"].links["139"]
    assert [command.command_id for command, _ in heard] == ["0", "2", "1"]
    world.wait(5)
    assert len(heard) == 3
    world.acknowledge("A", "139", result=1)
    assert [command.command_id for command, _ in heard] == ["0", "2", "1", "3"]


def test_the_second_gateway_has_the_terminal() -> None:
    world = World()
    world.join("B", "139")
    world.order("text", "139")
    world.acknowledge("B", "139")
    assert world.rows["0"].state == "answered"
    assert len(world.gateways["A"].dispatcher) == 1, "it hears nothing of it until it looks"
    assert world.gateways["A"].dispatcher.lost("0") == []
    assert len(world.gateways["A"].dispatcher) == 0


def test_of_two_links_the_newer_one_wins() -> None:
    """A half-open connection at another gateway does not keep a command from its terminal."""
    world = World()
    world.join("A", "139")
    world.order("text", "139")
    world.join("B", "139")
    assert world.transmissions["0"] == 2
    world.wait(10)
    world.acknowledge("B", "139")
    assert world.rows["0"].state == "answered"


def test_a_restart_sends_again_what_was_not_acknowledged() -> None:
    world = World()
    world.join("A", "139")
    world.order("text", "139")
    world.order("photo", "139")
    world.acknowledge("A", "139")
    world.restart("A")
    world.join("A", "139")
    assert world.transmissions == {"0": 2, "1": 1}, "a photo was delivered and is not taken twice"
    assert world.rows["1"].state == "delivered"


def test_a_reset_is_not_repeated_because_it_worked() -> None:
    world = World()
    world.join("A", "139")
    world.order("terminal_control", "139")
    world.leave("A", "139")
    world.join("A", "139")
    assert world.transmissions["0"] == 1
    assert (world.rows["0"].state, world.rows["0"].reason) == ("failed", "link_lost")
    world.order("terminal_control", "139")
    world.restart("A")
    world.join("A", "139")
    assert world.transmissions["1"] == 1
    assert (world.rows["1"].state, world.rows["1"].reason) == ("failed", "link_lost")


def test_what_cannot_be_sent_fails_and_the_next_one_goes() -> None:
    world = World()
    world.join("A", "139")
    first, second = world.order("text", "139"), world.order("text", "139")
    dispatcher = world.gateways["A"].dispatcher
    world.do(world.gateways["A"], dispatcher.failed(first.command_id, "unencodable", world.now_ms))
    assert world.rows["0"].reason == "unencodable"
    assert world.gateways["A"].links["139"][-1][0] == second


def test_a_message_in_packages_is_acknowledged_by_its_last_or_by_all() -> None:
    world = World()
    world.join("A", "139")
    command = world.order("area_set", "139")
    gateway = world.gateways["A"]
    world.do(gateway, gateway.dispatcher.sent(command.command_id, 0x8604, (7, 8, 9), world.now_ms))
    for serial, state in ((8, "sent"), (7, "sent"), (9, "answered")):
        done = gateway.dispatcher.acknowledged("139", serial, 0x8604, 0, world.now_ms)
        world.do(gateway, done)
        assert world.rows["0"].state == state
    other = world.order("area_set", "139")
    world.do(gateway, gateway.dispatcher.sent(other.command_id, 0x8604, (10, 11), world.now_ms))
    assert gateway.dispatcher.acknowledged("139", 10, 0x8604, 0, world.now_ms) == []
    world.wait(11)
    assert world.rows["1"].state == "answered"


def test_more_than_may_be_kept_stays_in_the_database() -> None:
    world = World()
    world.join("A", "139")
    for _ in range(LIMITS.capacity + 5):
        world.order("text", "138", 3600)
    dispatcher = world.gateways["A"].dispatcher
    assert (len(dispatcher), dispatcher.full) == (LIMITS.capacity, True)
    world.order("text", "139")
    assert len(dispatcher) == LIMITS.capacity + 1, "one for a terminal that is here is always taken"
