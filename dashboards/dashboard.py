"""A whole dashboard, in the classic schema."""

from dataclasses import dataclass

from dashboards.grid import Row, placed
from dashboards.links import DASHBOARDS, PREFIX, menu
from dashboards.targets import Json

SCHEMA_VERSION = 39
"""Grafana 10 reads it as it is, 11 and 12 bring it up to date."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`name` is a key of links.DASHBOARDS. `since`: where the shown time begins, as in `now-24h`."""

    name: str
    description: str
    variables: tuple[Json, ...]
    annotations: tuple[Json, ...]
    rows: tuple[Row, ...]
    since: str = "now-24h"

    def json(self) -> Json:
        """Without `id` and `version`, which belong to the Grafana that stores it."""
        return {
            "annotations": {"list": list(self.annotations)},
            "description": self.description,
            "editable": False,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "links": menu(self.name, [each["name"] for each in self.variables]),
            "panels": placed(self.rows),
            "refresh": "1m",
            "schemaVersion": SCHEMA_VERSION,
            "tags": ["xmpp"],
            "templating": {"list": list(self.variables)},
            "time": {"from": self.since, "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "title": DASHBOARDS[self.name],
            "uid": f"{PREFIX}{self.name}",
            "weekStart": "",
        }
