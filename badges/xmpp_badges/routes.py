"""What pages and data have in common: what is asked for, and what is said where there is no answer."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from aiohttp import web

from xmpp_badges import parameters
from xmpp_badges.current import Current
from xmpp_badges.details import Details
from xmpp_badges.history import History
from xmpp_badges.memory import PAGE_PATIENCE, Known, Unanswered, if_answered, patience
from xmpp_badges.source import NoSuchServer, Source
from xmpp_exporter.catalogue import Check, checks
from xmpp_exporter.catalogue.software import GENERAL, software

TITLES = {400: "That address makes no sense", 404: "Not found"}
UNKNOWN_SERVER = "That server is not watched here. Its name may be misspelt, or its operator does not want it shown."
UNANSWERED = "The measurements cannot be had just now: Prometheus does not answer. Try again in a minute."


@dataclass(frozen=True, slots=True)
class OneServer:
    """A server in full, now or at a moment (seconds since the epoch)."""

    at: float | None
    known: Known[Details]
    history: History | None
    """None where it takes too long to find out, or `at` is further back."""
    contacts: tuple[str, ...]


class Routes(ABC):
    """Handlers of what is shown of the source in force."""

    def __init__(self, current: Current) -> None:
        self._current = current

    @property
    def source(self) -> Source:
        return self._current.source

    @abstractmethod
    async def problem(self, request: web.Request, status: int, title: str, text: str) -> web.StreamResponse:
        """Says why there is no answer."""

    async def one_server(self, request: web.Request) -> OneServer:
        """The server that is asked for. Raises NoSuchServer, Unanswered and HTTPBadRequest."""
        domain, at = domain_of(request), parameters.at(request.query, self.source.now)
        known = await self.source.details(domain, at)
        # what was is worth an answer without it
        history, contacts = await asyncio.gather(
            if_answered(self.source.history(domain), None), self.source.contacts(domain)
        )
        if history is not None and at is not None:
            history = history.until(at)
        return OneServer(at, known, history, contacts)


RoutesT = TypeVar("RoutesT", bound=Routes)
Handler = Callable[[RoutesT, web.Request], Awaitable[web.StreamResponse]]


def told(handler: Handler[RoutesT]) -> Handler[RoutesT]:
    """A handler that answers in time, and says why where there is nothing to answer."""

    @wraps(handler)
    async def handle(self: RoutesT, request: web.Request) -> web.StreamResponse:
        try:
            with patience(PAGE_PATIENCE):
                return await handler(self, request)
        except NoSuchServer:
            return await self.problem(request, 404, "Unknown server", UNKNOWN_SERVER)
        except Unanswered:
            response = await self.problem(request, 503, "Not available", UNANSWERED)
            response.headers["Retry-After"] = "10"
            return response
        except (web.HTTPBadRequest, web.HTTPNotFound) as error:
            return await self.problem(request, error.status, TITLES[error.status], (error.text or "").strip())

    return handle


def domain_of(request: web.Request) -> str:
    """Raises NoSuchServer for what is no domain."""
    domain = parameters.domain(request.match_info["domain"])
    if domain is None:
        raise NoSuchServer
    return domain


def check_of(request: web.Request) -> Check:
    """Raises HTTPNotFound."""
    check = checks().get(request.match_info["check"])
    if check is None:
        raise web.HTTPNotFound(text="There is no check of that name.")
    return check


def software_of(request: web.Request) -> str:
    """One that there may be help for. Raises HTTPNotFound."""
    name = request.match_info["software"]
    if name not in (*software(), GENERAL, "other"):
        raise web.HTTPNotFound(text="There is no software of that name.")
    return name
