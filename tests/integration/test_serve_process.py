"""The exporter as a process: how it starts, ends, logs and keeps what it knows."""

import asyncio
import json
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml

from tests.integration.account_state import account_state
from tests.integration.probing import prober_of
from tests.integration.running_exporter import LIMIT, PROGRAM, RunningExporter, server_of, settings_of
from tests.servers.laboratory import PASSWORD, PROBE, Laboratory
from xmpp_exporter.cli.serve import GRACE

DOMAIN = "good.prosody.test"
BARE = "bare.prosody.test"


def run(*arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(PROGRAM), "serve", *arguments], capture_output=True, text=True, timeout=LIMIT, check=False, cwd=cwd
    )


def journal(exporter: RunningExporter) -> list[dict[str, str]]:
    file = exporter.storage / "journal.jsonl"
    return [json.loads(line) for line in file.read_text().split("\n")[:-1]] if file.exists() else []


def left(exporter: RunningExporter) -> list[dict[str, str]]:
    """What the journal has as made and not removed."""
    entries = journal(exporter)
    removed = {entry["removed"] for entry in entries if "removed" in entry}
    return [entry for entry in entries if "removed" not in entry and entry["id"] not in removed]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT], ids=lambda end: end.name)
@pytest.mark.parametrize("domain", [DOMAIN, "good.ejabberd.test"])
def test_in_the_middle_of_a_probe_it_cleans_up_on_the_server_and_ends(
    laboratory: Laboratory, tmp_path: Path, domain: str, end: signal.Signals
) -> None:
    server = laboratory.server(domain)
    before = asyncio.run(account_state(prober_of(laboratory), server, PROBE))
    with RunningExporter(tmp_path, settings_of(laboratory, server_of(laboratory, domain))) as exporter:
        exporter.until(lambda: left(exporter), "thing made on the server")
        exporter.process.send_signal(end)
        assert exporter.process.wait(GRACE) == 0, exporter.log
    assert journal(exporter)
    assert left(exporter) == []
    assert f"msg=ending signal={end.name}" in exporter.log
    assert not re.search(r"Traceback|level=(warn|error)", exporter.log)
    assert asyncio.run(account_state(prober_of(laboratory), server, PROBE)) == before
    assert server.program.rooms(f"conference.{domain}") == set()


def test_signals_that_come_while_it_starts_are_heeded(laboratory: Laboratory, tmp_path: Path) -> None:
    servers = [{"domain": f"server{number}.test"} for number in range(1500)]
    exporter = RunningExporter(tmp_path, settings_of(laboratory, *servers))
    exporter.start()
    try:
        exporter.until(lambda: "msg=listening" in exporter.log, "listening")
        assert "msg=probing" not in exporter.log
        exporter.hang_up()
        exporter.until(lambda: "the configuration was reloaded" in exporter.log, "reload")
        assert exporter.log.index("msg=probing") < exporter.log.index("the configuration was reloaded")
        assert exporter.stop() == 0
    finally:
        exporter.kill()


def test_what_is_known_survives_a_restart(laboratory: Laboratory, tmp_path: Path) -> None:
    settings = settings_of(laboratory, server_of(laboratory, DOMAIN))
    with RunningExporter(tmp_path, settings) as exporter:
        exporter.probed(DOMAIN)
        exporter.probed(DOMAIN, "availability")
        before, report = exporter.samples(), exporter.get(f"/api/v1/servers/{DOMAIN}").json
        assert exporter.stop() == 0
    with RunningExporter(tmp_path, settings) as exporter:
        after = exporter.samples()
        kept = [
            series
            for series in before
            if series.startswith(("xmpp_xep_supported", "xmpp_check_last_supported", "xmpp_probe_last_run"))
            and "availability" not in series
        ]
        assert len(kept) > 20
        assert {series: after.get(series) for series in kept} == {series: before[series] for series in kept}
        restored = exporter.get(f"/api/v1/servers/{DOMAIN}").json
        assert restored.pop("availability")["endpoints"]  # of the same probe, or of one that is due again
        assert report.pop("availability")["success"]
        assert restored == report
        # its turn is in its slot, within the hour
        assert after[f'xmpp_probes_total{{domain="{DOMAIN}",probe="compliance"}}'] == 0
        assert exporter.get("/").text.count("not probed yet") == 0


