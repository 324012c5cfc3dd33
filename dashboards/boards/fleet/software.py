"""The fleet's dashboard: what the servers run, and how that does."""

from dashboards.boards.fleet.states import SCORE
from dashboards.grid import Row
from dashboards.panels import bar_gauge
from dashboards.promql import SOFTWARE, SOFTWARE_OR_OTHER
from dashboards.tables import Column, table

SOFTWARE_PANELS = (
    bar_gauge(
        "Servers by software",
        "What the servers say that they run; other: unknown software, or a server that does not tell.",
        {"{{software}}": f"sort_desc(count by(software) ({SOFTWARE_OR_OTHER}))"},
        width=8,
    ),
    bar_gauge(
        "Score by software",
        "The average score in the suite of the servers with each software. How servers are configured counts as much as"
        " what they run.",
        {
            "{{software}}": "sort_desc(avg by(software) ("
            f"{SCORE} * on(job, domain) group_left(software) {SOFTWARE_OR_OTHER}))"
        },
        unit="percentunit",
        width=8,
        max=1,
    ),
    table(
        "Versions",
        "How many servers run which version of which software, as they tell.",
        f"count by(software, version) ({SOFTWARE})",
        (Column("software", "Software"), Column("version", "Version"), Column("#", "Servers", width=90)),
        width=8,
        height=8,
        none="No server tells",
        sort="Servers",
        descending=True,
    ),
)

ROW = Row("Software", SOFTWARE_PANELS)
