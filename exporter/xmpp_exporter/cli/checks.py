"""`xmpp-exporter checks`: the catalogue, for people and programs."""

import json
from typing import Annotated

import typer

from xmpp_exporter.catalogue import checks as catalogue
from xmpp_exporter.cli.table import print_catalogue
from xmpp_exporter.cli.terminal import stdout_console
from xmpp_exporter.report_json import check_json


def checks(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, with what each check does and why it matters.")
    ] = False,
) -> None:
    """List the checks, what they need and what they leave.

    The ids are what --only and --exclude take, and the label `check` of the metrics. "Counts" tells what is in the
    score; on a narrow terminal, "(info)" what is not. A check needs nothing, an account, or an account whose contacts
    would see nothing of it. What it leaves on the server as removable, it removes itself.
    """
    if as_json:
        typer.echo(json.dumps([check_json(check) for check in catalogue().values()], indent=2))
    else:
        print_catalogue(stdout_console())
