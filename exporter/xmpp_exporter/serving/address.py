"""Listen addresses as Go programs take them in `--web.listen-address`."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

_BRACKETED = re.compile(r"\[(?P<host>[^\[\]]*)\]:(?P<port>.*)")
_PLAIN = re.compile(r"(?P<host>[^:\[\]/]*):(?P<port>[^:]*)")


class AddressError(ValueError):
    """A listen address that cannot be understood; the message says what to write."""


@dataclass(frozen=True)
class Address:
    """Where to listen: an empty `host` stands for all addresses, IPv4 and IPv6; port 0 for any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(text: str) -> Address:
    """`:15222`, `127.0.0.1:15222`, `[::1]:15222` or `localhost:15222`.

    Raises AddressError with what to write instead.
    """
    match = _BRACKETED.fullmatch(text) or _PLAIN.fullmatch(text)
    if match is None:
        raise AddressError(f"{text!r} is no listen address: {_instead(text)}")
    host, port = match["host"], match["port"]
    if text.startswith("[") and not _is_ipv6(host):
        raise AddressError(f"{text!r} is no listen address: brackets hold an IPv6 address, such as [::1]:{port}")
    if not (port.isascii() and port.isdigit()):
        raise AddressError(f"{text!r} has no port number: write {Address(host, 0)} with a number from 1 to 65535 for 0")
    if int(port) > 65535:
        raise AddressError(f"{text!r} has port {port}: ports end at 65535")
    return Address(host, int(port))


def _instead(text: str) -> str:
    if "://" in text:
        return "write HOST:PORT, without a scheme"
    if text.isdigit():
        return f"write :{text} for all addresses, or 127.0.0.1:{text}"
    host, _, port = text.rpartition(":")
    if _is_ipv6(host) and port.isdigit():
        return f"write [{host}]:{port}"
    if _is_ipv6(text):
        return f"write [{text}]:PORT"
    if ":" not in text and text:
        return f"write {text}:PORT"
    return "write :PORT, HOST:PORT or [IPV6]:PORT"


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
