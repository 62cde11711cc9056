"""Other ways in: datagrams, TLS, and load balancers that say for whom a connection is."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import struct
import warnings
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import ServiceError
from stream.gateway.doors import Doors
from stream.gateway.proxy import SIGNATURE, Opening, ProxyError, is_trusted, parse_networks
from stream.jt808.frame import Frame, decode_frame, encode_frame
from stream.jt808.framing import FrameSplitter
from stream.jt808.messages import PlatformGeneralResponse, RegisterResponse, TerminalRegister, decode_message
from stream.settings import Settings
from tests.gateway.conftest import RunningGateway, started
from tests.gateway.terminal import PATIENCE_S, TestTerminal, position, whole_second
from tests.services import free_port

# --- UDP ---------------------------------------------------------------------------------------------------


class UdpTerminal:
    """A terminal that speaks in datagrams from one address."""

    def __init__(self, phone: str, port: int) -> None:
        self.phone, self.port = phone, port
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(("127.0.0.1", port))

    def send(self, *frames: bytes) -> None:
        self.socket.send(b"".join(frames))

    async def hear(self) -> Frame:
        loop = asyncio.get_running_loop()
        data = await asyncio.wait_for(loop.sock_recv(self.socket, 2000), PATIENCE_S)
        (content,) = FrameSplitter().feed(data)
        return decode_frame(content)

    async def result(self) -> tuple[int, int, int]:
        """Serial, id and result of the next 0x8001."""
        frame = await self.hear()
        answer = decode_message(frame.header.message_id, frame.body)
        assert isinstance(answer, PlatformGeneralResponse)
        return answer.reply_serial, answer.reply_id, answer.result

    async def join(self) -> None:
        body = TerminalRegister(32, 100, "TEST", "T-1", "0000001", 0, "").encode("2013")
        self.send(encode_frame(0x0100, self.phone, 0, body))
        answer = decode_message(0x8100, (await self.hear()).body)
        assert isinstance(answer, RegisterResponse)
        self.send(encode_frame(0x0102, self.phone, 1, answer.auth_code.encode()))
        assert await self.result() == (1, 0x0102, 0)


@pytest.fixture
async def udp_gateway(gateway: RunningGateway) -> AsyncIterator[tuple[RunningGateway, int]]:
    port = free_port()
    async with started(gateway.database, gateway.bootstrap_servers, udp_port=port) as running:
        yield running, port


@pytest.mark.stack
async def test_reports_in_datagrams_are_answered_when_durable(
    udp_gateway: tuple[RunningGateway, int],
) -> None:
    running, port = udp_gateway
    terminal = UdpTerminal("013900000001", port)
    await terminal.join()
    report = position(whole_second()).encode("2013")
    terminal.send(*(encode_frame(0x0200, terminal.phone, serial, report) for serial in (7, 8)))
    assert sorted([await terminal.result(), await terminal.result()]) == [(7, 0x0200, 0), (8, 0x0200, 0)]
    assert sum(block.rows for block in await running.blocks(2)) == 2


@pytest.mark.stack
async def test_a_stranger_hears_no_more_than_it_says(udp_gateway: tuple[RunningGateway, int]) -> None:
    _, port = udp_gateway
    stranger = UdpTerminal("013999999999", port)
    stranger.send(encode_frame(0x0002, stranger.phone, 1))  # 15 bytes; an answer would have 20
    stranger.send(encode_frame(0x0200, stranger.phone, 2, bytes(28)))
    assert await stranger.result() == (2, 0x0200, 1)


@pytest.mark.stack
async def test_a_new_address_authenticates_and_replaces_the_old(
    udp_gateway: tuple[RunningGateway, int],
) -> None:
    _, port = udp_gateway
    old, new = (UdpTerminal("013900000001", port) for _ in range(2))
    await old.join()
    report = encode_frame(0x0200, old.phone, 5, position(whole_second()).encode("2013"))
    new.send(report)
    assert await new.result() == (5, 0x0200, 1)
    await new.join()
    new.send(report)
    assert await new.result() == (5, 0x0200, 0)
    old.send(report)
    assert await old.result() == (5, 0x0200, 1)


# --- TLS ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(file)
    return file


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class SecureTerminal(TestTerminal):
    """A terminal on a TLS connection, behind a PROXY header if `preamble` is one."""

    def __init__(self, phone: str, context: ssl.SSLContext, preamble: bytes = b"") -> None:
        super().__init__(phone)
        self.context, self.preamble = context, preamble

    async def connect(self, port: int) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(self.preamble)
        await self._writer.start_tls(self.context, server_hostname="127.0.0.1")


@pytest.mark.stack
@pytest.mark.parametrize("behind_balancer", [False, True])
async def test_a_terminal_speaks_tls(
    gateway: RunningGateway, authority: trustme.CA, certificate: Path, behind_balancer: bool
) -> None:
    port = free_port()
    settings = {
        "tls_port": port,
        "tls_certificate": certificate,
        "proxy_trusted": "127.0.0.0/8" if behind_balancer else "",
    }
    preamble = header("203.0.113.7", 40_000) if behind_balancer else b""
    plain = RunningGateway(0, "", "")
    async with started(gateway.database, gateway.bootstrap_servers, **settings) as running:
        terminal = SecureTerminal("013900000001", trusting(authority), preamble)
        await terminal.join(port)
        assert (await terminal.answer_to(terminal.send(position(whole_second())))).result == 0
        plain = running
        old = trusting(authority)
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with warnings.catch_warnings(action="ignore"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await SecureTerminal("013900000001", old, preamble).connect(port)
        not_tls = TestTerminal("013900000001")
        await not_tls.connect(port)
        not_tls.write(preamble + encode_frame(0x0002, not_tls.phone, 1))
        assert await not_tls.closed()
    assert plain.port


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    section = replace(Settings().gateway, tls_port=8809)
    with pytest.raises(ServiceError, match="needs a certificate"):
        Doors.of(section)
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    with pytest.raises(ServiceError, match=r"certificate .* cannot be used"):
        Doors.of(replace(section, tls_certificate=broken))
    with pytest.raises(ServiceError, match="no-network"):
        Doors.of(replace(Settings().gateway, proxy_trusted="10.0.0.0/8, no-network"))


# --- PROXY protocol v2 -------------------------------------------------------------------------------------


def header(address: str, port: int, command: int = 0x21, extension: bytes = b"") -> bytes:
    """A header for a connection from `address`, as a load balancer builds it."""
    version = ipaddress.ip_address(address).version
    kind, packed = (0x11, 4) if version == 4 else (0x21, 16)
    ours = ipaddress.ip_address("192.0.2.1" if version == 4 else "2001:db8::1").packed
    block = ipaddress.ip_address(address).packed + ours + struct.pack(">HH", port, 8808) + extension
    assert len(block) == 2 * packed + 4 + len(extension)
    return SIGNATURE + bytes((command, kind)) + struct.pack(">H", len(block)) + block


@pytest.mark.stack
async def test_a_load_balancer_says_for_whom_a_connection_is(gateway: RunningGateway) -> None:
    settings = {"proxy_trusted": "10.0.0.0/8, 127.0.0.1"}
    local = SIGNATURE + b"\x20\x00\x00\x00"
    async with started(gateway.database, gateway.bootstrap_servers, **settings) as running:
        for preamble in (header("203.0.113.7", 5), header("2001:db8::7", 5, extension=b"\x04\0\1x"), local):
            terminal = TestTerminal("013900000001")
            await terminal.connect(running.port)
            for byte in preamble:
                terminal.write(bytes([byte]))
            assert (await terminal.register()).result == 0
            await terminal.close()
        for wrong in (encode_frame(0x0002, "013900000001", 1), header("203.0.113.7", 5, 0x31)):
            terminal = TestTerminal("013900000001")
            await terminal.connect(running.port)
            terminal.write(wrong)
            assert await terminal.closed()


@pytest.mark.stack
async def test_a_header_from_anyone_else_ends_the_connection(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.connect(gateway.port)
    terminal.write(header("203.0.113.7", 5))
    with pytest.raises(ConnectionError):
        await terminal.register()


@given(st.binary(max_size=40), st.booleans(), st.data())
def test_a_header_is_read_the_same_for_any_cut(behind: bytes, trusted: bool, source: st.DataObject) -> None:
    data = header("203.0.113.7", 12345) + behind
    cut = source.draw(st.integers(0, len(data)))
    opening = Opening(trusted)
    if not trusted:
        with pytest.raises(ProxyError) as told:
            list(map(opening.feed, (data[:cut], data[cut:])))
        assert told.value.reason == "proxy_spoofed"
        return
    first = opening.feed(data[:cut])
    assert opening.feed(data[cut:]) == behind if first is None else first + data[cut:] == behind
    assert opening.source is not None
    assert (opening.source.address, opening.source.port) == ("203.0.113.7", 12345)


def test_what_begins_like_a_header_and_is_none_is_let_through() -> None:
    opening = Opening(False)
    assert opening.feed(SIGNATURE[:5]) is None
    assert opening.feed(b"\x7e\x7e") == SIGNATURE[:5] + b"\x7e\x7e"
    assert Opening(False).feed(b"\x7e") == b"\x7e"


def test_networks_and_addresses() -> None:
    networks = parse_networks("10.0.0.0/8,2001:db8::/32, 192.0.2.9")
    assert is_trusted("10.1.2.3", networks)
    assert is_trusted("::ffff:10.1.2.3", networks)
    assert is_trusted("2001:db8::5", networks)
    assert is_trusted("192.0.2.9", networks)
    assert not is_trusted("192.0.2.10", networks)
    assert not is_trusted("10.1.2.3", ())
