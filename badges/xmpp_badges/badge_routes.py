"""The badges: `/badge/DOMAIN.svg` and what is below `/badge/DOMAIN/`, each also as JSON for shields.io."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from aiohttp import web

from xmpp_badges import badge, colours, parameters
from xmpp_badges.answers import JSON, SVG, answer, dumped
from xmpp_badges.badge import Badge
from xmpp_badges.current import Current
from xmpp_badges.memory import Known, Unanswered, patience
from xmpp_badges.parameters import Look
from xmpp_badges.routes import domain_of
from xmpp_badges.source import NoSuchServer, Source
from xmpp_badges.svg import badge_svg
from xmpp_exporter.catalogue.suite import suites

STRIP_DAYS = 30
PATIENCE = 1.0
"""Seconds: a grey badge comes within 2, on a busy machine as well."""

SHIELDS_MAX_AGE = 300
"""Seconds: shields.io takes no less."""

_FORMAT = "{format:svg|json}"


class BadgeRoutes:
    """Handlers; an image says what is wrong, for nobody reads the status of one."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._kinds: Mapping[str, Callable[[str, web.Request], Awaitable[Known[Badge]]]] = {
            "availability": self._availability,
            "certificate": self._certificate,
            "strip": self._strip,
        }

    @property
    def _source(self) -> Source:
        return self._current.source

    def routes(self, prefix: str) -> list[web.RouteDef]:
        return [
            web.get(f"{prefix}/badge/{{domain:[^/]+}}.{_FORMAT}", self.suite),
            web.get(f"{prefix}/badge/{{domain:[^/]+}}/check/{{check:[^/]+}}.{_FORMAT}", self.check),
            web.get(f"{prefix}/badge/{{domain:[^/]+}}/{{kind:[^/]+}}.{_FORMAT}", self.kind),
            # the predecessor's
            web.get(f"{prefix}/badge/{{domain:[^/]+}}", self.suite),
            web.get(f"{prefix}/badge/{{domain:[^/]+}}/", self.suite),
        ]

    async def suite(self, request: web.Request) -> web.StreamResponse:
        suite, level = parameters.suite_level(request.query, self._source.suite_level)

        async def make(domain: str) -> Known[Badge]:
            known = await self._source.server(domain)
            return known.replaced(badge.of_suite(known.value, suite, level))

        return await self._answer(request, make)

    async def check(self, request: web.Request) -> web.StreamResponse:
        async def make(domain: str) -> Known[Badge]:
            known = await self._source.details(domain)
            state = known.value.checks.get(request.match_info["check"])
            return known.replaced(_unknown("check") if state is None else badge.of_check(known.value.summary, state))

        return await self._answer(request, make)

    async def kind(self, request: web.Request) -> web.StreamResponse:
        maker = self._kinds.get(request.match_info["kind"], self._category)
        return await self._answer(request, lambda domain: maker(domain, request))

    async def _availability(self, domain: str, request: web.Request) -> Known[Badge]:
        window = parameters.window(request.query)
        known = await self._source.server(domain)
        return known.replaced(badge.of_availability(known.value, window))

    async def _certificate(self, domain: str, request: web.Request) -> Known[Badge]:
        known = await self._source.server(domain)
        return known.replaced(badge.of_certificate(known.value))

    async def _strip(self, domain: str, request: web.Request) -> Known[Badge]:
        suite, level = parameters.suite_level(request.query, self._source.suite_level)
        days = await self._source.daily_score(domain, suite, level)
        known = await self._source.server(domain)
        return days.replaced(badge.of_days(known.value, days.value[-STRIP_DAYS:]))

    async def _category(self, domain: str, request: web.Request) -> Known[Badge]:
        suite, level = parameters.suite_level(request.query, self._source.suite_level)
        category = request.match_info["kind"]
        if category not in {each.id for each in suites()[suite].categories}:
            known = await self._source.server(domain)
            return known.replaced(_unknown("category"))
        known_details = await self._source.details(domain)
        counts = known_details.value.suites.get((suite, category, level))
        return known_details.replaced(badge.of_category(known_details.value.summary, counts, suite, category))

    async def _answer(self, request: web.Request, make: Callable[[str], Awaitable[Known[Badge]]]) -> web.StreamResponse:
        look = parameters.look(request.query)
        try:
            with patience(PATIENCE):
                shown = badge.aged(await make(domain_of(request)))
        except NoSuchServer:
            shown = badge.UNKNOWN_SERVER
        except Unanswered:
            shown = badge.UNAVAILABLE
        shown = _as_wanted(shown, look)
        settled = shown.known and not shown.stale
        if request.match_info.get("format") == "json":
            return await answer(request, dumped(_shields(shown, look)), JSON, settled=settled)
        return await answer(request, badge_svg(shown, look.style), SVG, settled=settled)


def _unknown(what: str) -> Badge:
    return Badge("XMPP", f"unknown {what}", colours.UNKNOWN, f"There is no such {what}", known=False)


def _as_wanted(shown: Badge, look: Look) -> Badge:
    """Colours that say that something is unknown or stale stay."""
    colour = look.colour if look.colour and shown.known and not shown.stale else shown.colour
    return replace(shown, label=shown.label if look.label is None else look.label, colour=colour)


def _shields(shown: Badge, look: Look) -> dict[str, object]:
    """https://shields.io/badges/endpoint-badge"""
    return {
        "schemaVersion": 1,
        "label": shown.label,
        "message": shown.message,
        "color": shown.colour,
        "labelColor": colours.LABEL,
        "isError": not shown.known,
        "style": look.style,
        "cacheSeconds": SHIELDS_MAX_AGE,
    }
