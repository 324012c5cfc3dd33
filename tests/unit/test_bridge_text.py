"""The message that people read: what it is, where, since when, why, and how to fix it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from xmpp_alerts.bridge.styling import JOINER, MAX_BYTES
from xmpp_alerts.bridge.text import SHOWN, Places, text_of
from xmpp_alerts.bridge.webhook import Alert, Group

START = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
PLACES = Places("https://xmpp.example.org", ZoneInfo("Europe/Berlin"))
DOMAIN = "example.org"


def an_alert(
    number: int = 0, *, fires: bool = True, severity: str = "warning", annotations: Mapping[str, str] | None = None
) -> Alert:
    return Alert.model_validate(
        {
            "status": "firing" if fires else "resolved",
            "labels": {"alertname": "XmppCheckLost", "domain": DOMAIN, "severity": severity},
            "annotations": {"summary": f"Archive {number} does not work any more", **(annotations or {})},
            "startsAt": START + timedelta(minutes=number),
            "endsAt": START + timedelta(hours=1),
            "fingerprint": f"{number:x}",
        }
    )


def a_group(alerts: Iterable[Alert], truncated: int = 0, domain: str = DOMAIN) -> Group:
    return Group.model_validate(
        {
            "version": "4",
            "groupKey": "{}:{}",
            "alerts": tuple(alerts),
            "truncatedAlerts": truncated,
            "groupLabels": {"domain": domain} if domain else {},
            "externalURL": "https://alerts.example.org/",
        }
    )


def text(*alerts: Alert, truncated: int = 0) -> str:
    return text_of(a_group(alerts, truncated), PLACES)


def test_one_alert() -> None:
    one = an_alert(
        severity="critical",
        annotations={
            "description": "not_offered: urn:xmpp:mam:2 is missing",
            "runbook_url": "https://xmpp.example.org/help/xep0313?software=prosody",
            "dashboard_url": "https://grafana.example.org/d/xmpp-server?var-domain=example.org",
        },
    )
    assert text(one) == (
        "*critical* · example.org: Archive 0 does not work any more\n"
        "alerted since 2026-07-01 12:00 CEST\n"
        "> not_offered: urn:xmpp:mam:2 is missing\n"
        "How to fix it: https://xmpp.example.org/help/xep0313?software=prosody\n"
        "\n"
        "Results: https://xmpp.example.org/server/example.org\n"
        "Dashboard: https://grafana.example.org/d/xmpp-server?var-domain=example.org\n"
        "Silence: https://alerts.example.org/#/silences/new?filter=%7Bdomain%3D%22example.org%22%7D"
    )


def test_several_alerts_begin_with_their_number_and_the_most_urgent() -> None:
    alerts = (an_alert(1, fires=False), an_alert(2, severity="info"), an_alert(3, severity="critical"))
    assert text(*alerts).splitlines()[:8] == [
        "*example.org: 2 firing, 1 resolved*",
        "",
        "*critical* · example.org: Archive 3 does not work any more",
        "alerted since 2026-07-01 12:03 CEST",
        "",
        "*info* · example.org: Archive 2 does not work any more",
        "alerted since 2026-07-01 12:02 CEST",
        "",
    ]


def test_a_resolved_alert_has_recovered_or_is_only_no_longer_alerted() -> None:
    resolved = an_alert(fires=False, annotations={"recovered": ""})
    lines = text(an_alert(fires=False, annotations={"recovered": "yes"})).splitlines()
    assert lines[0] == "*recovered* · example.org: Archive 0 does not work any more"
    assert lines[1] == "alerted from 2026-07-01 12:00 CEST to 2026-07-01 13:00 CEST"
    assert text(resolved).startswith("*no longer alerted* · ")
    assert "Silence" not in text(resolved)
    assert text(an_alert(annotations={"recovered": "yes"})).startswith("*warning* · "), "it still fires"


def test_the_rest_is_counted() -> None:
    alerts = [an_alert(number) for number in range(SHOWN + 3)]
    said = text(*alerts, truncated=4)
    assert said.count("since ") == SHOWN
    assert "\n\nand 7 more\n\n" in said
    assert said.startswith("*example.org: 13 firing*")


def test_what_servers_say_is_harmless() -> None:
    wild = {"summary": "*x*\n> y", "description": "`rm`\x1b", "runbook_url": "javascript:x", "dashboard_url": "x y"}
    assert text(an_alert(annotations=wild)).splitlines()[:4] == [
        f"*warning* · example.org: {JOINER}*x* > y",
        "alerted since 2026-07-01 12:00 CEST",
        f"> {JOINER}`rm`\N{REPLACEMENT CHARACTER}",
        "",
    ]


def test_long_alerts_are_fewer_and_none_is_cut() -> None:
    long = {"description": "\N{SNOWMAN}" * 2000, "runbook_url": "https://example.org/" + "x" * 900}
    said = text(*(an_alert(number, annotations=long) for number in range(SHOWN)))
    assert len(said.encode()) <= MAX_BYTES
    shown = said.count("since ")
    assert 1 < shown < SHOWN
    assert said.count("How to fix it") == shown
    assert f"and {SHOWN - shown} more" in said
    assert "\n\nResults: " in said


def test_an_alert_of_the_exporter_itself_is_of_no_domain() -> None:
    own = an_alert().model_copy(update={"labels": {"alertname": "XmppExporterDown"}, "annotations": {}})
    said = text_of(a_group([own], domain=""), PLACES)
    assert said == "*alert* · XmppExporterDown\nalerted since 2026-07-01 12:00 CEST"
