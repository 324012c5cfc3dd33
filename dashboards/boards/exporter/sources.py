"""The exporter's dashboard: what is asked of which exporters."""

EXPORTERS = 'job=~"$job", instance=~"$instance"'
LEGEND = "{{job}} {{instance}}"


def exporter(metric: str) -> str:
    """A metric of the exporter itself, of each instance."""
    return f"last_over_time({metric}{{{EXPORTERS}}}[15m])"


def of_exporters(expression: str) -> str:
    """What every target has, such as `up`, of exporters alone: those that said in the last day that they are one."""
    return f"{expression} and on(job, instance) last_over_time(xmpp_exporter_build_info{{{EXPORTERS}}}[1d])"


def rate(metric: str, labels: str) -> str:
    return f"sum by({labels}) (rate({metric}{{{EXPORTERS}}}[$__rate_interval]))"
