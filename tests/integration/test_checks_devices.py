"""The checks of two devices and of two people, against real servers: every verdict is as its domain's table says."""

from pathlib import Path

import pytest
import yaml

from tests.integration.account_state import account_state, logged_in
from tests.integration.probing import config_of, prober_of, verdicts_of
from tests.servers.laboratory import PEER, POPULAR, PROBE, Laboratory
from xmpp_exporter.checks.archive_search import MAM
from xmpp_exporter.config import Account, ServerConfig
from xmpp_exporter.model import Failure, ProbeKind, ProbeReport
from xmpp_exporter.probe import probe_compliance
from xmpp_exporter.prober import Prober

EXPECTED = Path(__file__).parent / "expected"
ONE_ACCOUNT, TWO_ACCOUNTS = EXPECTED / "devices", EXPECTED / "two-accounts"
"""Tables of the same checks with one account and with two."""

BOTH = pytest.mark.parametrize("domain", ["good.prosody.test", "good.ejabberd.test"])
SHOWN_TO_CONTACTS = {
    "rfc6121",
    "xep0280_roundtrip",
    "pep_notify",
    "xep0153",
    "xep0223",
    "pep_max_items",
    "xep0384_open",
    "xep0490",
}
READ_ONLY = {"rfc6121", "xep0280_roundtrip", "xep0198_resume"}


def domains(folder: Path) -> list[str]:
    return sorted(file.stem for file in folder.glob("*.yml"))


def expected(folder: Path, domain: str) -> dict[str, str]:
    table: dict[str, str] = yaml.safe_load((folder / f"{domain}.yml").read_text())
    return table


def with_second(laboratory: Laboratory, domain: str, user: str = PEER) -> ServerConfig:
    second = Account(jid=f"{user}@{domain}", password_file=laboratory.password_file)
    return config_of(laboratory, domain, second_account=second)


async def archived(prober: Prober, laboratory: Laboratory, domain: str) -> int:
    """How many messages of ours the account's archive has."""
    async with logged_in(prober, laboratory.server(domain), PROBE) as session:
        query = f"<query xmlns='{MAM}'><set xmlns='http://jabber.org/protocol/rsm'><max>200</max></set></query>"
        with session.listen(lambda element: element.find(f"{{{MAM}}}result") is not None) as results:
            await session.iq("set", query)
            bodies = [next(element.iter("{jabber:client}body"), None) for element in results.collected()]
    return sum(body is not None and (body.text or "").startswith("xmpp-exporter ") for body in bodies)


@pytest.fixture
def prober(laboratory: Laboratory) -> Prober:
    return prober_of(laboratory)


@pytest.mark.parametrize("domain", domains(ONE_ACCOUNT))
async def test_with_one_account_every_verdict_is_the_expected_one(
    laboratory: Laboratory, prober: Prober, domain: str
) -> None:
    table = expected(ONE_ACCOUNT, domain)
    report = await probe_compliance(prober, config_of(laboratory, domain), only=table)
    assert report.success and report.login
    assert verdicts_of(report) == table
    assert prober.journal.left(f"{PROBE}@{domain}") == []


@pytest.mark.parametrize("domain", domains(TWO_ACCOUNTS))
async def test_with_two_accounts_every_verdict_is_the_expected_one(
    laboratory: Laboratory, prober: Prober, domain: str
) -> None:
    table = expected(TWO_ACCOUNTS, domain)
    report = await probe_compliance(prober, with_second(laboratory, domain), only=table)
    assert verdicts_of(report) == table
    assert prober.journal.left(f"{PROBE}@{domain}") == []


@BOTH
async def test_how_long_a_stream_can_be_resumed_is_a_fact(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    report = await probe_compliance(prober, config_of(laboratory, domain), only={"xep0198_resume"})
    seconds = {"good.prosody.test": 600.0, "good.ejabberd.test": 300.0}[domain]
    assert report.checks[0].outcome.facts == {"xmpp_stream_resumption_seconds": seconds}


@BOTH
async def test_an_account_with_contacts_shows_them_nothing(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    config = config_of(laboratory, domain, POPULAR)
    before = await account_state(prober, laboratory.server(domain), POPULAR)
    report = await probe_compliance(prober, config, only=SHOWN_TO_CONTACTS - {"xep0384_open"})
    assert set(verdicts_of(report).values()) == {"unknown account_has_contacts"}
    assert await account_state(prober, laboratory.server(domain), POPULAR) == before


@BOTH
async def test_a_second_account_with_contacts_sends_no_presence(
    laboratory: Laboratory, prober: Prober, domain: str
) -> None:
    report = await probe_compliance(prober, with_second(laboratory, domain, POPULAR), only={"xep0160_roundtrip"})
    assert verdicts_of(report) == {"xep0160_roundtrip": "unknown account_has_contacts"}


@BOTH
async def test_a_read_only_probe_leaves_out_what_leaves_something(
    laboratory: Laboratory, prober: Prober, domain: str
) -> None:
    table = expected(ONE_ACCOUNT, domain)
    report = await probe_compliance(prober, config_of(laboratory, domain, intrusive=False), only=table)
    assert verdicts_of(report) == {
        check: verdict if check in READ_ONLY else "unknown excluded" for check, verdict in table.items()
    }


@BOTH
async def test_the_account_is_the_same_before_and_after(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    server, config = laboratory.server(domain), with_second(laboratory, domain)
    before = [await account_state(prober, server, user) for user in (PROBE, PEER)]
    await probe_compliance(prober, config, only=expected(TWO_ACCOUNTS, domain))
    assert [await account_state(prober, server, user) for user in (PROBE, PEER)] == before


async def test_a_second_account_that_cannot_log_in_is_named(
    laboratory: Laboratory, prober: Prober, tmp_path: Path
) -> None:
    domain = "good.prosody.test"
    (tmp_path / "wrong").write_text("wrong")
    second = Account(jid=f"{PEER}@{domain}", password_file=tmp_path / "wrong")
    config = config_of(laboratory, domain, second_account=second)
    report = await probe_compliance(prober, config, only={"xep0384_open", "xep0160_roundtrip", "rfc6121"})
    failed = dict.fromkeys(("xep0384_open", "xep0160_roundtrip"), "unknown login_failed")
    assert verdicts_of(report) == {"rfc6121": "supported"} | failed
    details = [result.outcome.detail for result in report.checks if result.check in failed]
    assert all("the login of the second account failed" in detail for detail in details)


@BOTH
async def test_what_stays_in_archives_is_left_once_a_day(laboratory: Laboratory, prober: Prober, domain: str) -> None:
    config = config_of(laboratory, domain)
    first = await probe_compliance(prober, config, only={"xep0313_roundtrip"})
    stored = await archived(prober, laboratory, domain)
    assert stored > 0
    down = ProbeReport(domain, ProbeKind.COMPLIANCE, first.started + 1, 1, False, Failure.REFUSED, kept=first.kept)
    for previous in (first, down):
        again = await probe_compliance(prober, config, only={"xep0313_roundtrip", "xep0199"}, previous=previous)
        assert verdicts_of(again) == {"xep0199": "supported", "xep0313_roundtrip": "supported"}
        assert again.kept == first.kept
    assert await archived(prober, laboratory, domain) == stored
