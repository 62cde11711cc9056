"""Two of our own instances, one the upper platform of the other, over real sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts.exchange import orders, post_checks, supervisions
from tests.exchange.link_files import LOWER, UPPER
from tests.exchange.lower import until_ready
from tests.exchange.platforms import (
    LogWatch,
    Place,
    add_vehicles,
    fetch,
    now_s,
    running_exchange,
    send_blocks,
    until,
    until_up,
)
from tests.exchange.test_stores import urge
from tests.services import free_port

CIPHER = {"m1": 30000000, "ia1": 20000000, "ic1": 20000000}


def pair(version: str, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two sides of one link, on ports of their own."""
    main, sub = free_port(), free_port()
    shared = {"version": version, "access_code": 320001, "user": 7, "password": "secret", "confirm_s": 0.2}
    upper = {**UPPER, **shared, "main_host": "127.0.0.1", "main_port": main, "receipt_s": 0.5}
    lower = {**LOWER, **shared, "main_port": main, "sub_port": sub, "forward": {"all": True}, **fields}
    if "encryption" in fields:
        upper["encryption"] = fields["encryption"]
    return upper, lower


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_a_thousand_vehicles_encrypted(
    above: Place, below: Place, tmp_path: Path, version: str
) -> None:
    upper, lower = pair(version, encryption=CIPHER, rate_per_s=100_000)
    (tmp_path / "upper").mkdir()
    (tmp_path / "lower").mkdir()
    names = await add_vehicles(below, 1000)
    await add_vehicles(above, 1000)
    start = now_s() * 1000
    async with (
        running_exchange(above, tmp_path / "upper", upper),
        running_exchange(below, tmp_path / "lower", lower),
        LogWatch(above) as watch,
    ):
        await until_up(above, "below")
        await until_up(below, "above")
        await until_ready(below)
        await send_blocks(below, names, [start, start + 1000, start + 2000])
        rows = await watch.until_rows(3000)
    assert len(rows) == 3000
    for row in rows:
        assert row["longitude_deg"] == pytest.approx(118 + int(row["vehicle_id"][1:]) / 10_000, abs=1e-6)
        assert (row["source"], row["speed_kmh"], row["alarm_bits"], row["driver_id"]) == (3, 60.0, 1, "D1")
    seen = {(row["vehicle_id"], int(row["time"].timestamp() * 1000)) for row in rows}
    assert seen == {(name, start + step) for name in names for step in (0, 1000, 2000)}
    counters = (await fetch(above, "SELECT counters::text FROM exchange_links"))[0][0]
    assert '"positions_durable": 3000' in counters


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_questions_and_cases_between_two_of_ours(
    above: Place, below: Place, tmp_path: Path, version: str
) -> None:
    upper, lower = pair(version)
    (tmp_path / "upper").mkdir()
    (tmp_path / "lower").mkdir()
    async with (
        running_exchange(above, tmp_path / "upper", upper),
        running_exchange(below, tmp_path / "lower", lower),
    ):
        await until_up(above, "below")
        asking, answering = await asyncpg.connect(above.dsn), await asyncpg.connect(below.dsn)
        await post_checks.ask(
            asking, "below", object_type=1, object_id="320001", text="3+4=?", answer_s=120, operator="王"
        )
        question = await until(lambda: answering.fetchrow("SELECT * FROM post_checks"))
        assert (question["question"], question["direction"]) == ("3+4=?", "in")
        await post_checks.answer(answering, str(question["post_check_id"]), "7", "赵六", "138")
        answered = await until(lambda: asking.fetchrow("SELECT * FROM post_checks WHERE state = 'answered'"))
        assert answered["answer"] == "7"
        await supervisions.urge_peer(asking, "below", urge(), "王芳")
        case = await until(lambda: answering.fetchrow("SELECT * FROM supervisions"))
        assert (case["state"], case["level"], case["supervisor"]) == ("open", 0, "李明")
        await supervisions.give_result(answering, str(case["case_id"]), "done", "赵六", "已处理")
        done = await until(lambda: asking.fetchrow("SELECT * FROM supervisions WHERE state = 'done'"))
        assert (done["direction"], done["result"]) == ("out", "done")
        await orders.add_order(asking, "below", "text", {"text": "通知", "object_type": 1, "object_id": ""},
                               operator="王", valid_s=60)  # fmt: skip
        assert await until(
            lambda: asking.fetchrow(
                "SELECT * FROM exchange_orders WHERE kind = 'text' AND state = 'answered'"
            )
        )
        await asking.close()
        await answering.close()
