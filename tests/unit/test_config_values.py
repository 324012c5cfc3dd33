"""What may be written for a duration, a domain, a JID or an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_exporter.config.values import (
    HostPort,
    format_duration,
    parse_address,
    parse_domain,
    parse_duration,
    parse_host_port,
    parse_jid,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("60s", 60),
        ("5m", 300),
        ("1h", 3600),
        ("1h30m", 5400),
        ("1d", 86_400),
        ("2w", 1_209_600),
        ("1y", 31_536_000),
        (15, 15),
        (0.25, 0.25),
    ],
)
def test_a_duration_is_read_as_prometheus_reads_it(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5 m",
        "m",
        "1.5h",
        "30m1h",
        "-5s",
        "5M",
        0,
        -1,
        True,
        None,
        [],
        "0s",
        float("inf"),
        float("nan"),
        "9" * 99,
    ],
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"no duration|longer than nothing"):
        parse_duration(text)


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_a_formatted_duration_is_read_as_the_same_seconds(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.integers(min_value=1, max_value=10**10))
def test_whole_milliseconds_are_formatted_as_text(milliseconds: int) -> None:
    text = format_duration(milliseconds / 1000)
    assert isinstance(text, str)
    assert parse_duration(text) == milliseconds / 1000


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "500ms"), (60, "1m"), (90, "1m30s"), (86_400, "1d"), (5400, "1h30m"), (0.0001, 0.0001)]
)
def test_a_duration_is_formatted_as_people_write_it(seconds: float, text: object) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("chat。example", "chat.example"),
        ("localhost", "localhost"),
        ("4chat.example", "4chat.example"),
    ],
)
def test_a_domain_becomes_lower_case_a_labels(text: str, domain: str) -> None:
    assert parse_domain(text) == domain


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "192.0.2.1",
        "127.1",
        "2001:db8::1",
        "a b.example",
        "a..example",
        "-a.example",
        "a_b.example",
        "probe@x.example",
        "https://x.example",
        "xn--zz.example",
        "x" * 64 + ".example",
        ".".join(["x" * 60] * 5),
        "*.example",
        "\ud800.example",
    ],
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no domain name"):
        parse_domain(text)


@given(st.text(max_size=80))
def test_any_text_is_a_domain_that_stays_itself_or_is_refused(text: str) -> None:
    try:
        domain = parse_domain(text)
    except ValueError:
        return
    assert parse_domain(domain) == domain
    assert domain.isascii()
    assert domain == domain.lower()


def test_a_jid_keeps_its_localpart_and_gets_its_domain_normalised() -> None:
    assert parse_jid("Probe.1@Bücher.example") == "Probe.1@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "text",
    ["example.org", "@example.org", "a@", "a@example.org/res", "a b@example.org", "a@b@example.org", "a'@example.org"],
)
def test_what_is_no_bare_jid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no bare JID|is no domain name"):
        parse_jid(text)


def test_a_full_jid_is_told_to_leave_its_resource() -> None:
    with pytest.raises(ValueError, match="without a resource"):
        parse_jid("probe@example.org/laptop")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Example.net:443", HostPort("example.net", 443)),
        ("192.0.2.1:53", HostPort("192.0.2.1", 53)),
        ("[2001:DB8::1]:443", HostPort("2001:db8::1", 443)),
    ],
)
def test_host_and_port_are_read_and_written_alike(text: str, address: HostPort) -> None:
    assert parse_host_port(text) == address
    assert parse_host_port(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "example.net",
        "example.net:",
        ":443",
        "example.net:0",
        "example.net:65536",
        "2001:db8::1:443",
        "[::1:443",
        "[x]:443",
        443,
        "example.net:٤٤٣",
        None,
    ],
)
def test_what_is_no_host_and_port_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_host_port(text)


def test_a_nameserver_is_an_address_not_a_name() -> None:
    assert parse_address("2001:DB8::1") == "2001:db8::1"
    with pytest.raises(ValueError, match="is no IP address"):
        parse_address("ns.example.org")
