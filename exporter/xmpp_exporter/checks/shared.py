"""Questions that many checks ask."""

from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.errors import StanzaError


async def offered_by_domain(server: Server, feature: str) -> Outcome | None:
    """None when the domain's service discovery has `feature`; else the outcome that says where it is, if anywhere."""
    if feature in (await server.disco.info(server.domain)).features:
        return None
    if await _has(server, server.account, feature):
        return unsupported(f"{feature} is in the account's features; clients ask the domain", Reason.WRONG_ENTITY)
    return unsupported(f"{feature} is not among the domain's features")


async def offered_by_account(server: Server, feature: str) -> Outcome | None:
    """None when the account's own service discovery has `feature`; else the outcome that says where it is."""
    if feature in (await server.disco.info(server.account)).features:
        return None
    if await _has(server, server.domain, feature):
        return unsupported(f"{feature} is in the domain's features; clients ask the account", Reason.WRONG_ENTITY)
    return unsupported(f"{feature} is not among the account's features")


async def _has(server: Server, jid: str, feature: str) -> bool:
    try:
        return feature in (await server.disco.info(jid)).features
    except StanzaError:
        return False


def stream_feature(server: Server, name: str, title: str) -> Outcome | None:
    """None when the stream features after login have the element `name` ({namespace}local); else the outcome."""
    if server.session.features.find(name) is not None:
        return None
    return unsupported(f"{title} is not among the stream features after login")
