"""A trace shows what happened, and nothing that could log somebody in, however the bytes are cut."""

import asyncio
import base64
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.hostility import Blurting, Listening
from tests.servers.dns import FakeDns
from tests.servers.fake import Connection, FakeXmpp, Session, listening
from tests.servers.fake.xmpp import SASL
from xmpp_exporter.wire.errors import WireError
from xmpp_exporter.wire.trace import MAX_BYTES, Trace

TOKEN = "dG9rZW4tZm9yLXlvdQ"

REPLY = f"""
<services xmlns='urn:xmpp:extdisco:2'><service host='turn.test' username='1:u' password='{TOKEN}1'/></services>
<slot xmlns='urn:xmpp:http:upload:0'><get url='https://{TOKEN}9@up.test/{TOKEN}10/file'/>
<put url='https://up.test/{TOKEN}11/file?v={TOKEN}2'>
<header name='Authorization'>Bearer {TOKEN}3</header>
<header name='cookie'>id={TOKEN}4</header>
<header name='Expires'>tomorrow</header></put></slot>
<x xmlns='jabber:x:oob'><url> https://up.test/{TOKEN}12 </url></x>
<token xmlns='urn:xmpp:fast:0' expiry='2030-01-01T00:00:00Z' token='{TOKEN}5'/>
<x xmlns='jabber:x:data'><field var='muc#roomconfig_roomsecret'><value>{TOKEN}6</value></field>
<field var='title'><value>tea room</value></field></x>
<query xmlns='jabber:iq:register'><username>probe</username><password><b>{TOKEN}7</b>{TOKEN}8</password></query>
"""


def cut(connection: Connection, size: int) -> None:
    """Let a connection's text go out in pieces of `size` bytes."""
    write = connection.writer.write

    def pieces(data: bytes | bytearray | memoryview) -> None:
        for begin in range(0, len(data), size):
            write(data[begin : begin + size])

    connection.writer.write = pieces  # type: ignore[method-assign]


class Cut(Listening):
    """A server that sends everything in small pieces, and answers one question with secrets."""

    piece = 1

    async def __call__(self, connection: Connection) -> None:
        cut(connection, self.piece)
        await Listening.__call__(self, connection)


async def traced(site: FakeSite, server: FakeXmpp, password: str) -> str:
    """The trace of a login and one question."""
    lines: list[str] = []
    async with listening(server) as listener:
        try:
            async with site.session(listener, password=password, trace=Trace(lines.append)) as session:
                await session.iq("get", "<query xmlns='urn:example:secrets'/>")
        except WireError as error:
            lines.append(error.detail)
    return "\n".join(lines)


async def tell(session: Session, iq: object) -> None:
    await session.reply(iq, f"<answer xmlns='urn:example:secrets'>{REPLY}</answer>")  # type: ignore[arg-type]


passwords = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=30)
"""Long enough not to be part of what a trace is made of."""


@given(password=passwords, piece=st.integers(1, 2000), right=st.booleans())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_secret_is_in_the_trace_of_a_login(
    tmp_path_factory: pytest.TempPathFactory, password: str, piece: int, right: bool
) -> None:
    with FakeDns({}) as dns:
        site = FakeSite.create(tmp_path_factory.mktemp("site"), dns)
        server = Cut(
            DOMAIN,
            site.tls(),
            passwords={"probe": password if right else password + "x"},
            hooks={"{urn:example:secrets}query": tell},
        )
        server.piece = piece
        text = asyncio.run(traced(site, server, password))
    payloads = re.findall(r"<(?:auth|response)[^>]*>([^<]+)<", server.heard.decode())
    assert len(payloads) == 2
    encoded = base64.b64encode(password.encode()).decode()
    for secret in (password, encoded, TOKEN, *payloads):
        assert secret not in text
    assert "SCRAM-SHA-256" in text and "[hidden]" in text
    for visible in ("tomorrow", "tea room", "username='1:u'", "https://up.test/[hidden]"):
        assert (visible.replace("'", '"') in text) is right


async def test_a_server_that_quotes_the_password_is_not_quoted(site: FakeSite) -> None:
    password = '<Tom & Jerry\'s "secret">'
    quoted = "&lt;Tom &amp; Jerry&apos;s &quot;secret&quot;&gt;"
    answer = f"<failure xmlns='{SASL}'><not-authorized/><text>no, not {quoted}</text></failure>"
    text = await traced(site, Blurting(DOMAIN, site.tls(), answer=answer), password)
    assert "Jerry" not in text
    assert text.count("no, not [hidden]") == 3  # the element, why the stream ended, and the error


def test_what_is_sent_is_shown_as_it_is_unless_it_is_secret() -> None:
    lines: list[str] = []
    trace = Trace(lines.append)
    sent = [
        "<stream:stream to='a.test' version='1.0'>",
        "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHByb2JlAHNlY3JldA==</auth>",
        "<iq><query xmlns='jabber:iq:register'><password>hunter2</password></query></iq>",
        "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='X'><initial-response>aHVudGVyMg==</initial-response>"
        "<user-agent id='1'/></authenticate>",
        "<auth>aHVudGVyMg==",
        "</stream:stream>",
    ]
    for text in sent:
        trace.sent(text)
    shown = [line[11:] for line in lines]
    assert shown[0] == sent[0] and shown[1] == sent[1] and shown[6] == sent[6]
    assert shown[2] == '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">[hidden]</auth>'
    assert shown[3] == '<iq><query xmlns="jabber:iq:register"><password>[hidden]</password></query></iq>'
    assert '<initial-response>[hidden]</initial-response><user-agent id="1" />' in shown[4]
    assert shown[5] == "[18 characters that are not an XML element]"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://up.test:5281/a/b?c#d", "https://up.test:5281/[hidden]"),
        ("https://me:secret@[2001:db8::1]:443", "https://[2001:db8::1]:443/[hidden]"),
        ("https://up.test", "https://up.test/[hidden]"),
        ("/upload/secret", "[hidden]"),
        ("https:secret", "[hidden]"),
        ("", "[hidden]"),
    ],
)
def test_of_a_url_the_site_is_shown(url: str, shown: str) -> None:
    lines: list[str] = []
    Trace(lines.append).sent(f"<put url='{url}'/>")
    assert lines[0][11:] == f'<put url="{shown}" />'


def test_a_trace_ends_at_its_limit() -> None:
    lines: list[str] = []
    trace = Trace(lines.append)
    for _ in range(100):
        trace.note("x" * 10_000)
    assert MAX_BYTES <= sum(map(len, lines)) < MAX_BYTES + 2000
    assert "size limit" in lines[-1]


async def test_a_trace_tells_where_and_how_it_ended(site: FakeSite, tmp_path: Path) -> None:
    text = await traced(site, site.server(), "wrong")
    assert re.search(r"# logging in at fake\.test \(127\.0\.0\.1:\d+\)", text)
    assert "# the end: SCRAM-SHA-256: not-authorized" in text
