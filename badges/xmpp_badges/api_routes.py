"""`/api/v1/…`: what the pages show, as JSON, CSV and plain text; docs/badges.md describes it."""

import asyncio
import csv
import io
from collections.abc import Sequence

from aiohttp import web

from xmpp_badges import documents, instructions, lists, parameters
from xmpp_badges.answers import CSV, TEXT, answer, json_answer
from xmpp_badges.memory import Known
from xmpp_badges.routes import Routes, check_of, domain_of, software_of, told
from xmpp_badges.summary import SuiteLevel, Summary
from xmpp_exporter.catalogue import Check, checks

COLUMNS = ("domain", "up", "supported", "unsupported", "unknown", "availability", "software", "last_probe")
"""Of the list as CSV."""

PREDECESSORS_SUITE, REGISTRATION = ("conversations", "server"), "xep0077"
"""What the predecessor's list asked of a server."""


class ApiRoutes(Routes):
    """Handlers."""

    def routes(self, prefix: str) -> list[web.RouteDef]:
        api = f"{prefix}/api/v1"
        return [
            web.get(f"{api}/servers", self.servers),
            web.get(f"{api}/servers.csv", self.table),
            web.get(f"{api}/servers/{{domain}}", self.server),
            web.get(f"{api}/servers/{{domain}}/history", self.history),
            web.get(f"{api}/compare", self.compare),
            web.get(f"{api}/checks", self.checks),
            web.get(f"{api}/checks/{{check}}", self.check),
            web.get(f"{api}/help/{{software}}/{{check}}", self.help),
            web.get(f"{api}/compliant", self.compliant),
            web.get(f"{prefix}/api/compliant_servers/", self.predecessors_list),
            web.get(f"{prefix}/api/compliant_servers", self.predecessors_list),
        ]

    @told
    async def servers(self, request: web.Request) -> web.StreamResponse:
        known = await self.source.listed()
        versions, suite_level = self.source.config.versions, self.source.suite_level

        def document() -> dict[str, object]:
            rows = lists.found(known.value, lists.wanted(request.query), suite_level)
            return documents.envelope(known, servers=[documents.summary_document(each, versions) for each in rows])

        return await json_answer(request, await asyncio.to_thread(document), settled=not known.stale)

    @told
    async def table(self, request: web.Request) -> web.StreamResponse:
        known = await self.source.listed()
        text = await asyncio.to_thread(_csv, known.value, lists.wanted(request.query), self.source.suite_level)
        response = await answer(request, text, CSV, settled=not known.stale)
        response.headers["Content-Disposition"] = 'attachment; filename="servers.csv"'
        return response

    @told
    async def server(self, request: web.Request) -> web.StreamResponse:
        one = await self.one_server(request)
        versions = self.source.config.versions
        document = documents.details_document(one.known.value, one.history, one.contacts, versions)
        if one.at is not None:
            document |= {"at": documents.rfc3339(one.at)}
        return await json_answer(request, documents.envelope(one.known, **document), settled=not one.known.stale)

    @told
    async def history(self, request: web.Request) -> web.StreamResponse:
        domain = domain_of(request)
        suite, level = parameters.suite_level(request.query, self.source.suite_level)
        known = await self.source.history(domain)
        score = await self.source.daily_score(domain, suite, level)
        availability = await self.source.daily_availability(domain)
        document = documents.history_document(known.value) | {
            "score": {"suite": suite, "level": level, "days": documents.days_document(score.value)},
            "availability": {"days": documents.days_document(availability.value)},
        }
        return await json_answer(request, documents.envelope(known, **document), settled=not known.stale)

    @told
    async def compare(self, request: web.Request) -> web.StreamResponse:
        domains = parameters.domains(request.query.get("domains", ""))
        known = await self.source.several(domains)
        versions = self.source.config.versions
        servers = [documents.details_document(each, None, (), versions) for each in known.value.values()]
        missing = [domain for domain in domains if domain not in known.value]
        document = documents.envelope(known, servers=servers, missing=missing)
        return await json_answer(request, document, settled=not known.stale)

    @told
    async def checks(self, request: web.Request) -> web.StreamResponse:
        known = await self.source.shares()
        entries = [_entry(check) | {"share": known.value.get(check.id)} for check in checks().values()]
        return await json_answer(request, documents.envelope(known, checks=entries), settled=not known.stale)

    @told
    async def check(self, request: web.Request) -> web.StreamResponse:
        check = check_of(request)
        known = await self.source.adoption(check.id)
        states = {domain: "supported" if state else "unsupported" for domain, state in known.value.states.items()}
        document = _entry(check) | {"servers": states, "share": documents.days_document(known.value.share)}
        return await json_answer(request, documents.envelope(known, **document), settled=not known.stale)

    @told
    async def help(self, request: web.Request) -> web.StreamResponse:
        check, name = check_of(request), software_of(request)
        document = {"software": name, "check": check.id, "markdown": instructions.markdown(check.id, name)}
        return await json_answer(request, document)

    @told
    async def compliant(self, request: web.Request) -> web.StreamResponse:
        suite_level = parameters.suite_level(request.query, self.source.suite_level)
        return await _lines(request, _complying(await self.source.listed(), suite_level))

    @told
    async def predecessors_list(self, request: web.Request) -> web.StreamResponse:
        """For clients that offer a choice of servers to register with."""
        domains = _complying(await self.source.listed(), PREDECESSORS_SUITE)
        open_ = await self.source.states(REGISTRATION)
        found = [domain for domain in domains.value if open_.value.get(domain)]
        return await _lines(request, Known(found, domains.asked, domains.stale or open_.stale))

    async def problem(self, request: web.Request, status: int, title: str, text: str) -> web.StreamResponse:
        return await json_answer(request, {"error": text}, status=status, settled=False)


def _csv(servers: Sequence[Summary], want: lists.Wanted, suite_level: SuiteLevel) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows(_row(each, suite_level) for each in lists.found(servers, want, suite_level))
    return text.getvalue()


def _row(summary: Summary, suite_level: SuiteLevel) -> list[object]:
    counts = summary.scores.get(suite_level)
    numbers = [counts.supported, counts.unsupported, counts.unknown] if counts else ["", "", ""]
    up = "" if summary.up is None else int(summary.up)
    long = summary.long_availability
    last = documents.rfc3339(summary.last_probe) or ""
    return [summary.domain, up, *numbers, long[1] if long else "", summary.software or "", last]


def _complying(known: Known[list[Summary]], suite_level: SuiteLevel) -> Known[list[str]]:
    """The domains of those of which nothing of the suite fails or is unknown."""
    counts = ((each.domain, each.scores.get(suite_level)) for each in known.value)
    return known.replaced([domain for domain, found in counts if found and found.compliance == "compliant"])


async def _lines(request: web.Request, known: Known[list[str]]) -> web.StreamResponse:
    text = "".join(f"{line}\n" for line in known.value)
    return await answer(request, text, TEXT, settled=not known.stale)


def _entry(check: Check) -> dict[str, object]:
    return {
        "id": check.id,
        "xep": check.xep,
        "title": check.title,
        "topic": check.topic,
        "kind": check.kind,
        "scored": check.scored,
        "description": check.description,
        "method": check.method,
        "link": check.link,
    }
