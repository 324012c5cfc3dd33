"""Which servers are listed, as Prometheus makes it of what exporters said."""

import json
from pathlib import Path

import pytest

from tests.integration.promtool import promtool
from xmpp_badges.queries import Queries

DOMAIN = "example.org"


@pytest.mark.parametrize(
    ("instances", "minute", "listed"),
    [
        ({"one": "1x30"}, 20, 1),
        ({"one": "0x30"}, 20, 0),
        ({"one": "1x10 stale"}, 600, 1),
        ({"one": "1x10 stale"}, 1500, None),
        ({"old": "1x10 stale", "new": "_x11 0x30"}, 20, 0),
        ({"old": "0x10 stale", "new": "_x11 1x30"}, 20, 1),
        ({"one": "1x30", "two": "0x30"}, 20, 0),
    ],
    ids=[
        "yes",
        "no",
        "its exporter is away",
        "for more than a day",
        "no longer, says a new exporter",
        "now, says a new exporter",
        "one of two says no",
    ],
)
def test_what_an_exporter_says_now_counts(
    tmp_path: Path, instances: dict[str, str], minute: int, listed: int | None
) -> None:
    series = [
        {"series": f'xmpp_server_listed{{job="xmpp",instance="{name}",domain="{DOMAIN}"}}', "values": values}
        for name, values in instances.items()
    ]
    expected = [] if listed is None else [{"labels": f'{{domain="{DOMAIN}"}}', "value": listed}]
    query = Queries().summaries("cs2023", "core", DOMAIN)["listed"]
    test = {
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": [{"expr": query, "eval_time": f"{minute}m", "exp_samples": expected}],
    }
    file = tmp_path / "listed.yml"
    file.write_text(json.dumps({"tests": [test]}))  # JSON is YAML
    promtool("test", "rules", file)
