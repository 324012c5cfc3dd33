"""The JSON of a report, whole."""

import json

from tests.unit.golden_page import GOOD_AVAILABILITY
from xmpp_exporter.catalogue import checks
from xmpp_exporter.catalogue.suite import suites
from xmpp_exporter.model import CheckResult, Failure, Outcome, ProbeKind, ProbeReport, Reason, Software, Verdict
from xmpp_exporter.report_json import availability_json, check_json, report_json, server_json

FACTS = {"xmpp_http_upload_max_bytes": 10485760.0}
REPORT = ProbeReport(
    domain="a.test",
    probe=ProbeKind.COMPLIANCE,
    started=1_700_000_000.75,
    duration=1.23456789,
    success=True,
    login=True,
    software=Software("Prosody", "0.12.3"),
    checks=(
        CheckResult("xep0363", Outcome(Verdict.SUPPORTED, None, "at upload.a.test", FACTS), 0.25),
        CheckResult("roster_versioning", Outcome(Verdict.BROKEN, Reason.MISMATCH, "sent again"), 0.1234567),
        CheckResult("xep0077", Outcome(Verdict.UNSUPPORTED, Reason.NOT_OFFERED, "closed"), 0.0),
        CheckResult("xep9999", Outcome(Verdict.SUPPORTED), 0.0),
    ),
)


def test_a_report_as_json() -> None:
    result = json.loads(json.dumps(report_json(REPORT)))
    assert [suite["id"] for suite in result.pop("suites")] == list(suites())
    assert result == {
        "domain": "a.test",
        "probed_at": "2023-11-14T22:13:20Z",
        "duration_seconds": 1.234568,
        "software": {"name": "Prosody", "version": "0.12.3"},
        "checks": [
            {
                "id": "xep0363",
                "xep": "0363",
                "title": "HTTP File Upload",
                "scored": True,
                "verdict": "supported",
                "reason": None,
                "detail": "at upload.a.test",
                "facts": FACTS,
                "duration_seconds": 0.25,
            },
            {
                "id": "roster_versioning",
                "xep": "",
                "title": "Roster versioning",
                "scored": True,
                "verdict": "broken",
                "reason": "mismatch",
                "detail": "sent again",
                "facts": {},
                "duration_seconds": 0.123457,
            },
            {
                "id": "xep0077",
                "xep": "0077",
                "title": "In-Band Registration",
                "scored": False,
                "verdict": "unsupported",
                "reason": "not_offered",
                "detail": "closed",
                "facts": {},
                "duration_seconds": 0.0,
            },
        ],
        "score": {"supported": 1, "counted": 2},
    }


def test_a_suite_tells_for_each_category_and_level_what_is_missing() -> None:
    checks = (
        CheckResult("xep0198", Outcome(Verdict.SUPPORTED), 0.0),
        CheckResult("xep0398", Outcome(Verdict.BROKEN, Reason.MISMATCH), 0.0),
        CheckResult("xep0153", Outcome(Verdict.UNKNOWN, Reason.DEPENDS_ON), 0.0),
    )
    report = ProbeReport("a.test", ProbeKind.COMPLIANCE, 0.0, 1.0, True, checks=checks)
    (suite,) = (suite for suite in report_json(report)["suites"] if suite["id"] == "cs2023")
    levels = {(level["category"], level["level"]): level for level in suite["levels"]}
    assert levels["mobile", "core"]["compliance"] == "undecided"
    assert levels["mobile", "core"]["score"] == {"supported": 1, "counted": 1}
    assert levels["mobile", "core"]["missing"] == []
    assert {(each["category"], each["requirement"]) for each in levels["mobile", "core"]["undecided"]} == {
        ("core", "core_features"),
        ("core", "tls"),
        ("core", "feature_discovery"),
        ("mobile", "client_state_indication"),
    }
    assert levels["im", "advanced"]["compliance"] == "not compliant"
    assert levels["im", "advanced"]["missing"] == [
        {
            "category": "im",
            "requirement": "user_avatar_compatibility",
            "title": "User avatar compatibility",
            "providers": ["XEP-0398", "XEP-0153"],
            "checks": ["xep0398"],
        }
    ]


