"""`xmpp-exporter config FILE`: validates a configuration and prints it with its defaults filled in, without secrets."""

from pathlib import Path
from typing import Annotated

import typer

from xmpp_exporter import catalogue
from xmpp_exporter.config import Config, load_config
from xmpp_exporter.serving.yamlfile import YamlError


def check_config(path: Path) -> Config:
    """The configuration at `path`; if it is wrong, prints every error to stderr and exits with 2."""
    try:
        return load_config(path, catalogue.checks())
    except YamlError as error:
        for line in error.errors:
            typer.echo(line, err=True)
        raise typer.Exit(2) from error


def config(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The exporter's configuration file.", show_default=False)
    ],
) -> None:
    """Validate a configuration file with its servers.d/, and print it with its defaults filled in, without secrets.

    Passwords that cannot be read are warnings: the user who checks a file is often not the one who runs the exporter.
    """
    checked = check_config(file)
    for problem in checked.password_problems():
        typer.echo(f"warning: {problem}", err=True)
    typer.echo(checked.render(), nl=False)
