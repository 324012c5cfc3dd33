"""What a probe has made on a server is removed by the next one when it could not do so itself."""

import asyncio
import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.account_state import account_state, logged_in
from tests.integration.probing import config_of, prober_of
from tests.servers.laboratory import PEER, PROBE, Laboratory
from xmpp_exporter.checks import avatar, private_xml, pubsub
from xmpp_exporter.probe import probe_compliance

LIMIT = 60
BOOKMARKS = "urn:xmpp:bookmarks:1"
FACE = hashlib.sha1(b"no picture").hexdigest()

DEATHS = [
    pytest.param(domain, check, pattern, id=f"{check} before {what} on {domain}")
    for domain in ("good.prosody.test", "good.ejabberd.test")
    for check, what, pattern in (
        ("xep0191", "unblocking", "<unblock"),
        ("xep0384", "deleting the node", "<delete node="),
        (
            "xep0398",
            "the metadata are published",
            '<publish node="urn:xmpp:avatar:metadata"><item[^>]*><metadata[^>]*>',
        ),
        ("xep0398", "the metadata are emptied", "<metadata[^>]*/></item>"),
        ("xep0398", "the nodes are deleted", '<delete node="urn:xmpp:avatar:data"'),
        ("xep0398", "the second node is deleted", '<delete node="urn:xmpp:avatar:metadata"'),
        ("xep0402", "retracting the bookmark", "<retract "),
        ("xep0402", "deleting the node", "<delete node="),
    )
    # ejabberd 23.01 does not offer XEP-0402
    if check != "xep0402" or "prosody" in domain
]


@pytest.mark.parametrize(("domain", "check", "pattern"), DEATHS)
async def test_the_next_probe_removes_what_a_killed_one_left(
    laboratory: Laboratory, tmp_path: Path, domain: str, check: str, pattern: str
) -> None:
    server, journal = laboratory.server(domain), tmp_path / "journal"
    before = await account_state(prober_of(laboratory), server, PROBE)
    kill_in_the_middle(laboratory, tmp_path, domain, check, pattern)

    # a later process has nothing but the journal's file
    prober = prober_of(laboratory, journal)
    assert len(prober.journal.left(server.jid())) == 1
    assert await account_state(prober, server, PROBE) != before
    # another check, so that it is the sweep that removes
    report = await probe_compliance(prober, config_of(laboratory, domain), only={"xep0160"})
    assert report.success
    assert await account_state(prober, server, PROBE) == before
    assert prober.journal.left(server.jid()) == []


@pytest.mark.parametrize("domain", ["good.prosody.test", "good.ejabberd.test"])
async def test_no_room_is_left_of_a_killed_probe(laboratory: Laboratory, tmp_path: Path, domain: str) -> None:
    server, journal = laboratory.server(domain), tmp_path / "journal"
    kill_in_the_middle(laboratory, tmp_path, domain, "xep0313muc", "<destroy")
    prober = prober_of(laboratory, journal)
    (left,) = prober.journal.left(server.jid())
    assert left.kind == "room"
    report = await probe_compliance(prober, config_of(laboratory, domain), only={"xep0160"})
    assert report.success
    assert prober.journal.left(server.jid()) == []
    async with asyncio.timeout(10):
        while left.address in await asyncio.to_thread(server.program.rooms, left.address.partition("@")[2]):
            await asyncio.sleep(0.1)


async def test_an_avatar_that_somebody_has_set_since_stays(laboratory: Laboratory) -> None:
    server, prober = laboratory.server("good.ejabberd.test"), prober_of(laboratory)
    info = f"<info id='{FACE}' bytes='9' type='image/png' width='64' height='64'/>"
    async with logged_in(prober, server, PEER) as session:
        await pubsub.publish(session, avatar.DATA, FACE, f"<data xmlns='{avatar.DATA}'>bm8gcGljdHVyZQ==</data>", "open")
        metadata = f"<metadata xmlns='{avatar.METADATA}'>{info}</metadata>"
        await pubsub.publish(session, avatar.METADATA, FACE, metadata, "open")
    before = await account_state(prober, server, PEER)
    prober.journal.note(server.jid(PEER), "avatar", avatar.pixel().id)
    await probe_compliance(prober, config_of(laboratory, server.domain, PEER), only={"xep0160"})
    assert await account_state(prober, server, PEER) == before
    assert prober.journal.left(server.jid(PEER)) == []
    async with logged_in(prober, server, PEER) as session:
        await avatar.remove(session, FACE, "")


