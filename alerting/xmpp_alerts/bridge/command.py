"""`xmpp-alerts bridge`: tell people of alerts by XMPP."""

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated

import structlog
import typer

from xmpp_alerts.options import ConfigFile
from xmpp_exporter.serving import address, log, signals
from xmpp_exporter.serving.listeners import Listeners
from xmpp_exporter.serving.sockets import ListenError
from xmpp_exporter.serving.webconfig import WebConfig
from xmpp_exporter.serving.yamlfile import YamlError

EXAMPLES = """
\b
Examples:
  xmpp-alerts bridge --config.file alerts.yml
      take webhooks on 127.0.0.1:15224, where Alertmanager is on the same machine
  xmpp-alerts bridge --config.file alerts.yml --web.listen-address :15224 --web.config.file web.yml
      from other machines, over TLS
"""

LISTEN = "127.0.0.1:15224"
GRACE = 10.0
"""Seconds in which requests end after SIGTERM: longer than a message is waited for."""

_log = structlog.get_logger(__name__)


def bridge(
    config_file: ConfigFile = Path("alerts.yml"),
    listen_addresses: Annotated[
        list[str] | None,
        typer.Option(
            "--web.listen-address",
            metavar="[HOST]:PORT",
            help="Where Alertmanager reaches the webhook; may be given several times.",
            show_default=LISTEN,
        ),
    ] = None,
    web_config_file: Annotated[
        Path | None,
        typer.Option("--web.config.file", metavar="FILE", help="TLS and passwords, in exporter-toolkit's format."),
    ] = None,
    level: Annotated[
        log.Level, typer.Option("--log.level", help="The least severity that is logged.")
    ] = log.Level.INFO,
    log_format: Annotated[
        log.Format, typer.Option("--log.format", help="How log lines are written.")
    ] = log.Format.LOGFMT,
) -> None:
    """Take Alertmanager's webhooks, and tell the subscribers of alerts.yml who have a JID or a room.

    Alertmanager gets 200 when the XMPP server has a message, and otherwise tries again. SIGHUP or POST /-/reload loads
    the configuration again; SIGTERM ends cleanly.

    Exit codes: 0 when told to end, 1 when it cannot listen, 2 for wrong usage or configuration.
    """
    log.configure(level, log_format)
    try:
        addresses = [address.parse(text) for text in listen_addresses or [LISTEN]]
        web_config = WebConfig(web_config_file)
    except address.AddressError as error:
        raise typer.BadParameter(str(error), param_hint="--web.listen-address") from None
    except YamlError as error:
        raise typer.Exit(_complain(str(error), 2)) from None
    raise typer.Exit(asyncio.run(_serve(config_file, addresses, web_config)))


def _complain(message: str, code: int) -> int:
    typer.echo(message, err=True)
    return code


async def _serve(config_file: Path, addresses: list[address.Address], web_config: WebConfig) -> int:
    from xmpp_alerts.bridge.service import Bridge, ReloadError
    from xmpp_alerts.bridge.web import application, shows_token

    async def reload() -> None:
        with contextlib.suppress(ReloadError):  # logged, and the old configuration stays
            await running.reload()

    try:
        running = Bridge(config_file)
    except (YamlError, OSError) as error:  # ssl.SSLError is an OSError
        return _complain(str(error), 2)
    app = application(running, web_config)
    listeners = Listeners(
        app, addresses, web_config, grace=GRACE, admitted=lambda request: shows_token(request, running.token)
    )
    async with running.running():
        try:
            async with listeners:
                received = await signals.until_stopped(reload)
                _log.info("ending", signal=received.name)
        except ListenError as error:
            return _complain(str(error), 1)
    return 0
