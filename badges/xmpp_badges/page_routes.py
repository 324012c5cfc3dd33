"""The pages for people, without any script: the table, a server, a check, a comparison, and help."""

import asyncio
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from xmpp_badges import instructions, lists, parameters, server_page
from xmpp_badges.answers import CSS, HTML, KEPT_FOR_A_DAY, KEPT_FOR_YEARS, SVG, answer
from xmpp_badges.current import Current
from xmpp_badges.history import days_until
from xmpp_badges.memory import Known, if_answered
from xmpp_badges.rendering import render, static
from xmpp_badges.routes import Routes, check_of, software_of, told
from xmpp_badges.site import Site
from xmpp_exporter.catalogue import Check, checks, topics
from xmpp_exporter.catalogue.help import page_of, software_with_page
from xmpp_exporter.catalogue.software import GENERAL, software
from xmpp_exporter.catalogue.suite import suites

STATIC = {"style.css": CSS, "icon.svg": SVG}


class PageRoutes(Routes):
    """Handlers."""

    def __init__(self, current: Current, site: Site) -> None:
        super().__init__(current)
        self._site = site

    def routes(self, prefix: str) -> list[web.RouteDef]:
        return [
            web.get(f"{prefix}/", self.index),
            web.get(f"{prefix}/server/{{domain}}", self.server),
            web.get(f"{prefix}/checks", self.checks),
            web.get(f"{prefix}/check/{{check}}", self.check),
            web.get(f"{prefix}/compare", self.compare),
            web.get(f"{prefix}/help/{{software}}/{{check}}", self.help),
            web.get(f"{prefix}/static/{{name}}", self.static),
            # the predecessor's
            web.get(f"{prefix}/server/{{domain}}/", self._moved("/server/{domain}")),
            web.get(f"{prefix}/test/{{check}}/", self._moved("/check/{check}")),
            web.get(f"{prefix}/test/{{check}}", self._moved("/check/{check}")),
            web.get(f"{prefix}/tests/", self._moved("/checks")),
        ]

    @told
    async def index(self, request: web.Request) -> web.StreamResponse:
        known, want = await self.source.listed(), lists.wanted(request.query)
        rows = await asyncio.to_thread(lists.found, known.value, want, self.source.suite_level)
        pages = max(1, -(-len(rows) // lists.PAGE))
        page = min(want.page, pages)
        suite, level = self.source.suite_level
        return await self._page(
            request,
            "index.html.j2",
            known,
            want=want,
            rows=rows[(page - 1) * lists.PAGE : page * lists.PAGE],
            found=len(rows),
            total=len(known.value),
            down=sum(each.up is False for each in known.value),
            page=page,
            pages=pages,
            suite=suites()[suite],
            level=level,
        )

    @told
    async def server(self, request: web.Request) -> web.StreamResponse:
        one = await self.one_server(request)
        details, history, suite_level = one.known.value, one.history, self.source.suite_level
        domain = details.summary.domain
        score, availability = await asyncio.gather(
            if_answered(self.source.daily_score(domain, *suite_level), ()),
            if_answered(self.source.daily_availability(domain), ()),
        )
        failing, failing_besides = server_page.failing(details, history)
        return await self._page(
            request,
            "server.html.j2",
            one.known,
            at=one.at,
            details=details,
            summary=details.summary,
            score=details.summary.scores.get(suite_level),
            suite=suites()[suite_level[0]],
            level=suite_level[1],
            suite_rows=server_page.suite_rows(details, suite_level[0]),
            failing=failing,
            failing_besides=failing_besides,
            by_topic=server_page.by_topic(details, history),
            history=history,
            check_titles={check.id: check.title for check in checks().values()},
            strips={
                title: days if one.at is None else days_until(days, one.at)
                for title, days in {"Score": score, "Availability": availability}.items()
            },
            history_begins=self.source.history_begins,
            contacts=one.contacts,
            snippets=server_page.snippets(self._site.absolute(request), domain),
            versions=self.source.config.versions,
            grafana=self._grafana("server", "domain", domain),
            instruction=self._instruction,
        )

    @told
    async def checks(self, request: web.Request) -> web.StreamResponse:
        known = await self.source.shares()
        by_topic = {
            title: [check for check in checks().values() if check.topic == topic and check.kind != "fact"]
            for topic, title in topics().items()
        }
        return await self._page(request, "checks.html.j2", known, by_topic=by_topic, shares=known.value)

    @told
    async def check(self, request: web.Request) -> web.StreamResponse:
        check = check_of(request)
        known = await self.source.adoption(check.id)
        states = known.value.states
        return await self._page(
            request,
            "check.html.j2",
            known,
            check=check,
            share=known.value.share,
            supporting=[domain for domain, state in states.items() if state],
            failing=[domain for domain, state in states.items() if not state],
            helped=self._helped(check),
            in_suites=server_page.requirements_of(check.id),
            grafana=self._grafana("check", "check", check.id),
        )

    @told
    async def compare(self, request: web.Request) -> web.StreamResponse:
        domains = parameters.domains(request.query.get("domains", ""))
        known = await self.source.several(domains)
        servers = list(known.value.values())
        return await self._page(
            request,
            "compare.html.j2",
            known,
            servers=servers,
            missing=[domain for domain in domains if domain not in known.value],
            domains=", ".join(domains),
            suite_level=self.source.suite_level,
            by_topic=server_page.compared(servers),
        )

    @told
    async def help(self, request: web.Request) -> web.StreamResponse:
        check, name = check_of(request), software_of(request)
        known = Known(None, self.source.now)
        text = instructions.html(check.id, name)
        others = [each for each in self._helped(check) if each[0] not in (name, GENERAL)]
        return await self._page(request, "help.html.j2", known, check=check, text=text, others=others)

    async def static(self, request: web.Request) -> web.StreamResponse:
        content_type = STATIC.get(request.match_info["name"])
        if content_type is None:
            raise web.HTTPNotFound
        response = await answer(request, static(request.match_info["name"]), content_type)
        response.headers[hdrs.CACHE_CONTROL] = KEPT_FOR_YEARS if request.query_string else KEPT_FOR_A_DAY
        return response

    async def problem(self, request: web.Request, status: int, title: str, text: str) -> web.StreamResponse:
        known = Known(None, self.source.now)
        return await self._page(request, "problem.html.j2", known, status=status, problem=title, text=text)

    async def _page(
        self, request: web.Request, template: str, known: Known[object], status: int = 200, **context: object
    ) -> web.StreamResponse:
        text = await asyncio.to_thread(
            render,
            template,
            links=self._site.links,
            site=self.source.config.title,
            now=self.source.now,
            as_of=known.asked if known.stale else None,
            **context,
        )
        return await answer(request, text, HTML, settled=not known.stale and status == 200, status=status)

    def _instruction(self, check: str, details: server_page.Details) -> object:
        summary = details.summary
        version = summary.version if self.source.config.versions else ""
        return instructions.html_for(summary.domain, check, summary.software, version)

    @staticmethod
    def _helped(check: Check) -> list[tuple[str, str]]:
        """The software for which there is help of its own, and its title."""
        own = [(name, software()[name].title) for name in software_with_page(check.id)]
        own.sort(key=lambda named: named[1].lower())
        return own or ([(GENERAL, "any server")] if page_of(check.id, None) else [])

    def _grafana(self, dashboard: str, variable: str, value: str) -> str | None:
        grafana = self.source.config.grafana
        if grafana is None:
            return None
        return f"{grafana.url.rstrip('/')}/d/xmpp-{dashboard}?var-{variable}={quote(value, safe='')}"

    def _moved(self, to: str) -> Handler:
        """Where an address of the predecessor is now."""

        async def moved(request: web.Request) -> web.StreamResponse:
            parts = {name: quote(value, safe="") for name, value in request.match_info.items()}
            raise web.HTTPMovedPermanently(self._site.links + to.format(**parts))

        return moved
