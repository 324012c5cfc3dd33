"""The options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from xmpp_alerts.config import Alerts, load_alerts
from xmpp_exporter.serving.yamlfile import YamlError

ConfigFile = Annotated[
    Path, typer.Option("--config.file", metavar="FILE", help="Who wants to hear of what, and how to reach them.")
]


def alerts_or_exit(path: Path) -> Alerts:
    """The configuration at `path`; if it is wrong, prints every error to stderr and exits with 2."""
    try:
        return load_alerts(path)
    except YamlError as error:
        for line in error.errors:
            typer.echo(line, err=True)
        raise typer.Exit(2) from error
