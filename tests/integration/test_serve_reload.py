"""SIGHUP and POST /-/reload: the new configuration as a whole, or the old one and the reason."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.running_exporter import RunningExporter, server_of, settings_of
from tests.servers.laboratory import Laboratory

KEPT, REMOVED, ADDED = "bare.prosody.test", "closed-registration.prosody.test", "no-rooms.prosody.test"
OK = "xmpp_exporter_config_last_reload_successful"
WHEN = "xmpp_exporter_config_last_reload_success_timestamp_seconds"


def servers_seen(exporter: RunningExporter) -> list[str]:
    return [server["domain"] for server in exporter.get("/api/v1/servers").json]


def test_a_reload_takes_servers_in_and_out_and_leaves_the_others_alone(laboratory: Laboratory, tmp_path: Path) -> None:
    kept, removed, added = (server_of(laboratory, domain) for domain in (KEPT, REMOVED, ADDED))
    with RunningExporter(tmp_path, settings_of(laboratory, kept, removed)) as exporter:
        exporter.probed(KEPT)
        exporter.probed(REMOVED)
        before = exporter.samples()
        exporter.configure(settings_of(laboratory, kept, added))
        answer = exporter.get("/-/reload", "POST")
        assert (answer.status, answer.text) == (200, "")
        after = exporter.samples()
        assert servers_seen(exporter) == [KEPT, ADDED]
        assert not [series for series in after if REMOVED in series]
        assert (after[OK], after["xmpp_exporter_servers"]) == (1, 2)
        assert after[WHEN] > before[WHEN]
        exporter.probed(ADDED)
        run = f'xmpp_probe_last_run_timestamp_seconds{{domain="{KEPT}",probe="compliance"}}'
        assert exporter.samples()[run] == before[run]
        # what was known of a server is there again when it comes back
        exporter.configure(settings_of(laboratory, kept, removed))
        assert exporter.get("/-/reload", "POST").status == 200
        run = f'xmpp_probe_last_run_timestamp_seconds{{domain="{REMOVED}",probe="compliance"}}'
        assert exporter.samples()[run] == before[run]


def by_signal(exporter: RunningExporter) -> None:
    exporter.hang_up()


def by_request(exporter: RunningExporter) -> None:
    assert exporter.get("/-/reload", "POST").status in (200, 500)


@pytest.mark.parametrize("reload", [by_signal, by_request], ids=["SIGHUP", "POST"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("servers: [{domain: other.test, relation: mine}]", "servers[0].relation"),
        ("servers: [", "exporter.yml:2"),
        ("servers: []\ntls: {ca_file: no-such-file.pem}", "tls.ca_file"),
        (None, "exporter.yml"),
    ],
    ids=["wrong value", "no YAML", "missing certificates", "missing file"],
)
def test_a_bad_file_changes_nothing_and_the_reason_is_told(
    laboratory: Laboratory, tmp_path: Path, reload: Callable[[RunningExporter], None], text: str | None, reason: str
) -> None:
    settings = settings_of(laboratory, server_of(laboratory, KEPT, user=None))
    with RunningExporter(tmp_path, settings) as exporter:
        exporter.probed(KEPT)
        before = exporter.samples()
        if text is None:
            exporter.configuration_file.unlink()
        else:
            exporter.configuration_file.write_text(text)
        reload(exporter)
        exporter.until(lambda: exporter.samples(OK)[OK] == 0, "failed reload")
        assert exporter.samples(WHEN)[WHEN] == before[WHEN]
        assert servers_seen(exporter) == [KEPT]
        told = [line for line in exporter.log.splitlines() if "the configuration was not reloaded" in line]
        assert told
        assert all("level=error" in line for line in told)
        assert reason in told[0]
        answer = exporter.get("/-/reload", "POST")
        assert answer.status == 500
        assert answer.text.startswith("The configuration was not reloaded; the one before stays in force:\n")
        assert reason in answer.text

        exporter.configure(settings)
        reload(exporter)
        exporter.until(lambda: exporter.samples(OK)[OK] == 1, "reload")
        assert exporter.samples(WHEN)[WHEN] > before[WHEN]


def test_many_reloads_at_once_are_done_one_after_the_other(laboratory: Laboratory, tmp_path: Path) -> None:
    server = server_of(laboratory, KEPT, user=None)
    with RunningExporter(tmp_path, settings_of(laboratory, server)) as exporter:
        for number in range(20):
            exporter.configure(settings_of(laboratory, server, contact=f"https://example.org/{number}"))
            exporter.hang_up()
        assert exporter.get("/-/reload", "POST").status == 200
        assert servers_seen(exporter) == [KEPT]
        assert exporter.samples(OK)[OK] == 1


def test_a_new_resolver_counts_from_the_next_probe(laboratory: Laboratory, tmp_path: Path) -> None:
    server = server_of(laboratory, KEPT, user=None, intervals={"availability": "2s"})
    nowhere = settings_of(laboratory, server) | {"resolver": {"nameservers": ["127.0.0.1"], "port": 1}}
    success = f'xmpp_probe_success{{domain="{KEPT}",probe="availability"}}'
    with RunningExporter(tmp_path, nowhere) as exporter:
        exporter.probed(KEPT, "availability")
        assert exporter.samples(success).get(success) != 1
        exporter.configure(settings_of(laboratory, server))
        exporter.hang_up()
        exporter.until(lambda: exporter.samples(success).get(success) == 1, "probe by the new resolver")
