"""A fleet that is started again goes on from where it was."""

import pytest

from simulators.fleet import build_fleet
from simulators.limits import LONGEST_DRIVING_S
from simulators.plan import plan_fleet
from simulators.reports import bodies
from simulators.resume import Place, ResumeError, load, save
from simulators.source import CHUNK, Source
from tests.simulators.engine import Finding, Judge, expected
from tests.simulators.fleets import BOOK, MORNING_S, drive, plans, truth_of

INTERVAL_S, VEHICLES, SEED = 10, 40, 6


def run_until(plan, hours: float, judge: Judge) -> Place:
    """Drive a source to a time as a terminal would, every report acknowledged; tell where it ended."""
    source = Source(plan, INTERVAL_S, BOOK, with_truth=False)
    due = source.due(plan.stored_until_s + hours * 3600)
    for first in range(0, due, CHUNK):
        count = min(CHUNK, due - first)
        judge.hear(plan.vehicle, source.reports(first, count))
        source.settle(first + count)
    return source.place(due - 1)


@pytest.mark.parametrize("pause_h", [0.01, 0.2, 0.6, 10.0])
def test_a_restart_makes_nothing_up(tmp_path, pause_h):
    judge = Judge()
    places = {plan.vehicle.vehicle_id: run_until(plan, 1.5, judge) for plan in plans(VEHICLES, SEED)}
    save(tmp_path / "places.json", SEED, BOOK.network, places.items())
    loaded = load(tmp_path / "places.json", SEED, BOOK)
    before = judge.findings()
    begin_s = MORNING_S + int((1.5 + pause_h) * 3600)
    truth = set[Finding]()
    for plan in plan_fleet(build_fleet(VEHICLES, SEED), SEED, begin_s, INTERVAL_S, BOOK, loaded):
        place = places[plan.vehicle.vehicle_id]
        assert plan.begin_s > place.time_s
        samples = drive(plan, INTERVAL_S, 1.0)
        judge.hear(plan.vehicle, bodies(samples, plan.vehicle.edition))
        truth |= expected(plan.vehicle, truth_of(plan, samples))
    known = {(vehicle, rule, start) for vehicle, rule, start, *_ in before | truth}
    new = {finding for finding in judge.findings() if finding[:3] not in known}
    # Whoever had been at the wheel for hours when the first run ended may pass 4 h in the second.
    # A day's hours are of both runs, and silence lay between them; positions and places are where they were.
    made_up = [each for each in new if each[1] in ("speeding", "speeding_pre", "position_jump")]
    assert made_up == []
    if pause_h * 3600 > LONGEST_DRIVING_S:
        assert {each for each in new if each[1].startswith("continuous_driving")} == set()


def test_places_of_another_seed_are_not_used(tmp_path):
    file = tmp_path / "places.json"
    plan = plans(1, 1)[0]
    save(file, 1, BOOK.network, [("SIM000001", Place(MORNING_S, plan.path, 500.0, MORNING_S))])
    assert load(file, 2, BOOK) == {}
    assert load(file, 1, BOOK)["SIM000001"].along_m == 500.0
    assert load(tmp_path / "none.json", 1, BOOK) == {}


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1, "seed": 1, "network": 0}', "\x00"])
def test_a_broken_file_is_told_apart(tmp_path, text):
    file = tmp_path / "places.json"
    file.write_text(text)
    if "network" in text:
        assert load(file, 1, BOOK) == {}
    else:
        with pytest.raises(ResumeError, match="delete it"):
            load(file, 1, BOOK)