def test_a_failed_probe_says_why() -> None:
    report = ProbeReport("a.test", ProbeKind.COMPLIANCE, 0.0, 0.5, False, Failure.REFUSED, "nobody listens")
    result = report_json(report)
    assert result["failure"] == {"reason": "refused", "detail": "nobody listens"}
    assert (result["software"], result["checks"], result["score"]) == (None, [], {"supported": 0, "counted": 0})


def test_a_result_of_an_earlier_probe_says_when_it_was_found() -> None:
    old = CheckResult("xep0313_roundtrip", Outcome(Verdict.SUPPORTED), 0.0, found=1_700_000_000.0)
    result = report_json(ProbeReport("a.test", ProbeKind.COMPLIANCE, 1_700_003_600.0, 0.5, True, checks=(old,)))
    assert result["checks"][0]["found_at"] == "2023-11-14T22:13:20Z"


def test_a_refused_login_says_why() -> None:
    report = ProbeReport(
        "a.test", ProbeKind.COMPLIANCE, 0.0, 0.5, True, login_failure=Failure.BAD_PASSWORD, login_detail="no"
    )
    assert report_json(report)["login_failure"] == {"reason": "bad_password", "detail": "no"}


def test_availability_has_every_address_and_why_it_is_down() -> None:
    result = json.loads(json.dumps(availability_json(GOOD_AVAILABILITY)))
    endpoints = result.pop("endpoints")
    assert result == {
        "probed_at": "2026-09-21T14:12:50Z",
        "duration_seconds": 0.734,
        "success": True,
        "login": True,
        "ping_duration_seconds": 0.0312,
    }
    assert [(each["service"], each["host"], each["port"]) for each in endpoints] == [
        ("xmpps-client", "xmpp.good.test", 5223),
        ("xmpp-client", "gone.good.test", 5222),
        ("xmpp-client", "xmpp.good.test", 5222),
    ]
    works, refused, _ = endpoints[0]["addresses"]
    assert works == {
        "address": "192.0.2.1",
        "up": True,
        "connect_duration_seconds": 0.03,
        "certificate_not_after": "2026-11-18T11:06:40Z",
        "tls_version": "TLSv1.3",
        "tls_cipher": "TLS_AES_256_GCM_SHA384",
    }
    assert (refused["address"], refused["up"], refused["certificate_not_after"]) == ("192.0.2.2", False, None)
    assert refused["failure"] == {"reason": "refused", "detail": "refused"}
    assert endpoints[1]["failure"] == {"reason": "dns", "detail": "gone.good.test has no address"}
    assert (endpoints[1]["addresses"], "failure" in endpoints[2]) == ([], False)


def test_a_server_that_is_down_says_why_in_its_availability() -> None:
    down = ProbeReport("a.test", ProbeKind.AVAILABILITY, 0.0, 0.5, False, Failure.TLS, "no", login_failure=Failure.TLS)
    result = availability_json(down)
    assert (result["success"], result["failure"]) == (False, {"reason": "tls", "detail": "no"})
    assert (result["login"], result["login_failure"]) == (None, {"reason": "tls", "detail": ""})


def test_a_server_is_what_is_known_of_it_of_either_kind() -> None:
    both = server_json("a.test", GOOD_AVAILABILITY, REPORT)
    assert both.pop("availability") == availability_json(GOOD_AVAILABILITY)
    assert both == report_json(REPORT)
    only = server_json("a.test", GOOD_AVAILABILITY, None)
    assert set(only) == {*both, "availability"}
    assert (only["domain"], only["checks"], only["suites"], only["score"]) == ("a.test", [], [], None)
    assert server_json("a.test", None, REPORT)["availability"] is None


def test_the_catalogue_as_json_names_all_that_a_check_is() -> None:
    entry = check_json(checks()["xep0384"])
    assert entry["needs"] == ["account", "no_contacts"]
    assert (entry["id"], entry["xep"], entry["leaves"]) == ("xep0384", "0384", "removable")
    assert set(entry) == set(checks()["xep0384"].__slots__)
