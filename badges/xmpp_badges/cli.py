"""The command `xmpp-badges`."""

import asyncio
import gc
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from xmpp_badges.config import Badges, load_badges
from xmpp_badges.site import Site
from xmpp_exporter import __version__
from xmpp_exporter.serving import address, log, signals
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.options import ExternalUrl, LogFormat, LogLevel, RoutePrefix, WebConfigFile, listen_on, paths
from xmpp_exporter.serving.program import program, run
from xmpp_exporter.serving.sockets import ListenError
from xmpp_exporter.serving.webconfig import WebConfig
from xmpp_exporter.serving.yamlfile import YamlError

EXAMPLES = """
\b
Examples:
  xmpp-badges serve --config.file badges.yml
  xmpp-badges serve --config.file badges.yml --web.external-url https://xmpp.example.org/
"""

app = program("xmpp-badges", __version__, "Show badges and result pages of XMPP servers.", EXAMPLES)

_log = structlog.get_logger(__name__)


@app.command(short_help="Serve badges and result pages.")
def serve(
    config_file: Annotated[
        Path, typer.Option("--config.file", metavar="FILE", help="Where Prometheus is, and what to show.")
    ] = Path("badges.yml"),
    listen_addresses: Annotated[
        list[str] | None,
        typer.Option(
            "--web.listen-address",
            metavar="[HOST]:PORT",
            help="Where to listen; may be given several times, as :15223 or [::1]:15223.",
            show_default=":15223",
        ),
    ] = None,
    web_config_file: WebConfigFile = None,
    external_url: ExternalUrl = "",
    route_prefix: RoutePrefix = None,
    level: LogLevel = log.Level.INFO,
    log_format: LogFormat = log.Format.LOGFMT,
) -> None:
    """Serve badges and result pages, made of what Prometheus knows.

    SIGHUP loads the configuration again; SIGTERM ends cleanly.

    Exit codes: 0 when told to end, 1 when it cannot listen, 2 for wrong usage or configuration.
    """
    log.configure(level, log_format)
    prefix, links = paths(external_url, route_prefix)
    addresses = listen_on(listen_addresses or [":15223"])
    try:
        web_config = WebConfig(web_config_file)
        config = load_badges(config_file)
    except YamlError as error:
        raise typer.Exit(_complain(str(error), 2)) from None
    site = Site(prefix, links, external_url.rstrip("/"))
    raise typer.Exit(asyncio.run(_serve(config_file, config, addresses, web_config, site)))


def _complain(message: str, code: int) -> int:
    typer.echo(message, err=True)
    return code


async def _serve(
    config_file: Path, config: Badges, addresses: list[address.Address], web_config: WebConfig, site: Site
) -> int:
    from xmpp_badges.current import Current, reload
    from xmpp_badges.self_metrics import SelfMetrics
    from xmpp_badges.source import Source
    from xmpp_badges.web import application

    sys.setswitchinterval(0.0005)  # seconds after which a thread that reads a long answer gives way to badges
    gc.freeze()  # what was loaded stays: no search for garbage has to go through it
    metrics = SelfMetrics()
    async with Current(Source(config, count=metrics.count)) as current:
        try:
            async with Listeners(application(current, metrics, site), addresses, web_config):
                received = await signals.until_stopped(lambda: reload(current, config_file, metrics))
                _log.info("ending", signal=received.name)
        except ListenError as error:
            return _complain(str(error), 1)
    return 0


def main() -> None:
    """Run the program with the arguments of the process."""
    run(app)
