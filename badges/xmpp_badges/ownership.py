"""What only the exporter knows: which servers are the operator's own, and how to reach the people who run them."""

import re
from collections.abc import Awaitable, Callable, Hashable
from types import TracebackType
from typing import Any, TypeVar

from xmpp_badges.api import Api, ApiSettings, Garbled
from xmpp_badges.memory import Memory, Outage, if_answered, patience

FRESH = 300.0
"""Seconds: configurations and addresses seldom change."""
SHORT = 1.0
"""Seconds that a page is held up by an exporter that hangs."""
OWN = "own"

_ADDRESS = re.compile(r"(?:mailto|xmpp|https?):[!-~]{1,200}")
_SEPARATOR = re.compile(r"[;,]?\s+")

Value = TypeVar("Value")


class Ownership(Api):
    """The exporter's API. Without an answer nothing is anybody's own. `stale` is how long the last one counts."""

    def __init__(self, settings: ApiSettings, stale: float) -> None:
        super().__init__(settings)
        self._memory = Memory(FRESH, stale, Outage("the exporter"))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._memory.close()
        await super().__aexit__(kind, error, trace)

    async def own(self) -> frozenset[str]:
        """The domains with `relation: own`."""
        return await self._known("own", self._own, frozenset())

    async def contacts(self, domain: str) -> tuple[str, ...]:
        """The addresses that a server publishes (XEP-0157), as URIs that a browser may be sent to."""

        async def ask() -> tuple[str, ...]:
            return contacts_in(await self.get(f"/api/v1/servers/{domain}"))

        return await self._known(("contacts", domain), ask, ())

    async def _known(self, key: Hashable, ask: Callable[[], Awaitable[Value]], otherwise: Value) -> Value:
        with patience(SHORT):
            return await if_answered(self._memory.get(key, ask), otherwise)

    async def _own(self) -> frozenset[str]:
        servers = await self.get("/api/v1/servers")
        try:
            return frozenset(each["domain"] for each in servers if each["relation"] == OWN)
        except (TypeError, KeyError) as error:
            raise Garbled(f"{self.settings.url} does not answer as an exporter does") from error


def contacts_in(report: Any) -> tuple[str, ...]:
    """The URIs that a report says were found."""
    checks = report.get("checks", []) if isinstance(report, dict) else []
    details = (
        str(check.get("detail", ""))
        for check in checks
        if isinstance(check, dict) and check.get("id") == "xep0157" and check.get("verdict") == "supported"
    )
    words = (word for detail in details for word in _SEPARATOR.split(detail))
    return tuple(dict.fromkeys(word for word in words if _ADDRESS.fullmatch(word)))
