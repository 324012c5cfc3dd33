"""/probe: one server's metrics on request, seldom fresh, kept nowhere, with a trace that gives nothing away."""

import asyncio
import base64
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from tests.integration.running_exporter import LIMIT, RunningExporter, server_of, settings_of
from tests.servers.fake import listening, silent
from tests.servers.laboratory import PASSWORD, Laboratory

DOMAIN = "good.prosody.test"
OTHER = "no-rooms.prosody.test"
SILENT = "silent.test"


@pytest.fixture(scope="module")
def silence(laboratory: Laboratory) -> Iterator[None]:
    """The domain SILENT, whose server accepts connections and says nothing."""
    ready, over = threading.Event(), threading.Event()
    port = 0

    async def serve() -> None:
        nonlocal port
        async with listening(silent) as listener:
            port = listener.port
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(LIMIT)
    laboratory.dns.add_zone(SILENT, f"@ A 127.0.0.1\n_xmpp-client._tcp SRV 5 0 {port} @\n")
    yield
    over.set()
    thread.join(LIMIT)


@pytest.fixture(scope="module")
def exporter(
    laboratory: Laboratory, silence: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningExporter]:
    servers = (
        server_of(laboratory, DOMAIN),
        server_of(laboratory, OTHER),
        {"domain": SILENT, "relation": "own", "allow_private_addresses": True},
    )
    with RunningExporter(tmp_path_factory.mktemp("exporter"), settings_of(laboratory, *servers)) as exporter:
        for domain in (DOMAIN, OTHER):
            exporter.probed(domain, "availability")
            exporter.probed(domain, "compliance")
        yield exporter


def duration(text: str) -> str:
    found = re.search(r"^xmpp_probe_duration_seconds\{.*\} (\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def test_it_has_that_servers_metrics_and_no_others(exporter: RunningExporter) -> None:
    page = exporter.get(f"/probe?target={DOMAIN}&module=availability")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in page.text.splitlines() if not line.startswith("#")]
    assert f'xmpp_probe_success{{domain="{DOMAIN}",probe="availability"}} 1' in lines
    assert all(f'domain="{DOMAIN}"' in line for line in lines)
    assert not [line for line in lines if line.startswith(("xmpp_xep_supported", "xmpp_exporter", "xmpp_probes_total"))]


def test_a_compliance_probe_is_made_on_request(exporter: RunningExporter) -> None:
    page = exporter.get(f"/probe?target={DOMAIN}&module=compliance")
    assert f'xmpp_xep_supported{{domain="{DOMAIN}",check="xep0313",xep="0313"}} 1' in page.text


@pytest.mark.parametrize("module", ["availability", "compliance"])
def test_a_fresh_run_is_not_made_for_each_request(exporter: RunningExporter, module: str) -> None:
    path = f"/probe?target={DOMAIN}&module={module}"
    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(exporter.get, [path] * 8))
    assert len({duration(page.text) for page in [*pages, exporter.get(path)]}) == 1


def test_the_trace_is_for_people_and_has_no_secret(exporter: RunningExporter) -> None:
    settings = yaml.safe_load(exporter.configuration_file.read_text())
    settings["servers"][0]["exclude"] = ["xep0077"]  # other settings are probed afresh
    exporter.configure(settings)
    exporter.hang_up()
    exporter.until(lambda: "the configuration was reloaded" in exporter.log, "reload")
    page = exporter.get(f"/probe?target={DOMAIN}&module=compliance&debug=true")
    assert page.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert page.text.startswith(f"The compliance probe of {DOMAIN} succeeded")
    assert re.search(r"^xep0313 +supported", page.text, re.MULTILINE)
    assert re.search(r"^ +\d+\.\d{3} > <auth[^>]*>\[hidden\]</auth>", page.text, re.MULTILINE), page.text[:5000]
    assert re.search(r"^ +\d+\.\d{3} < .*urn:xmpp:mam:2", page.text, re.MULTILINE)
    assert f'xmpp_probe_success{{domain="{DOMAIN}",probe="compliance"}} 1' in page.text
    for secret in (PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), "Y29ycmVjdCBob3JzZ"):
        assert secret not in page.text
    # SCRAM's proof would do for guessing at the password offline
    assert not re.search(r"<(response|challenge|success|auth)\b[^>]*>(?!\[hidden\])[^<]", page.text)


