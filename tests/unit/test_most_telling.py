"""Which failure of several addresses tells why a server is not reached."""

from xmpp_exporter.wire.errors import AddressRefused, ConnectionRefused, NoRoute, TimedOut, Unreachable
from xmpp_exporter.wire.network import most_telling


def test_the_first_that_is_not_the_probers_own_fault_is_told() -> None:
    refused, silent = ConnectionRefused("refused"), TimedOut("silent")
    assert most_telling([NoRoute("no IPv6"), refused, silent, AddressRefused("private")]) is refused


def test_the_probers_own_fault_is_told_when_there_is_nothing_else() -> None:
    route = NoRoute("no IPv6")
    assert most_telling([route, AddressRefused("private")]) is route


def test_nowhere_to_go_is_unreachable() -> None:
    assert isinstance(most_telling([]), Unreachable)
