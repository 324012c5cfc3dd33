"""The command `xmpp-exporter`: one module for each of its sub-commands."""

import io
import sys
from typing import Annotated

import typer

from xmpp_exporter import __version__
from xmpp_exporter.cli import check, checks, config, serve
from xmpp_exporter.cli.help import HELP_EXAMPLES, help_command

app = typer.Typer(
    name="xmpp-exporter",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


EPILOG = """
\b
Examples:
  xmpp-exporter check example.org
  xmpp-exporter checks
  xmpp-exporter help xep0313 --software prosody
  xmpp-exporter config exporter.yml
  xmpp-exporter serve --config.file exporter.yml

`xmpp-exporter COMMAND --help` has more of them, and the exit codes.
"""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"xmpp-exporter {__version__}")
        raise typer.Exit


@app.callback(epilog=EPILOG)
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Probe XMPP servers, and tell which extensions really work there."""


app.command(epilog=check.EXAMPLES)(check.check)
app.command()(checks.checks)
app.command("help", epilog=HELP_EXAMPLES)(help_command)
app.command(short_help="Validate a configuration file, and print all of it.")(config.config)
app.command(short_help="Probe the configured servers, for Prometheus to scrape.")(serve.serve)


def main() -> None:
    """Run the program with the arguments of the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal cannot show must not end the program
            stream.reconfigure(errors="backslashreplace")
    app()
