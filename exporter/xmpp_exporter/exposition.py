"""What /metrics shows now: the rendered blocks of every server, those that are too old left out."""

from collections.abc import Iterator
from dataclasses import dataclass

from xmpp_exporter.config import ServerConfig
from xmpp_exporter.metrics import (
    Block,
    Counts,
    page,
    render_catalogue,
    render_counts,
    render_report,
    render_settings,
    render_times,
)
from xmpp_exporter.model import ProbeKind
from xmpp_exporter.store import ServerState

EXPIRE_AFTER = 3
"""Intervals after which what a report says is too old to be shown."""


@dataclass(frozen=True, slots=True)
class _Shown:
    block: Block
    until: float = float("inf")


class Exposition:
    """Blocks by domain and part, replaced as probes end."""

    def __init__(self) -> None:
        self._blocks: dict[str, dict[str, _Shown]] = {}
        self._catalogue = render_catalogue()

    def configure(self, config: ServerConfig, state: ServerState) -> None:
        """A server that is new or whose settings changed; what is known of it from before is shown again."""
        self._blocks.setdefault(config.domain, {})["settings"] = _Shown(render_settings(config))
        for kind in ProbeKind:
            parts = self._blocks[config.domain]
            if f"{kind} counts" not in parts:
                parts[f"{kind} counts"] = _Shown(render_counts(config.domain, kind, Counts()))
            self.show(config, kind, state)

    def count(self, domain: str, kind: ProbeKind, counts: Counts) -> None:
        """A probe has ended."""
        if domain in self._blocks:
            self._blocks[domain][f"{kind} counts"] = _Shown(render_counts(domain, kind, counts))

    def show(self, config: ServerConfig, kind: ProbeKind, state: ServerState) -> None:
        """The latest report of this kind, until three intervals after it began."""
        if config.domain not in self._blocks:
            return
        parts = self._blocks[config.domain]
        report = state.reports.get(kind)
        supported = state.last_supported if kind is ProbeKind.COMPLIANCE else {}
        parts[f"{kind} times"] = _Shown(
            render_times(
                config.domain, kind, report.started if report else None, state.last_success.get(kind), supported
            )
        )
        if report is not None:
            until = report.started + EXPIRE_AFTER * getattr(config.intervals, kind)
            parts[f"{kind} report"] = _Shown(render_report(report), until)

    def remove(self, domain: str) -> None:
        """A server that is no longer configured."""
        self._blocks.pop(domain, None)

    def chunks(self, now: float) -> Iterator[bytes]:
        """The page about the servers, a family at a time. `now` in seconds since the epoch."""
        blocks = [shown.block for parts in self._blocks.values() for shown in parts.values() if now < shown.until]
        return page([self._catalogue, *blocks])
