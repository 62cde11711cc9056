"""What the gateway tells whoever follows its sessions, and what it remembers of terminals."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import asyncpg
import pytest

from alerts.terminal_traits import Traits, load_traits, save_traits
from rules.identity import vehicle_key
from stream.gateway.conversation import Conversation
from stream.gateway.hooks import Listener
from stream.gateway.session import Session
from stream.gateway.traits import TraitMemory
from stream.jt808.frame import encode_frame
from stream.jt808.messages import Message, RawMessage, TerminalGeneralResponse, TextMessage, Unregister
from tests.gateway.conftest import RunningGateway, started
from tests.gateway.terminal import PATIENCE_S, TestTerminal

pytestmark = pytest.mark.stack


@dataclass
class Diary:
    """A listener that writes down what it is told."""

    told: list[tuple[object, ...]] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def joined(self, session: Session) -> None:
        self.sessions[session.phone] = session
        self._note("joined", session.phone, session.edition)

    def left(self, session: Session) -> None:
        self._note("left", session.phone)

    def answered(
        self, session: Session, message_id: int, reply_serial: int | None, message: Message | RawMessage
    ) -> None:
        self._note("answered", session.phone, message_id, reply_serial, type(message).__name__)

    def _note(self, *what: object) -> None:
        self.told.append(what)
        self._ring = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()

    async def until(self, count: int) -> list[tuple[object, ...]]:
        async with asyncio.timeout(PATIENCE_S), self.news:
            await self.news.wait_for(lambda: len(self.told) >= count)
        return self.told


@pytest.fixture
def diary(monkeypatch: pytest.MonkeyPatch) -> Diary:
    """Followed by every gateway of the test, whoever else asks to."""
    kept = Diary()

    def follow(self: Conversation, listener: Listener) -> None:
        pass

    monkeypatch.setattr(Conversation, "listener", property(lambda self: kept, follow), raising=False)
    return kept


async def test_a_follower_hears_who_comes_goes_and_answers(diary: Diary, gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.join(gateway.port)
    await diary.until(1)
    sent = diary.sessions["13900000001"].send(TextMessage(8, "您已超速"))
    await terminal.hear(TextMessage)
    terminal.send(TerminalGeneralResponse(sent.serials[0], 0x8300, 0))
    terminal.write(encode_frame(0x0104, terminal.phone, 60, b"\0\x07\0"))
    terminal.write(encode_frame(0x0107, terminal.phone, 61, b"short"))
    assert (await terminal.answer_to(60)).result == 0
    assert (await terminal.answer_to(61)).result == 2
    assert (await terminal.answer_to(terminal.send(Unregister()))).result == 0
    assert (await diary.until(5))[1:] == [
        ("answered", "13900000001", 0x0001, sent.serials[0], "TerminalGeneralResponse"),
        ("answered", "13900000001", 0x0104, 7, "ParameterResponse"),
        ("answered", "13900000001", 0x0107, None, "RawMessage"),
        ("left", "13900000001"),
    ]


async def test_a_replaced_session_has_left_before_the_new_one_joins(
    diary: Diary, gateway: RunningGateway
) -> None:
    old, new = TestTerminal("013900000001"), TestTerminal("013900000001")
    await old.join(gateway.port)
    await new.join(gateway.port)
    await new.close()
    told = await diary.until(4)
    assert [what[0] for what in told] == ["joined", "left", "joined", "left"]


async def test_the_edition_of_2011_is_remembered(diary: Diary, gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000002", "2011")
    await terminal.join(gateway.port)
    async with started(gateway.database, gateway.bootstrap_servers) as another:
        again = TestTerminal("013900000002", "2011")
        again.code = terminal.code
        await again.connect(another.port)
        assert (await again.authenticate()).result == 0
    editions = [what[2] for what in await diary.until(2) if what[0] == "joined"]
    assert editions == ["2011", "2011"]


async def test_the_newest_traits_win(database: str) -> None:
    key = vehicle_key("V1")
    old = Traits(key, changed_ms=5, driver_id="A")
    new = old.with_driver("B", 9, 10)
    connection = await asyncpg.connect(database)
    for traits in (new, old):
        await save_traits(connection, [traits])
    assert await load_traits(connection, [key]) == [new]
    await connection.close()
    memory = TraitMemory()
    memory.learn([new])
    memory.learn([old])
    assert memory.of(key) == new
    assert (new.driver_before, new.driver_since_ms) == ("A", 9)
