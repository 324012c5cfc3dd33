"""Listen addresses as Go programs take them."""

import pytest

from xmpp_exporter.serving.address import Address, AddressError, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":15222", Address("", 15222)),
        ("127.0.0.1:15222", Address("127.0.0.1", 15222)),
        ("[::1]:15222", Address("::1", 15222)),
        ("[::]:0", Address("::", 0)),
        ("localhost:15222", Address("localhost", 15222)),
        ("[fe80::1%eth0]:65535", Address("fe80::1%eth0", 65535)),
    ],
)
def test_an_address_is_understood_and_written_the_same_way(text: str, address: Address) -> None:
    assert parse(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("15222", "write :15222 for all addresses"),
        ("127.0.0.1", "write 127.0.0.1:PORT"),
        ("localhost", "write localhost:PORT"),
        ("::1", "write [::1]:PORT"),
        ("2001:db8::1:15222", "write [2001:db8::1]:15222"),
        ("http://localhost:15222", "without a scheme"),
        ("[localhost]:15222", "brackets hold an IPv6 address"),
        ("[]:15222", "brackets hold an IPv6 address"),
        ("localhost:http", "write localhost:0 with a number from 1 to 65535"),
        ("localhost:", "has no port number"),
        ("localhost:-1", "has no port number"),
        ("localhost:65536", "ports end at 65535"),
        ("localhost:1/metrics", "has no port number"),
        ("", "write :PORT"),
        ("a:b:c", "write :PORT"),
    ],
)
def test_a_wrong_address_is_told_with_what_to_write(text: str, advice: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse(text)
    assert advice in str(caught.value)
    assert repr(text) in str(caught.value)
