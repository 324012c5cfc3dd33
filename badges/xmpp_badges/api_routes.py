"""`/api/v1/…`: what the pages show, as JSON, CSV and plain text; docs/badges.md describes it."""

import asyncio
import csv
import io

from aiohttp import web

from xmpp_badges import documents, instructions, lists, parameters
from xmpp_badges.answers import CSV, TEXT, answer, json_answer
from xmpp_badges.routes import Routes, check_of, domain_of, software_of, told
from xmpp_badges.summary import Summary
from xmpp_exporter.catalogue import Check, checks

COLUMNS = ("domain", "up", "supported", "unsupported", "unknown", "availability", "software", "last_probe")
"""Of the list as CSV."""

PREDECESSORS_SUITE = ("conversations", "server")


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
        rows = lists.found(known.value, lists.wanted(request.query), self.source.suite_level)
        versions = self.source.config.versions

        def document() -> dict[str, object]:
            return documents.envelope(known, servers=[documents.summary_document(each, versions) for each in rows])

        return await json_answer(request, await asyncio.to_thread(document), settled=not known.stale)

    @told
    async def table(self, request: web.Request) -> web.StreamResponse:
        known = await self.source.listed()
        rows = lists.found(known.value, lists.wanted(request.query), self.source.suite_level)
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(COLUMNS)
        for each in rows:
            table.writerow(self._row(each))
        response = await answer(request, text.getvalue(), CSV, settled=not known.stale)
        response.headers["Content-Disposition"] = 'attachment; filename="servers.csv"'
        return response

    def _row(self, summary: Summary) -> list[object]:
        counts = summary.scores.get(self.source.suite_level)
        numbers = [counts.supported, counts.unsupported, counts.unknown] if counts else ["", "", ""]
        up = "" if summary.up is None else int(summary.up)
        long = summary.long_availability
        last = documents.rfc3339(summary.last_probe) or ""
        return [summary.domain, up, *numbers, long[1] if long else "", summary.software or "", last]

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
        return await self._compliant(request, self.source.suite_level)

    @told
    async def predecessors_list(self, request: web.Request) -> web.StreamResponse:
        return await self._compliant(request, PREDECESSORS_SUITE)

    async def _compliant(self, request: web.Request, default: tuple[str, str]) -> web.StreamResponse:
        """One domain a line: listed, and nothing of the suite fails or is unknown."""
        wanted = parameters.suite_level(request.query, default)
        known = await self.source.listed()
        lines = [
            f"{each.domain}\n"
            for each in known.value
            if (counts := each.scores.get(wanted)) is not None and counts.compliance == "compliant"
        ]
        return await answer(request, "".join(lines), TEXT, settled=not known.stale)

    async def problem(self, request: web.Request, status: int, title: str, text: str) -> web.StreamResponse:
        return await json_answer(request, {"error": text}, status=status, settled=False)


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
