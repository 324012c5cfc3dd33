"""The fixtures themselves: each server comes up, is what its name says, and leaves nothing behind."""

import base64
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.resolver
import pytest

from tests.servers.certificates import Flaw
from tests.servers.configurations import CONFIGURATIONS, PROCESSES
from tests.servers.dns import FakeDns
from tests.servers.laboratory import PASSWORD, PEER, POPULAR, PROBE, Laboratory, Server
from tests.servers.program import Program, ProgramError, accepts
from tests.servers.prosody import Prosody

LIMIT = 10
BOTH = pytest.mark.parametrize("domain", ["good.prosody.test", "good.ejabberd.test"])
REFUSAL = {
    Flaw.EXPIRED: "certificate has expired",
    Flaw.WRONG_NAME: "Hostname mismatch",
    Flaw.SELF_SIGNED: "self-signed certificate",
}


class Stream:
    """An XMPP stream over a plain socket, read as text: independent of the code under test."""

    def __init__(self, domain: str, address: str, port: int) -> None:
        self.domain = domain
        self.socket = socket.create_connection((address, port), timeout=LIMIT)

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def read(self, pattern: str) -> str:
        """Everything up to a match of `pattern`."""
        text = ""
        while not re.search(pattern, text):
            data = self.socket.recv(65536)
            assert data, f"the stream ended after: {text}"
            text += data.decode()
        return text

    def open(self) -> str:
        """The features that the server offers on a new stream."""
        self.send(
            f"<?xml version='1.0'?><stream:stream to='{self.domain}' version='1.0' xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams'>"
        )
        return self.read("</stream:features>|<stream:features/>")

    def start_tls(self, context: ssl.SSLContext) -> None:
        assert "<starttls" in self.open()
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        self.read("<proceed")
        self.socket = context.wrap_socket(self.socket, server_hostname=self.domain)

    def log_in(self, user: str, password: str) -> None:
        token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.open()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")
        assert "<success" in self.read("<success|<failure")
        self.open()
        self.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        self.read("</jid>")


@pytest.fixture
def streams() -> Iterator[Callable[[str, str, int], Stream]]:
    opened: list[Stream] = []

    def connect(domain: str, address: str, port: int) -> Stream:
        opened.append(Stream(domain, address, port))
        return opened[-1]

    yield connect
    for stream in opened:
        stream.socket.close()


