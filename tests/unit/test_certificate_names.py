"""Which names of a certificate cover a domain."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from xmpp_exporter.certificate_names import SRV_NAME, XMPP_ADDR, Names, names_of
from xmpp_exporter.wire.certificates import serves_clients_role, weakness

CLIENT = ("xmpp-client", "xmpps-client")


@pytest.mark.parametrize(
    ("names", "domain", "found"),
    [
        (Names(dns=("example.org",)), "example.org", "example.org"),
        (Names(dns=("Example.ORG.",)), "example.org", "Example.ORG."),
        (Names(dns=("other.org", "example.org")), "example.org", "example.org"),
        (Names(dns=("*.example.org",)), "im.example.org", "*.example.org"),
        (Names(dns=("*.example.org",)), "example.org", None),
        (Names(dns=("*.example.org",)), "a.im.example.org", None),
        (Names(dns=("i*.example.org",)), "im.example.org", None),
        (Names(dns=("im.*.org",)), "im.example.org", None),
        (Names(dns=("*.org",)), "example.org", None),
        (Names(dns=("*",)), "org", None),
        (Names(dns=("xn--bcher-kva.example",)), "xn--bcher-kva.example", "xn--bcher-kva.example"),
        (Names(xmpp=("bücher.example",)), "xn--bcher-kva.example", "xmppAddr bücher.example"),
        (Names(xmpp=("BÜCHER.example",)), "xn--bcher-kva.example", "xmppAddr BÜCHER.example"),
        (Names(xmpp=("juliet@example.org",)), "example.org", None),
        (Names(xmpp=("*.example.org",)), "im.example.org", None),
        (Names(srv=("_xmpp-client.example.org",)), "example.org", "_xmpp-client.example.org"),
        (Names(srv=("_XMPPS-Client.Example.org",)), "example.org", "_XMPPS-Client.Example.org"),
        (Names(srv=("_xmpp-server.example.org",)), "example.org", None),
        (Names(srv=("_xmpp-client.other.org",)), "example.org", None),
        (Names(), "example.org", None),
    ],
)
def test_a_name_covers_a_domain_whole_and_a_star_one_label(names: Names, domain: str, found: str | None) -> None:
    assert names.covering(domain, CLIENT) == found


def certificate(*extensions: x509.ExtensionType, common_name: str = "example.org") -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


def other(kind: str, der: bytes) -> x509.OtherName:
    return x509.OtherName(x509.ObjectIdentifier(kind), der)


def test_alternative_names_are_read_by_kind() -> None:
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("example.org"),
            other(XMPP_ADDR, b"\x0c\x0bexample.org"),
            other(SRV_NAME, b"\x16\x18_xmpp-client.example.org"),
        ]
    )
    assert names_of(certificate(names)) == Names(
        dns=("example.org",), xmpp=("example.org",), srv=("_xmpp-client.example.org",)
    )


@pytest.mark.parametrize(
    "der",
    [b"\x16\x0bexample.org", b"\x0c\x00", b"\x0c\x82\x01\x00" + 256 * b"x"],
    ids=["another type", "empty", "longer than a domain"],
)
def test_a_name_that_is_no_string_is_left_out(der: bytes) -> None:
    assert names_of(certificate(x509.SubjectAlternativeName([other(XMPP_ADDR, der)]))) == Names()


def test_a_long_name_is_read_too() -> None:
    name = f"{'a' * 60}.{'b' * 60}.{'c' * 60}.example"
    long = other(XMPP_ADDR, b"\x0c\x81" + bytes([len(name)]) + name.encode())
    assert names_of(certificate(x509.SubjectAlternativeName([long]))).xmpp == (name,)


def test_a_common_name_is_no_name() -> None:
    assert names_of(certificate()) == Names()


@pytest.mark.parametrize(
    ("purposes", "both"),
    [
        (None, True),
        ([ExtendedKeyUsageOID.SERVER_AUTH], False),
        ([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH], True),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], True),
    ],
)
def test_who_connects_needs_the_purpose_client_unless_none_is_named(
    purposes: list[x509.ObjectIdentifier] | None, both: bool
) -> None:
    assert serves_clients_role(certificate(*([x509.ExtendedKeyUsage(purposes)] if purposes else []))) is both


def test_a_key_of_today_is_not_weak() -> None:
    assert weakness(certificate()) is None
