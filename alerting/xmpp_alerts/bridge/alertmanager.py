"""What the bridge asks of Alertmanager (its API v2): which alerts fire, and to be silent about a server for a while."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from xmpp_alerts.bridge.webhook import Alert
from xmpp_badges.api import Api, Garbled
from xmpp_badges.prometheus import quoted

_ALERTS = TypeAdapter(tuple[Alert, ...])


class Alertmanager(Api):
    """One Alertmanager. Raises ApiError."""

    async def firing(self, domain: str | None = None) -> Sequence[Alert]:
        """The alerts that fire and are neither silenced nor inhibited, of one domain if there is one given."""
        parameters = {"active": "true", "silenced": "false", "inhibited": "false", "unprocessed": "true"}
        if domain is not None:
            parameters["filter"] = f"domain={quoted(domain)}"
        answer = await self.get("/api/v2/alerts", parameters)
        try:
            # there `status` is something else, and says only why it is silent
            return _ALERTS.validate_python([{**each, "status": "firing"} for each in answer])
        except (TypeError, ValidationError) as error:
            raise self._garbled("/api/v2/alerts") from error

    async def silence(self, domain: str, seconds: float, author: str, comment: str) -> tuple[str, datetime]:
        """Be silent about a domain from now on; returns the silence's id and its end."""
        now = datetime.now(UTC)
        ends = now + timedelta(seconds=seconds)
        answer: Any = await self.post_json(
            "/api/v2/silences",
            {
                "matchers": [{"name": "domain", "value": domain, "isRegex": False, "isEqual": True}],
                "startsAt": now.isoformat(),
                "endsAt": ends.isoformat(),
                "createdBy": author,
                "comment": comment,
            },
        )
        if not isinstance(answer, dict) or not isinstance(answer.get("silenceID"), str):
            raise self._garbled("/api/v2/silences")
        return answer["silenceID"], ends

    def _garbled(self, asked: str) -> Garbled:
        return Garbled(f"{self.settings.url} does not answer as Alertmanager does to {asked}")