def test_killed_while_it_writes_it_finds_everything_again(laboratory: Laboratory, tmp_path: Path) -> None:
    servers = [
        server_of(laboratory, domain, user=None, intervals={"availability": "1s", "compliance": "2s"})
        for domain in (BARE, "no-rooms.prosody.test", "closed-registration.prosody.test")
    ]
    for life in range(6):
        with RunningExporter(tmp_path, settings_of(laboratory, *servers)) as exporter:
            if life:
                known = exporter.samples("xmpp_check_last_supported")
                assert {domain for domain in (server["domain"] for server in servers) if domain in str(known)}
            exporter.probed(BARE, "availability", times=2)
            files = list((exporter.storage / "servers").iterdir())
            newest = max(file.stat().st_mtime_ns for file in files)
            exporter.until(
                lambda files=files, newest=newest: any(  # type: ignore[misc]
                    file.exists() and file.stat().st_mtime_ns > newest for file in files
                ),
                "write",
            )
            exporter.kill()
    assert "damaged" not in exporter.log
    assert not list(tmp_path.rglob("*.damaged"))


def test_damaged_files_are_set_aside_with_a_warning_and_nothing_stops(laboratory: Laboratory, tmp_path: Path) -> None:
    settings = settings_of(laboratory, server_of(laboratory, BARE))
    exporter = RunningExporter(tmp_path, settings)
    (exporter.storage / "servers").mkdir(parents=True)
    damaged = [exporter.storage / "servers" / f"{BARE}.json", exporter.storage / "logins.json"]
    for file in damaged:
        file.write_bytes(b'{"reports": {"compl')
    (exporter.storage / "journal.jsonl").write_bytes(b'{"id": "1", "acc')
    with exporter:
        exporter.probed(BARE)
        assert exporter.stop() == 0
    for file in damaged:
        assert file.with_name(f"{file.name}.damaged").read_bytes() == b'{"reports": {"compl'
        assert f"path={file} aside={file}.damaged" in exporter.log
    assert "a damaged line in the journal was left out" in exporter.log
    assert "Traceback" not in exporter.log


def settings_file(directory: Path, settings: Mapping[str, Any]) -> str:
    file = directory / "settings.yml"
    file.write_text(yaml.safe_dump(dict(settings)))
    return f"--config.file={file}"


