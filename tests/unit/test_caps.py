"""The verification string of entity capabilities, on the examples of XEP-0115 §5.2 and §5.3."""

import pytest

from xmpp_exporter.checks.caps import verification_string
from xmpp_exporter.wire.disco import Identity, Info

FEATURES = frozenset(
    {
        "http://jabber.org/protocol/muc",
        "http://jabber.org/protocol/disco#items",
        "http://jabber.org/protocol/caps",
        "http://jabber.org/protocol/disco#info",
    }
)
SOFTWARE = {
    "os_version": ("10.5.1",),
    "FORM_TYPE": ("urn:xmpp:dataforms:softwareinfo",),
    "ip_version": ("ipv6", "ipv4"),
    "software": ("Psi",),
    "os": ("Mac",),
    "software_version": ("0.11",),
}
PSI = Info(
    (Identity("client", "pc", "en", "Psi 0.11"), Identity("client", "pc", "el", "Ψ 0.11")), FEATURES, (SOFTWARE,)
)


def test_the_simple_example_has_the_hash_of_the_specification() -> None:
    exodus = Info((Identity("client", "pc", "", "Exodus 0.9.1"),), FEATURES)
    assert verification_string(exodus, "sha-1") == "QgayPKawpkPSDYmwT/WM94uAlu0="


def test_the_complex_example_has_the_hash_of_the_specification() -> None:
    assert verification_string(PSI, "sha-1") == "q07IKJEyjvHSyhy//CH0CxmKi8w="


def test_a_form_without_a_type_is_left_out() -> None:
    with_another = Info(PSI.identities, PSI.features, ({"os": ("Mac",)}, SOFTWARE))
    assert verification_string(with_another, "sha-1") == verification_string(PSI, "sha-1")


def test_another_algorithm_gives_another_string() -> None:
    assert len(verification_string(PSI, "sha-256")) == 44
    with pytest.raises(KeyError):
        verification_string(PSI, "md4")
