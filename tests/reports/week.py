"""What the rules recorded in the week from 13 to 19 July 2026, in Berlin: a few servers, with all that can happen."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from xmpp_alerts.report.period import Period

ZONE = ZoneInfo("Europe/Berlin")
PERIOD = Period(7, date(2026, 7, 20), ZONE)
JOB = "xmpp"
NASTY = "<script>alert(1)</script>.test"
"""No domain, but Prometheus would take it for one."""

_BEFORE = 1800
"""Seconds of history before the week."""
Times = Sequence[tuple[str, float | None]]
"""From when on a value held, as `17 09:00`; None is no value."""
BEGIN = "01 00:00"

STATES: Mapping[str, Times] = {
    "busy.test": [
        (BEGIN, 1),
        ("14 14:00", 0),
        ("14 16:05", 1),
        ("16 00:00", None),
        ("16 06:00", 1),
        ("18 11:00", 0),
        ("18 11:01", 1),
        ("19 02:10", 0),  # under maintenance until 04:00
        ("19 03:00", 1),
    ],
    "well.test": [(BEGIN, 1)],
    "down.test": [(BEGIN, 0), ("13 03:00", 1), ("19 22:00", 0)],
    "silent.test": [(BEGIN, 1), ("18 12:00", None)],
    "resting.test": [(BEGIN, None), ("19 02:00", 0), ("19 03:50", None)],
    NASTY: [(BEGIN, 1)],
}
CHECKS: Mapping[tuple[str, str], Times] = {
    ("busy.test", "xep0313"): [(BEGIN, 1), ("15 10:30", 0)],
    ("busy.test", "xep0280"): [(BEGIN, 0), ("16 23:00", None), ("17 09:00", 1)],
    ("busy.test", "xep0384"): [(BEGIN, 1), ("14 08:00", 0), ("14 09:00", 1)],
    ("busy.test", "xep0363"): [(BEGIN, 0), ("14 08:00", 1), ("14 09:00", 0)],
    ("busy.test", "xep0352"): [(BEGIN, 1), ("17 00:00", None), ("18 00:00", 1)],  # unknown for a day
    ("busy.test", "xep0045"): [(BEGIN, None), ("17 00:00", 1)],  # was not known before
    ("busy.test", "xep0077"): [(BEGIN, 1), ("17 00:00", 0)],  # informational
    ("busy.test", "xep9999"): [(BEGIN, 1), ("17 00:00", 0)],  # of a newer exporter
    (NASTY, "<img src=x>"): [(BEGIN, 1), ("17 00:00", 0)],
}
SUITES: Mapping[tuple[str, str, str], Mapping[str, Times]] = {
    ("busy.test", "cs2023", "core"): {
        "supported": [(BEGIN, 24), ("15 00:00", 23)],
        "unsupported": [(BEGIN, 1), ("15 00:00", 2)],
        "unknown": [(BEGIN, 0), ("15 00:00", 1)],
    },
    ("well.test", "cs2023", "core"): {"supported": [(BEGIN, 26)], "unsupported": [(BEGIN, 0)], "unknown": [(BEGIN, 0)]},
    ("silent.test", "cs2023", "core"): {
        "supported": [(BEGIN, 0), ("18 12:00", None)],
        "unsupported": [(BEGIN, 0), ("18 12:00", None)],
        "unknown": [(BEGIN, 26), ("18 12:00", None)],
    },
}
CERTIFICATE_DAYS = {"busy.test": 9.5, "well.test": 60.0, "down.test": -1.0}
"""At the week's end."""


class _Series:
    """One series with a value for each minute from half an hour before the week to its end, or to `recent` only."""

    def __init__(self, series: str, times: Times, minutes: range) -> None:
        self.series, self.times, self.minutes = series, times, minutes

    def lines(self) -> Iterator[str]:
        steps = [(moment(text), value) for text, value in self.times]
        for minute in self.minutes:
            value = [value for since, value in steps if since <= minute][-1]
            if value is not None:
                yield f"{self.series} {value:g} {minute}\n"


def moment(text: str) -> float:
    """`17 09:00` of July 2026 in seconds since the epoch."""
    return datetime.strptime(f"2026-07-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).timestamp()


def write_blocks(storage: Path, offset: float = 0.0) -> None:
    """The week as blocks of Prometheus's storage, `offset` seconds later than it was."""
    file = storage.with_suffix(".om")
    with file.open("w") as written:
        for series in _all_series():
            for line in series.lines():
                head, _, stamp = line.rpartition(" ")
                written.write(f"{head} {int(stamp) + offset:.0f}\n")
        written.write("# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=54h", "openmetrics"]
    result = subprocess.run([*command, str(file), str(storage)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    file.unlink()


def _all_series() -> Iterator[_Series]:
    begin, end = int(PERIOD.start) - _BEFORE, int(PERIOD.end)
    whole, last = range(begin, end, 60), range(end - _BEFORE, end, 60)
    first = range(begin, begin + 2 * _BEFORE, 60)
    for domain, times in STATES.items():
        yield _Series(_name("domain:xmpp_probe_success:last", domain=domain, probe="availability"), times, whole)
    for (domain, check), times in CHECKS.items():
        yield _Series(_name("domain:xmpp_xep_supported:last", domain=domain, check=check, xep="x"), times, whole)
    for (domain, suite, level), outcomes in SUITES.items():
        for outcome, times in outcomes.items():
            labels = {"domain": domain, "suite": suite, "level": level, "outcome": outcome}
            for minutes in (first, last):
                yield _Series(_name("domain:xmpp_suite_distinct_requirements:last", **labels), times, minutes)
    for domain, days in CERTIFICATE_DAYS.items():
        yield _Series(_name("domain:xmpp_tls_certificate_expiry:days", domain=domain), [(BEGIN, days)], last)
    problem = {"domain": "busy.test", "check": "xep0313", "verdict": "unsupported", "reason": "not_offered"}
    yield _Series(_name("xmpp_check_problem_info", **problem), [(BEGIN, 1)], last)
    for domain, works in {"down.test": 0, "well.test": 1}.items():
        yield _Series(_name("domain:xmpp_login_success:last", domain=domain), [(BEGIN, works)], last)
    software = {"domain": "busy.test", "software": "prosody", "version": "0.12"}
    yield _Series(_name("xmpp_server_info", **software), [(BEGIN, 1)], last)
    for reason, times in {
        "timeout": [(BEGIN, None), ("14 14:00", 1.0), ("14 16:05", None)],
        "refused": [(BEGIN, None), ("18 11:00", 1.0), ("18 11:01", None)],
    }.items():
        labels = {"domain": "busy.test", "probe": "availability", "reason": reason, "instance": "a"}
        yield _Series(_name("xmpp_probe_last_failure_info", **labels), times, whole)


def _name(metric: str, **labels: str) -> str:
    pairs = ",".join(f'{name}="{value}"' for name, value in {"job": JOB, **labels}.items())
    return f"{metric}{{{pairs}}}"
