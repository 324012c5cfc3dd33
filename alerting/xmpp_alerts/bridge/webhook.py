"""What Alertmanager's webhook says (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config)."""

import hashlib
import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Texts = Annotated[Mapping[str, str], Field(default_factory=dict)]


class _Part(BaseModel):
    """Newer versions may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Alert(_Part):
    """One alert of a group."""

    status: Literal["firing", "resolved"]
    labels: Texts
    annotations: Texts
    starts_at: AwareDatetime = Field(alias="startsAt")
    ends_at: AwareDatetime = Field(alias="endsAt")
    fingerprint: str

    @property
    def fires(self) -> bool:
        return self.status == "firing"

    @property
    def recovered(self) -> bool:
        """Whether it ended since all is well again, which our rules say: an alert also ends when nothing is known."""
        return not self.fires and bool(self.annotations.get("recovered"))

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")

    @property
    def domain(self) -> str:
        return self.labels.get("domain", "")

    @property
    def severity(self) -> str:
        return self.labels.get("severity", "")


class Group(_Part):
    """The alerts that belong together, as of now."""

    version: Literal["4"]
    key: str = Field(alias="groupKey")
    alerts: tuple[Alert, ...] = Field(min_length=1)
    truncated: int = Field(default=0, alias="truncatedAlerts", ge=0)
    """How many more there are that are not in `alerts`."""
    labels: Texts = Field(alias="groupLabels")
    alertmanager: str = Field(default="", alias="externalURL")

    def message_id(self, repeat: float, now: float | None = None) -> str:
        """The same for the same state of the group however often it is sent, until it is sent again as a reminder.

        `repeat` is the interval of reminders in seconds: the one that we are in is counted from when the youngest alert
        began, so that it needs no memory. `now` is in seconds since the epoch.
        """
        youngest = max(alert.starts_at for alert in self.alerts)
        interval = max(0, int(((time.time() if now is None else now) - youngest.timestamp()) // repeat))
        state = sorted((alert.fingerprint, alert.status, _moment(alert.starts_at)) for alert in self.alerts)
        digest = hashlib.sha256(json.dumps([self.key, state, interval]).encode())
        return f"xmpp-alerts-{digest.hexdigest()[:32]}"


def _moment(time_: datetime) -> str:
    return time_.isoformat()
