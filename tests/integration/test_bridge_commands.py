"""What the bridge is told in a chat, and what it learns from Prometheus and Alertmanager."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.chat_site import DOMAIN, PLAIN_DOMAIN, ROOMS, ChatSite, chat_site, until
from tests.integration.monitoring import Monitoring, monitoring
from tests.integration.running_bridge import RunningBridge, group, running_bridge, settings_of
from tests.servers.alertmanager import amtool
from tests.servers.ear import Ear
from tests.servers.laboratory import PASSWORD
from xmpp_alerts.bridge import commands
from xmpp_alerts.bridge.stream import PING

METRICS = f"""
xmpp_probe_success{{domain="up.example.org",probe="availability"}} 1
xmpp_probe_success{{domain="down.example.org",probe="availability"}} 0
xmpp_probe_success{{domain="{DOMAIN}",probe="availability"}} 1
xmpp_login_success{{domain="up.example.org"}} 1
xmpp_xep_supported{{domain="up.example.org",check="xep0313",xep="0313"}} 1
xmpp_xep_supported{{domain="up.example.org",check="xep0280",xep="0280"}} 0
"""
SUMMARY = """\
*3 servers: 2 up, 1 down*
down: down.example.org

1 alert:
- warning · XmppServerDown at down.example.org, since """


@pytest.fixture(scope="module")
def site() -> Iterator[ChatSite]:
    with chat_site() as site:
        yield site


@pytest.fixture(scope="module")
def monitored() -> Iterator[Monitoring]:
    with monitoring(METRICS) as running:
        running.report("down.example.org", "XmppServerDown")
        yield running


@pytest.fixture
async def bridge(site: ChatSite, monitored: Monitoring, tmp_path: Path) -> AsyncIterator[RunningBridge]:
    async with bridge_at(site, tmp_path, monitored) as running:
        yield running


@asynccontextmanager
async def bridge_at(
    site: ChatSite, directory: Path, asked: Monitoring | None, domain: str = DOMAIN, **more: Any
) -> AsyncIterator[RunningBridge]:
    """Alice may command it."""
    (directory / "password").write_text(PASSWORD)
    apis = (
        {"prometheus": {"url": asked.prometheus.url}, "alertmanager": {"url": asked.alertmanager.url}} if asked else {}
    )
    settings = settings_of(
        directory,
        f"bridge@{domain}",
        site.address,
        site.ca_file,
        subscribers=[{"id": "bob", "jid": f"bob@{DOMAIN}"}],
        chat={"commands_from": [f"Alice@{DOMAIN}"]},
        **apis,
        **more,
    )
    async with running_bridge(directory, settings) as running:
        await running.connected()
        yield running


async def say(ear: Ear, text: str, kind: str = "chat", to: str = f"bridge@{DOMAIN}") -> str:
    """What is answered."""
    known = len(ear.texts)
    ear.send(f"<message to='{to}' type='{kind}'><body>{text}</body></message>")
    await until(lambda: len(ear.texts) > known, f"answer to {text}")
    return ear.texts[-1]


@pytest.mark.usefixtures("bridge")
@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("help", commands.HELP),
        ("HELP me", commands.HELP),
        ("reboot *now*", f"I do not know reboot.\n{commands.HELP}"),
        ("status", SUMMARY),
        (
            "status up.example.org",
            "*up.example.org: up*\nLogin: works\nChecks: 1 of 2 that were decided are supported\n"
            "- Message Carbons\n\nNo alerts.",
        ),
        (
            "status Down.Example.org.",
            "*down.example.org: down*\nLogin: not known\nChecks: 0 of 0 that were decided are supported\n\n1 alert:\n",
        ),
        ("status other.example.org", "other.example.org is not monitored."),
        ('status x"}or(up)#', 'x"}or(up)# is no domain name: '),
        ("status a b", "Write: status, or: status DOMAIN"),
        ("silence up.example.org", "Write: silence DOMAIN 2h"),
        ("silence up.example.org soon", "soon is no duration: "),
        ("silence up.example.org 31d", "That is longer than 30 days."),
        ("silence other.example.org 2h", "other.example.org is not monitored: nothing was silenced."),
    ],
)
async def test_a_command_is_answered(site: ChatSite, command: str, answer: str) -> None:
    async with site.ear() as alice:
        assert (await say(alice, command)).startswith(answer)
        assert alice.senders[-1] == f"bridge@{DOMAIN}"


async def test_a_server_is_silenced(site: ChatSite, tmp_path: Path, monitored: Monitoring) -> None:
    monitored.report("up.example.org")
    async with bridge_at(site, tmp_path, monitored, timezone="Europe/Berlin"), site.ear() as alice:
        assert "XmppCheckLost at up.example.org" in await say(alice, "status up.example.org")
        answer = await say(alice, "silence up.example.org 2h we are *moving* it")
        assert answer.startswith("No alerts about up.example.org until 20") and " CE" in answer
        # Alertmanager marks what is silenced when it next looks, which is at once for the list of alerts
        await until(lambda: _silenced(monitored, "up.example.org"), "silence")
        assert "No alerts." in await say(alice, "status up.example.org")
        assert not _silenced(monitored, "down.example.org"), "nobody else is"
        url = f"--alertmanager.url={monitored.alertmanager.url}"
        [silence] = json.loads(amtool("silence", "query", url, "--output=json"))
        assert silence["createdBy"] == f"alice@{DOMAIN}"
        assert silence["comment"].replace("\u2060", "") == "we are *moving* it"
        assert silence["matchers"] == [{"isEqual": True, "isRegex": False, "name": "domain", "value": "up.example.org"}]


def _silenced(monitored: Monitoring, domain: str) -> bool:
    states = [each["status"] for each in monitored.alertmanager.alerts() if each["labels"]["domain"] == domain]
    return all(state["silencedBy"] for state in states)


@pytest.mark.usefixtures("bridge")
async def test_strangers_get_no_answer(site: ChatSite) -> None:
    async with site.ear("bob") as bob, site.ear() as alice:
        room = f"commands@{ROOMS}"
        await alice.enter(room, "alice")
        await bob.enter(room, "bob")
        bob.send(f"<message to='bridge@{DOMAIN}' type='chat'><body>help</body></message>")
        bob.send(f"<message to='bridge@{DOMAIN}' from='alice@{DOMAIN}' type='chat'><body>help</body></message>")
        await bob.iq("get", PING, DOMAIN)
        # who may ask is answered, and what came before that was not
        await say(alice, "help")
        await bob.iq("get", PING, DOMAIN)
        assert not bob.texts


async def test_a_command_that_waited_for_us_is_not_obeyed(
    site: ChatSite, tmp_path: Path, monitored: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "STALE", 0.0)
    async with site.ear() as alice:
        alice.send(f"<message to='bridge@{DOMAIN}' type='chat'><body>silence down.example.org 1h</body></message>")
        await alice.iq("get", PING, DOMAIN)
        async with bridge_at(site, tmp_path, monitored):
            await until(lambda: alice.texts, "answer")
            assert alice.texts == ["I was away when you wrote that, and did not do it. Please write it again."]
            assert await say(alice, "help") == commands.HELP, "what does not wait is obeyed"
        assert not _silenced(monitored, "down.example.org")


async def test_a_command_says_when_nobody_can_be_asked(site: ChatSite, tmp_path: Path) -> None:
    async with bridge_at(site, tmp_path, None), site.ear() as alice:
        assert (await say(alice, "status")).startswith("That did not work: http://127.0.0.1:9 cannot be asked")


async def test_an_account_on_a_monitored_server_is_warned_of(
    site: ChatSite, tmp_path: Path, monitored: Monitoring, capfd: pytest.CaptureFixture[str]
) -> None:
    async with bridge_at(site, tmp_path, monitored) as running:
        await until(lambda: running.samples().get("account_monitored") == 1, "look at its own server")
    assert "the account is on a monitored server: nobody is told when that is down" in capfd.readouterr().out


async def test_another_account_is_looked_at_when_it_is_loaded(
    site: ChatSite, tmp_path: Path, monitored: Monitoring
) -> None:
    async with bridge_at(site, tmp_path, monitored) as running:
        await until(lambda: running.samples().get("account_monitored") == 1, "look at its own server")
        text = running.config_file.read_text()
        running.config_file.write_text(text.replace(f"bridge@{DOMAIN}", f"bridge@{PLAIN_DOMAIN}"))
        assert (await running.ask("POST", "/-/reload"))[0] == 200
        await until(lambda: running.samples().get("account_monitored") == 0, "look at the other server")


async def test_an_account_elsewhere_is_not_warned_of(site: ChatSite, tmp_path: Path, monitored: Monitoring) -> None:
    async with bridge_at(site, tmp_path, monitored, PLAIN_DOMAIN) as running:
        await until(lambda: running.samples().get("account_monitored") == 0, "look at its own server")


async def test_whether_the_account_is_monitored_is_not_known_without_prometheus(site: ChatSite, tmp_path: Path) -> None:
    async with bridge_at(site, tmp_path, None) as running:
        assert await running.post("bob", group()) == 200
        assert "account_monitored" not in running.samples()
