"""The benchmarks run and say what they measured. How fast anything is, is not tested here."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from docs.recorded import recorded
from tests.bench.delay_line import FAR_ADDRESSES, DelayLine
from tests.bench.isolated import isolated_in

LIMIT = 120


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, float]]:
    """What a small run of the scrape benchmark printed, and the values of its JSON by name."""
    file = tmp_path_factory.mktemp("bench") / "results.json"
    command = [sys.executable, "-m", "tests.bench", "--only", "scrape", "--quick", "--json", str(file)]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT)
    assert result.returncode == 0, result.stderr
    figures = json.loads(file.read_text())["benchmarks"]["scrape"]["figures"]
    assert {figure["subject"] for figure in figures} == {"100 servers"}
    return result.stdout, {figure["name"]: figure["value"] for figure in figures}


def test_every_figure_is_in_the_table_and_is_positive(scrape: tuple[str, dict[str, float]]) -> None:
    table, values = scrape
    rows = [line.strip() for line in table.splitlines()]
    for name, value in values.items():
        assert [row for row in rows if row.startswith(name)], name
        assert value > 0, name


def test_the_page_is_that_of_its_servers(scrape: tuple[str, dict[str, float]]) -> None:
    _, values = scrape
    assert 100 < values["series per server"] < 1000
    assert 40 < values["bytes per server"] / values["series per server"] < 200
    assert values["page"] * 1024 * 1024 == pytest.approx(100 * values["bytes per server"])
    assert values["gzipped page"] < values["page"] / 5


def test_every_group_of_rules_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    command = [sys.executable, "-m", "tests.bench", "--only", "rules", "--quick", "--json", str(file)]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT)
    assert result.returncode == 0, result.stderr
    values = {each["name"]: each["value"] for each in json.loads(file.read_text())["benchmarks"]["rules"]["figures"]}
    assert {f"group {rule.group}" for rule in recorded().values()} <= set(values)
    assert values["series recorded per server"] > 100
    assert min(values.values()) > 0


def test_badges_come_with_and_without_prometheus(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    command = [sys.executable, "-m", "tests.bench", "--only", "badges", "--quick", "--json", str(file)]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT)
    assert result.returncode == 0, result.stderr
    values = {each["name"]: each["value"] for each in json.loads(file.read_text())["benchmarks"]["badges"]["figures"]}
    assert values["badges per second"] > 10
    assert 1 < values["Prometheus away: badges marked stale"] < 100


def test_what_is_measured_is_chosen_by_name() -> None:
    command = [sys.executable, "-m", "tests.bench", "--only", "everything"]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT)
    assert result.returncode == 2
    assert "round-trips" in result.stderr


def refusal() -> float:
    """Seconds until a closed port in the far network has refused a connection."""
    started = time.perf_counter()
    with pytest.raises(ConnectionRefusedError), socket.create_connection((FAR_ADDRESSES[0], 9), timeout=10):
        pass
    return time.perf_counter() - started


def test_the_way_through_a_delay_line_and_back_takes_a_round_trip() -> None:
    with DelayLine(0.05) as line:
        assert isolated_in(line.near, refusal) >= 0.05


HOLDER = """
import sys
from tests.bench.delay_line import DelayLine
if __name__ == "__main__":
    with DelayLine(0.01) as line:
        print(line.near, line.far, flush=True)
        sys.stdin.read()
"""
"""Holds a delay line until its input ends."""


@pytest.mark.parametrize("killed", [False, True], ids=["ended", "killed"])
def test_a_delay_line_goes_with_whoever_made_it(killed: bool, tmp_path: Path) -> None:
    script = tmp_path / "holder.py"
    script.write_text(HOLDER)
    command = [sys.executable, str(script)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        networks = [Path(name) for name in holder.stdout.readline().split()]
        assert len({network.readlink() for network in networks}) == 2
        if killed:
            holder.kill()
        else:
            holder.stdin.close()
        holder.wait(LIMIT)
    deadline = time.monotonic() + LIMIT
    while any(network.exists() for network in networks):
        assert time.monotonic() < deadline, "the delay line is still there"
        time.sleep(0.02)
