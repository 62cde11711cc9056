"""A driver who changes vehicles: his card on the wire, and when the other vehicle may start."""

import pytest

from simulators.cards import CardEvent
from simulators.reliefs import HANDS_OVER, TAKES_OVER
from simulators.session import DRIVER_CARD, REPORT, Session
from simulators.source import Source
from stream.jt808.frame import Frame
from stream.jt808.messages import decode_message
from tests.simulators.fleets import BOOK, plans
from tests.simulators.test_session import BODY, Talk, vehicle


class CardTalk(Talk):
    """A terminal whose driver puts his card in first and pulls it out behind the third report."""

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.session = Session(
            vehicle(edition),
            lambda first, count: [BODY] * count,
            cards=(CardEvent(0, 1_772_409_600, "DRV000007"), CardEvent(3, 1_772_409_630, "")),
        )

    def answered(self) -> list[Frame]:
        frames = self.heard()
        for frame in frames:
            self.answer(frame)
        return frames


@pytest.mark.parametrize("edition", ["2013", "2019"])
def test_a_card_goes_before_its_reports_and_behind_the_last(edition):
    talk = CardTalk(edition)
    talk.go_online()
    assert talk.heard() == []  # nothing to report yet, nothing to say of who drives
    talk.offer(3)
    frames = talk.answered()
    assert [frame.header.message_id for frame in frames] == [DRIVER_CARD, REPORT, REPORT, REPORT, DRIVER_CARD]
    put_in, *_, pulled_out = (decode_message(DRIVER_CARD, frames[at].body, edition) for at in (0, -1))
    assert (put_in.status, put_in.certificate) == (1, "DRV000007")
    assert put_in.time.timestamp() == 1_772_409_600
    assert (pulled_out.status, pulled_out.time.timestamp()) == (2, 1_772_409_630)
    assert talk.session.is_drained
    assert talk.session.acknowledged_below == 3


def test_a_card_is_sent_again_until_it_is_answered():
    talk = CardTalk("2013")
    talk.go_online()
    talk.offer(1)
    card, report = talk.heard()
    talk.answer(report)
    assert not talk.session.is_drained
    talk.session.disconnected()
    talk.go_online()
    (again,) = talk.answered()
    assert again == card
    assert talk.session.is_drained


def test_a_driver_goes_on_two_minutes_later_in_another_vehicle():
    pair = {plan.role: plan for plan in plans(60, 1) if plan.relief}
    left, taken = Source(pair[HANDS_OVER], 10, BOOK, with_truth=False), pair[TAKES_OVER]
    assert left.plan.relief.partner == taken.vehicle.vehicle_id
    assert taken.relief.partner == left.plan.vehicle.vehicle_id
    assert left.plan.relief.driver == taken.relief.driver
    assert left.end == left.due(1e12)
    last_s = left.time_s(left.end - 1)
    assert 60 <= taken.begin_s - last_s < 600
    for below in range(32, left.end, 32):
        left.reports(below - 32, 32)
        left.settle(below)
    left.reports(left.end - 1, 1)
    assert left.sample(left.end - 1)[3] < 5, "who leaves his vehicle has parked it"