def test_a_storage_that_is_no_folder_is_refused(laboratory: Laboratory, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    result = run(settings_file(tmp_path, {}), f"--storage.path={file}", "--web.listen-address=127.0.0.1:0")
    assert result.returncode == 2
    assert f"{file} can't be used for storage: " in result.stderr
    assert "choose another --storage.path" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_storage_that_may_not_be_written_is_refused(laboratory: Laboratory, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)
    configuration = tmp_path / "settings.yml"
    configuration.write_text("{}")
    # root may write anywhere: somebody else has to try
    for path in (tmp_path, *list(tmp_path.parents)[:2]):
        path.chmod(0o755)
    command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", str(PROGRAM), "serve"]
    result = subprocess.run(
        [*command, f"--config.file={configuration}", f"--storage.path={folder}", "--web.listen-address=127.0.0.1:0"],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert result.returncode == 2, result
    assert f"{folder} can't be used for storage: " in result.stderr
    assert "Permission denied" in result.stderr


def test_a_storage_is_for_one_exporter(laboratory: Laboratory, tmp_path: Path) -> None:
    with RunningExporter(tmp_path, settings_of(laboratory)) as exporter:
        result = run(
            settings_file(tmp_path, {}), f"--storage.path={exporter.storage}", "--web.listen-address=127.0.0.1:0"
        )
        assert result.returncode == 2
        assert "another exporter keeps its files there" in result.stderr
        exporter.kill()
    with RunningExporter(tmp_path, settings_of(laboratory)) as exporter:  # a crash lets it go
        assert exporter.get("/-/healthy").status == 200


def test_a_port_that_is_taken_ends_it_with_a_sentence(laboratory: Laboratory, tmp_path: Path) -> None:
    with RunningExporter(tmp_path, settings_of(laboratory)) as exporter:
        taken = exporter.urls[0].removeprefix("http://")
        result = run(settings_file(tmp_path, {}), f"--storage.path={tmp_path / 'x'}", f"--web.listen-address={taken}")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        f"cannot listen on {taken}: another program listens there already: stop it, or choose another listen address"
    )
    assert "Traceback" not in result.stderr


def test_as_many_connections_are_allowed_as_the_system_lets(laboratory: Laboratory, tmp_path: Path) -> None:
    exporter = RunningExporter(tmp_path, settings_of(laboratory))
    exporter.wrapper = ("prlimit", "--nofile=256:4096")
    with exporter:
        limits = Path(f"/proc/{exporter.process.pid}/limits").read_text()
    assert re.search(r"^Max open files +4096 +4096 ", limits, re.MULTILINE), limits


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--config.file=missing.yml",), "missing.yml"),
        (("--config.file=bad.yml",), "bad.yml:2: servers[0].relatoin: unknown key; did you mean relation?"),
        (("--config.file=good.yml", "--web.config.file=web.yml"), "web.yml:1: basic_auth_user"),
        (("--config.file=good.yml", "--web.listen-address=15222"), "write :15222"),
        (("--config.file=good.yml", "--web.external-url=example.org"), "must start with http:// or https://"),
        (("--config.file=good.yml", "--log.level=loud"), "loud"),
        (("--config.file=bad.yml", "--config.check"), "did you mean relation?"),
    ],
)
def test_wrong_usage_is_told_and_the_exit_code_is_2(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "good.yml").write_text("{}")
    (tmp_path / "bad.yml").write_text("servers:\n- {domain: a.test, relatoin: own}\n")
    (tmp_path / "web.yml").write_text("basic_auth_user: {}\n")
    result = run(*arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_the_check_prints_the_configuration_and_starts_nothing(laboratory: Laboratory, tmp_path: Path) -> None:
    settings = settings_of(laboratory, server_of(laboratory, BARE))
    result = run(settings_file(tmp_path, settings), "--config.check", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    printed = yaml.safe_load(result.stdout)
    assert printed["servers"][0]["domain"] == BARE
    assert printed["servers"][0]["intervals"] == {"availability": "1m", "compliance": "1h"}
    assert PASSWORD not in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["settings.yml"]


def test_log_lines_are_logfmt(laboratory: Laboratory, tmp_path: Path) -> None:
    servers = (server_of(laboratory, DOMAIN), {"domain": "no-such.test", "relation": "own"})
    settings = settings_of(laboratory, *servers)
    with RunningExporter(tmp_path, settings, "--log.level=debug") as exporter:
        exporter.probed(DOMAIN)
        exporter.probed(DOMAIN, "availability")
        exporter.probed("no-such.test")
        exporter.stop()
    lines = [dict(pair.split("=", 1) for pair in shlex.split(line)) for line in exporter.log.splitlines()]
    assert all({"ts", "level", "msg"} <= set(line) for line in lines)
    failed = [line for line in lines if line["msg"] == "a probe fails"]
    assert {(line["level"], line["domain"], line["failure"]) for line in failed} == {("warn", "no-such.test", "dns")}
    assert {line["probe"] for line in lines if line.get("domain") == DOMAIN} == {"availability", "compliance"}
    assert PASSWORD not in exporter.log


def test_log_lines_are_json(laboratory: Laboratory, tmp_path: Path) -> None:
    settings = settings_of(laboratory, {"domain": "no-such.test", "relation": "own"})
    with RunningExporter(tmp_path, settings, "--log.format=json") as exporter:
        exporter.probed("no-such.test")
        assert exporter.stop() == 0
    lines = [json.loads(line) for line in exporter.log.splitlines()]
    assert all(list(line)[:3] == ["ts", "level", "msg"] for line in lines)
    assert [line["msg"] for line in lines][-1] == "ending"


def test_changes_of_state_are_logged_and_nothing_else(laboratory: Laboratory, tmp_path: Path) -> None:
    server = server_of(laboratory, BARE, user=None, intervals={"availability": "1s"})
    with RunningExporter(tmp_path, settings_of(laboratory, server)) as exporter:
        success = f'xmpp_probe_success{{domain="{BARE}",probe="availability"}}'
        exporter.until(lambda: exporter.samples(success).get(success) == 1, "success")
        for kind in ("A", "AAAA"):
            laboratory.dns.change(f"xmpp.{BARE}", kind, [[]])
        try:
            exporter.until(lambda: exporter.samples(success).get(success) == 0, "failure")
            exporter.probed(BARE, "availability", exporter.probed(BARE, "availability") + 3)
        finally:
            laboratory.dns.restore()
        exporter.until(lambda: exporter.samples(success).get(success) == 1, "success")
        exporter.stop()
    told = re.findall(r'msg="(a probe [a-z ]+)"', exporter.log)
    assert told == ["a probe fails", "a probe succeeds again"]


def test_tls_and_passwords_come_from_the_web_configuration(laboratory: Laboratory, tmp_path: Path) -> None:
    certificate = laboratory.certificates.directory / f"{BARE}.pem"
    web = tmp_path / "web.yml"
    web.write_text(
        yaml.safe_dump(
            {
                "tls_server_config": {"cert_file": str(certificate), "key_file": str(certificate)},
                "basic_auth_users": {"prometheus": bcrypt.hashpw(b"scrape", bcrypt.gensalt(4)).decode()},
            }
        )
    )
    with RunningExporter(tmp_path, settings_of(laboratory), f"--web.config.file={web}") as exporter:
        assert exporter.urls[0].startswith("https://")
        for path in ("/metrics", "/", "/-/healthy", "/api/v1/servers", "/probe"):
            assert exporter.get(path).status == 401
        assert exporter.get("/-/reload", "POST").status == 401
        page = exporter.get("/metrics", Authorization="Basic cHJvbWV0aGV1czpzY3JhcGU=")
        assert page.status == 200
        assert exporter.stop() == 0


def test_canaries_that_are_down_blame_the_prober_and_not_the_servers(laboratory: Laboratory, tmp_path: Path) -> None:
    settings = settings_of(
        laboratory,
        server_of(laboratory, BARE, user=None),
        {"domain": "no-such.test", "relation": "own"},
        canaries=["127.0.0.1:1"],
    )
    with RunningExporter(tmp_path, settings) as exporter:
        for probe in ("availability", "compliance"):
            exporter.probed("no-such.test", probe)
            exporter.probed(BARE, probe)
        samples = exporter.samples()
        assert samples["xmpp_exporter_network_up"] == 0
        for probe in ("availability", "compliance"):
            labels = f'domain="no-such.test",probe="{probe}"'
            assert samples[f'xmpp_probe_failures_total{{{labels},reason="prober_network"}}'] == 1
            assert samples[f'xmpp_probe_failures_total{{{labels},reason="dns"}}'] == 0
            assert f"xmpp_probe_success{{{labels}}}" not in samples
        # what answers is up, whatever the canaries say
        assert samples[f'xmpp_probe_success{{domain="{BARE}",probe="availability"}}'] == 1
        assert "the prober's network is down: no canary answers" in exporter.log
