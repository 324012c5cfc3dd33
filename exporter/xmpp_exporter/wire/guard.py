"""Which addresses a server may send us to.

A probed server chooses SRV targets, URLs and proxies, and so could point the prober at its own network. Every address
is judged when it is connected to, not when a name is looked up, so that a name that changes its mind gains nothing.
"""

import ipaddress

from xmpp_exporter.wire.errors import AddressRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is given out to anybody in IPv6 (RFC 4291 §2.4); what lies outside is local, reserved or wraps IPv4."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24",  # relays of 6to4, given up (RFC 7526)
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation (RFC 9637), which older Pythons take for public
    )
)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address merely wraps (mapped, 6to4, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    wrapped = address.ipv4_mapped or address.sixtofour
    if wrapped is None and address in _NAT64:
        wrapped = ipaddress.IPv4Address(address.packed[-4:])
    return wrapped or address


def is_public(address: str) -> bool:
    """Whether `address` (a literal; an IPv6 zone counts as link-local) is one that anybody on the Internet may use."""
    literal, _, zone = address.partition("%")
    parsed = _inner(ipaddress.ip_address(literal))
    if zone or (parsed.version == 6 and parsed not in _GLOBAL_UNICAST):
        return False
    if any(parsed in network for network in _NOT_PUBLIC):
        return False
    # is_global is False for private, loopback, link-local, CGNAT (100.64/10), documentation and reserved ranges
    return parsed.is_global and not parsed.is_multicast


def admit(address: str, allow_private: bool) -> None:
    """Raise AddressRefused for an address that is not public, unless the server's configuration allows those."""
    if not allow_private and not is_public(address):
        raise AddressRefused(f"{address} is not a public address; allow_private_addresses permits it")
