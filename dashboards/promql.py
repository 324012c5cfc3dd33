"""Pieces of queries that panels share. Everything raw looks back 15 minutes: scrapes every 5 minutes, one missed.

Recorded series (`domain:…`, `check:…`) come from alerting/rules/recording.yml, which names their labels.
"""

LOOKBACK = "15m"

DOMAINS = 'domain=~"$domain"'
SERVERS = f'job=~"$job", {DOMAINS}'
"""The chosen servers."""

JOBS = 'job=~"$job"'
"""What has no domain, such as the catalogue."""

AVAILABILITY = 'probe="availability"'

SUITE = 'suite="$suite", level="$level"'
CATEGORIES = f'{SUITE}, category=~"$category"'


def select(metric: str, *matchers: str, scope: str = SERVERS) -> str:
    """A selector of `metric`."""
    return f"{metric}{{{', '.join((scope, *matchers))}}}"


def by(labels: str, expression: str, operation: str = "max") -> str:
    """One series for each of `labels`, all other labels gone, the metric's name included."""
    return f"{operation} by({labels}) ({expression})"


def last(metric: str, labels: str, *matchers: str, scope: str = SERVERS) -> str:
    """The latest value of a raw gauge, the greatest of several exporters'."""
    return by(labels, f"last_over_time({select(metric, *matchers, scope=scope)}[{LOOKBACK}])")


def recorded(record: str, labels: str, *matchers: str) -> str:
    """A recorded series with no more than `labels`, so that tables can be merged by them."""
    return by(labels, select(record, *matchers))


def told(metric: str, one_for: str, labels: str, *matchers: str, scope: str = SERVERS) -> str:
    """Value 1 with what an `_info` metric says in `labels`: exactly one series for each of `one_for`.

    What is said now goes before what was said up to 15 minutes ago, else both would show after each change.
    """
    selected = select(metric, *matchers, scope=scope)
    ranked = by(f"{one_for}, {labels}", f"{selected} or 0.5 * last_over_time({selected}[{LOOKBACK}])")
    return f"group by({one_for}, {labels}) (topk by({one_for}) (1, {ranked}))"


MOST_BANDS = 50
"""Series of a panel that shows each in a band of its own: nobody reads more."""

MOST_ROWS = 500
"""Rows of a table of what happens to servers, which may happen to all of them at once."""


def changed(record: str, labels: str, *matchers: str) -> str:
    """Those series of a recorded state that changed in the shown time, the most restless of them."""
    series = select(record, *matchers)
    return by(labels, f"{series} and topk({MOST_BANDS}, changes({series}[$__range] @ end()) > 0)")


def rows(expression: str) -> str:
    """As many as a table can take, those with the greatest values."""
    return f"topk({MOST_ROWS}, {expression})"


def spread(values: str) -> dict[str, str]:
    """How values are spread over many series: queries by legend."""
    return {
        "Middle": f"quantile(0.5, {values})",
        "Nine of ten": f"quantile(0.9, {values})",
        "Slowest": f"max({values})",
    }


def or_none(count: str, of: str) -> str:
    """`count`, and 0 where it finds nothing among existing data; without any data nothing, which is not 0."""
    return f"{count} or 0 * count({of})"


WINDOW = "within the 20 minutes before each moment, or longer where much time is shown"
"""$__rate_interval in words: four times targets.COUNTER_STEP at least, so that an event shows at several points."""


def risen(metric: str, labels: str, scope: str = SERVERS) -> str:
    """Increase of a counter over WINDOW, over all exporters."""
    return f"sum by({labels}) (increase({metric}{{{scope}}}[$__rate_interval]))"


LISTED = last("xmpp_server_listed", "job, domain")
"""Every configured server, whatever is known of it."""

SOFTWARE = told("xmpp_server_info", "job, domain", "software, version")

SOFTWARE_OR_OTHER = (
    f"group by(job, domain, software) ({SOFTWARE}"
    f' or on(job, domain) label_replace({LISTED}, "software", "other", "", ""))'
)
"""The software of every configured server; `other` where it does not tell."""

TITLES = told("xmpp_check_info", "job, check", "title, topic", scope=JOBS)
"""The catalogue as the exporter has it."""

WITH_TITLE = f"* on(job, check) group_left(title, topic) {TITLES}"
"""Gives a series of a check the check's title and topic."""


def failures(scope: str = SERVERS) -> str:
    """Why the last probes and logins failed, of those that did: labels job, domain, probe (or `login`), reason."""
    login = told("xmpp_login_failure_info", "job, domain", "reason", scope=scope)
    return (
        told("xmpp_probe_last_failure_info", "job, domain, probe", "reason", scope=scope)
        + f' or label_replace({login}, "probe", "login", "", "")'
    )
