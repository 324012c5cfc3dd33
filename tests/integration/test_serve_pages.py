"""What the running exporter shows: metrics, the API, the landing page, and each in the right form."""

import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running_exporter import RunningExporter, server_of, settings_of
from tests.servers.laboratory import PASSWORD, Laboratory
from xmpp_exporter.families import FAMILIES

DOMAIN = "good.prosody.test"
BARE = "bare.prosody.test"


@pytest.fixture(scope="module")
def exporter(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExporter]:
    """It has probed a good server with an account and a bare one without."""
    servers = (server_of(laboratory, DOMAIN, expect=["xep0313"]), server_of(laboratory, BARE, user=None, listed=False))
    with RunningExporter(tmp_path_factory.mktemp("exporter"), settings_of(laboratory, *servers)) as exporter:
        for domain in (DOMAIN, BARE):
            for probe in ("availability", "compliance"):
                exporter.probed(domain, probe)
        yield exporter


def test_metrics_are_the_text_format_that_every_prometheus_reads(exporter: RunningExporter) -> None:
    openmetrics = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    for accept in ("*/*", openmetrics):
        page = exporter.get("/metrics", Accept=accept)
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert page.text.endswith("\n")
        assert "# EOF" not in page.text


def test_promtool_finds_nothing_to_say_about_the_page(exporter: RunningExporter) -> None:
    page = exporter.get("/metrics").body
    result = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    # the process metrics are prometheus_client's and have their own conventions
    assert (result.returncode, result.stdout) == (0, b""), result


def test_no_series_is_there_twice_and_all_of_ours_are_families(exporter: RunningExporter) -> None:
    lines = [line for line in exporter.get("/metrics").text.splitlines() if not line.startswith("#")]
    series = [line.rpartition(" ")[0] for line in lines]
    assert len(series) == len(set(series))
    ours = {each.partition("{")[0] for each in series if each.startswith("xmpp_")}
    assert ours <= {family.name for family in FAMILIES}
    assert {"process_cpu_seconds_total", "python_info"} <= {each.partition("{")[0] for each in series}


def test_gzip_is_for_those_who_take_it(exporter: RunningExporter) -> None:
    page = exporter.get("/metrics", Accept_Encoding="gzip")
    assert page.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(page.body).startswith(b"# HELP xmpp_probe_success")
    assert "Content-Encoding" not in exporter.get("/metrics", Accept_Encoding="identity").headers


@pytest.mark.parametrize("path", ["/metrics", "/", "/api/v1/servers", f"/api/v1/servers/{DOMAIN}", "/-/healthy"])
def test_head_is_the_same_without_a_body(exporter: RunningExporter, path: str) -> None:
    got, head = exporter.get(path), exporter.get(path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/metrics", "/", "/api/v1/servers", f"/probe?target={BARE}&debug=true", "/no/such"])
def test_no_browser_may_guess_at_what_a_page_is(exporter: RunningExporter, path: str) -> None:
    assert exporter.get(path).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/metrics", 405),
        ("GET", "/-/reload", 405),
        ("POST", "/probe", 405),
        ("HEAD", f"/probe?target={BARE}", 405),
        ("GET", "/no/such/page", 404),
        ("GET", "/api/v1/servers/no.such.test", 404),
        ("GET", "/api/v1/servers/%00", 404),
    ],
)
def test_what_is_not_there_is_refused(exporter: RunningExporter, method: str, path: str, status: int) -> None:
    assert exporter.get(path, method).status == status


def test_gauges_tell_what_works_and_counters_have_every_reason(exporter: RunningExporter) -> None:
    samples = exporter.samples()
    assert samples[f'xmpp_probe_success{{domain="{DOMAIN}",probe="availability"}}'] == 1
    assert samples[f'xmpp_probe_success{{domain="{DOMAIN}",probe="compliance"}}'] == 1
    assert samples[f'xmpp_login_success{{domain="{DOMAIN}"}}'] == 1
    assert samples[f'xmpp_xep_supported{{domain="{DOMAIN}",check="xep0313",xep="0313"}}'] == 1
    assert samples[f'xmpp_check_expected{{domain="{DOMAIN}",check="xep0313"}}'] == 1
    assert samples[f'xmpp_server_info{{domain="{DOMAIN}",software="prosody",version="0.12.3"}}'] == 1
    assert samples[f'xmpp_server_listed{{domain="{BARE}"}}'] == 0
    assert samples[f'xmpp_probe_failures_total{{domain="{DOMAIN}",probe="availability",reason="tls"}}'] == 0
    phases = {series for series in samples if series.startswith("xmpp_probe_phase_duration_seconds{")}
    for phase in ("dns", "connect", "tls", "auth", "checks"):
        assert f'xmpp_probe_phase_duration_seconds{{domain="{DOMAIN}",probe="compliance",phase="{phase}"}}' in phases
    up = f'{{domain="{DOMAIN}",service="xmpp-client",host="xmpp.{DOMAIN}",port="5222",family="ipv4"}}'
    assert samples[f"xmpp_endpoint_addresses_up{up}"] == samples[f"xmpp_endpoint_addresses{up}"] == 1
    assert samples["xmpp_exporter_servers"] == 2
    assert samples["xmpp_exporter_network_up"] == 1


