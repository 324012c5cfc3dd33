"""The options that commands which serve pages share, as exporters of Prometheus's family call them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from xmpp_exporter.serving import address, log

WebConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--web.config.file", metavar="FILE", help="TLS and passwords of the pages, in exporter-toolkit's format."
    ),
]
ExternalUrl = Annotated[
    str, typer.Option("--web.external-url", metavar="URL", help="Where browsers reach the pages, behind a proxy.")
]
RoutePrefix = Annotated[
    str | None,
    typer.Option(
        "--web.route-prefix",
        metavar="PATH",
        help="Path in front of all routes.",
        show_default="the path of --web.external-url",
    ),
]
LogLevel = Annotated[log.Level, typer.Option("--log.level", help="The least severity that is logged.")]
LogFormat = Annotated[log.Format, typer.Option("--log.format", help="How log lines are written.")]


def listen_on(texts: Sequence[str]) -> list[address.Address]:
    """The values of --web.listen-address. Raises typer.BadParameter."""
    try:
        return [address.parse(text) for text in texts]
    except address.AddressError as error:
        raise typer.BadParameter(str(error), param_hint="--web.listen-address") from None


def paths(external_url: str, route_prefix: str | None) -> tuple[str, str]:
    """The prefix of the routes and that of links, each empty or starting with a slash and not ending with one.

    Raises typer.BadParameter.
    """
    if external_url and urlsplit(external_url).scheme not in ("http", "https"):
        raise typer.BadParameter("must start with http:// or https://", param_hint="--web.external-url")
    links = urlsplit(external_url).path.strip("/")
    prefix = links if route_prefix is None else route_prefix.strip("/")
    return tuple(f"/{path}" if path else "" for path in (prefix, links if external_url else prefix))  # type: ignore[return-value]
