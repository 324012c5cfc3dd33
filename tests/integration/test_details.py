"""What the details of a check's outcome may hold: one printable line, not too long, and of URLs the site alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.one_check import server_at
from tests.servers.certificates import CertificateAuthority
from tests.servers.dns import FakeDns
from xmpp_exporter.catalogue import checks
from xmpp_exporter.checks import Server, run
from xmpp_exporter.checks.run import MAX_DETAIL
from xmpp_exporter.checks.verdicts import Undecided, broken, supported, without_place
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import MAX_DETAIL as MAX_ERROR
from xmpp_exporter.wire.errors import ProtocolViolation, StanzaError, WireError

ORDERS = "\x1b]0;owned\x07 first line\r\nsecond\u202eenil"
OBEYED = frozenset("\x1b\x07\r\n\u202e")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    with FakeDns({}) as dns:
        async with server_at(CertificateAuthority(tmp_path), dns) as server:
            yield server


async def detail_of(server: Server, came: Outcome | Exception) -> str:
    """The detail in the report when a check ends with this."""

    async def function(_server: Server) -> Outcome:
        if isinstance(came, Exception):
            raise came
        return came

    deadline = asyncio.get_running_loop().time() + 10
    return (await run(checks()["srv_c2s"], function, server, deadline)).outcome.detail


@pytest.mark.parametrize(
    "came",
    [
        supported(ORDERS),
        broken(Reason.MISMATCH, ORDERS),
        Undecided(Reason.DEPENDS_ON, ORDERS),
        ProtocolViolation(ORDERS),
        StanzaError("item-not-found", ORDERS),
    ],
    ids=lambda came: type(came).__name__,
)
async def test_no_detail_has_anything_that_a_terminal_obeys(server: Server, came: Outcome | Exception) -> None:
    detail = await detail_of(server, came)
    assert "first line" in detail
    assert not OBEYED & set(detail)


async def test_a_long_detail_is_cut_and_says_so(server: Server) -> None:
    detail = await detail_of(server, broken(Reason.MISMATCH, "x" * 5000))
    assert len(detail) == MAX_DETAIL
    assert detail.endswith("x…")
    assert await detail_of(server, supported("y" * MAX_DETAIL)) == "y" * MAX_DETAIL


def test_an_error_is_printable_wherever_it_ends() -> None:
    """Also in the report of a probe that failed, and of a login."""
    error = WireError(ORDERS + "x" * 5000)
    assert not OBEYED & set(error.detail)
    assert len(error.detail) == MAX_ERROR


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://files.test/secret", "ftp://files.test is neither https nor wss"),
        ("http://me:secret@files.test/", "http://files.test is neither https nor wss"),
        ("slot://files.test?secret", "slot://files.test is neither https nor wss"),
        ("mailto:secret@files.test", "mailto is neither https nor wss"),
        ("https://me:secret@/", "not a URL with a host: 'https://'"),
        ("/upload?secret", "not a URL with a host: '/upload'"),
    ],
)
async def test_of_a_url_that_cannot_be_used_the_site_alone_is_told(server: Server, url: str, told: str) -> None:
    with pytest.raises(ProtocolViolation) as raised:
        await server.http.request("PUT", url)
    assert raised.value.detail == told


@pytest.mark.parametrize(
    ("detail", "rest"),
    [
        ("im.test (192.0.2.1:5222) refused the connection", "refused the connection"),
        ("im.test (192.0.2.1:5222): stream error host-unknown", "stream error host-unknown"),
        ("im.test (192.0.2.1:52222) refused the connection", "im.test (192.0.2.1:52222) refused the connection"),
        ("refused the connection", "refused the connection"),
    ],
)
def test_a_place_that_is_named_anyhow_is_not_named_twice(detail: str, rest: str) -> None:
    found = without_place(broken(Reason.UNREACHABLE, detail), "im.test (192.0.2.1:5222)")
    assert found == broken(Reason.UNREACHABLE, rest)
