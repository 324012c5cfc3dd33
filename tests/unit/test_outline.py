"""The page for people who debug: complete, and harmless in a terminal whatever servers say."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.golden_page import DOWN_COMPLIANCE, GOOD_AVAILABILITY, GOOD_COMPLIANCE, not_supported
from xmpp_exporter.model import AddressReport, EndpointReport, Failure, Reason, Verdict
from xmpp_exporter.outline import outline
from xmpp_exporter.printable import printable

ATTACK = "no\x1b]0;owned\x07\r\n\x1b[2J\u202e\u2066\x9b1m\udce9"


def test_a_failed_probe_says_why() -> None:
    lines = list(outline(DOWN_COMPLIANCE, []))
    assert lines[0] == (
        f"The compliance probe of down.test failed: {DOWN_COMPLIANCE.failure}: {DOWN_COMPLIANCE.detail}"
    )
    assert lines[-2:] == ["Trace:", "none: this probe was begun without debug=true"]


def test_every_check_has_its_line_and_the_trace_follows() -> None:
    lost = not_supported("turn", Verdict.BROKEN, Reason.MISMATCH, "another answer")
    report = replace(GOOD_COMPLIANCE, checks=(lost,), login_failure=Failure.BAD_PASSWORD, login_detail="wrong")
    lines = list(outline(report, ["   0.1 > <auth/>"]))
    assert lines == [
        "The compliance probe of good.test succeeded",
        "The login failed: bad_password: wrong",
        "",
        "turn                 broken       mismatch             another answer",
        "",
        "Trace:",
        "   0.1 > <auth/>",
    ]


def test_every_address_of_every_endpoint_says_why_it_is_down() -> None:
    lines = list(outline(GOOD_AVAILABILITY, []))
    assert lines[2:9] == [
        "xmpps-client xmpp.good.test:5223 192.0.2.1 works; certificate until 2026-11-18 11:06 UTC",
        "xmpps-client xmpp.good.test:5223 192.0.2.2 refused: refused",
        "xmpps-client xmpp.good.test:5223 2001:db8::1 works; certificate until 2026-11-06 21:20 UTC",
        "xmpp-client  gone.good.test:5222 dns: gone.good.test has no address",
        "xmpp-client  xmpp.good.test:5222 192.0.2.1 works; certificate until 2026-11-18 11:06 UTC",
        "xmpp-client  xmpp.good.test:5222 2001:db8::1 prober_network: this machine has no route",
        "",
    ]


def test_nothing_that_a_server_says_reaches_a_terminal_as_an_order() -> None:
    address = AddressReport("192.0.2.1", "ipv4", Failure.TLS, ATTACK)
    report = replace(
        GOOD_COMPLIANCE,
        success=False,
        failure=Failure.PROTOCOL,
        detail=ATTACK,
        login_failure=Failure.AUTH_FAILED,
        login_detail=ATTACK,
        endpoints=(
            EndpointReport("xmpp-client", ATTACK, 1, (address,)),
            EndpointReport("xmpp-client", "a", 1, (), Failure.DNS, ATTACK),
        ),
        checks=(not_supported("turn", Verdict.BROKEN, Reason.MISMATCH, ATTACK),),
    )
    lines = list(outline(report, [ATTACK, f"0.1 < {ATTACK}"]))
    assert sum("owned" in line for line in lines) == 7
    assert all(line.isprintable() for line in lines)
    "\n".join(lines).encode()


@given(st.text())
def test_printable_text_is_one_line_of_the_same_length(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    assert printable(shown) == shown
