"""`xmpp-exporter help CHECK`: what an operator can do about a check."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.help import help_for, page_of, software_with_page
from xmpp_exporter.catalogue.software import named, parse_version, software
from xmpp_exporter.cli.errors import CannotRun
from xmpp_exporter.cli.target import wanted_check
from xmpp_exporter.cli.terminal import stdout_console
from xmpp_exporter.model import ProbeReport, Verdict
from xmpp_exporter.printable import printable

HELP_EXAMPLES = """
\b
Examples:
  xmpp-exporter help xep0313 --software prosody
      how to switch the message archive on
  xmpp-exporter help xep0313 --software prosody --version 0.12
      the same for who runs that version
  xmpp-exporter help srv_c2s
      what is the same with any software
"""

FAILING = (Verdict.UNSUPPORTED, Verdict.BROKEN)


def help_command(
    check: Annotated[str, typer.Argument(metavar="CHECK", help="The id of a check.", show_default=False)],
    software_name: Annotated[
        str,
        typer.Option(
            "--software",
            metavar="NAME",
            help=f"The server's software: {', '.join(sorted(software()))}.",
            show_default=False,
        ),
    ] = "",
    version: Annotated[
        str, typer.Option("--version", metavar="VERSION", help="Its version, such as 0.12.", show_default=False)
    ] = "",
) -> None:
    """Tell what to change on the server so that a check passes."""
    try:
        wanted = wanted_check(check)
        known = _software(software_name)
        if version and parse_version(version) is None:
            raise CannotRun(f"--version: {version!r} is no version: write its numbers, such as 0.12 or 23.10")
    except CannotRun as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    _print(help_for([wanted.id], known, version), stdout_console())
    if known is None and (others := software_with_page(wanted.id)):
        typer.echo(f"for one software: xmpp-exporter help {wanted.id} --software {'|'.join(others)}", err=True)


def print_help(report: ProbeReport, target: str, console: Console) -> None:
    """For each check that fails, what to do about it on a server of this software and version.

    `target` is the domain, or the account that it was checked with.

    What counts comes first, and last what there is no instruction for.
    """
    if failing := [result.check for result in report.checks if result.outcome.verdict in FAILING]:
        said = report.software
        name, version = (named(said.name), said.version) if said is not None else (None, "")
        failing.sort(key=lambda check: (not checks()[check].scored, page_of(check, name) is None))
        _print(["\n" + _about(name, version), *help_for(failing, name, version, target)], console)


def _about(name: str | None, version: str) -> str:
    """Whom the instructions are for."""
    if name is None:
        return (
            "What to do is told in general, for the server's software is not known; "
            "`xmpp-exporter help CHECK --software NAME` tells more.\n"
        )
    return f"What to do with {software()[name].title} {printable(version)}".rstrip() + ":\n"


def _print(texts: Iterable[str], console: Console) -> None:
    """On a terminal as it is meant to look, and as it is elsewhere."""
    for text in texts:
        if console.is_terminal:
            console.print(Markdown(text))
            console.print()
        else:
            console.file.write(f"{text}\n")


def _software(name: str) -> str | None:
    if not name:
        return None
    if (known := named(name)) is None:
        raise CannotRun(f"there is no help for the software {name}: write one of {', '.join(sorted(software()))}")
    return known
