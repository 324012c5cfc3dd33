"""The exporter's pages: metrics, probes on request, the API and a landing page."""

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice

from aiohttp import web
from jinja2 import Environment, PackageLoader

from xmpp_exporter import __version__, labels
from xmpp_exporter.adhoc import Interrupted
from xmpp_exporter.config import ServerConfig, parse_domain
from xmpp_exporter.metrics import page, render_report
from xmpp_exporter.model import PROBER_FAULTS, ProbeKind, ProbeReport
from xmpp_exporter.outline import outline
from xmpp_exporter.report_json import server_json
from xmpp_exporter.score import score
from xmpp_exporter.service import Exporter, ReloadError
from xmpp_exporter.serving import health
from xmpp_exporter.serving.compress import write_page

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
DEFAULT_TIMEOUT = 120.0
TIMEOUT_OFFSET = 0.5
"""Seconds kept back of the scrape timeout, so that the answer is there before Prometheus hangs up."""

BATCH = 100

_LATER = {"Retry-After": "30"}
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def _ago(timestamp: float) -> str:
    """How long that is ago, in whole units."""
    seconds = max(0, int(time.time() - timestamp))
    return next((f"{seconds // length} {unit} ago" for length, unit in _UNITS if seconds >= length), "now")


_templates = Environment(loader=PackageLoader("xmpp_exporter"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_templates.filters["ago"] = _ago


def application(exporter: Exporter, prefix: str = "", links: str = "") -> web.Application:
    """All routes, below `prefix` (as `/xmpp`, or empty). `links` is the path that browsers see in its place."""
    pages = _Pages(exporter, links)
    app = web.Application()
    app.add_routes(health.routes(lambda: exporter.ready, prefix=prefix))
    app.add_routes(
        [
            web.get(f"{prefix}/", pages.index),
            web.get(f"{prefix}/metrics", pages.metrics),
            web.get(f"{prefix}/probe", pages.probe, allow_head=False),
            web.post(f"{prefix}/-/reload", pages.reload),
            web.put(f"{prefix}/-/reload", pages.reload),
            web.get(f"{prefix}/api/v1/servers", pages.servers),
            web.get(f"{prefix}/api/v1/servers/{{domain}}", pages.server),
        ]
    )
    if prefix:
        app.add_routes([web.get("/", _redirect(f"{prefix}/")), web.get(prefix, _redirect(f"{prefix}/"))])
    app.on_response_prepare.append(_as_declared)
    return app


async def _as_declared(request: web.Request, response: web.StreamResponse) -> None:
    # pages quote servers: no browser may take that for something else than the text that it is
    response.headers.setdefault("X-Content-Type-Options", "nosniff")


def _redirect(to: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPFound(to)

    return redirect


class _Pages:
    def __init__(self, exporter: Exporter, links: str) -> None:
        self._exporter = exporter
        self._links = links

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        exporter = self._exporter

        def chunks() -> Iterator[bytes]:
            yield from exporter.exposition.chunks(time.time())
            yield exporter.metrics.render()

        return await write_page(request, chunks(), TEXT_FORMAT)

    async def probe(self, request: web.Request) -> web.StreamResponse:
        config, kind, timeout = self._target(request), _kind(request), _timeout(request)
        debug = request.query.get("debug") == "true"
        try:
            report, trace = await self._exporter.adhoc.report(config, kind, timeout, traced=debug)
        except TimeoutError:
            text = f"The probe did not end within {timeout:g} s. It goes on; ask again, or raise scrape_timeout.\n"
            raise web.HTTPServiceUnavailable(text=text, headers=_LATER) from None
        except Interrupted:
            text = "The probe was interrupted by a reload or the exporter's end; ask again.\n"
            raise web.HTTPServiceUnavailable(text=text, headers=_LATER) from None
        chunks = list(page([render_report(report)]))
        if debug:
            chunks = [*(f"{line}\n".encode() for line in outline(report, trace)), b"\nMetrics:\n", *chunks]
            return await write_page(request, chunks, "text/plain; charset=utf-8")
        return await write_page(request, chunks, TEXT_FORMAT)

    def _target(self, request: web.Request) -> ServerConfig:
        domain = request.query.get("target", "")
        if not domain:
            raise web.HTTPBadRequest(text="Say which server: /probe?target=example.org&module=compliance\n")
        return self._configured(domain)

    def _configured(self, domain: str) -> ServerConfig:
        """The server that somebody asks for, however its name is written."""
        try:
            config = self._exporter.config.server(parse_domain(domain))
        except ValueError:
            config = None
        if config is None:
            raise web.HTTPNotFound(text="That server is not in the configuration; only configured ones are probed.\n")
        return config

    async def reload(self, request: web.Request) -> web.Response:
        try:
            await self._exporter.reload()
        except ReloadError as error:
            text = f"The configuration was not reloaded; the one before stays in force:\n{error}\n"
            raise web.HTTPInternalServerError(text=text) from None
        return web.Response()

    async def servers(self, request: web.Request) -> web.StreamResponse:
        def chunks() -> Iterator[bytes]:
            before = "[\n"
            for config in self._exporter.config.servers:
                yield f"{before}{json.dumps(self._summary(config))}".encode()
                before = ",\n"
            yield b"\n]\n" if before.startswith(",") else b"[]\n"

        return await write_page(request, _batched(chunks()), "application/json")

    async def server(self, request: web.Request) -> web.Response:
        config = self._configured(request.match_info["domain"])
        availability, compliance = (self._report(config, kind) for kind in ProbeKind)
        if availability is None and compliance is None:
            raise web.HTTPServiceUnavailable(text="That server was not probed yet.\n", headers=_LATER)
        return web.json_response(server_json(config.domain, availability, compliance))

    async def index(self, request: web.Request) -> web.StreamResponse:
        servers = (self._summary(config) for config in self._exporter.config.servers)
        page = _templates.get_template("index.html.j2").generate(
            servers=servers,
            number=len(self._exporter.config.servers),
            down=sum(self._is_down(config) for config in self._exporter.config.servers),
            prefix=self._links,
            version=__version__,
        )
        return await write_page(request, _batched(text.encode() for text in page), "text/html; charset=utf-8")

    def _is_down(self, config: ServerConfig) -> bool:
        report = self._report(config, ProbeKind.AVAILABILITY)
        return report is not None and not report.success and report.failure not in PROBER_FAULTS

    def _report(self, config: ServerConfig, kind: ProbeKind) -> ProbeReport | None:
        return self._exporter.store.report(config.domain, kind)

    def _summary(self, config: ServerConfig) -> dict[str, object]:
        """A server and its last outcomes; null for what is not known."""
        availability = self._report(config, ProbeKind.AVAILABILITY)
        compliance = self._report(config, ProbeKind.COMPLIANCE)
        points = score(compliance) if compliance is not None and compliance.success else None
        software = compliance.software if compliance is not None else None
        return {
            "domain": config.domain,
            "relation": config.relation,
            "listed": config.listed,
            "up": availability.success if availability and availability.failure not in PROBER_FAULTS else None,
            "failure": availability.failure if availability else None,
            "account": config.account is not None,
            "login": availability.login if availability else None,
            "login_failure": availability.login_failure if availability else None,
            "score": {"supported": points.supported, "counted": points.counted} if points else None,
            "software": labels.software(software.name) if software else None,
            "last_probe": {
                str(report.probe): report.started for report in (availability, compliance) if report is not None
            },
        }


def _batched(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Little pieces of a page as larger ones, each of which is made in a few ms."""
    pieces = iter(chunks)
    while batch := list(islice(pieces, BATCH)):
        yield b"".join(batch)


def _kind(request: web.Request) -> ProbeKind:
    try:
        return ProbeKind(request.query.get("module", ProbeKind.AVAILABILITY))
    except ValueError:
        raise web.HTTPBadRequest(text="module is availability or compliance.\n") from None


def _timeout(request: web.Request) -> float:
    """How long whoever asks will wait, in seconds."""
    try:
        given = float(request.headers.get(TIMEOUT_HEADER, DEFAULT_TIMEOUT))
    except ValueError:
        raise web.HTTPBadRequest(text=f"{TIMEOUT_HEADER} must be a number of seconds.\n") from None
    return max(0.1, given - TIMEOUT_OFFSET) if given == given else DEFAULT_TIMEOUT