def strict(laboratory: Laboratory) -> ssl.SSLContext:
    """Verification as Python 3.13 does it by default."""
    context = ssl.create_default_context(cafile=str(laboratory.ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def resolver(fake: FakeDns) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = [fake.address], fake.port, 1
    return resolver


@pytest.mark.parametrize("domain", CONFIGURATIONS)
def test_every_domain_is_found_in_the_dns_and_offers_scram_after_starttls(
    domain: str,
    laboratory: Laboratory,
    server: Callable[[str], Server],
    streams: Callable[[str, str, int], Stream],
) -> None:
    served = server(domain)
    record = resolver(laboratory.dns).resolve(f"_xmpp-client._tcp.{domain}", "SRV")[0]
    address = resolver(laboratory.dns).resolve(record.target, "A")[0].to_text()
    assert address == served.address
    flaw = served.configuration.flaw
    context = strict(laboratory)
    if flaw in REFUSAL:
        with pytest.raises(ssl.SSLCertVerificationError, match=REFUSAL[flaw]):
            streams(domain, address, record.port).start_tls(context)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    stream = streams(domain, address, record.port)
    stream.start_tls(context)
    assert "<mechanism>SCRAM-SHA-" in stream.open()


@pytest.mark.parametrize(("software", "process"), PROCESSES)
def test_every_process_opens_its_ports(software: str, process: str, laboratory: Laboratory) -> None:
    served = laboratory.start(*(d for d, c in CONFIGURATIONS.items() if (c.software, c.process) == (software, process)))
    assert served
    for port in PROCESSES[served[0].configuration.software, process].ports:
        assert accepts(served[0].address, port)


@pytest.mark.parametrize("domain", CONFIGURATIONS)
def test_every_domain_has_its_accounts(
    domain: str, laboratory: Laboratory, server: Callable[[str], Server], streams: Callable[[str, str, int], Stream]
) -> None:
    served = server(domain)
    context = strict(laboratory)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for user, contacts in ((PROBE, 0), (PEER, 0), (POPULAR, 1)):
        stream = streams(domain, served.address, 5222)
        stream.start_tls(context)
        stream.log_in(user, PASSWORD)
        stream.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")
        roster = stream.read("</iq>")
        assert roster.count("<item ") == contacts
        assert roster.count("both") == contacts


@BOTH
def test_a_room_is_listed_while_it_exists_even_a_hidden_temporary_one(
    domain: str, laboratory: Laboratory, server: Callable[[str], Server], streams: Callable[[str, str, int], Stream]
) -> None:
    served = server(domain)
    service = f"conference.{domain}"
    room = f"listed-{time.time_ns()}@{service}"
    assert room not in served.program.rooms(service)
    stream = streams(domain, served.address, 5222)
    stream.start_tls(strict(laboratory))
    stream.log_in(PROBE, PASSWORD)
    stream.send(f"<presence to='{room}/me'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
    stream.read("code=.201")
    assert room in served.program.rooms(service)
    destroy = "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>"
    stream.send(f"<iq type='set' id='end' to='{room}'>{destroy}</iq>")
    stream.read("type=.result")
    assert room not in served.program.rooms(service)


@BOTH
def test_the_stored_data_of_an_account_shows_what_was_left_and_what_was_removed(
    domain: str, laboratory: Laboratory, server: Callable[[str], Server], streams: Callable[[str, str, int], Stream]
) -> None:
    def publish(content: str, wait: str) -> None:
        stream.send(
            "<iq type='set' id='p'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:example:left'>"
            f"<item id='one'>{content}</item></publish></pubsub></iq>"
        )
        stream.read(wait)

    served = server(domain)
    stream = streams(domain, served.address, 5222)
    stream.start_tls(strict(laboratory))
    stream.log_in(PEER, PASSWORD)
    before = served.program.account_data(PEER, domain)
    assert before
    publish("<mark xmlns='urn:example:left'>something left</mark>", "type=.result")
    with_item = served.program.account_data(PEER, domain)
    assert any("something left" in content for content in with_item.values())
    owner = "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><delete node='urn:example:left'/></pubsub>"
    stream.send(f"<iq type='set' id='d'>{owner}</iq>")
    stream.read("id=.d.")
    after = served.program.account_data(PEER, domain)
    assert not any("urn:example:left" in content for content in after.values())


@BOTH
def test_the_domain_itself_serves_host_meta_over_https_for_every_origin(
    domain: str, laboratory: Laboratory, server: Callable[[str], Server]
) -> None:
    served = server(domain)
    with (
        socket.create_connection((served.address, 443), timeout=LIMIT) as plain,
        strict(laboratory).wrap_socket(plain, server_hostname=domain) as secure,
    ):
        request = f"GET /.well-known/host-meta HTTP/1.1\r\nHost: {domain}\r\nOrigin: https://a.test\r\n"
        secure.sendall(f"{request}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: secure.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 200")
    assert re.search("^access-control-allow-origin:", answer, re.IGNORECASE | re.MULTILINE)
    assert f"wss://{domain}/" in answer


@BOTH
def test_a_stun_server_answers_beside_the_server(domain: str, server: Callable[[str], Server]) -> None:
    magic, transaction = 0x2112A442, b"twelve bytes"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(LIMIT)
        client.sendto(struct.pack("!HHI", 0x0001, 0, magic) + transaction, (server(domain).address, 3478))
        answer = client.recv(1500)
    assert answer[:2] == b"\x01\x01", "no binding success response (RFC 8489 §5)"
    assert answer[8:20] == transaction


def test_servers_of_one_session_end_without_a_trace() -> None:
    with Laboratory() as laboratory:
        served = laboratory.start("default.prosody.test", "bare.ejabberd.test", "good.prosody.test")
        directory = laboratory.directory
        programs = laboratory.programs
        leaders = [program.pid for program in programs]
        places = [place for program in programs for place in program.listens]
        assert all(processes_of(leader) for leader in leaders)
        assert all(accepts(*place) for place in places)
        assert {each.domain for each in served} <= set(CONFIGURATIONS)
    assert [leader for leader in leaders if processes_of(leader)] == []
    assert [place for place in places if accepts(*place)] == []
    assert not directory.exists()


@pytest.mark.parametrize("domain", ["default.prosody.test", "default.ejabberd.test"])
def test_a_server_that_is_asked_to_stop_stops(domain: str) -> None:
    with Laboratory() as laboratory:
        program = laboratory.server(domain).program
        leader = program.pid
        begin = time.monotonic()
        program.stop()
        assert time.monotonic() - begin < LIMIT
        assert processes_of(leader) == []
        program.start()
        assert program.running


def test_servers_die_with_the_process_that_started_them() -> None:
    script = (
        "import signal\n"
        "from tests.servers.laboratory import Laboratory\n"
        "with Laboratory() as laboratory:\n"
        "    servers = laboratory.start('default.prosody.test', 'bare.ejabberd.test')\n"
        "    print(*(server.program.pid for server in servers), laboratory.directory, flush=True)\n"
        "    signal.pause()\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        *leaders, directory = owner.stdout.readline().split()
        assert all(processes_of(int(leader)) for leader in leaders)
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + LIMIT
    while remaining := [leader for leader in leaders if processes_of(int(leader))]:
        assert time.monotonic() < deadline, f"still running: {remaining}"
        time.sleep(0.02)
    subprocess.run(["rm", "-r", directory], check=True)


def test_two_laboratories_run_side_by_side() -> None:
    with Laboratory() as one, Laboratory() as other:
        first, second = one.server("default.prosody.test"), other.server("default.prosody.test")
        assert first.address != second.address
        assert first.program.running and second.program.running


def test_a_missing_program_says_what_to_install(tmp_path: Path) -> None:
    class Missing(Program):
        name, executable, package = "Nothing", "no-such-program", "nothing-at-all"

    with pytest.raises(ProgramError, match="apt-get install nothing-at-all"):
        Missing(tmp_path, []).launch()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ProgramError, match=f"127.0.0.1:{port}, which is taken"):
            Prosody(tmp_path, "127.0.0.1", "", tmp_path, ports=[port]).launch()


def test_a_server_that_cannot_start_shows_its_log() -> None:
    with Laboratory() as laboratory:
        broken = Prosody(
            laboratory.directory / "odd", "127.0.0.1", "this is no Lua", laboratory.directory, ports=[5999]
        )
        with pytest.raises(ProgramError, match="syntax error"):
            broken.start()


def processes_of(session: int) -> list[int]:
    """The processes of the session whose leader is (or was) `session`, zombies aside."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, _, _, sid = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(sid) == session and state != "Z":
            found.append(int(entry.name))
    return found
