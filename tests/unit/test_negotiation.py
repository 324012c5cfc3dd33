"""Which mechanism we log in with."""

import xml.etree.ElementTree as ET

import pytest

from xmpp_exporter.model import Failure
from xmpp_exporter.wire.errors import LoginFailed
from xmpp_exporter.wire.negotiation import choose_mechanism, offered_mechanisms
from xmpp_exporter.wire.tls import TlsConnection

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BINDINGS = "urn:xmpp:sasl-cb:0"


def features(offered: str, bindings: str = "") -> ET.Element:
    mechanisms = "".join(f"<mechanism>\n {name} </mechanism>" for name in offered.split())
    kinds = "".join(f"<channel-binding type='{kind}'/>" for kind in bindings.split())
    binding = f"<sasl-channel-binding xmlns='{BINDINGS}'>{kinds}</sasl-channel-binding>" if bindings else ""
    return ET.fromstring(f"<features><mechanisms xmlns='{SASL}'>{mechanisms}</mechanisms>{binding}</features>")


def chosen(features: ET.Element, version: str = "TLSv1.3", allow_plain: bool = False) -> str:
    return choose_mechanism(features, TlsConnection(version, "", None, None), allow_plain)


ALL = "PLAIN SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-512 SCRAM-SHA-512-PLUS X"


@pytest.mark.parametrize(
    ("offered", "version", "mechanism"),
    [
        (ALL, "TLSv1.3", "SCRAM-SHA-512"),
        (ALL, "TLSv1.2", "SCRAM-SHA-512-PLUS"),
        ("SCRAM-SHA-512 SCRAM-SHA-1-PLUS", "TLSv1.2", "SCRAM-SHA-1-PLUS"),
        ("PLAIN SCRAM-SHA-1", "TLSv1.3", "SCRAM-SHA-1"),
        ("scram-sha-256", "TLSv1.3", "SCRAM-SHA-256"),
    ],
)
def test_the_strongest_scram_is_taken_bound_to_the_channel_where_possible(
    offered: str, version: str, mechanism: str
) -> None:
    assert chosen(features(offered), version) == mechanism
    assert chosen(features(offered), version, allow_plain=True) == mechanism, "whether or not PLAIN is allowed"


@pytest.mark.parametrize(
    ("bindings", "mechanism"),
    [
        ("tls-unique tls-server-end-point", "SCRAM-SHA-512-PLUS"),
        ("tls-exporter", "SCRAM-SHA-512"),
        ("tls-server-end-point", "SCRAM-SHA-512"),
    ],
)
def test_a_server_may_say_how_it_binds(bindings: str, mechanism: str) -> None:
    assert chosen(features(ALL, bindings), "TLSv1.2") == mechanism


@pytest.mark.parametrize("offered", ["", "PLAIN", "DIGEST-MD5 CRAM-MD5 LOGIN X-OAUTH2 EXTERNAL ANONYMOUS PLAIN"])
def test_without_scram_there_is_no_login_unless_plain_is_allowed(offered: str) -> None:
    with pytest.raises(LoginFailed) as raised:
        chosen(features(offered))
    assert raised.value.failure is Failure.NO_MECHANISM
    told = raised.value.detail.removesuffix("; allow_plain permits PLAIN")
    assert told.endswith(", ".join(offered.split()) or "none")
    assert (told != raised.value.detail) == ("PLAIN" in offered)
    if offered:
        assert chosen(features(offered), allow_plain=True) == "PLAIN"


def test_a_channel_that_cannot_be_bound_leaves_no_mechanism_where_nothing_else_is_offered() -> None:
    with pytest.raises(LoginFailed):
        chosen(features("SCRAM-SHA-256-PLUS"), "TLSv1.3")


def test_mechanisms_are_those_of_sasl_alone() -> None:
    other = ET.fromstring(
        "<features><mechanisms xmlns='urn:other'><mechanism>PLAIN</mechanism></mechanisms></features>"
    )
    assert offered_mechanisms(other) == ()
    assert offered_mechanisms(features("A B")) == ("A", "B")


def test_a_flood_of_mechanisms_is_cut() -> None:
    offered = offered_mechanisms(features(" ".join(f"X{n}{'X' * 500}" for n in range(5000)) + " PLAIN" * 10))
    assert len(offered) <= 50 and max(map(len, offered)) <= 64
    assert offered_mechanisms(features("PLAIN " * 100)) == ("PLAIN",)
