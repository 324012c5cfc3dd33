"""Every query of every dashboard is asked of a real Prometheus: one with a month of history, and one with nothing.

No Grafana runs here: values of variables are chosen and filled in, and steps are chosen, as Grafana does it.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.dashboards.asking import Looking, Series
from tests.dashboards.dashboard import Dashboard, Json, Query, dashboards
from tests.dashboards.durations import ago
from tests.dashboards.shown import columns, legend_labels, name, named_columns
from tests.dashboards.variables import choose, options_of
from tests.history.rules import read_rules
from tests.history.script import END, script
from tests.history.shared import past_prometheus
from tests.integration.test_prometheus_server import free_port
from tests.servers.prometheus import Prometheus, copy_rules
from xmpp_exporter.families import FAMILIES

pytestmark = pytest.mark.timeout(900)  # whoever comes first makes a month of history

EVENTFUL = ("busy.test", "down.test", "twice.test")
"""Together they saw all that can happen to a server that is there."""
REMOVED = "removed.test"

HOUR, DAY = 3600.0, 86400.0

ONE_OF_MANY = {"check": ["xep0313"]}
"""What is chosen where one value must be, and something happened to this one."""

EXPECTED = {
    "domain:xmpp_probe_success:last{probe='availability'} == 0": {"down.test availability": 0},
    "domain:xmpp_login_success:last == 0": {"down.test": 0, "closed.test": 0},
    "domain:xmpp_xep_supported:was1d": {"xep0313 busy.test 0313": 1, "xep0280 busy.test 0280": 0},
    "domain:xmpp_xep_supported:was1w": {
        "xep0313 busy.test 0313": 1,
        "xep0352 busy.test 0352": 1,
        "xep0280 busy.test 0280": 0,
        "xep0384 busy.test 0384": 0,
    },
    "domain:xmpp_xep_supported:last{check='turn_works',domain='twice.test'}": {"turn_works twice.test 0215": 1},
    "domain:xmpp_xep_supported:last{check='xep0313',domain=~'closed.test|down.test|foreign.test|removed.test'}": {},
    "domain:xmpp_tls_certificate_expiry:days < 14": {"busy.test": 9, "foreign.test": -1},
    "domain:xmpp_availability:ratio24h != 1": {"busy.test": 0.917, "down.test": 0.792, "twice.test": 0.979},
    "domain:xmpp_availability:ratio30d < 0.99": {"busy.test": 0.964},
}
"""What the rules make of the script, by the labels' values: nothing of what is not known, or was removed."""

Look = Callable[..., Looking]


def panels(*types: str) -> list[tuple[Dashboard, Json]]:
    return [
        (dashboard, panel)
        for dashboard in dashboards().values()
        for panel in dashboard.panels
        if panel["type"] in types and panel.get("targets")
    ]


def label(part: object) -> str:
    """How a case is called."""
    if isinstance(part, Query):
        return part.where + (" at the end" if part.instant else "")
    return part.uid if isinstance(part, Dashboard) else str(part.get("title") or part.get("name"))  # type: ignore[attr-defined]


QUERIES = [(dashboard, query) for dashboard in dashboards().values() for query in dashboard.queries()]
OF_SERVERS = [(dashboard, query) for dashboard, query in QUERIES if dashboard.variable("domain")]
VARIABLES = [
    (dashboard, variable)
    for dashboard in dashboards().values()
    for variable in dashboard.variables
    if variable["type"] == "query"
]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not pytest's temporary folder: Prometheus's user could not enter it."""
    folder = Path(tempfile.mkdtemp(prefix="xmpp-history-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def empty(folder: Path) -> Iterator[Prometheus]:
    """A Prometheus with the rules that has never scraped anything."""
    copy_rules(folder / "empty")
    with Prometheus(folder / "empty", 'rule_files: ["rules/*.yml"]', port=free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has seen what happened in the script."""
    with past_prometheus(tmp_path_factory) as prometheus:
        yield prometheus


@pytest.fixture(scope="module")
def look() -> Look:
    """Looks at a dashboard, for as long as it shows when it is opened, with `choices` of its variables."""
    known: dict[tuple[str, str, float, str], Looking] = {}

    def look(dashboard: Dashboard, prometheus: Prometheus, shown: float = 0.0, **choices: Sequence[str]) -> Looking:
        shown = shown or ago(dashboard.json["time"]["from"])
        key = (dashboard.uid, prometheus.url, shown, str(choices))
        if key not in known:
            values = choose(dashboard, prometheus, END, shown, ONE_OF_MANY | choices)
            known[key] = Looking(prometheus, END, shown, values)
        return known[key]

    return look