async def test_a_node_that_somebody_uses_by_now_stays(laboratory: Laboratory) -> None:
    server, prober = laboratory.server("good.prosody.test"), prober_of(laboratory)
    ours, theirs = "ours@rooms.invalid", "orchard@rooms.example.org"
    async with logged_in(prober, server, PEER) as session:
        everything = f"<conference jid='{theirs}'/><conference jid='{ours}'/>"
        storage = f"<storage xmlns='storage:bookmarks'>{everything}</storage>"
        await session.iq("set", f"<query xmlns='jabber:iq:private'>{storage}</query>")
        assert set(await pubsub.items(session, BOOKMARKS) or {}) == {ours, theirs}
        prober.journal.note(server.jid(PEER), "first_item", BOOKMARKS, ours)
    await probe_compliance(prober, config_of(laboratory, server.domain, PEER), only={"xep0160"})
    async with logged_in(prober, server, PEER) as session:
        assert set(await pubsub.items(session, BOOKMARKS) or {}) == {theirs}


async def test_a_bookmark_of_a_killed_probe_is_removed_from_among_those_of_the_account(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    server, theirs = laboratory.server("good.prosody.test"), "orchard@rooms.example.org"
    prober = prober_of(laboratory)
    async with logged_in(prober, server, PROBE) as session:
        conference = f"<conference xmlns='{BOOKMARKS}' name='Orchard'/>"
        room_for_many = {"pubsub#access_model": "whitelist", "pubsub#max_items": "max"}
        await pubsub.publish_with(session, BOOKMARKS, theirs, conference, room_for_many)
    before = await account_state(prober, server, PROBE)
    kill_in_the_middle(laboratory, tmp_path, server.domain, "xep0402", "<retract ")
    prober = prober_of(laboratory, tmp_path / "journal")
    assert [entry.kind for entry in prober.journal.left(server.jid())] == ["item"]
    assert await account_state(prober, server, PROBE) != before
    await probe_compliance(prober, config_of(laboratory, server.domain), only={"xep0160"})
    assert await account_state(prober, server, PROBE) == before
    async with logged_in(prober, server, PROBE) as session:
        await pubsub.delete(session, BOOKMARKS)


@pytest.mark.parametrize("domain", ["good.prosody.test", "good.ejabberd.test"])
async def test_private_data_of_a_killed_probe_are_emptied(laboratory: Laboratory, tmp_path: Path, domain: str) -> None:
    server = laboratory.server(domain)
    kill_in_the_middle(laboratory, tmp_path, domain, "xep0049", "<probe xmlns=.[^>]*></probe></query>")
    prober = prober_of(laboratory, tmp_path / "journal")
    assert [entry.kind for entry in prober.journal.left(server.jid())] == ["private"]
    await probe_compliance(prober, config_of(laboratory, domain), only={"xep0160"})
    async with logged_in(prober, server, PROBE) as session:
        assert await private_xml.read_private(session) == ""
    assert prober.journal.left(server.jid()) == []


async def test_what_this_version_does_not_know_stays_in_the_journal(laboratory: Laboratory) -> None:
    server, prober = laboratory.server("bare.prosody.test"), prober_of(laboratory)
    entry = prober.journal.note(server.jid(), "spaceship", "orbit")
    report = await probe_compliance(prober, config_of(laboratory, server.domain), only={"xep0160"})
    assert report.success
    assert prober.journal.left(server.jid()) == [entry]


def kill_in_the_middle(laboratory: Laboratory, directory: Path, domain: str, check: str, pattern: str) -> None:
    """Run a probe that kills itself when it is about to send `pattern`."""
    config = directory / "config.json"
    config.write_text(config_of(laboratory, domain).model_dump_json())
    arguments = (check, pattern, config, directory / "journal", laboratory.ca_file)
    command = [sys.executable, "-m", "tests.integration.dying_probe", *map(str, arguments)]
    died = subprocess.run(
        [*command, laboratory.dns.address, str(laboratory.dns.port)],
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
