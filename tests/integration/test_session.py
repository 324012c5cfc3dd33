"""Logging in to the real servers: by the best mechanism, in as few steps as the protocol has."""

import re
import ssl

import pytest

from tests.servers.laboratory import PASSWORD, Laboratory
from xmpp_exporter.model import Failure
from xmpp_exporter.wire.dns import Resolver
from xmpp_exporter.wire.errors import LoginFailed, ProtocolViolation
from xmpp_exporter.wire.network import Network, Party, Target, Timeouts
from xmpp_exporter.wire.session import Credentials, Session
from xmpp_exporter.wire.tls import TlsContexts
from xmpp_exporter.wire.trace import Trace

DOMAINS = ["good.prosody.test", "good.ejabberd.test"]
STEPS = {
    False: ["stream", "starttls", "stream", "auth", "response", "stream", "iq"],
    True: ["stream", "auth", "response", "stream", "iq"],
}
"""What has to be sent to get in, with STARTTLS and with direct TLS."""


def session_at(
    laboratory: Laboratory,
    domain: str,
    *,
    direct_tls: bool = False,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    host: str = "",
    password: str = PASSWORD,
    trace: Trace | None = None,
) -> Session:
    tls = TlsContexts(laboratory.ca_file)
    for context in (tls.verified, tls.direct(Party.CLIENT.alpn)):
        context.maximum_version = newest
    network = Network(Resolver([laboratory.dns.address], laboratory.dns.port), tls)
    address = laboratory.server(domain).address
    target = Target(host or domain, domain, address, 5223 if direct_tls else 5222, direct_tls, allow_private=True)
    return Session(network, target, Credentials(f"probe@{host or domain}", password), Timeouts(), trace)


@pytest.mark.parametrize("direct_tls", [False, True], ids=["STARTTLS", "direct TLS"])
@pytest.mark.parametrize("domain", DOMAINS)
async def test_a_login_takes_no_needless_step(laboratory: Laboratory, domain: str, direct_tls: bool) -> None:
    lines: list[str] = []
    async with session_at(laboratory, domain, direct_tls=direct_tls, trace=Trace(lines.append)) as session:
        sent = [
            match[1] for line in lines if (match := re.match(r"[\s\d.]+> <(?:\?xml[^>]*><)?(?:stream:)?(\w+)", line))
        ]
        assert sent == STEPS[direct_tls]
        assert session.jid.startswith(f"probe@{domain}/xmpp-exporter-")
        assert session.mechanism in session.mechanisms
        assert session.tls is not None and session.tls.version == "TLSv1.3"
        assert session.features.find("{urn:xmpp:sm:3}sm") is not None
        assert (session.plain_features is None) is direct_tls
        times = session.times
        assert 0 < times["connect"] < times["tls"] < times["auth"] < times["bind"]


@pytest.mark.parametrize(
    ("domain", "mechanism"),
    [("good.prosody.test", "SCRAM-SHA-1-PLUS"), ("good.ejabberd.test", "SCRAM-SHA-256-PLUS")],
)
async def test_the_login_is_bound_to_the_channel_where_python_can(
    laboratory: Laboratory, domain: str, mechanism: str
) -> None:
    async with session_at(laboratory, domain, newest=ssl.TLSVersion.TLSv1_2) as session:
        assert session.tls is not None and session.tls.version == "TLSv1.2"
        assert session.mechanism == mechanism


@pytest.mark.parametrize("domain", ["good.prosody.test"])  # ejabberd bans who guesses
async def test_a_wrong_password_is_refused(laboratory: Laboratory, domain: str) -> None:
    with pytest.raises(LoginFailed) as raised:
        async with session_at(laboratory, domain, password="wrong"):
            pass
    assert raised.value.failure is Failure.BAD_PASSWORD


@pytest.mark.parametrize("domain", DOMAINS)
async def test_a_domain_that_is_not_served_there_is_a_stream_error(laboratory: Laboratory, domain: str) -> None:
    with pytest.raises(ProtocolViolation, match="stream error host-unknown"):
        async with session_at(laboratory, domain, host="stranger.test"):
            pass