def domains(found: Sequence[Series]) -> set[str]:
    return {series.labels["domain"] for series in found if "domain" in series.labels}


def looks(look: Look, past: Prometheus, dashboard: Dashboard) -> Iterator[Looking]:
    """With all servers, or with one after the other where only one can be chosen."""
    domain = dashboard.variable("domain")
    if domain and not domain["multi"]:
        yield from (look(dashboard, past, domain=[each]) for each in EVENTFUL)
    else:
        yield look(dashboard, past)


@pytest.mark.parametrize(("dashboard", "query"), QUERIES, ids=label)
def test_what_happened_is_found(past: Prometheus, look: Look, dashboard: Dashboard, query: Query) -> None:
    found = next((found for each in looks(look, past, dashboard) if (found := each.ask(query))), [])
    assert found
    assert REMOVED not in domains(found)


@pytest.mark.parametrize(("dashboard", "query"), OF_SERVERS, ids=label)
def test_what_is_found_of_one_server_is_its_own(
    past: Prometheus, look: Look, dashboard: Dashboard, query: Query
) -> None:
    for domain in EVENTFUL:
        assert domains(look(dashboard, past, domain=[domain]).ask(query)) <= {domain}


@pytest.mark.parametrize(("dashboard", "query"), QUERIES, ids=label)
def test_any_time_can_be_looked_at(past: Prometheus, look: Look, dashboard: Dashboard, query: Query) -> None:
    """Prometheus has to answer within 10 s, and refuses more points than it deems sensible."""
    for shown in (HOUR, 30 * DAY):
        look(dashboard, past, shown).ask(query)


@pytest.mark.parametrize(("dashboard", "query"), QUERIES, ids=label)
def test_nothing_is_found_where_nothing_is(empty: Prometheus, look: Look, dashboard: Dashboard, query: Query) -> None:
    assert look(dashboard, empty).ask(query) == []


@pytest.mark.parametrize(("dashboard", "variable"), VARIABLES, ids=label)
def test_a_variable_offers_what_there_is(
    past: Prometheus, empty: Prometheus, look: Look, dashboard: Dashboard, variable: Json
) -> None:
    options, none = (options_of(variable, each, look(dashboard, each).values, END, DAY) for each in (past, empty))
    assert options
    assert len(options) == len(set(options))
    if variable["name"] == "domain":
        assert set(options) >= {each.domain for each in script().servers} - {REMOVED}
    assert none == []


@pytest.mark.parametrize(("dashboard", "panel"), panels("timeseries", "state-timeline", "bargauge", "stat"), ids=label)
def test_series_have_different_names(past: Prometheus, look: Look, dashboard: Dashboard, panel: Json) -> None:
    """And no name has a hole where a label should be."""
    for looking in looks(look, past, dashboard):
        names: Counter[str] = Counter()
        for query in dashboard.queries_of(panel):
            for series in looking.ask(query):
                assert legend_labels(query.legend) <= set(series.labels), query.where
                names[name(query.legend, series)] += 1
        assert [each for each, count in names.items() if count > 1] == []


@pytest.mark.parametrize(("dashboard", "panel"), panels("table"), ids=label)
def test_a_tables_columns_exist(past: Prometheus, look: Look, dashboard: Dashboard, panel: Json) -> None:
    answers = {
        query.letter: [series for each in looks(look, past, dashboard) for series in each.ask(query)]
        for query in dashboard.queries_of(panel)
    }
    assert set(named_columns(panel)) <= columns(answers)


def test_the_history_has_all_that_is_exposed_and_recorded(past: Prometheus) -> None:
    names = set(past.get("/api/v1/label/__name__/values"))
    assert {family.name for family in FAMILIES} | {rule.record for rule in read_rules() if rule.record} <= names


@pytest.mark.parametrize(("expression", "expected"), EXPECTED.items())
def test_the_rules_say_what_the_script_says(past: Prometheus, expression: str, expected: Mapping[str, float]) -> None:
    result = past.get("/api/v1/query", query=expression, time=f"{END:.0f}")["result"]
    found: dict[str, float] = {}
    for each in result:
        labels = {label: value for label, value in each["metric"].items() if label not in ("__name__", "job")}
        found[" ".join(labels.values())] = round(float(each["value"][1]), 3)
    assert found == pytest.approx(expected, abs=0.01)
