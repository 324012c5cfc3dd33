"""What is shown, of the configuration in force: a reload puts another in its place."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from xmpp_badges.config import load_badges
from xmpp_badges.memory import PAGE_PATIENCE, Unanswered, patience
from xmpp_badges.self_metrics import SelfMetrics
from xmpp_badges.source import Source
from xmpp_exporter.serving.yamlfile import YamlError

_log = structlog.get_logger(__name__)


class Current:
    """Has the `source` in force, for as long as the `async with` block lasts."""

    def __init__(self, source: Source) -> None:
        self.source = source

    async def __aenter__(self) -> Self:
        await self.source.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.source.__aexit__(kind, error, trace)

    async def replace(self, source: Source) -> None:
        """Put another in its place. Raises Unanswered where its Prometheus does not answer: it has nothing to show."""
        await source.__aenter__()
        try:
            with patience(PAGE_PATIENCE):
                await source.listed()
        except BaseException:
            await source.__aexit__(None, None, None)
            raise
        before, self.source = self.source, source
        try:
            await asyncio.sleep(PAGE_PATIENCE)  # somebody may still wait for what was asked of it
        finally:
            await before.__aexit__(None, None, None)


async def reload(current: Current, config_file: Path, metrics: SelfMetrics) -> None:
    """Load the configuration again. What is wrong is told in the log, and then all stays as it was."""
    try:
        config = await asyncio.to_thread(load_badges, config_file)
        await current.replace(Source(config, count=metrics.count))
    except YamlError as error:
        errors = error.errors
    except Unanswered:
        errors = [f"{config.prometheus.url} does not answer"]
    else:
        metrics.loaded()
        _log.info("the configuration was reloaded")
        return
    metrics.not_loaded()
    for line in errors:
        _log.error("the configuration was not reloaded", error=line)
