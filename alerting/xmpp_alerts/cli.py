"""The command `xmpp-alerts`: one module for each of its sub-commands."""

from xmpp_alerts.bridge import command as bridge
from xmpp_alerts.render import command as render
from xmpp_alerts.report import command as report
from xmpp_exporter import __version__
from xmpp_exporter.serving.program import program, run

EXAMPLES = """
\b
Examples:
  xmpp-alerts render --config.file alerts.yml --output /etc/prometheus
  xmpp-alerts bridge --config.file alerts.yml
  xmpp-alerts report --config.file alerts.yml --dry-run reports

`xmpp-alerts COMMAND --help` has more of them, and the exit codes.
"""

app = program("xmpp-alerts", __version__, "Bring Prometheus's alerts about XMPP servers to people.", EXAMPLES)

app.command(epilog=render.EXAMPLES, short_help="Write Alertmanager's configuration.")(render.render)
app.command(epilog=bridge.EXAMPLES, short_help="Tell people of alerts by XMPP.")(bridge.bridge)
app.command(epilog=report.EXAMPLES, short_help="Tell subscribers what the week brought.")(report.report)


def main() -> None:
    """Run the program with the arguments of the process."""
    run(app)
