"""What is known of servers survives restarts, crashes and damaged files."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.unit.golden_page import (
    DOWN_COMPLIANCE,
    GOOD_AVAILABILITY,
    GOOD_COMPLIANCE,
    NASTY_COMPLIANCE,
    not_supported,
    supported,
)
from xmpp_exporter import store as store_module
from xmpp_exporter.backoff import LoginBackoff
from xmpp_exporter.files import FolderInUse, locked, write_atomically
from xmpp_exporter.model import CheckResult, Failure, PeerReport, ProbeKind, ProbeReport, Reason, Verdict
from xmpp_exporter.store import ServerState, Store, changed_checks

COMPLIANCE, AVAILABILITY = ProbeKind.COMPLIANCE, ProbeKind.AVAILABILITY


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def unfinished(folder: Path) -> list[Path]:
    return list(folder.rglob("*.new"))


async def kept(folder: Path, *reports: ProbeReport, backoff: LoginBackoff | None = None) -> None:
    """One life of an exporter, with these reports."""
    store = Store(folder, backoff)
    async with store.writing():
        for report in reports:
            store.take(report)


async def test_a_restart_keeps_reports_and_the_times_of_success(tmp_path: Path) -> None:
    await kept(tmp_path, GOOD_AVAILABILITY, GOOD_COMPLIANCE)
    state = Store(tmp_path).state("good.test")
    assert state.reports == {AVAILABILITY: GOOD_AVAILABILITY, COMPLIANCE: GOOD_COMPLIANCE}
    assert state.last_success == {AVAILABILITY: GOOD_AVAILABILITY.started, COMPLIANCE: GOOD_COMPLIANCE.started}
    worked = {result.check for result in GOOD_COMPLIANCE.checks if result.outcome.verdict is Verdict.SUPPORTED}
    assert {"xep0368", "roster_versioning", "xep0363"} <= worked
    assert state.last_supported == dict.fromkeys(worked, GOOD_COMPLIANCE.started)
    assert state.decided["turn"] is Verdict.BROKEN
    assert "xep0398" not in state.decided


async def test_a_restart_keeps_the_login_refusals(tmp_path: Path) -> None:
    backoff = LoginBackoff()
    backoff.refused("probe@good.test", Failure.BAD_PASSWORD, "no", "1", 1000.0)
    await kept(tmp_path, GOOD_COMPLIANCE, backoff=backoff)
    restarted = LoginBackoff()
    Store(tmp_path, restarted)
    assert restarted.waiting("probe@good.test", "1", 1001.0) == backoff.waiting("probe@good.test", "1", 1001.0)
    assert restarted.waiting("probe@good.test", "1", 1001.0) is not None


async def test_endless_numbers_survive_a_restart(tmp_path: Path) -> None:
    await kept(tmp_path, NASTY_COMPLIANCE)
    assert Store(tmp_path).state("nasty.test").reports[COMPLIANCE] == NASTY_COMPLIANCE


def test_the_last_time_a_check_worked_outlives_its_loss() -> None:
    state = ServerState()
    state.take(GOOD_COMPLIANCE)
    lost = not_supported("xep0368", Verdict.UNSUPPORTED, Reason.NOT_OFFERED)
    later = replace(GOOD_COMPLIANCE, started=GOOD_COMPLIANCE.started + 3600, checks=(lost, supported("xep0363")))
    state.take(later)
    assert state.last_supported["xep0368"] == GOOD_COMPLIANCE.started
    assert state.last_supported["xep0363"] == later.started
    assert state.decided["xep0368"] is Verdict.UNSUPPORTED


def test_a_failed_probe_changes_nothing_of_what_is_known_of_checks() -> None:
    state = ServerState()
    state.take(GOOD_COMPLIANCE)
    decided, supported_ = dict(state.decided), dict(state.last_supported)
    state.take(replace(DOWN_COMPLIANCE, domain="good.test", started=GOOD_COMPLIANCE.started + 60))
    assert (state.decided, state.last_supported) == (decided, supported_)
    assert state.last_success[COMPLIANCE] == GOOD_COMPLIANCE.started
    assert not state.reports[COMPLIANCE].success


def test_a_result_that_is_repeated_worked_when_it_was_found() -> None:
    state, found = ServerState(), GOOD_COMPLIANCE.started - 3600
    checks = tuple(replace(result, found=found) for result in GOOD_COMPLIANCE.checks)
    state.take(replace(GOOD_COMPLIANCE, checks=checks))
    assert set(state.last_supported.values()) == {found}


def test_what_was_left_for_good_is_remembered_by_a_probe_that_did_not_get_so_far() -> None:
    state, kept = ServerState(), GOOD_COMPLIANCE.checks[:1]
    state.take(replace(GOOD_COMPLIANCE, kept=kept))
    state.take(replace(DOWN_COMPLIANCE, domain="good.test"))
    assert state.reports[COMPLIANCE].kept == kept


def test_services_are_remembered_by_a_probe_that_could_not_look() -> None:
    state = ServerState()
    state.take(GOOD_COMPLIANCE)
    state.take(replace(DOWN_COMPLIANCE, domain="good.test"))
    assert state.reports[COMPLIANCE].services == GOOD_COMPLIANCE.services
    state.take(replace(GOOD_COMPLIANCE, services={}))
    assert state.reports[COMPLIANCE].services == {}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'"text"', b'{"reports": 5}', b"\xff\xfe\x00", b'{"reports": {"no_such_kind": {}}}'],
)
async def test_a_damaged_file_of_a_server_is_set_aside(tmp_path: Path, content: bytes) -> None:
    await kept(tmp_path, GOOD_COMPLIANCE)
    file = tmp_path / "servers" / "good.test.json"
    file.write_bytes(content)
    with capture_logs() as logs:
        assert Store(tmp_path).state("good.test") == ServerState()
    assert [(entry["log_level"], entry["path"]) for entry in logs] == [("warning", str(file))]
    assert file.with_name("good.test.json.damaged").read_bytes() == content
    assert not file.exists()
    await kept(tmp_path, GOOD_COMPLIANCE)
    assert Store(tmp_path).state("good.test").reports


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"probe@good.test": {}}', b'{"a@b.test": {"failure": "odd"}}'])
async def test_damaged_login_refusals_are_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "logins.json").write_bytes(content)
    with capture_logs() as logs:
        Store(tmp_path)
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert (tmp_path / "logins.json.damaged").read_bytes() == content


async def test_a_folder_in_the_place_of_a_file_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "servers" / "good.test.json").mkdir(parents=True)
    assert Store(tmp_path).state("good.test") == ServerState()


async def test_what_changes_is_on_disk_within_seconds(tmp_path: Path) -> None:
    store = Store(tmp_path)
    file = tmp_path / "servers" / "good.test.json"
    async with store.writing():
        store.take(GOOD_AVAILABILITY)
        await until(file.exists)
        store.take(GOOD_COMPLIANCE)
        await until(lambda: "compliance" in json.loads(file.read_bytes())["reports"])


async def test_the_end_writes_what_came_during_the_last_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow_write(path: Path, content: bytes) -> None:
        loop.call_soon_threadsafe(begun.set)
        write_atomically(path, content)

    monkeypatch.setattr(store_module, "write_atomically", slow_write)
    async with store.writing():
        store.take(GOOD_AVAILABILITY)
        await begun.wait()
        store.take(GOOD_COMPLIANCE)
    assert Store(tmp_path).state("good.test").reports.keys() == {AVAILABILITY, COMPLIANCE}
    assert not unfinished(tmp_path)


async def test_what_could_not_be_written_is_written_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "WRITE_PAUSE", 0.01)
    store = Store(tmp_path)
    failures: list[Path] = []

    def full_disk(path: Path, content: bytes) -> None:
        failures.append(path)
        raise OSError(28, "No space left on device")

    with capture_logs() as logs:
        async with store.writing():
            with monkeypatch.context() as full:
                full.setattr(store_module, "write_atomically", full_disk)
                store.take(GOOD_AVAILABILITY)
                await until(lambda: failures)
            store.take(DOWN_COMPLIANCE)
            await until((tmp_path / "servers" / "down.test.json").exists)
    assert any("could not be written" in entry["event"] and entry["log_level"] == "error" for entry in logs)
    assert Store(tmp_path).state("good.test").reports == {AVAILABILITY: GOOD_AVAILABILITY}


async def test_one_file_that_cannot_be_written_keeps_no_other_from_it(tmp_path: Path) -> None:
    domains = [f"s{number}.test" for number in range(10)]
    (tmp_path / "servers" / "s4.test.json" / "in the way").mkdir(parents=True)
    store = Store(tmp_path)
    with capture_logs() as logs:
        async with store.writing():
            for domain in domains:
                store.state(domain)
            (tmp_path / "servers" / "s4.test.json" / "in the way").mkdir(parents=True)  # after it was set aside
            for domain in domains:
                store.take(replace(GOOD_COMPLIANCE, domain=domain))
    told = [entry for entry in logs if entry["log_level"] == "error"]
    assert told and all((entry["files"], entry["path"].endswith("s4.test.json")) == (1, True) for entry in told)
    restarted = Store(tmp_path)
    assert [domain for domain in domains if not restarted.state(domain).reports] == ["s4.test"]
    assert (tmp_path / "logins.json").exists()


async def test_text_that_no_file_can_hold_keeps_no_other_report_from_being_written(tmp_path: Path) -> None:
    odd = replace(DOWN_COMPLIANCE, detail="Latin-1 in a header: \udce9")
    await kept(tmp_path, odd, GOOD_COMPLIANCE)
    assert Store(tmp_path).state("good.test").reports == {COMPLIANCE: GOOD_COMPLIANCE}


async def test_the_longest_domains_are_kept_like_others(tmp_path: Path) -> None:
    longest = [".".join([letter * 63] * 3 + [letter * 61]) for letter in "ab"]
    alike = [longest[0][:-1] + letter for letter in "xy"]
    for domain in (*longest, *alike, longest[0][:247]):
        await kept(tmp_path, replace(GOOD_COMPLIANCE, domain=domain))
    for domain in (*longest, *alike, longest[0][:247]):
        assert Store(tmp_path).state(domain).reports[COMPLIANCE].domain == domain
    assert not unfinished(tmp_path)


async def test_a_disk_that_stays_full_does_not_keep_the_exporter_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module, "write_atomically", full_disk)
    async with asyncio.timeout(5):
        await kept(tmp_path, GOOD_COMPLIANCE)


async def test_a_removed_server_is_forgotten_once_it_is_written_and_its_file_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    async with store.writing():
        store.take(GOOD_COMPLIANCE)
        store.forget("good.test")
        await until(lambda: store.report("good.test", COMPLIANCE) is None)
    assert Store(tmp_path).state("good.test").reports == {COMPLIANCE: GOOD_COMPLIANCE}


async def test_a_server_that_comes_back_at_once_has_lost_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    async with store.writing():
        store.take(GOOD_COMPLIANCE)
        store.forget("good.test")
        assert store.state("good.test").reports == {COMPLIANCE: GOOD_COMPLIANCE}
        await until((tmp_path / "servers" / "good.test.json").exists)
        assert store.report("good.test", COMPLIANCE) == GOOD_COMPLIANCE


async def test_without_a_folder_everything_lasts_as_long_as_the_process() -> None:
    store = Store()
    async with store.writing():
        store.take(GOOD_COMPLIANCE)
    assert store.state("good.test").reports == {COMPLIANCE: GOOD_COMPLIANCE}


async def test_states_are_loaded_for_many_servers_at_once(tmp_path: Path) -> None:
    await kept(tmp_path, GOOD_COMPLIANCE, DOWN_COMPLIANCE)
    store = Store(tmp_path)
    assert store.report("good.test", COMPLIANCE) is None
    await store.load(["good.test", "new.test"])
    assert store.report("good.test", COMPLIANCE) == GOOD_COMPLIANCE
    assert store.report("new.test", COMPLIANCE) is None


def test_a_folder_is_for_one_exporter(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "on demand"
    with locked(folder), pytest.raises(FolderInUse, match="another exporter"), locked(folder):
        pass
    with locked(folder):
        pass


@pytest.mark.parametrize(
    ("known", "now", "changed"),
    [
        (Verdict.SUPPORTED, Verdict.UNSUPPORTED, True),
        (Verdict.SUPPORTED, Verdict.BROKEN, True),
        (Verdict.BROKEN, Verdict.SUPPORTED, True),
        (Verdict.BROKEN, Verdict.UNSUPPORTED, False),
        (Verdict.SUPPORTED, Verdict.SUPPORTED, False),
        (Verdict.SUPPORTED, Verdict.UNKNOWN, False),
        (None, Verdict.UNSUPPORTED, False),
    ],
)
def test_a_change_is_one_between_supported_and_not(known: Verdict | None, now: Verdict, changed: bool) -> None:
    result: CheckResult = supported("turn") if now is Verdict.SUPPORTED else not_supported("turn", now, Reason.TIMEOUT)
    report = replace(GOOD_COMPLIANCE, checks=(result,))
    found = changed_checks({"turn": known} if known is not None else {}, report)
    assert found == (frozenset({"turn"}) if changed else frozenset())


def test_a_failed_probe_does_not_forget_which_servers_were_reached() -> None:
    state = ServerState()
    peers = (PeerReport("peer.test", 1.0, True, 0.1),)
    state.take(ProbeReport("one.test", ProbeKind.AVAILABILITY, 1.0, 0.1, True, peers=peers))
    state.take(ProbeReport("one.test", ProbeKind.AVAILABILITY, 2.0, 0.1, False, Failure.PROBER_LIMIT))
    assert state.reports[ProbeKind.AVAILABILITY].peers == peers
