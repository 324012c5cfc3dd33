"""Finding channels beyond one's own server, and the successor of rooms."""

from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.services import Role, judge_each, services
from xmpp_exporter.checks.shared import asked, info_of
from xmpp_exporter.checks.verdicts import broken, supported, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.disco import DATA, Info

_SEARCH = "urn:xmpp:channel-search:0:search"
_MIX = "urn:xmpp:mix:core:1"
_PAM = "urn:xmpp:mix:pam:2"


@check("xep0433")
async def channel_search(server: Server) -> Outcome:
    """XEP-0433 §4.2: a service that says what can be searched for; nothing is searched."""

    async def judge(jid: str, info: Info) -> Outcome:
        reply = await asked("what can be searched for", server.session.iq("get", f"<search xmlns='{_SEARCH}'/>", jid))
        if reply.tag != f"{{{_SEARCH}}}search" or reply.find(f"{DATA}x") is None:
            return broken(Reason.MISMATCH, "asked what can be searched for, it answered without a form")
        return supported("channels can be searched for")

    found = await services(server, Role("channel_search", lambda info: _SEARCH in info.features))
    return await judge_each(found, judge, unsupported("no item of the domain searches for channels"), "channel search")


@check("mix")
async def mediated_channels(server: Server) -> Outcome:
    """XEP-0369 §6.1 and XEP-0405 §2.6: a service of channels, and accounts that can join them."""

    async def judge(jid: str, info: Info) -> Outcome:
        if _PAM in account.features:
            return supported(f"a service of channels, and {_PAM} is among the account's features")
        return unsupported(f"a service of channels, but {_PAM} is not among the account's features")

    account = await info_of(server, server.account)
    found = await services(server, Role("mix", lambda info: _MIX in info.features))
    return await judge_each(found, judge, unsupported(f"no item of the domain has {_MIX}"), "service of channels")
