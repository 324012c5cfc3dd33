"""The pages for people, without any script: the table, a server, a check, a comparison, and help."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from aiohttp import hdrs, web

from xmpp_badges import instructions, lists, parameters, server_page
from xmpp_badges.answers import CSS, HTML, KEPT_FOR_A_DAY, KEPT_FOR_YEARS, SVG, answer
from xmpp_badges.memory import PAGE_PATIENCE, Known, Unanswered, if_answered, patience
from xmpp_badges.rendering import render, static
from xmpp_badges.site import Site
from xmpp_badges.source import NoSuchServer, Source
from xmpp_exporter.catalogue import Check, checks, topics
from xmpp_exporter.catalogue.help import page_of
from xmpp_exporter.catalogue.software import GENERAL, software
from xmpp_exporter.catalogue.suite import suites

Handler = Callable[..., Awaitable[web.StreamResponse]]

STATIC = {"style.css": CSS, "icon.svg": SVG}


def _told(handler: Handler) -> Handler:
    """What cannot be shown, as a page."""

    @wraps(handler)
    async def handle(self: "PageRoutes", request: web.Request) -> web.StreamResponse:
        try:
            with patience(PAGE_PATIENCE):
                return await handler(self, request)
        except NoSuchServer:
            text = "That server is not watched here. Its name may be misspelt, or its operator does not want it shown."
            return await self.problem(request, 404, "Unknown server", text)
        except Unanswered:
            text = "The measurements cannot be had just now: Prometheus does not answer. Try again in a minute."
            response = await self.problem(request, 503, "Not available", text)
            response.headers["Retry-After"] = "10"
            return response
        except web.HTTPBadRequest as error:
            return await self.problem(request, 400, "That address makes no sense", (error.text or "").strip())

    return handle


class PageRoutes:
    """Handlers."""

    def __init__(self, source: Source, site: Site) -> None:
        self._source = source
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

    @_told
    async def index(self, request: web.Request) -> web.StreamResponse:
        known, want = await self._source.listed(), lists.wanted(request.query)
        rows = lists.found(known.value, want, self._source.suite_level)
        pages = max(1, -(-len(rows) // lists.PAGE))
        page = min(want.page, pages)
        suite, level = self._source.suite_level
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

    @_told
    async def server(self, request: web.Request) -> web.StreamResponse:
        domain, at = self._domain(request), parameters.at(request.query, self._source.now)
        known = await self._source.details(domain, at)
        suite_level = self._source.suite_level
        # what was is worth a page without it
        score, availability, history = await asyncio.gather(
            if_answered(self._source.daily_score(domain, *suite_level), ()),
            if_answered(self._source.daily_availability(domain), ()),
            if_answered(self._source.history(domain), None),
        )
        if history is not None and at is not None:
            history = history.until(at)
        contacts = await self._source.contacts(domain)
        failing, failing_besides = server_page.failing(known.value, history)
        return await self._page(
            request,
            "server.html.j2",
            known,
            at=at,
            details=known.value,
            summary=known.value.summary,
            score=known.value.summary.scores.get(suite_level),
            suite=suites()[suite_level[0]],
            level=suite_level[1],
            suite_rows=server_page.suite_rows(known.value, suite_level[0]),
            failing=failing,
            failing_besides=failing_besides,
            by_topic=server_page.by_topic(known.value, history),
            history=history,
            check_titles={check.id: check.title for check in checks().values()},
            score_days=score,
            availability_days=availability,
            contacts=contacts,
            snippets=server_page.snippets(self._site.absolute(request), domain),
            versions=self._source.config.versions,
            grafana=self._grafana("server", "domain", domain),
            instruction=self._instruction,
        )

    @_told
    async def checks(self, request: web.Request) -> web.StreamResponse:
        known = await self._source.shares()
        by_topic = {
            title: [check for check in checks().values() if check.topic == topic and check.kind != "fact"]
            for topic, title in topics().items()
        }
        return await self._page(request, "checks.html.j2", known, by_topic=by_topic, shares=known.value)

    @_told
    async def check(self, request: web.Request) -> web.StreamResponse:
        check = checks().get(request.match_info["check"])
        if check is None:
            return await self.problem(request, 404, "Unknown check", "There is no check of that name.")
        known = await self._source.adoption(check.id)
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

    @_told
    async def compare(self, request: web.Request) -> web.StreamResponse:
        domains = parameters.domains(request.query.get("domains", ""))
        known = await self._source.several(domains)
        servers = list(known.value.values())
        return await self._page(
            request,
            "compare.html.j2",
            known,
            servers=servers,
            missing=[domain for domain in domains if domain not in known.value],
            domains=", ".join(domains),
            suite_level=self._source.suite_level,
            by_topic=server_page.compared(servers),
        )

    @_told
    async def help(self, request: web.Request) -> web.StreamResponse:
        check, name = checks().get(request.match_info["check"]), request.match_info["software"]
        if check is None or name not in (*software(), GENERAL, "other"):
            return await self.problem(request, 404, "No such help", "There is no check, or no software, of that name.")
        known = Known(None, self._source.now)
        text = instructions.html(check.id, name)
        return await self._page(request, "help.html.j2", known, check=check, text=text, helped=self._helped(check))

    async def static(self, request: web.Request) -> web.StreamResponse:
        content_type = STATIC.get(request.match_info["name"])
        if content_type is None:
            raise web.HTTPNotFound
        response = await answer(request, static(request.match_info["name"]), content_type)
        response.headers[hdrs.CACHE_CONTROL] = KEPT_FOR_YEARS if request.query_string else KEPT_FOR_A_DAY
        return response

    async def problem(self, request: web.Request, status: int, title: str, text: str) -> web.StreamResponse:
        """A page that says why there is no other."""
        known = Known(None, self._source.now)
        return await self._page(request, "problem.html.j2", known, status=status, problem=title, text=text)

    async def _page(
        self, request: web.Request, template: str, known: Known[object], status: int = 200, **context: object
    ) -> web.StreamResponse:
        text = await asyncio.to_thread(
            render,
            template,
            links=self._site.links,
            site=self._source.config.title,
            now=self._source.now,
            as_of=known.asked if known.stale else None,
            **context,
        )
        return await answer(request, text, HTML, settled=not known.stale and status == 200, status=status)

    def _domain(self, request: web.Request) -> str:
        domain = parameters.domain(request.match_info["domain"])
        if domain is None:
            raise NoSuchServer
        return domain

    def _instruction(self, check: str, details: server_page.Details) -> object:
        summary = details.summary
        version = summary.version if self._source.config.versions else ""
        return instructions.html(check, summary.software, version, below=3, title=False)

    @staticmethod
    def _helped(check: Check) -> list[tuple[str, str]]:
        """The software for which there is help of its own, and its title."""
        own = [(name, entry.title) for name, entry in software().items() if _has_own(check.id, name)]
        return own or ([(GENERAL, "any server")] if page_of(check.id, None) else [])

    def _grafana(self, dashboard: str, variable: str, value: str) -> str | None:
        grafana = self._source.config.grafana
        if grafana is None:
            return None
        return f"{grafana.url.rstrip('/')}/d/xmpp-{dashboard}?var-{variable}={quote(value, safe='')}"

    def _moved(self, to: str) -> Handler:
        """Where an address of the predecessor is now."""

        async def moved(request: web.Request) -> web.StreamResponse:
            parts = {name: quote(value, safe="") for name, value in request.match_info.items()}
            raise web.HTTPMovedPermanently(self._site.links + to.format(**parts))

        return moved


def _has_own(check: str, name: str) -> bool:
    page = page_of(check, name)
    return page is not None and page.software == name
