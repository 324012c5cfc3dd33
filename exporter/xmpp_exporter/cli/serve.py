"""`xmpp-exporter serve`: probe the configured servers and let Prometheus scrape what is found."""

import asyncio
import contextlib
import os
import resource
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from xmpp_exporter.cli.config import config
from xmpp_exporter.serving import address, log, signals
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.options import ExternalUrl, LogFormat, LogLevel, RoutePrefix, WebConfigFile, listen_on, paths
from xmpp_exporter.serving.sockets import ListenError
from xmpp_exporter.serving.webconfig import WebConfig
from xmpp_exporter.serving.yamlfile import YamlError

GRACE = 30.0
"""Seconds in which running probes and requests end after SIGTERM."""
REQUESTS_GRACE = 5.0
"""What of it is kept for requests: they end after the probes, and none of them waits for one any more."""

_log = structlog.get_logger(__name__)


def serve(
    config_file: Annotated[
        Path, typer.Option("--config.file", metavar="FILE", help="The configuration: which servers to probe, and how.")
    ] = Path("exporter.yml"),
    config_check: Annotated[
        bool, typer.Option("--config.check", help="Check the configuration, print it with all defaults, and exit.")
    ] = False,
    listen_addresses: Annotated[
        list[str] | None,
        typer.Option(
            "--web.listen-address",
            metavar="[HOST]:PORT",
            help="Where to listen; may be given several times, as :15222 or [::1]:15222.",
            show_default=":15222",
        ),
    ] = None,
    web_config_file: WebConfigFile = None,
    external_url: ExternalUrl = "",
    route_prefix: RoutePrefix = None,
    storage: Annotated[
        Path | None,
        typer.Option(
            "--storage.path",
            metavar="FOLDER",
            help="Where reports and the journal are kept over restarts.",
            show_default="$STATE_DIRECTORY, or data",
        ),
    ] = None,
    level: LogLevel = log.Level.INFO,
    log_format: LogFormat = log.Format.LOGFMT,
) -> None:
    """Probe the configured servers on their intervals and expose what is found for Prometheus.

    SIGHUP or POST /-/reload loads the configuration again; SIGTERM ends cleanly.

    Exit codes: 0 when told to end, 1 when it cannot listen, 2 for wrong usage, configuration or storage.
    """
    if config_check:
        config(config_file)
        return
    log.configure(level, log_format)
    prefix, links = paths(external_url, route_prefix)
    addresses = listen_on(listen_addresses or [":15222"])
    try:
        web_config = WebConfig(web_config_file)
    except YamlError as error:
        raise typer.Exit(_complain(error)) from None
    folder = storage or Path(os.environ.get("STATE_DIRECTORY", "data").split(":")[0])
    raise typer.Exit(_run(config_file, folder, addresses, web_config, prefix, links))


def _allow_many_connections() -> None:
    """Raise the soft limit of open files, usually 1024 for the sake of select(2), as far as we may; so does Go."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _complain(error: YamlError) -> int:
    for line in error.errors:
        typer.echo(line, err=True)
    return 2


def _run(
    config_file: Path, storage: Path, addresses: list[address.Address], web_config: WebConfig, prefix: str, links: str
) -> int:
    from xmpp_exporter.files import locked

    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(storage))
        except OSError as error:
            return _unusable(storage, error)
        # locked until the event loop has ended: at its end it breaks off what did not clean up in time
        return asyncio.run(_serve(config_file, storage, addresses, web_config, prefix, links))


def _unusable(storage: Path, error: OSError) -> int:
    typer.echo(f"{storage} can't be used for storage: {error}; choose another --storage.path", err=True)
    return 2


async def _serve(
    config_file: Path,
    storage: Path,
    addresses: list[address.Address],
    web_config: WebConfig,
    prefix: str,
    links: str,
) -> int:
    from xmpp_exporter.service import Exporter, ReloadError
    from xmpp_exporter.web import application

    async def reload() -> None:
        with contextlib.suppress(ReloadError):  # logged, and the old configuration stays
            await exporter.reload()

    _allow_many_connections()
    async with contextlib.AsyncExitStack() as stack:
        try:
            exporter = Exporter(config_file, storage)
        except YamlError as error:
            return _complain(error)
        except OSError as error:
            return _unusable(storage, error)
        stopped = asyncio.create_task(signals.until_stopped(reload))  # signals count from now on
        stack.push_async_callback(_cancel, stopped)
        try:
            listeners = Listeners(application(exporter, prefix, links), addresses, web_config, grace=REQUESTS_GRACE)
            await stack.enter_async_context(listeners)
        except ListenError as error:
            typer.echo(str(error), err=True)
            return 1
        await stack.enter_async_context(exporter.running(GRACE - REQUESTS_GRACE))
        _log.info("probing", servers=len(exporter.config.servers))
        received = await stopped
        _log.info("ending", signal=received.name)
    return 0


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait([task])