def test_the_debug_page_of_a_server_that_is_down_says_where_and_how(exporter: RunningExporter) -> None:
    page = exporter.get(f"/probe?target={SILENT}&debug=true")
    assert page.text.startswith(f"The availability probe of {SILENT} failed: timeout: ")
    assert re.search(rf"^xmpp-client +{re.escape(SILENT)}:\d+ 127\.0\.0\.1 timeout: ", page.text, re.MULTILINE)
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, "Say which server"),
        ("?target=", 400, "Say which server"),
        (f"?target={DOMAIN}&module=http", 400, "module is availability or compliance"),
        ("?target=elsewhere.example.org", 404, "only configured ones are probed"),
        ("?target=127.0.0.1", 404, "only configured ones are probed"),
        ("?target=%3Cscript%3E", 404, "only configured ones are probed"),
        ("?target=a%0Ab", 404, "only configured ones are probed"),
    ],
)
def test_what_cannot_be_probed_is_refused_with_a_sentence(
    exporter: RunningExporter, query: str, status: int, said: str
) -> None:
    page = exporter.get(f"/probe{query}")
    assert page.status == status
    assert said in page.text
    assert "<script>" not in page.text
    assert page.headers["Content-Type"].startswith("text/plain")


def test_the_name_may_be_written_in_other_ways(exporter: RunningExporter) -> None:
    assert exporter.get(f"/probe?target={DOMAIN.upper()}.").status == 200


def test_the_scrape_timeout_is_honoured(exporter: RunningExporter) -> None:
    page = exporter.get(f"/probe?target={SILENT}", X_Prometheus_Scrape_Timeout_Seconds="1.5")
    assert page.status == 503
    assert "did not end within 1 s" in page.text
    assert page.headers["Retry-After"]


@pytest.mark.parametrize("header", ["soon", "", "1,5"])
def test_a_scrape_timeout_that_is_no_number_is_refused(exporter: RunningExporter, header: str) -> None:
    page = exporter.get(f"/probe?target={DOMAIN}", X_Prometheus_Scrape_Timeout_Seconds=header)
    assert page.status == 400


@pytest.mark.parametrize("header", ["nan", "inf", "1e9"])
def test_a_scrape_timeout_without_end_is_no_fault(exporter: RunningExporter, header: str) -> None:
    page = exporter.get(f"/probe?target={DOMAIN}", X_Prometheus_Scrape_Timeout_Seconds=header)
    assert page.status == 200


def test_a_reload_does_not_hang_up_on_those_who_wait(laboratory: Laboratory, silence: None, tmp_path: Path) -> None:
    server = {"domain": SILENT, "relation": "own", "allow_private_addresses": True}
    with RunningExporter(tmp_path, settings_of(laboratory, server)) as exporter, ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(exporter.get, f"/probe?target={SILENT}")
        in_flight = 'xmpp_exporter_probes_in_flight{probe="availability"}'
        exporter.until(lambda: exporter.samples(in_flight).get(in_flight) == 1, "probe")
        exporter.configure(settings_of(laboratory))
        assert exporter.get("/-/reload", "POST").status == 200
        page = waiting.result(LIMIT)
        assert (page.status, "ask again" in page.text) == (503, True)


def test_it_is_nowhere_kept(laboratory: Laboratory, tmp_path: Path) -> None:
    with RunningExporter(tmp_path, settings_of(laboratory, server_of(laboratory, OTHER))) as exporter:
        exporter.probed(OTHER)
        file = exporter.storage / "servers" / f"{OTHER}.json"
        exporter.until(lambda: file.exists() and '"compliance"' in file.read_text(), "written report")
        before, written = exporter.samples(), json.loads(file.read_text())["reports"]["compliance"]
        assert exporter.get(f"/probe?target={OTHER}&module=compliance").status == 200
        after = exporter.samples()
        for metric in ("xmpp_probes_total", "xmpp_probe_last_run_timestamp_seconds", "xmpp_probe_duration_seconds"):
            series = f'{metric}{{domain="{OTHER}",probe="compliance"}}'
            assert after[series] == before[series]
        assert exporter.stop() == 0
        assert json.loads(file.read_text())["reports"]["compliance"] == written
