"""Servers that lie, stall and flood, beyond what tests/servers/fake has ready."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from tests.servers.fake import Behaviour, Connection, FakeXmpp, Session, silent
from tests.servers.fake.behaviours import HEADER
from tests.servers.fake.xmpp import SASL, TLS


def answers(text: str) -> Behaviour:
    """Answer whatever comes first with `text`, and say no more."""

    async def behave(connection: Connection) -> None:
        await connection.reader.read(65536)
        await connection.send(text)
        await silent(connection)

    return behave


def opens_with(domain: str, text: str) -> Behaviour:
    """Answer the stream's header with one's own and `text`, and say no more."""
    return answers(HEADER.format(domain=domain) + text)


def nests_deeply(domain: str) -> Behaviour:
    """Features within features within features, a hundred thousand deep."""
    return opens_with(domain, "<stream:features>" + "<a>" * 100_000)


def floods(domain: str, text: str = "<a/>", beginning: str = "") -> Behaviour:
    """`text` without end: small stanzas, unless told otherwise."""

    async def behave(connection: Connection) -> None:
        await connection.reader.read(65536)
        await connection.send(HEADER.format(domain=domain) + beginning)
        while True:
            await connection.send(text * 50_000)

    return behave


def invents_an_encoding(domain: str) -> Behaviour:
    """An XML declaration with an encoding that nobody knows, and then something else than UTF-8."""

    async def behave(connection: Connection) -> None:
        await connection.reader.read(65536)
        header = HEADER.format(domain=domain).replace("version='1.0'", "version='1.0' encoding='klingon'", 1)
        await connection.send(header)
        connection.writer.write("<stream:features>\N{SNOWMAN}</stream:features>".encode("utf-16"))
        await silent(connection)

    return behave


def injects(server: FakeXmpp, injected: str) -> Behaviour:
    """Send `injected` in plain text right after the agreement to TLS, then be `server`: a man in the middle's trick."""

    async def behave(connection: Connection) -> None:
        assert server.tls is not None
        session = Session(connection, server.domain)
        await session.open(f"<starttls xmlns='{TLS}'><required/></starttls>")
        await session.receive()
        await session.send(f"<proceed xmlns='{TLS}'/>{injected}")
        await connection.encrypt(server.tls)
        server.tls = None
        await server(connection)

    return behave


@dataclass(slots=True)
class Listening(FakeXmpp):
    """A server that keeps all it has read, as it came."""

    heard: bytearray = field(default_factory=bytearray)

    async def __call__(self, connection: Connection) -> None:
        connection.reader = Recorder(connection.reader, self.heard)  # type: ignore[assignment]
        await FakeXmpp.__call__(self, connection)


@dataclass(slots=True)
class Recorder:
    reader: asyncio.StreamReader
    heard: bytearray

    async def read(self, size: int) -> bytes:
        data = await self.reader.read(size)
        self.heard += data
        return data


@dataclass(slots=True)
class Tampering(FakeXmpp):
    """A server whose SASL messages are altered: `tamper` is given the element's name and the text in it."""

    tamper: Callable[[str, str], str] = lambda _name, text: text

    async def _send_sasl(self, session: Session, name: str, text: str) -> None:
        await FakeXmpp._send_sasl(self, session, name, self.tamper(name, text))


@dataclass(slots=True)
class Blurting(FakeXmpp):
    """A server that answers the beginning of the login with `answer`."""

    answer: str = ""

    async def _authenticate(self, session: Session) -> bool:
        request = await self._expect(session, f"{{{SASL}}}auth")
        self.attempts.append(request.get("mechanism", ""))
        await session.send(self.answer)
        await silent(session.connection)
        return False


@dataclass(slots=True)
class Careful(FakeXmpp):
    """A server that sends the proof as a challenge of its own, and then an empty success (RFC 6120 §6.4.6)."""

    async def _send_sasl(self, session: Session, name: str, text: str) -> None:
        if name == "success":
            await FakeXmpp._send_sasl(self, session, "challenge", text)
            await self._expect(session, f"{{{SASL}}}response")
            await session.send(f"<success xmlns='{SASL}'/>")
        else:
            await FakeXmpp._send_sasl(self, session, name, text)


def sends_after_login(text: str) -> Callable[[Session], Awaitable[None]]:
    """What to do once somebody is logged in: send `text`."""

    async def start(session: Session) -> None:
        await session.send(text)

    return start


async def ignore(_session: Session, _stanza: Element) -> None:
    """A hook that leaves a query unanswered."""


async def die(session: Session, _stanza: Element) -> None:
    """A hook that lets the stream die."""
    session.connection.reset()


def answers_late(silence: float, breaths: int) -> Callable[[Session, Element], Awaitable[Any]]:
    """A hook that answers after so many times `silence` seconds, with a byte of whitespace after each."""

    async def hook(session: Session, iq: Element) -> None:
        for _ in range(breaths):
            await asyncio.sleep(silence)
            await session.send(" ")
        await session.reply(iq)

    return hook
