"""A small XMPP server whose every answer can be scripted: STARTTLS or direct TLS, SCRAM, bind, and then hooks."""

import base64
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from tests.servers.fake.behaviours import HEADER
from tests.servers.fake.listener import Connection
from tests.servers.fake.scram import HASHES, ScramError, ScramServer

TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
SASL2 = "urn:xmpp:sasl:2"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
STREAM = "http://etherx.jabber.org/streams"
CLIENT = "jabber:client"
RESUME = "{urn:xmpp:sm:3}resume"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"


class StreamEndedError(EOFError):
    """The client closed its stream or its connection."""


def _new_parser() -> "ElementTree.XMLPullParser[Element]":
    return ElementTree.XMLPullParser(("start", "end"))


@dataclass(slots=True)
class Session:
    """One client's stream, as the hooks see it."""

    connection: Connection
    domain: str
    user: str = ""
    jid: str = ""
    stanzas: list[Element] = field(default_factory=list)
    """All that came in after bind, in order."""
    _parser: "ElementTree.XMLPullParser[Element]" = field(default_factory=_new_parser)
    _depth: int = 0

    async def send(self, text: str) -> None:
        """Send XML, or anything else, as it is."""
        await self.connection.send(text)

    async def reply(self, iq: Element, payload: str = "") -> None:
        """Answer a query with a result."""
        await self.send(f"<iq type='result' {self._addresses(iq)}>{payload}</iq>")

    async def refuse(self, iq: Element, condition: str = "service-unavailable", kind: str = "cancel") -> None:
        """Answer a query with a stanza error."""
        error = f"<error type='{kind}'><{condition} xmlns='{STANZAS}'/></error>"
        await self.send(f"<iq type='error' {self._addresses(iq)}>{error}</iq>")

    async def open(self, features: str) -> None:
        """Wait for the client's stream header, and answer with ours and the features. A new stream, a new document."""
        self._parser = _new_parser()
        self._depth = 0
        await self._next(depth=1)
        await self.send(f"{HEADER.format(domain=self.domain)}<stream:features>{features}</stream:features>")

    async def receive(self) -> Element:
        """The next element below the stream. Raises StreamEndedError when there will be none."""
        return await self._next(depth=2)

    async def _next(self, depth: int) -> Element:
        while True:
            for event, element in cast(Iterator[tuple[str, Element]], self._parser.read_events()):
                if event == "start":
                    self._depth += 1
                    if depth == 1:
                        return element
                    continue
                self._depth -= 1
                if self._depth == depth - 1:
                    return element
                if self._depth == 0:
                    raise StreamEndedError
            data = await self.connection.reader.read(65536)
            if not data:
                raise StreamEndedError
            self._parser.feed(data)

    def _addresses(self, iq: Element) -> str:
        sender = iq.get("to")
        origin = f" from={quoteattr(sender)}" if sender else ""
        return f"id={quoteattr(iq.get('id', ''))} to={quoteattr(self.jid)}{origin}"


Hook = Callable[[Session, Element], Awaitable[None]]
Start = Callable[[Session], Awaitable[None]]


async def _unavailable(session: Session, iq: Element) -> None:
    if iq.get("type") in ("get", "set"):
        await session.refuse(iq)


async def _nothing(session: Session, stanza: Element) -> None:
    pass


async def _no_start(session: Session) -> None:
    pass


