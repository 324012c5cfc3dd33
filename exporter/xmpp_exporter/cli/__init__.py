"""The command `xmpp-exporter`: one module for each of its sub-commands."""

from xmpp_exporter import __version__
from xmpp_exporter.cli import check, checks, config, serve
from xmpp_exporter.cli.help import HELP_EXAMPLES, help_command
from xmpp_exporter.serving.program import program, run

EXAMPLES = """
\b
Examples:
  xmpp-exporter check example.org
  xmpp-exporter checks
  xmpp-exporter help xep0313 --software prosody
  xmpp-exporter config exporter.yml
  xmpp-exporter serve --config.file exporter.yml

`xmpp-exporter COMMAND --help` has more of them, and the exit codes.
"""

app = program(
    "xmpp-exporter", __version__, "Probe XMPP servers, and tell which extensions really work there.", EXAMPLES
)

app.command(epilog=check.EXAMPLES)(check.check)
app.command()(checks.checks)
app.command("help", epilog=HELP_EXAMPLES)(help_command)
app.command(short_help="Validate a configuration file, and print all of it.")(config.config)
app.command(short_help="Probe the configured servers, for Prometheus to scrape.")(serve.serve)


def main() -> None:
    """Run the program with the arguments of the process."""
    run(app)
