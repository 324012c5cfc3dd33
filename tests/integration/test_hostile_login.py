"""A server gets one guess at a login out of us, by the best mechanism, and must know the password itself."""

from collections.abc import Callable

import pytest

from tests.integration.fake_site import FakeSite
from tests.integration.heartbeat import Heartbeat
from tests.integration.hostility import Blurting, Careful, Tampering
from tests.servers.fake import Behaviour, listening
from tests.servers.fake.scram import ScramServer
from tests.servers.fake.xmpp import SASL
from xmpp_exporter.model import Failure
from xmpp_exporter.wire.errors import LoginFailed, ProtocolViolation, TemporaryRefusal, WireError

LONGEST_GAP = 0.5


async def attempt(
    site: FakeSite, server: Behaviour, *, allow_plain: bool = False, password: str = "secret"
) -> WireError:
    """The error of a login at this server."""
    async with listening(server) as listener:
        with pytest.raises(WireError) as raised:
            async with site.session(listener, allow_plain=allow_plain, password=password):
                pass
    return raised.value


async def test_plain_is_not_used_unless_it_is_allowed(site: FakeSite) -> None:
    server = site.server(mechanisms=["PLAIN", "DIGEST-MD5", "X-OAUTH2"])
    error = await attempt(site, server)
    assert error.failure is Failure.NO_MECHANISM
    assert "PLAIN, DIGEST-MD5, X-OAUTH2" in error.detail
    assert server.attempts == []


async def test_plain_where_allowed_is_tried_once(site: FakeSite) -> None:
    server = site.server(mechanisms=["PLAIN"])  # the fake takes no PLAIN
    error = await attempt(site, server, allow_plain=True)
    assert (error.failure, error.detail) == (Failure.AUTH_FAILED, "PLAIN: invalid-mechanism")
    assert server.attempts == ["PLAIN"]


@pytest.mark.parametrize("allow_plain", [False, True])
async def test_a_wrong_password_is_tried_once_and_by_one_mechanism(site: FakeSite, allow_plain: bool) -> None:
    server = site.server(mechanisms=["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-512", "SCRAM-SHA-256"])
    error = await attempt(site, server, allow_plain=allow_plain, password="wrong")
    assert error.failure is Failure.BAD_PASSWORD
    assert server.attempts == ["SCRAM-SHA-512"]


def iterations(count: str) -> Callable[[str, str], str]:
    return lambda _name, text: text.replace("i=4096", f"i={count}")


@pytest.mark.parametrize("count", ["1000001", "1000000000"])
async def test_a_hostile_iteration_count_is_beyond_our_limit_and_holds_up_nobody(site: FakeSite, count: str) -> None:
    async with Heartbeat() as heartbeat:
        error = await attempt(site, Tampering("fake.test", site.tls(), tamper=iterations(count)))
    assert isinstance(error, LoginFailed) and error.failure is Failure.PROBER_LIMIT
    assert f"asks for {count} SCRAM iterations" in error.detail
    assert heartbeat.longest_work < LONGEST_GAP


async def test_a_million_iterations_are_computed_without_holding_up_anybody(
    site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScramServer, "calculated", 0)  # the fake shares our event loop, and need not know the answer
    async with Heartbeat() as heartbeat:
        error = await attempt(site, site.server(iterations=1_000_000))
    assert error.failure is Failure.BAD_PASSWORD
    assert heartbeat.seconds > LONGEST_GAP / 4  # it was really computed
    assert heartbeat.longest_work < min(LONGEST_GAP, heartbeat.seconds / 2)


