"""One server's configuration: its defaults, and what its relation allows."""

from typing import Any

import pytest
from pydantic import ValidationError

from xmpp_exporter.config import Intervals, ServerConfig, Timeouts


def server(**settings: Any) -> ServerConfig:
    return ServerConfig.model_validate({"domain": "example.org"} | settings, context={"checks": ["xep0045", "xep0313"]})


def complaints(**settings: Any) -> dict[str, str]:
    """What is wrong with these settings, by key."""
    with pytest.raises(ValidationError) as raised:
        server(**settings)
    return {".".join(map(str, error["loc"])): error["msg"] for error in raised.value.errors()}


def test_a_server_alone_is_foreign_and_spared() -> None:
    alone = ServerConfig(domain="Example.org")
    assert alone.domain == "example.org"
    assert (alone.relation, alone.listed, alone.account) == ("foreign", False, None)
    assert alone.intervals == Intervals(availability=900, compliance=86_400)
    assert alone.timeouts == Timeouts(connect=10, reply=15, availability=30, compliance=300)


@pytest.mark.parametrize("relation", ["own", "permitted"])
def test_a_server_whose_operator_agreed_is_listed_and_probed_often(relation: str) -> None:
    asked = server(relation=relation)
    assert asked.listed
    assert asked.intervals == Intervals(availability=60, compliance=3600)
    assert not server(relation=relation, listed=False).listed


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        server().relation = "own"


def test_equal_configurations_are_equal_and_hash_alike() -> None:
    assert server(relation="own") == server(relation="own", intervals={"availability": "1m"})
    assert len({server(), server(), server(relation="own")}) == 2


@pytest.mark.parametrize(
    ("probe", "interval", "least"), [("availability", "14m59s", "15m"), ("compliance", "23h", "1d")]
)
def test_a_foreign_server_is_not_probed_more_often_than_is_polite(probe: str, interval: str, least: str) -> None:
    found = complaints(intervals={probe: interval})
    assert list(found) == [f"intervals.{probe}"]
    assert f"at least {least}" in found[f"intervals.{probe}"]
    assert "write `relation: own`" in found[f"intervals.{probe}"]


def test_both_intervals_of_a_foreign_server_are_complained_about_at_once() -> None:
    assert set(complaints(intervals={"availability": "1m", "compliance": "1h"})) == {
        "intervals.availability",
        "intervals.compliance",
    }


def test_a_foreign_server_may_be_probed_less_often() -> None:
    assert server(intervals={"availability": "1h"}).intervals == Intervals(availability=3600, compliance=86_400)


def test_an_account_at_a_foreign_server_is_an_error_that_says_what_to_write() -> None:
    found = complaints(account={"jid": "probe@example.org", "password_file": "probe.pw"})
    assert list(found) == ["account"]
    assert (
        "write `relation: own` if you run this server, `relation: permitted` if its operator agreed" in found["account"]
    )


def test_a_foreign_server_cannot_be_listed() -> None:
    assert "a foreign server is not listed" in complaints(listed=True)["listed"]


def test_an_account_is_one_of_the_servers_own() -> None:
    found = complaints(relation="own", account={"jid": "probe@example.net", "password_file": "probe.pw"})
    assert found == {"account.jid": "must be an account of example.org, this server's domain"}


PROBE = {"jid": "probe@example.org", "password_file": "probe.pw"}


def test_a_second_account_is_another_one_of_the_same_server() -> None:
    other = PROBE | {"jid": "other@example.org"}
    both = server(relation="own", account=PROBE, second_account=other)
    assert both.second_account is not None and both.second_account.jid == "other@example.org"
    assert complaints(relation="own", account=PROBE, second_account=PROBE) == {
        "second_account.jid": "must be another account than account.jid"
    }
    assert complaints(relation="own", account=PROBE, second_account=PROBE | {"jid": "other@example.net"}) == {
        "second_account.jid": "must be an account of example.org, this server's domain"
    }
    assert complaints(relation="own", second_account=other) == {
        "second_account": "Value error, is of no use without account: write that first"
    }


def test_a_fault_of_the_first_account_is_not_also_one_of_the_second() -> None:
    other = PROBE | {"jid": "other@example.org"}
    assert list(complaints(relation="own", account={"jid": "probe@example.org"}, second_account=other)) == ["account"]
    assert list(complaints(account=PROBE, second_account=other)) == ["account", "second_account"]


