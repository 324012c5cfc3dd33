"""Which addresses a probed server may send us to."""

import pytest

from xmpp_exporter.wire.errors import AddressRefused
from xmpp_exporter.wire.guard import admit, is_public
from xmpp_exporter.wire.network import routed

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # where clouds keep their secrets
    "100.64.0.1",
    "0.0.0.0",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700:4700::1111%eth0",
    "fc00::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2002:a00:1::",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_anybody_may_be_sent_to_a_public_address(address: str) -> None:
    assert is_public(address)
    admit(address, allow_private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_nobody_is_sent_to_a_private_one_unless_the_configuration_allows_it(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(AddressRefused, match="allow_private_addresses"):
        admit(address, allow_private=False)
    admit(address, allow_private=True)


def test_a_route_is_looked_up_without_sending_anything() -> None:
    assert routed("127.0.0.1")
    assert not routed("255.255.255.255")  # a broadcast address is nothing to connect to
