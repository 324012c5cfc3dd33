"""The history is what exporters would have shown, with the moments at which they did."""

import re
from io import BytesIO
from pathlib import Path

import pytest
import yaml

from tests.history import openmetrics
from tests.history.pages import ScriptedExporter
from tests.history.rules import Rule, as_file, levels, reaching_back, read_rules
from tests.history.script import END, Span, script

HOUR, DAY = 3600.0, 86400.0


def stamped(page: bytes, **labels: str) -> str:
    written = BytesIO()
    openmetrics.write(written, [page], 1000, **labels)
    return written.getvalue().decode()


def test_a_scrape_adds_its_labels_and_its_moment() -> None:
    page = b'# HELP a A\n# TYPE a gauge\na{b="c} d"} 1\nup 1\n'
    assert stamped(page, job="x", instance="y") == (
        'a{job="x",instance="y",b="c} d"} 1 1000.000\nup{job="x",instance="y"} 1 1000.000\n'
    )
    assert stamped(b"up 1\n") == "up 1 1000.000\n"


def test_a_span_ends_before_its_end_but_for_the_last() -> None:
    assert [Span(2 * DAY, DAY).has(END - age * DAY) for age in (3, 2, 1.5, 1, 0)] == [False, True, True, False, False]
    assert Span(DAY, 0).has(END)


def samples(exporter: ScriptedExporter, age: float, pattern: str) -> list[str]:
    """The samples of the page of that age that begin with the pattern."""
    page = b"".join(exporter.scrape(END - age)).decode()
    return re.findall(rf"(?m)^{pattern}.*$", page)


def test_an_exporter_shows_what_the_script_says() -> None:
    one = ScriptedExporter("one")
    down = 'xmpp_probe_success{domain="busy.test",probe="availability"}'
    mam = 'xmpp_xep_supported{domain="busy.test",check="xep0313",xep="0313"}'
    assert samples(one, 6 * DAY, re.escape(mam)) == [f"{mam} 1"]
    assert samples(one, 6 * DAY, 'xmpp_server_listed{domain="removed.test"')
    assert samples(one, 3 * DAY, '.*"removed.test"') == []
    assert one.scrape(END - 25 * HOUR) == []  # it restarted
    assert samples(one, 18 * HOUR, re.escape(mam)) == [f"{mam} 0"]
    assert samples(one, 5.9 * HOUR, re.escape(down)) == [f"{down} 0"]
    assert samples(one, 5.9 * HOUR, re.escape(mam)) == []
    assert samples(one, 0, re.escape(down)) == [f"{down} 1"]


def test_a_restart_is_a_gap_after_which_counters_begin_anew() -> None:
    one = ScriptedExporter("one")
    (restart,) = script().exporters["one"].restarts
    total = 'xmpp_probes_total{domain="well.test",probe="availability"} '
    before, after = restart + 300, restart - HOUR
    samples(one, 2 * DAY, total)
    (counted,) = samples(one, before, total)
    assert one.scrape(END - restart) == []
    (anew,) = samples(one, after, total)
    assert float(anew.removeprefix(total)) == pytest.approx(65, abs=1)
    assert float(counted.removeprefix(total)) > 65


def rule(record: str, expr: str, interval: str = "1m") -> Rule:
    return Rule(interval, record, "", expr, {})


RULES = (
    rule("c:c:c", "sum_over_time(b:b:b[7d])"),
    rule("b:b:b", "increase(a:a:a[1h])", "1h"),
    rule("a:a:a", "sum(up)"),
    rule("d:d:d", "max(up)"),
)


def test_rules_come_after_those_that_they_read() -> None:
    assert [[each.record for each in level] for level in levels(RULES)] == [["a:a:a", "d:d:d"], ["b:b:b"], ["c:c:c"]]
    with pytest.raises(ValueError, match="read each other"):
        list(levels([rule("a:a:a", "b:b:b"), rule("b:b:b", "a:a:a")]))


def test_a_long_past_is_wanted_of_hourly_rules_and_what_they_read() -> None:
    assert reaching_back(RULES) == {"a:a:a", "b:b:b"}


def test_rules_are_evaluated_as_often_as_there_are_scrapes() -> None:
    groups = yaml.safe_load(as_file(RULES[:2]))["groups"]
    assert [(group["interval"], [each["record"] for each in group["rules"]]) for group in groups] == [
        ("300s", ["c:c:c"]),
        ("3600s", ["b:b:b"]),
    ]


def test_all_rules_can_be_ordered() -> None:
    rules = read_rules()
    assert sum(len(level) for level in levels(rules)) == len([each for each in rules if each.record])


def test_promtool_says_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "wrong.om"
    file.write_bytes(b"up{ 1 1000\n")
    with pytest.raises(openmetrics.PromtoolError, match="expected label name"):
        openmetrics.create_blocks(file, tmp_path / "storage")