@dataclass(slots=True)
class FakeXmpp:
    """A behaviour for `listening`: an XMPP server for `domain`, whose accounts are `passwords` by user.

    With `tls` it offers STARTTLS; pass the context to `listening` instead, and `direct_tls`, for direct TLS. After
    login every iq goes to the hook whose key is its first child's `{namespace}name`, otherwise to `on_iq`, by default
    one that answers service-unavailable; everything else goes to `on_stanza`. A hook that does nothing leaves a query
    unanswered; one that calls `session.connection.reset()` lets the stream die.
    """

    domain: str
    tls: ssl.SSLContext | None = None
    direct_tls: bool = False
    passwords: Mapping[str, str] = field(default_factory=lambda: {"probe": "secret"})
    mechanisms: Sequence[str] = ("SCRAM-SHA-256", "SCRAM-SHA-1")
    sasl2: Hook | None = None
    """Takes over a stream on which the client logs in by SASL2; its first element is `authenticate`."""
    iterations: int = 4096
    scram_attributes: str = ""
    """Added to SCRAM's server-first-message, such as `,h=…`."""
    binding: bytes = b""
    """The channel binding data that a mechanism whose name ends in -PLUS must bring."""
    login_features: str = ""
    """XML added to the stream features before login, after TLS."""
    features: str = ""
    """XML added to the stream features after login."""
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    on_iq: Hook = _unavailable
    on_stanza: Hook = _nothing
    on_resume: Hook = _nothing
    """Called with a request to resume a stream (XEP-0198 §5); one that sets `session.jid` has resumed it."""
    on_start: Start = _no_start
    """Called after bind."""
    sessions: list[Session] = field(default_factory=list)
    """All that got as far as bind."""
    attempts: list[str] = field(default_factory=list)
    """The mechanism of each login attempt, refused ones too. Whatever is offered, only SCRAM can succeed."""

    async def __call__(self, connection: Connection) -> None:
        session = Session(connection, self.domain)
        if self.tls is not None and not self.direct_tls:
            await session.open(f"<starttls xmlns='{TLS}'><required/></starttls>")
            await self._expect(session, f"{{{TLS}}}starttls")
            await session.send(f"<proceed xmlns='{TLS}'/>")
            await connection.encrypt(self.tls)
        offered = "".join(f"<mechanism>{name}</mechanism>" for name in self.mechanisms)
        await session.open(f"<mechanisms xmlns='{SASL}'>{offered}</mechanisms>{self.login_features}")
        while not await self._authenticate(session):
            pass
        await session.open(f"<bind xmlns='{BIND}'/>{self.features}")
        await self._bind(session)
        self.sessions.append(session)
        await self.on_start(session)
        while True:
            stanza = await session.receive()
            session.stanzas.append(stanza)
            await self._dispatch(session, stanza)

    async def _dispatch(self, session: Session, stanza: Element) -> None:
        if stanza.tag != f"{{{CLIENT}}}iq":
            await self.on_stanza(session, stanza)
            return
        hook = self.hooks.get(stanza[0].tag) if len(stanza) else None
        await (hook or self.on_iq)(session, stanza)

    async def _authenticate(self, session: Session) -> bool:
        request = await self._expect(session, f"{{{SASL}}}auth", f"{{{SASL2}}}authenticate")
        if request.tag == f"{{{SASL2}}}authenticate" and self.sasl2 is not None:
            await self.sasl2(session, request)
            raise StreamEndedError
        mechanism = request.get("mechanism", "")
        self.attempts.append(mechanism)
        if mechanism.removesuffix("-PLUS") not in HASHES:
            await session.send(f"<failure xmlns='{SASL}'><invalid-mechanism/></failure>")
            return False
        exchange = ScramServer(mechanism, self.passwords, self.iterations, self.scram_attributes, self.binding)
        await self._send_sasl(session, "challenge", exchange.first(_decoded(request)))
        answer = await session.receive()
        if answer.tag != f"{{{SASL}}}response":
            await session.send(f"<failure xmlns='{SASL}'><aborted/></failure>")
            return False
        try:
            outcome = exchange.final(_decoded(answer))
        except ScramError as error:
            await session.send(f"<failure xmlns='{SASL}'><{error}/></failure>")
            return False
        session.user = exchange.user
        await self._send_sasl(session, "success", outcome)
        return True

    async def _bind(self, session: Session) -> None:
        while True:
            stanza = await session.receive()
            if stanza.tag == RESUME:
                await self.on_resume(session, stanza)
                if session.jid:
                    return
            request = stanza.find(f"{{{BIND}}}bind")
            if request is None:
                continue
            resource = request.findtext(f"{{{BIND}}}resource") or "fake"
            session.jid = f"{session.user}@{self.domain}/{resource}"
            await session.reply(stanza, f"<bind xmlns='{BIND}'><jid>{session.jid}</jid></bind>")
            return

    async def _send_sasl(self, session: Session, name: str, text: str) -> None:
        encoded = base64.b64encode(text.encode()).decode()
        await session.send(f"<{name} xmlns='{SASL}'>{encoded}</{name}>")

    async def _expect(self, session: Session, *tags: str) -> Element:
        """The next element, which must be one of `tags`; any other ends the stream with an error, as a server would."""
        element = await session.receive()
        if element.tag in tags:
            return element
        await session.send(
            "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
        )
        raise StreamEndedError


def _decoded(element: Element) -> str:
    return base64.b64decode(element.text or "").decode()
