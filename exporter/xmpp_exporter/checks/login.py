"""How people prove who they are."""

from collections.abc import Sequence

from xmpp_exporter.checks.looks import Look, client_looks, judge_open
from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import of_endpoint_error, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import LoginFailed
from xmpp_exporter.wire.offer import offer_of

LEGACY_AUTH = "{http://jabber.org/features/iq-auth}auth"
COMPRESSION = "{http://jabber.org/features/compress}compression"

_WEAK = frozenset({"DIGEST-MD5", "CRAM-MD5", "LOGIN", "NTLM"})
"""RFC 6331 made the first historic; the others are older, or never were for XMPP."""

_WORTH_KNOWING = {
    "PLAIN": "PLAIN (the password goes to the server, in TLS)",
    "ANONYMOUS": "ANONYMOUS (without account)",
}

_SHOWN = 200
"""Characters of what the server lists that go into a detail."""


def listed(names: Sequence[str]) -> str:
    """Names that a server sent, for a detail."""
    return ", ".join(names)[:_SHOWN] or "none"


@check("login")
async def login(server: Server) -> Outcome:
    """RFC 6120 §6 and §7: the probe's own login. A refused password is the account's matter, and says nothing."""
    if server.login is not None:
        tls = server.login.tls.version_name if server.login.tls else "TLS"
        return supported(f"with {server.login.mechanism} over {tls} at {server.login.target}")
    if server.login_failure is None or isinstance(server.login_failure, LoginFailed):
        return server.no_session or unknown(Reason.NO_ACCOUNT, "needs an account on the server")
    return of_endpoint_error(server.login_failure)


@check("scram_sha1")
async def scram_sha1(server: Server) -> Outcome:
    """RFC 6120 §13.8: the mechanism that all servers implement."""
    return await _offered(server, "SCRAM-SHA-1")


@check("scram_sha256")
async def scram_sha256(server: Server) -> Outcome:
    """RFC 7677 §3."""
    return await _offered(server, "SCRAM-SHA-256")


async def _offered(server: Server, name: str) -> Outcome:
    """Whether every address offers the mechanism, with or without channel binding."""

    def judge(look: Look) -> Outcome:
        mechanisms = offer_of(look.stream.features).mechanisms
        if {name, f"{name}-PLUS"} & set(mechanisms):
            return supported("offered")
        return unsupported(f"{name} is not among the mechanisms: {listed(mechanisms)}")

    return judge_open(await client_looks(server), judge)


@check("sasl_weak")
async def no_weak_mechanisms(server: Server) -> Outcome:
    """RFC 6331, RFC 7590 §3.5: neither before nor after TLS."""
    return judge_open(await client_looks(server), _weak)


def _weak(look: Look) -> Outcome:
    plain = look.stream.plain_features
    before = () if plain is None else offer_of(plain).mechanisms
    mechanisms = (*before, *offer_of(look.stream.features).mechanisms)
    if weak := sorted(_WEAK & set(mechanisms)):
        return unsupported(f"offers {', '.join(weak)}, which must not be used any more", Reason.OUTDATED)
    known = [text for name, text in _WORTH_KNOWING.items() if name in mechanisms]
    return supported(f"nothing weak is offered{'; but ' if known else ''}{' and '.join(known)}")


@check("no_legacy_auth")
async def no_legacy_authentication(server: Server) -> Outcome:
    """XEP-0078 §3, obsolete since 2008: the stream feature is absent, before and after TLS."""
    return judge_open(await client_looks(server), lambda look: _absent(look, LEGACY_AUTH, "XEP-0078 authentication"))


@check("no_compression")
async def no_compression(server: Server) -> Outcome:
    """XEP-0138 §3, obsolete since 2022: compression together with encryption gives secrets away.

    Most servers that have it offer it after the login (XEP-0170 §4).
    """
    if server.login is not None and server.login.features.find(COMPRESSION) is not None:
        return unsupported("offers stream compression after login, which is obsolete", Reason.OUTDATED)
    return judge_open(await client_looks(server), lambda look: _absent(look, COMPRESSION, "stream compression"))


def _absent(look: Look, feature: str, title: str) -> Outcome:
    when = [
        name
        for name, features in (("before", look.stream.plain_features), ("after", look.stream.features))
        if features is not None and features.find(feature) is not None
    ]
    if when:
        return unsupported(f"offers {title} {' and '.join(when)} TLS, which is obsolete", Reason.OUTDATED)
    return supported(f"{title} is not offered")