def test_an_internationalised_account_belongs_to_its_domain_in_either_spelling() -> None:
    account = {"jid": "probe@xn--bcher-kva.example", "password_file": "probe.pw"}
    own = server(domain="Bücher.example", relation="own", account=account)
    assert own.account is not None
    assert own.account.jid == f"probe@{own.domain}"


@pytest.mark.parametrize("probe", ["availability", "compliance"])
def test_a_probe_never_outlives_its_interval(probe: str) -> None:
    settings = {"relation": "own", "intervals": {probe: "2m"}}
    assert getattr(server(**settings, timeouts={probe: "119s"}).timeouts, probe) == 119
    assert complaints(**settings, timeouts={probe: "2m"}) == {
        f"timeouts.{probe}": f"must be shorter than intervals.{probe}, 2m"
    }


def test_the_default_timeouts_are_at_most_half_the_interval() -> None:
    own = server(relation="own", intervals={"availability": "20s", "compliance": "1m"})
    assert (own.timeouts.availability, own.timeouts.compliance) == (10, 30)


def test_an_interval_has_a_least_length() -> None:
    assert (
        "greater than or equal to 1"
        in complaints(relation="own", intervals={"availability": "999ms"})["intervals.availability"]
    )


def test_a_check_that_does_not_exist_is_refused_with_the_one_that_it_resembles() -> None:
    found = complaints(exclude=["xep313"], expect=["XEP0045", "plants"])
    assert found["exclude.0"].endswith("no check is called xep313; did you mean xep0313?")
    assert found["expect.0"].endswith("no check is called XEP0045; did you mean xep0045?")
    assert found["expect.1"].endswith("no check is called plants")


def test_a_check_cannot_be_expected_and_excluded() -> None:
    assert complaints(exclude=["xep0313"], expect=["xep0045", "xep0313"]) == {
        "expect.1": "xep0313 is also excluded: remove it here or there"
    }


def test_without_a_list_of_checks_any_name_is_taken() -> None:
    assert ServerConfig(domain="example.org", exclude=("xep9999",)).exclude == ("xep9999",)


@pytest.mark.parametrize(
    ("key", "url"),
    [
        ("websocket_url", "ws://example.org/ws"),
        ("websocket_url", "https://example.org/ws"),
        ("websocket_url", "wss:///ws"),
        ("websocket_url", "wss://user:secret@example.org/ws"),
        ("websocket_url", "wss://example.org/ws#x"),
        ("websocket_url", "wss://example.org:port/ws"),
        ("bosh_url", "http://example.org/bosh"),
        ("bosh_url", "https://example.org/a b"),
        ("bosh_url", "https://example.org/\n"),
    ],
)
def test_an_url_that_is_not_secure_or_not_plain_is_refused(key: str, url: str) -> None:
    assert list(complaints(**{key: url})) == [key]


def test_services_and_urls_are_taken_as_written() -> None:
    own = server(
        muc_service="Conference.example.org",
        upload_service="upload.example.org",
        websocket_url="wss://example.org:5281/xmpp-websocket?x=1",
        bosh_url="https://[2001:db8::1]/http-bind",
    )
    assert own.muc_service == "conference.example.org"
    assert own.upload_service == "upload.example.org"
    assert own.websocket_url == "wss://example.org:5281/xmpp-websocket?x=1"
    assert own.bosh_url == "https://[2001:db8::1]/http-bind"


def test_a_key_without_a_value_counts_as_not_written() -> None:
    settings = {
        "relation": None,
        "intervals": {"availability": None},
        "timeouts": None,
        "account": None,
        "expect": None,
    }
    assert server(**settings) == server()


def test_an_unknown_key_is_refused_even_without_a_value() -> None:
    assert list(complaints(intervall=None)) == ["intervall"]


def test_independent_faults_of_a_server_are_found_together() -> None:
    assert set(
        complaints(
            domain="a b",
            intervals={"availability": "1m"},
            exclude=["nope"],
            listed=True,
            account={"jid": "probe@example.org", "password_file": "f"},
        )
    ) == {"domain", "intervals.availability", "exclude.0", "listed", "account"}
