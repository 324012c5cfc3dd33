"""DNSSEC: whether what leads to the server is signed, and whether the signatures hold."""

import asyncio
from collections.abc import Iterable, Mapping

from xmpp_exporter.checks.registry import check
from xmpp_exporter.checks.server import Server
from xmpp_exporter.checks.verdicts import broken, of_error, supported, unknown, unsupported
from xmpp_exporter.model import Outcome, Reason
from xmpp_exporter.wire.dns import MAX_ENDPOINTS, Answer
from xmpp_exporter.wire.endpoints import direct_tls_service, starttls_service
from xmpp_exporter.wire.errors import ResolutionFailed, WireError
from xmpp_exporter.wire.network import Party

Question = tuple[str, str]
"""A name and a kind of record."""

MAX_NAMED = 5
"""Names in a detail."""


NOT_VALIDATED = unknown(
    Reason.PROBER_LIMIT,
    "the DNS servers that the exporter asks do not validate DNSSEC; name one that does (resolver.nameservers)",
)


async def is_validated(server: Server) -> bool:
    """Whether the name servers that we ask validate at all."""
    try:
        return await server.lookups.validated()
    except WireError:
        return False


@check("dnssec")
async def signed_records(server: Server) -> Outcome:
    """RFC 7673 §3.1: the SRV records, and the addresses of the hosts that they name; without any, the domain's own."""
    services = [name(party) for party in Party for name in (starttls_service, direct_tls_service)]
    answers = await ask_all(server, [(f"_{service}._tcp.{server.domain}", "SRV") for service in services])
    hosts = {
        record.to_text().split()[-1].rstrip(".").lower()
        for answer in answers.values()
        if isinstance(answer, Answer)
        for record in answer.records
    } - {""}
    found = sorted(hosts)[:MAX_ENDPOINTS] or [server.domain]
    answers |= await ask_all(server, [(host, kind) for host in found for kind in ("AAAA", "A")])
    return await _judge(server, answers)


async def ask_all(server: Server, questions: Iterable[Question]) -> dict[Question, Answer | WireError]:
    """What the name servers say of each, or why they don't."""
    asked = list(questions)
    return dict(zip(asked, await asyncio.gather(*(_answer(server, each) for each in asked)), strict=True))


async def _answer(server: Server, question: Question) -> Answer | WireError:
    try:
        return await server.lookups.answer(*question)
    except WireError as error:
        return error


async def failure_of(server: Server, answers: Mapping[Question, Answer | WireError]) -> Outcome | None:
    """The outcome where a lookup failed: broken if it is the signatures that made it fail."""
    failed = {question: answer for question, answer in answers.items() if isinstance(answer, WireError)}
    for question, error in failed.items():
        if isinstance(error, ResolutionFailed) and await server.lookups.is_bogus(*question):
            return broken(
                Reason.DNS,
                f"the signatures of {_written([question])} do not validate: whoever checks them gets no answer",
            )
    return of_error(next(iter(failed.values()))) if failed else None


async def _judge(server: Server, answers: Mapping[Question, Answer | WireError]) -> Outcome:
    if failure := await failure_of(server, answers):
        return failure
    # an absence needs no signature where there are records that lead on
    there = {question: answer for question, answer in answers.items() if isinstance(answer, Answer) and answer.records}
    unsigned = [question for question, answer in there.items() if not answer.authentic]
    if there and not unsigned:
        return supported(f"signed: {_written(there)}")
    if len(unsigned) == len(there) and not await is_validated(server):
        return NOT_VALIDATED
    return unsupported(f"not signed: {_written(unsigned)}")


def _written(questions: Iterable[Question]) -> str:
    names = [f"{kind} {name}" for name, kind in questions]
    return ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
