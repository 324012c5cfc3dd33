"""What /metrics shows now: the rendered lines of every server, those that are too old left out."""

from collections.abc import Iterator
from math import inf

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.families import CATALOGUE_FAMILIES, PROBE_FAMILIES
from xmpp_exporter.metrics import (
    Block,
    Counts,
    family_text,
    render_catalogue,
    render_counts,
    render_report,
    render_settings,
    render_times,
)
from xmpp_exporter.model import ProbeKind
from xmpp_exporter.slots import interval_of
from xmpp_exporter.store import ServerState

EXPIRE_AFTER = 3
"""Intervals after which what a report says is too old to be shown."""

_Part = tuple[str, str]
"""What is replaced together: a domain (empty for the catalogue), and one of the things that are known of it."""


class Exposition:
    """Blocks by domain and part, replaced as probes end.

    Their lines are kept by family as well: sorting a million of them into families at each scrape would hold up the
    event loop for longer than all the rest of the page.
    """

    def __init__(self) -> None:
        self._blocks: dict[str, dict[str, Block]] = {"": {}}
        self._columns: dict[str, dict[_Part, bytes]] = {
            family.name: {} for family in PROBE_FAMILIES + CATALOGUE_FAMILIES
        }
        self._until: dict[_Part, float] = {}
        self._put("", "catalogue", render_catalogue())

    def configure(self, config: ServerConfig, state: ServerState) -> None:
        """A server that is new or whose settings changed; what is known of it from before is shown again."""
        parts = self._blocks.setdefault(config.domain, {})
        self._put(config.domain, "settings", render_settings(config))
        for kind in ProbeKind:
            if f"{kind} counts" not in parts:
                self._put(config.domain, f"{kind} counts", render_counts(config.domain, kind, Counts()))
            self.show(config, kind, state)

    def count(self, domain: str, kind: ProbeKind, counts: Counts) -> None:
        """A probe has ended."""
        if domain in self._blocks:
            self._put(domain, f"{kind} counts", render_counts(domain, kind, counts))

    def show(self, config: ServerConfig, kind: ProbeKind, state: ServerState) -> None:
        """The latest report of this kind, until three intervals after it began."""
        domain = config.domain
        if domain not in self._blocks:
            return
        report = state.reports.get(kind)
        supported = state.last_supported if kind is ProbeKind.COMPLIANCE else {}
        last_run = report.started if report else None
        self._put(
            domain, f"{kind} times", render_times(domain, kind, last_run, state.last_success.get(kind), supported)
        )
        if report is not None:
            until = report.started + EXPIRE_AFTER * interval_of(config, kind)
            self._put(domain, f"{kind} report", render_report(report), until)

    def remove(self, domain: str) -> None:
        """A server that is no longer configured."""
        for part in list(self._blocks.get(domain, ())):
            self._put(domain, part, {})
        self._blocks.pop(domain, None)

    def chunks(self, now: float) -> Iterator[bytes]:
        """The page about the servers, family by family. `now` in seconds since the epoch.

        Each family is as of the moment at which it is made: probes may end while a long page is on its way.
        """
        expired = {part for part, until in self._until.items() if until <= now}
        for name, column in self._columns.items():
            lines = [text for part, text in column.items() if part not in expired] if expired else [*column.values()]
            yield from family_text(name, lines)

    def _put(self, domain: str, part: str, block: Block, until: float = inf) -> None:
        """Shows `block` in the place of what was known before as this part of the domain."""
        key = (domain, part)
        for name in self._blocks[domain].get(part, {}):
            if name not in block:
                del self._columns[name][key]
        for name, lines in block.items():
            self._columns[name][key] = lines
        self._blocks[domain][part] = block
        self._until.pop(key, None)
        if until < inf:
            self._until[key] = until
