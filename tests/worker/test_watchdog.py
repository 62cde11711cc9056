"""The watchdog, with a clock of the test's."""

from stream.worker.watchdog import Watchdog


def test_a_partition_that_has_nothing_to_do_is_not_stalled() -> None:
    watchdog = Watchdog(60)
    assert watchdog.stalled({0: 0}, {0: 5}, 0) == []
    assert watchdog.stalled({0: 0}, {0: 5}, 1000) == []


def test_a_partition_that_moves_is_not_stalled() -> None:
    watchdog = Watchdog(60)
    for second in range(0, 300, 30):
        assert watchdog.stalled({0: 10}, {0: second}, second) == []


def test_records_waiting_without_progress_are_a_stall() -> None:
    watchdog = Watchdog(60)
    assert watchdog.stalled({0: 10, 1: 0}, {0: 5, 1: 7}, 0) == []
    assert watchdog.stalled({0: 10, 1: 0}, {0: 5, 1: 7}, 60) == []
    assert watchdog.stalled({0: 10, 1: 0}, {0: 5, 1: 7}, 61) == [0]


def test_patience_begins_when_the_first_record_waits() -> None:
    watchdog = Watchdog(60)
    assert watchdog.stalled({0: 0}, {0: 5}, 0) == []
    assert watchdog.stalled({0: 3}, {0: 5}, 100) == []
    assert watchdog.stalled({0: 0}, {0: 5}, 1000) == []
    assert watchdog.stalled({0: 3}, {0: 5}, 1001) == []
    assert watchdog.stalled({0: 3}, {0: 5}, 1070) == [0]
