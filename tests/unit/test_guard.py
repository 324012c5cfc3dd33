"""Which addresses a probed server may send us to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_exporter.model import Failure, Reason
from xmpp_exporter.wire.errors import AddressRefused
from xmpp_exporter.wire.guard import admit, is_public

PUBLIC = """
1.1.1.1            a name server's
8.8.8.8            another's
100.63.255.255     just before CGNAT
100.128.0.0        just after CGNAT
172.15.255.255     just before 172.16/12
172.32.0.0         just after it
192.167.255.255    just before 192.168/16
223.255.255.255    the last unicast address
2606:4700::1111    global unicast
2a01:4f8::1        global unicast
::ffff:1.1.1.1     mapped, public
64:ff9b::101:101   NAT64, public
2002:101:101::1    6to4, public
"""

NOT_PUBLIC = """
0.0.0.0            this host
0.1.2.3            this network
10.0.0.1           private
100.64.0.1         CGNAT
100.127.255.255    CGNAT, the last
127.0.0.1          loopback
127.255.255.254    loopback
169.254.169.254    link-local: cloud metadata
172.16.0.1         private
172.31.255.255     private
192.0.0.1          protocol assignments
192.0.2.1          documentation
192.88.99.1        6to4 relays
192.168.1.1        private
198.18.0.1         benchmarks
198.51.100.1       documentation
203.0.113.1        documentation
224.0.0.1          multicast
239.255.255.255    multicast
240.0.0.1          reserved
255.255.255.255    broadcast
::                 unspecified
::1                loopback
::127.0.0.1        IPv4-compatible
::8.8.8.8          IPv4-compatible, given up
::ffff:127.0.0.1   mapped
::ffff:10.0.0.1    mapped
::ffff:100.64.0.1  mapped CGNAT
::ffff:169.254.169.254   mapped
::ffff:0:127.0.0.1 translated (SIIT)
64:ff9b::7f00:1    NAT64 of 127.0.0.1
64:ff9b::a00:1     NAT64 of 10.0.0.1
64:ff9b:1::1       NAT64 for local use
100::1             discard
2001::1            Teredo of 255.255.255.254
2001::fefe:fefe    Teredo of 1.1.1.1, given up
2001:db8::1        documentation
2001:2::1          benchmarks
2001:10::1         ORCHID
2002:7f00:1::1     6to4 of 127.0.0.1
2002:a00:1::1      6to4 of 10.0.0.1
2002:6440:1::1     6to4 of CGNAT
3fff::1            documentation
4000::1            not given out
5f00::1            segment routing
fc00::1            unique local
fdff:ffff::1       unique local
fe80::1            link-local
fe80::1%eth0       link-local with a zone
2606:4700::1111%eth0   a zone where none belongs
fec0::1            site-local, given up
ff02::1            multicast
ff0e::1            multicast, global
"""


def table(text: str) -> list[str]:
    return [line.split()[0] for line in text.strip().splitlines()]


@pytest.mark.parametrize("address", table(PUBLIC))
def test_public_addresses_are_admitted(address: str) -> None:
    assert is_public(address)
    admit(address, allow_private=False)


@pytest.mark.parametrize("address", table(NOT_PUBLIC))
def test_other_addresses_are_refused_unless_the_configuration_allows_them(address: str) -> None:
    with pytest.raises(AddressRefused, match="allow_private_addresses") as raised:
        admit(address, allow_private=False)
    assert (raised.value.failure, raised.value.reason) == (Failure.PROBER_LIMIT, Reason.PROBER_LIMIT)
    admit(address, allow_private=True)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_counts_the_same_in_every_wrapping(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    wrapped = {
        "mapped": ipaddress.IPv6Address((0xFFFF << 32) | number),
        "NAT64": ipaddress.IPv6Address((0x64_FF9B << 96) | number),
        "6to4": ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1),
    }
    assert {how: is_public(str(each)) for how, each in wrapped.items()} == dict.fromkeys(
        wrapped, is_public(str(address))
    )


@given(st.ip_addresses())
def test_what_python_knows_to_be_special_is_never_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = (
        address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
        or address.is_unspecified
    )  # fmt: skip
    assert not (special and is_public(str(address))) or _wraps(address)


def _wraps(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.version == 6 and address.ipv4_mapped is not None
