"""`xmpp-exporter check TARGET`: one server, now."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from xmpp_exporter.catalogue.suite import Suite, suites
from xmpp_exporter.cli.checking import Checking, configure_logs
from xmpp_exporter.cli.errors import CannotRun, ExitCode, Interrupted
from xmpp_exporter.cli.help import print_help
from xmpp_exporter.cli.state import account_journal
from xmpp_exporter.cli.table import print_report, print_suite
from xmpp_exporter.cli.target import Arguments, Request, request_of
from xmpp_exporter.cli.terminal import stdout_console
from xmpp_exporter.model import ProbeReport, Verdict
from xmpp_exporter.printable import printable
from xmpp_exporter.report_json import report_json
from xmpp_exporter.score import passed

EXAMPLES = """
\b
Examples:
  xmpp-exporter check example.org
      what can be seen without an account
  xmpp-exporter check probe@example.org
      everything; asks for the password
  xmpp-exporter check probe@example.org --password-file probe.password --json
      the same for a script
  xmpp-exporter check example.org --config.file exporter.yml
      with the account, resolver and CA that the exporter has for this server
  xmpp-exporter check probe@example.org --only xep0313,xep0363 --verbose
      two checks, and what goes over the wire
  xmpp-exporter check probe@example.org --suite cs2023
      everything, and whether it complies with XEP-0479
  xmpp-exporter check probe@example.org --help-for-admins
      everything, and what to change for what does not work
  xmpp-exporter check example.org --register
      everything, with an account made for it where anybody may make one

\b
Exit codes:
  0  all that counts and could be decided works
  1  something that counts does not work, or nothing could be decided
  2  wrong usage or configuration
  3  the server could not be probed, or did not let the account in
"""


def check(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="A domain, or an account made for probing: NAME@DOMAIN.", show_default=False
        ),
    ],
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The account's password, alone in a file.", show_default=False)
    ] = None,
    register: Annotated[
        bool,
        typer.Option("--register", help="Make a temporary account (XEP-0077) and remove it afterwards. Asks first."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --register makes the account.")] = False,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config.file",
            metavar="FILE",
            help="The exporter's configuration: this server's settings, and the resolver and CA.",
            show_default=False,
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID,...", help="Run these checks alone. Repeatable.", show_default=False),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="ID,...", help="Leave these checks out. Repeatable.", show_default=False)
    ] = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID,...",
            help=f"Tell how the server does in these compliance suites, too ({', '.join(suites())}). Repeatable.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the report as JSON, with all suites; with --only, with those of --suite."),
    ] = False,
    help_for_admins: Annotated[
        bool, typer.Option("--help-for-admins", help="Tell what to change on the server for each check that fails.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print what goes over the wire to stderr, without secrets.")
    ] = False,
    ca_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Trust these authorities (PEM) in place of the system's.", show_default=False
        ),
    ] = None,
    resolver: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS[:PORT]", help="Ask this name server in place of the system's.", show_default=False
        ),
    ] = "",
    allow_private_addresses: Annotated[
        bool,
        typer.Option(
            "--allow-private-addresses", help="Follow the server's names and URLs into private networks, too."
        ),
    ] = False,
) -> None:
    """Check one server now, and print what works there.

    Without an account only what a stranger can see is checked, and the rest is unknown. An account means that you may
    use it for this: rooms, nodes and the like are made with it and removed again.
    """
    arguments = Arguments(
        target=target,
        password_file=password_file,
        register=register,
        config_file=config_file,
        ca_file=ca_file,
        resolver=resolver,
        allow_private_addresses=allow_private_addresses,
        only=only or (),
        exclude=exclude or (),
        suites=suite or (),
    )
    try:
        if as_json and help_for_admins:
            raise CannotRun("--help-for-admins is for people: leave it or --json out")
        request = request_of(arguments)
        configure_logs(verbose=verbose)
        for note in request.notes:
            typer.echo(f"note: {note}", err=True)
        report = _probe(request, verbose, register, yes)
    except CannotRun as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
    except Interrupted as interrupted:
        raise typer.Exit(interrupted.exit_code) from interrupted
    # All in JSON, but of a few checks a suite has next to nothing to tell.
    _show(report, suites().values() if as_json and not only else request.suites, as_json)
    if help_for_admins:
        account = request.server.account
        print_help(report, account.jid if account else report.domain, stdout_console())
    raise typer.Exit(exit_code(report))


def exit_code(report: ProbeReport) -> ExitCode:
    """How a finished check ends the program. An account that was not let in is not what was asked for."""
    if not report.success or report.login is False:
        return ExitCode.NOT_PROBED
    return ExitCode.FINE if passed(report) else ExitCode.FAILED


def _probe(request: Request, verbose: bool, register: bool, yes: bool) -> ProbeReport:
    if register:
        return Checking(request, verbose=verbose).run_with_temporary_account(yes=yes)
    if request.server.account is None:
        return Checking(request, verbose=verbose).run()
    account = request.server.account.jid
    with account_journal(account) as journal:
        try:
            return Checking(request, journal, verbose).run()
        finally:
            if left := len(journal.left(account)):
                typer.echo(f"note: the next check of {account} removes what is left there ({left} in all)", err=True)


def _show(report: ProbeReport, shown: Iterable[Suite], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report_json(report, shown), indent=2))
    elif report.success or any(result.outcome.verdict is not Verdict.UNKNOWN for result in report.checks):
        print_report(report, stdout_console())
        for suite in shown:
            print_suite(suite, report, stdout_console())
    if not report.success:
        typer.echo(f"error: {report.domain} could not be probed: {printable(report.detail)}", err=True)
    elif report.login is False:
        typer.echo(f"error: the login failed ({report.login_failure}): {printable(report.login_detail)}", err=True)
