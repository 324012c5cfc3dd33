"""What only the exporter knows: which servers are the operator's own, and how to reach the people who run them."""

import re
from typing import Any

from xmpp_badges.api import Api, Garbled
from xmpp_badges.memory import Memory, Unanswered

FRESH = 300.0
"""Seconds: configurations and addresses seldom change."""
OWN = "own"

_ADDRESS = re.compile(r"(?:mailto|xmpp|https?):[!-~]{1,200}")
_SEPARATOR = re.compile(r"[;,]?\s+")


class Ownership(Api):
    """The exporter's API. Without an answer nothing is anybody's own."""

    async def own(self, memory: Memory) -> frozenset[str]:
        """The domains with `relation: own`."""
        try:
            return (await memory.get("own", self._own, FRESH)).value
        except Unanswered:
            return frozenset()

    async def contacts(self, memory: Memory, domain: str) -> tuple[str, ...]:
        """The addresses that a server publishes (XEP-0157), as URIs that a browser may be sent to."""

        async def ask() -> tuple[str, ...]:
            return contacts_in(await self.get(f"/api/v1/servers/{domain}"))

        try:
            return (await memory.get(("contacts", domain), ask, FRESH)).value
        except Unanswered:
            return ()

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
