"""Runs one check: decides whether it may run, times it, and turns whatever happens into an outcome."""

import asyncio
import time
from dataclasses import replace

import structlog

from xmpp_exporter.catalogue import Check
from xmpp_exporter.checks.registry import CheckFunction
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import Undecided, of_error, unknown
from xmpp_exporter.model import CheckResult, Outcome, Reason
from xmpp_exporter.printable import excerpt
from xmpp_exporter.wire.errors import StanzaError, WireError
from xmpp_exporter.wire.session import Session

log = structlog.get_logger(__name__)

MAX_DETAIL = 1000
"""Characters of a detail, however many addresses and answers are put together in it."""
_NO_ROSTER = frozenset({"service-unavailable", "feature-not-implemented"})


async def run(check: Check, function: CheckFunction, server: Server, deadline: float) -> CheckResult:
    """The result of one check, at the latest at `deadline` (time of the event loop). Raises only CancelledError."""
    started = time.perf_counter()
    outcome = await _attempt(check, function, server, deadline)
    outcome = replace(outcome, detail=excerpt(outcome.detail, MAX_DETAIL))
    return CheckResult(check.id, outcome, time.perf_counter() - started)


async def _refusal(check: Check, server: Server) -> Outcome | None:
    """Why the check does not run on this server, if it does not."""
    if check.id in server.config.exclude:
        return unknown(Reason.EXCLUDED, "excluded by the configuration (exclude)")
    if not check.needs - {"attempt"}:
        return None
    if server.login is None:
        return server.no_session or unknown(Reason.NO_ACCOUNT, "needs an account on the server")
    if check.leaves != "nothing" and not server.config.intrusive:
        return unknown(Reason.EXCLUDED, "the configuration keeps this server to read-only checks (intrusive: false)")
    if "second_account" in check.needs and server.log_in_second is None:
        return unknown(Reason.NEEDS_SECOND_ACCOUNT, "needs a second account on the server (second_account)")
    if "no_contacts" in check.needs:
        return await _contacts(server)
    return None


async def _contacts(server: Server) -> Outcome | None:
    """Nothing is shown to strangers: an outcome if somebody would see what the account publishes."""
    if server.config.account is not None and server.config.account.allow_contacts:
        return None
    try:
        watchers = await server.share("contacts", lambda: watching_contacts(server.session))
    except StanzaError as error:
        if error.condition in _NO_ROSTER:
            return None  # who has no roster has no contacts
        return unknown(Reason.DEPENDS_ON, f"the roster could not be read: {error.detail}")
    except WireError as error:
        return of_error(error)
    if not watchers:
        return None
    return unknown(
        Reason.ACCOUNT_HAS_CONTACTS,
        f"{watchers} contact(s) of the account would see what is published; use an account without any, "
        "or set allow_contacts: true",
    )


async def watching_contacts(session: Session) -> int:
    """How many contacts see the account's presence and events: subscription `from` or `both` (RFC 6121 §2.1.2.5)."""
    roster = await session.iq("get", "<query xmlns='jabber:iq:roster'/>")
    return sum(item.get("subscription") in ("from", "both") for item in roster)


async def _attempt(check: Check, function: CheckFunction, server: Server, deadline: float) -> Outcome:
    try:
        async with asyncio.timeout_at(deadline):
            return await _refusal(check, server) or await function(server)
    except Undecided as undecided:
        return unknown(undecided.reason, undecided.detail)
    except WireError as error:
        return of_error(error)
    except TimeoutError:
        limit = server.config.timeouts.compliance
        return unknown(Reason.TIMEOUT, f"the probe reached its time limit of {limit:g} s (timeouts.compliance)")
    except Exception as error:  # a fault of ours must not be the server's
        log.exception("a check failed in itself", check=check.id, domain=server.domain)
        return unknown(Reason.INTERNAL, f"a fault in the exporter: {type(error).__name__}; its log has more")