@pytest.mark.parametrize(
    "message",
    ["", "r=", "s=c2FsdA==,i=4096", "r=other,s=c2FsdA==,i=4096", "m=x,r=y,s=c2FsdA==,i=4096", "i=x", "i=0", "=,=,="]
    + [f"i={count}" for count in ("0", "-1", "1e9", "9" * 5000)],
)
async def test_a_malformed_challenge_ends_the_login(site: FakeSite, message: str) -> None:
    def tamper(name: str, text: str) -> str:
        if name == "challenge":
            return text.replace("i=4096", message) if message.startswith("i=") else message
        return text

    server = Tampering("fake.test", site.tls(), tamper=tamper)
    error = await attempt(site, server)
    assert isinstance(error, LoginFailed) and error.failure is Failure.AUTH_FAILED
    assert len(server.attempts) == 1


@pytest.mark.parametrize(
    "proof", ["", "v=", "v=AAAA", "e=other-error", "v=!", "r=1,s=c2FsdA==,i=4096", "x", "\N{SNOWMAN}"]
)
async def test_a_server_that_does_not_know_the_password_is_found_out(site: FakeSite, proof: str) -> None:
    server = Tampering("fake.test", site.tls(), tamper=lambda name, text: proof if name == "success" else text)
    error = await attempt(site, server)
    assert isinstance(error, LoginFailed) and error.failure is Failure.AUTH_FAILED
    assert "could not show that it knows the password" in error.detail
    assert server.sessions == []


@pytest.mark.parametrize("value", ["", "=", "cj1hLHM9YixpPTE="])  # the last one is "r=a,s=b,i=1"
async def test_a_success_before_any_proof_is_refused(site: FakeSite, value: str) -> None:
    error = await attempt(site, Blurting("fake.test", site.tls(), answer=f"<success xmlns='{SASL}'>{value}</success>"))
    assert isinstance(error, LoginFailed) and error.failure is Failure.AUTH_FAILED
    assert "could not show that it knows the password" in error.detail


async def test_a_proof_in_a_challenge_of_its_own_is_a_proof(site: FakeSite) -> None:
    server = Careful("fake.test", site.tls())
    async with listening(server) as listener, site.session(listener) as session:
        assert session.alive


async def test_challenges_without_end_end_the_login(site: FakeSite) -> None:
    challenge = f"<challenge xmlns='{SASL}'/>"
    server = Blurting("fake.test", site.tls(), answer=challenge * 10, mechanisms=["PLAIN"])
    error = await attempt(site, server, allow_plain=True)
    assert isinstance(error, LoginFailed) and error.failure is Failure.AUTH_FAILED


@pytest.mark.parametrize(
    ("condition", "failure", "kind"),
    [
        ("not-authorized", Failure.BAD_PASSWORD, LoginFailed),
        ("account-disabled", Failure.ACCOUNT_DISABLED, LoginFailed),
        ("credentials-expired", Failure.ACCOUNT_DISABLED, LoginFailed),
        ("mechanism-too-weak", Failure.AUTH_FAILED, LoginFailed),
        ("temporary-auth-failure", Failure.AUTH_FAILED, TemporaryRefusal),
    ],
)
async def test_a_refusal_is_told_by_its_condition_and_without_the_password(
    site: FakeSite, condition: str, failure: Failure, kind: type[WireError]
) -> None:
    text = f"<text>no, 'correct horse' is not it</text><{condition}/>"
    server = Blurting("fake.test", site.tls(), answer=f"<failure xmlns='{SASL}'>{text}</failure></stream:stream>")
    error = await attempt(site, server, password="correct horse")
    assert (type(error), error.failure) == (kind, failure)
    assert error.detail == f"SCRAM-SHA-256: {condition}: no, '[hidden]' is not it" == str(error)


async def test_something_else_in_the_place_of_an_answer_ends_the_login(site: FakeSite) -> None:
    error = await attempt(site, Blurting("fake.test", site.tls(), answer="<message><body>hello</body></message>"))
    assert isinstance(error, ProtocolViolation)


async def test_a_password_that_sasl_does_not_allow_is_our_fault_and_not_sent(site: FakeSite) -> None:
    server = site.server()
    error = await attempt(site, server, password="bell\a")
    assert error.failure is Failure.INTERNAL
    assert server.attempts == [] and "bell" not in error.detail