def test_without_an_account_nothing_is_said_of_what_needs_one(exporter: RunningExporter) -> None:
    samples = exporter.samples()
    assert not [series for series in samples if series.startswith(f'xmpp_login_success{{domain="{BARE}"')]
    assert not [series for series in samples if BARE in series and 'check="xep0313"' in series]


def test_a_server_has_no_more_series_than_promised(exporter: RunningExporter) -> None:
    assert 100 < sum(DOMAIN in series for series in exporter.samples()) < 400


def test_the_api_lists_the_servers(exporter: RunningExporter) -> None:
    page = exporter.get("/api/v1/servers")
    assert page.headers["Content-Type"] == "application/json"
    good, bare = page.json
    assert (good["domain"], good["up"], good["login"], good["software"]) == (DOMAIN, True, True, "prosody")
    assert good["score"]["supported"] > 10
    assert (bare["domain"], bare["login"], bare["listed"]) == (BARE, None, False)
    assert set(good["last_probe"]) == {"availability", "compliance"}


@pytest.mark.parametrize("name", [DOMAIN, DOMAIN.upper(), f"{DOMAIN}."])
def test_the_api_has_the_last_report_of_a_server_however_its_name_is_written(
    exporter: RunningExporter, name: str
) -> None:
    report = exporter.get(f"/api/v1/servers/{name}").json
    assert report["domain"] == DOMAIN
    assert report["software"] == {"name": "Prosody", "version": "0.12.3"}
    assert (report["availability"]["success"], report["availability"]["login"]) == (True, True)
    (endpoint,) = (each for each in report["availability"]["endpoints"] if each["service"] == "xmpp-client")
    assert [(each["up"], each["tls_version"]) for each in endpoint["addresses"]] == [(True, "TLSv1.3")]
    samples = exporter.samples("xmpp_xep_supported")
    for check in report["checks"]:
        series = f'xmpp_xep_supported{{domain="{DOMAIN}",check="{check["id"]}",xep="{check["xep"]}"}}'
        expected = {"supported": 1, "unsupported": 0, "broken": 0, "unknown": None}[check["verdict"]]
        assert samples.get(series) == expected, check


def test_the_landing_page_has_a_row_for_each_server(exporter: RunningExporter) -> None:
    page = exporter.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for domain in (DOMAIN, BARE):
        assert f'href="/api/v1/servers/{domain}"' in page.text
        assert f'href="/probe?target={domain}&amp;module=compliance&amp;debug=true"' in page.text
    assert 'href="/metrics"' in page.text
    assert "2 servers" in page.text


def test_healthy_and_ready(exporter: RunningExporter) -> None:
    assert exporter.get("/-/healthy").status == exporter.get("/-/ready").status == 200


def test_no_page_and_no_log_line_has_the_password(exporter: RunningExporter) -> None:
    for path in ("/metrics", "/", "/api/v1/servers", f"/api/v1/servers/{DOMAIN}"):
        assert PASSWORD not in exporter.get(path).text
    assert PASSWORD not in exporter.log


def test_it_listens_on_each_address_and_below_its_prefix(laboratory: Laboratory, tmp_path: Path) -> None:
    arguments = ("--web.listen-address=[::1]:0", "--web.external-url=https://xmpp.example.org/exporter/")
    with RunningExporter(tmp_path, settings_of(laboratory), *arguments) as exporter:
        ipv4, ipv6 = exporter.urls
        assert (ipv4.startswith("http://127.0.0.1:"), ipv6.startswith("http://[::1]:")) == (True, True)
        for url in (ipv4, ipv6):
            assert exporter.get("/exporter/metrics", url=url).status == 200
            assert exporter.get("/metrics", url=url).status == 404
            assert exporter.get("/exporter/-/ready", url=url).status == 200
        for path in ("/", "/exporter"):
            moved = exporter.get(path)
            assert (moved.status, moved.headers["Location"]) == (302, "/exporter/")
        page = exporter.get("/exporter/")
        assert 'href="/exporter/metrics"' in page.text
        assert "No servers are configured yet" in page.text
        assert exporter.get("/exporter/api/v1/servers").json == []


def test_a_proxy_may_take_the_prefix_off(laboratory: Laboratory, tmp_path: Path) -> None:
    arguments = ("--web.external-url=https://xmpp.example.org/exporter/", "--web.route-prefix=/")
    with RunningExporter(tmp_path, settings_of(laboratory), *arguments) as exporter:
        assert exporter.get("/metrics").status == 200
        assert 'href="/exporter/metrics"' in exporter.get("/").text
