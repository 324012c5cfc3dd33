"""Logins by SASL2, with a resource and with a token, on a server that can be made to lie."""

from typing import Any

import pytest

from tests.integration.fake_site import DOMAIN, FakeSite
from tests.integration.probing import verdicts_of
from tests.integration.test_channel_binding import end_point_of
from tests.integration.test_checks_login import BIND2, probe, sasl2
from tests.servers.fake.sasl2 import Sasl2Server
from xmpp_exporter.model import ProbeReport

CHECKS = ("xep0388", "xep0386", "xep0484")
ENDP, NONE = "HT-SHA-256-ENDP", "HT-SHA-256-NONE"
BROKEN = "broken mismatch"


def fast(*mechanisms: str) -> str:
    listed = "".join(f"<mechanism>{name}</mechanism>" for name in mechanisms)
    return f"<fast xmlns='urn:xmpp:fast:0'>{listed}</fast>"


async def probed(
    site: FakeSite, tokens: tuple[str, ...] = (ENDP, NONE), account: bool = True, **settings: Any
) -> tuple[ProbeReport, Sasl2Server]:
    door = Sasl2Server(DOMAIN, **settings)
    fake = site.server(login_features=sasl2(BIND2 + fast(*tokens)), sasl2=door)
    door.binding = end_point_of(site)
    return await probe(site, fake, *CHECKS, account=account), door


@pytest.mark.parametrize("mechanism", [ENDP, NONE])
async def test_a_login_binds_a_resource_and_gets_a_token_that_is_used_once(site: FakeSite, mechanism: str) -> None:
    report, door = await probed(site, (mechanism,))
    assert verdicts_of(report) == dict.fromkeys(CHECKS, "supported")
    details = {result.check: result.outcome.detail for result in report.checks}
    assert "logged in with SCRAM-SHA-1" in details["xep0388"]
    assert f"logged in with a token, by {mechanism}" in details["xep0484"]
    assert door.tokens == {}
    assert len(door.agents) == 2 and len(set(door.agents)) == 1


async def test_without_an_account_the_offer_counts(site: FakeSite) -> None:
    report, door = await probed(site, account=False)
    assert verdicts_of(report) == dict.fromkeys(CHECKS, "supported")
    assert door.agents == []


@pytest.mark.parametrize(
    ("settings", "verdicts"),
    [
        ({"passwords": {"probe": "another"}}, (BROKEN, BROKEN, BROKEN)),
        ({"identity": "somebody@else.test/x"}, (BROKEN, "supported", "supported")),
        ({"bind": False}, ("supported", BROKEN, "supported")),
        ({"give": False}, ("supported", "supported", BROKEN)),
        ({"keep": False}, ("supported", "supported", BROKEN)),
        ({"honest": False}, ("supported", "supported", BROKEN)),
        ({"task": "TOTP"}, ("unknown prober_limit",) * 3),
        ({"tokens_": ("HT-SHA-256-EXPR",)}, ("supported", "supported", "unknown prober_limit")),
    ],
)
async def test_each_promise_is_judged_by_itself(
    site: FakeSite, settings: dict[str, Any], verdicts: tuple[str, ...]
) -> None:
    offered = settings.pop("tokens_", (ENDP, NONE))
    report, _door = await probed(site, offered, **settings)
    assert report.login
    assert verdicts_of(report) == dict(zip(CHECKS, verdicts, strict=True))


async def test_a_refusal_is_not_followed_by_another_guess_at_the_password(site: FakeSite) -> None:
    _report, door = await probed(site, passwords={"probe": "another"})
    assert len(door.agents) == 1
