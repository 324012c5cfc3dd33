"""Every query of every dashboard over 500 servers: Prometheus answers within its limits what a panel can show."""

import shutil
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.bench.reports import NOW as END
from tests.dashboards.asking import Looking
from tests.dashboards.dashboard import Dashboard, Json, Query, dashboards
from tests.dashboards.durations import ago
from tests.dashboards.many.pages import FEDERATED, SERVERS
from tests.dashboards.many.past import CHOSEN, MONTH, tell
from tests.dashboards.variables import ALL, choose, options_of
from tests.history.rules import FOLDER as RULES
from tests.history.server import PastPrometheus
from tests.integration.test_dashboard_queries import VARIABLES, label, panels
from tests.integration.test_prometheus_server import free_port
from tests.servers.prometheus import Prometheus

pytestmark = pytest.mark.timeout(900)
"""Seconds: the first test waits for the past to be made, a minute on two idle processors."""

MOST = {"timeseries": 50, "state-timeline": 50, "stat": 20, "bargauge": 30, "table": 500}
"""What each kind of panel can show: lines, bands, values, bars, and the rows of a table, which has pages."""
MOST_MARKS = 100
SIDE = 30
"""Rows, and columns, of a matrix."""

NOTHING_TO_SAY = {"xmpp-server > Why probes and logins fail > A"}
"""Of the first server, which is up."""

AS_OPENED = 0.0


def case(part: object) -> str:
    return ("a month" if part else "as opened") if isinstance(part, float | int) else label(part)


def is_matrix(panel: Json) -> bool:
    return any(each["id"] == "groupingToMatrix" for each in panel.get("transformations", ()))


MATRICES = [(dashboard, panel) for dashboard, panel in panels("table") if is_matrix(panel)]
LINES = [
    (dashboard, panel, shown)
    for dashboard, panel in panels("timeseries", "state-timeline")
    for shown in (AS_OPENED, MONTH)
]
VALUES = [(dashboard, panel, AS_OPENED) for dashboard, panel in panels(*(set(MOST) - {"timeseries", "state-timeline"}))]

MARKS = [
    (dashboard, query)
    for dashboard in dashboards().values()
    for query in dashboard.queries()
    if " > annotation " in query.where
]

OF_MANY = [each for each in dashboards().values() if (domain := each.variable("domain")) and domain["multi"]]
"""Those on which several servers can be chosen."""


class PatientPrometheus(PastPrometheus):
    """One with Prometheus's own limit of time, 2 minutes, and a fifth of that of samples: a real past has more."""

    query_limit = 150

    def command(self) -> Sequence[str]:
        return [*super().command(), "--query.max-samples=10000000"]


@pytest.fixture(scope="module")
def many() -> Iterator[Prometheus]:
    """Not in pytest's temporary folder: Prometheus's user could not enter it."""
    folder = Path(tempfile.mkdtemp(prefix="xmpp-many-"))
    try:
        folder.chmod(0o755)
        shutil.copytree(RULES, folder / "empty" / "rules", ignore=shutil.ignore_patterns("tests"))
        with (
            Prometheus(folder / "empty", 'rule_files: ["rules/*.yml"]', port=free_port()) as empty,
            urllib.request.urlopen(f"{empty.url}/metrics", timeout=10) as page,
        ):
            own_page = page.read()
        prometheus = PatientPrometheus(folder / "past", "", port=free_port())
        tell(prometheus, own_page)
        with prometheus:
            yield prometheus
    finally:
        shutil.rmtree(folder)


Look = Callable[..., Looking]


@pytest.fixture(scope="module")
def look(many: Prometheus) -> Look:
    """Looks at a dashboard as it is when it is opened, unless another time is `shown`, or values are chosen."""
    known: dict[tuple[str, float, str], Looking] = {}

    def look(dashboard: Dashboard, shown: float = AS_OPENED, **choices: Sequence[str]) -> Looking:
        shown = shown or ago(dashboard.json["time"]["from"])
        key = (dashboard.uid, shown, str(choices))
        if key not in known:
            known[key] = Looking(many, END, shown, choose(dashboard, many, END, shown, CHOSEN | choices))
        return known[key]

    return look


@pytest.mark.parametrize(("dashboard", "panel", "shown"), [*VALUES, *LINES], ids=case)
def test_a_panel_gets_what_it_can_show(look: Look, dashboard: Dashboard, panel: Json, shown: float) -> None:
    found = {query.where: look(dashboard, shown).ask(query) for query in dashboard.queries_of(panel)}
    numbers = [len(each) for each in found.values()]
    if is_matrix(panel):
        assert numbers[0] <= SIDE * SIDE
    else:
        assert (max(numbers) if panel["type"] == "table" else sum(numbers)) <= MOST[panel["type"]]
    assert {where for where, each in found.items() if not each} <= NOTHING_TO_SAY


def test_panels_of_all_kinds_are_looked_at() -> None:
    asking = {panel["type"] for dashboard in dashboards().values() for panel in dashboard.panels if "targets" in panel}
    assert asking == set(MOST)


@pytest.mark.parametrize(("dashboard", "panel"), MATRICES, ids=label)
def test_a_matrix_is_as_large_as_it_may_be(look: Look, dashboard: Dashboard, panel: Json) -> None:
    (query,) = dashboard.queries_of(panel)
    found = look(dashboard).ask(query)
    assert FEDERATED > SIDE
    assert [len({series.labels[name] for series in found}) for name in ("domain", "peer")] == [SIDE, SIDE]


@pytest.mark.parametrize(("dashboard", "query"), MARKS, ids=label)
@pytest.mark.parametrize("shown", [AS_OPENED, MONTH])
def test_graphs_have_few_marks_at_once(look: Look, dashboard: Dashboard, query: Query, shown: float) -> None:
    """In this past, everything changed at once, and all alerts fire all the time."""
    assert 0 < len(look(dashboard, shown).ask(query)) <= MOST_MARKS


@pytest.mark.parametrize(("dashboard", "variable"), VARIABLES, ids=label)
def test_a_variable_offers_all_there_is(many: Prometheus, look: Look, dashboard: Dashboard, variable: Json) -> None:
    options = options_of(variable, many, look(dashboard).values, END, MONTH)
    numbers = {"domain": SERVERS, "peer": FEDERATED}
    assert len(options) == numbers.get(variable["name"], len(set(options)))
    assert options


@pytest.mark.parametrize("dashboard", dashboards().values(), ids=lambda dashboard: dashboard.uid)
def test_all_is_what_is_shown_first(look: Look, dashboard: Dashboard) -> None:
    several = [each["name"] for each in dashboard.variables if each.get("includeAll")]
    assert look(dashboard).values == look(dashboard, **{name: [ALL] for name in several}).values


@pytest.mark.parametrize("dashboard", OF_MANY, ids=lambda dashboard: dashboard.uid)
def test_all_servers_can_be_chosen_one_by_one(many: Prometheus, look: Look, dashboard: Dashboard) -> None:
    """Their names are in each query then, several times."""
    variable = dashboard.variable("domain")
    assert variable
    domains = options_of(variable, many, look(dashboard).values, END, MONTH)
    for query in dashboard.queries():
        if query.instant:
            found, of_all = look(dashboard, domain=domains).ask(query), look(dashboard).ask(query)
            assert len(found) == len(of_all), query.where
