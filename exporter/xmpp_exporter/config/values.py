"""Durations, domains, addresses and URLs: what a person may write for them, and what it becomes."""

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import idna
from pydantic import AfterValidator, BeforeValidator, PlainSerializer, PlainValidator

# Prometheus' own order and units, https://prometheus.io/docs/prometheus/latest/configuration/configuration/ <duration>.
_UNITS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DURATION = re.compile("".join(f"(?:([0-9]{{1,12}}){unit})?" for unit in _UNITS))

# RFC 7622 §3.3.1: what a localpart may not contain; control characters and blanks besides.
_NO_LOCALPART = re.compile(r"[\"&'/:<>@\s\x00-\x1f\x7f]")


def parse_duration(value: Any) -> float:
    """`1h30m`, `500ms` or a plain number of seconds, as seconds greater than zero; raises ValueError."""
    seconds: float
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = value
    elif isinstance(value, str) and value and (match := _DURATION.fullmatch(value)):
        amounts = zip(match.groups(default="0"), _UNITS.values(), strict=True)
        seconds = sum(int(amount) * unit for amount, unit in amounts) / 1000
    else:
        raise ValueError("is no duration: write 500ms, 60s, 5m, 1h30m or 1d, or a number of seconds")
    if not 0 < seconds < math.inf:
        raise ValueError("must be longer than nothing, and finite")
    return float(seconds)


def format_duration(seconds: float) -> str | float:
    """The text that `parse_duration` reads as exactly these seconds; finer than a millisecond, the number itself."""
    rest, text = round(seconds * 1000), ""
    for unit, milliseconds in _UNITS.items():
        # Weeks and years read badly and are seldom whole.
        if unit not in "yw" and rest >= milliseconds:
            text += f"{rest // milliseconds}{unit}"
            rest %= milliseconds
    return text if _DURATION.fullmatch(text) and text and parse_duration(text) == seconds else seconds


def parse_domain(text: str) -> str:
    """A domain name as lower-case A-labels without a final dot (RFC 7622 §3.2, UTS 46); raises ValueError."""
    name = text.removesuffix(".")
    try:
        domain = idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"is no domain name: {error}") from error
    if domain.rpartition(".")[2].isdigit():
        raise ValueError("is no domain name: an address has no SRV records and no certificate of its own")
    return domain


def parse_jid(text: str) -> str:
    """A bare JID, its domain normalised as by `parse_domain`; raises ValueError."""
    localpart, at, domain = text.partition("@")
    if not at or "/" in domain:
        raise ValueError("is no bare JID: write name@domain, without a resource")
    if not localpart or _NO_LOCALPART.search(localpart) or len(localpart.encode()) > 1023:
        raise ValueError("is no bare JID: what stands before the @ is no localpart")
    return f"{localpart}@{parse_domain(domain)}"


def jid_domain(jid: str) -> str:
    """The domain of a bare JID that `parse_jid` made."""
    return jid.partition("@")[2]


@dataclass(frozen=True)
class HostPort:
    """A TCP address to connect to; `host` is a domain of A-labels or an IP address without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_host_port(value: Any) -> HostPort:
    """`example.org:443`, `192.0.2.1:443` or `[2001:db8::1]:443`; raises ValueError."""
    if isinstance(value, HostPort):
        return value
    host, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not colon or not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError("is no address: write host:port, such as example.org:443 or [2001:db8::1]:443")
    if host.startswith("[") and host.endswith("]"):
        return HostPort(str(ipaddress.IPv6Address(host[1:-1])), int(port))
    try:
        return HostPort(str(ipaddress.IPv4Address(host)), int(port))
    except ValueError:
        return HostPort(parse_domain(host), int(port))


def parse_address(text: str) -> str:
    """An IPv4 or IPv6 address in its usual form; raises ValueError."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise ValueError("is no IP address, such as 127.0.0.1 or 2001:db8::1") from error


def _url(*schemes: str) -> Callable[[str], str]:
    """A validator of URLs with one of `schemes`; those with `//` need a host and may hold neither user nor fragment."""

    def parse(text: str) -> str:
        if not re.fullmatch(r"[!-~]+", text):
            raise ValueError("is no URL: it has blanks, or characters that must be escaped")
        parts = urlsplit(text)
        if parts.scheme not in schemes:
            raise ValueError(f"must be a URL that starts with {' or '.join(f'{scheme}:' for scheme in schemes)}")
        if parts.scheme in ("http", "https", "wss"):
            _ = parts.port  # raises ValueError where it is no port
            if not parts.hostname:
                raise ValueError(f"has no host: write {parts.scheme}://host/path")
            if "@" in parts.netloc:
                raise ValueError("must not contain a user or password")
            if parts.fragment:
                raise ValueError("must not have a #fragment")
        elif not parts.path:
            raise ValueError(f"has nothing after {parts.scheme}:")
        return text

    return parse


Duration = Annotated[
    float, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str | float, when_used="json")
]
"""Seconds, more than 0; written as in Prometheus."""

Domain = Annotated[str, AfterValidator(parse_domain)]
Jid = Annotated[str, AfterValidator(parse_jid)]
Address = Annotated[str, AfterValidator(parse_address)]
HostPortText = Annotated[HostPort, PlainValidator(parse_host_port), PlainSerializer(str, return_type=str)]
WebUrl = Annotated[str, AfterValidator(_url("https", "http"))]
WebSocketUrl = Annotated[str, AfterValidator(_url("wss"))]
HttpsUrl = Annotated[str, AfterValidator(_url("https"))]
ContactUrl = Annotated[str, AfterValidator(_url("https", "http", "mailto", "xmpp"))]
