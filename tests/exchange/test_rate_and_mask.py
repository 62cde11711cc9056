"""Rates and pseudonyms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.exchange.masking import masked_name, masked_number, masked_plate
from stream.exchange.rate import TokenBucket


@given(
    rate=st.floats(0.5, 1000),
    steps=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 500)), min_size=1, max_size=50),
)
def test_no_window_holds_more_than_the_rate_and_one_burst(
    rate: float, steps: list[tuple[float, int]]
) -> None:
    bucket, now_s, taken = TokenBucket(rate), 0.0, []
    for pause_s, wanted in steps:
        now_s += pause_s
        taken.append((now_s, bucket.take(wanted, now_s)))
    for first in range(len(taken)):
        total = 0
        for now_s, count in taken[first:]:
            total += count
            assert total <= max(1.0, rate) + (now_s - taken[first][0]) * rate + 1e-6


def test_waiting_as_told_is_enough() -> None:
    bucket = TokenBucket(4)
    assert bucket.take(100, 10.0) == 4
    assert bucket.take(1, 10.0) == 0
    assert bucket.take(100, 10.0 + bucket.wait_s() + 1e-9) == 1


def test_masked_plates_are_steady_and_of_one_link() -> None:
    masked = masked_plate("苏A12345", 2, "key")
    assert masked == masked_plate("苏A12345", 2, "key")
    assert masked.startswith("苏A")
    assert "12345" not in masked
    assert len(masked.encode("gbk")) <= 21
    assert len({masked, masked_plate("苏A12345", 1, "key"), masked_plate("苏A12345", 2, "other")}) == 3


def test_masked_people() -> None:
    assert masked_name("张三") == "张*"
    assert masked_name("") == ""
    assert masked_number("320102199001011234") == "3201**********1234"
    assert masked_number("12") == "12"
    assert masked_number("1234") == "1**4"
