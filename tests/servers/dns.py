"""An authoritative DNS server in a thread, for made-up zones; it can fail, fall silent or change its mind at will."""

import socket
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone

TTL = 60
CNAME_LIMIT = 8
Question = tuple[dns.name.Name, dns.rdatatype.RdataType]


@dataclass(slots=True)
class _Override:
    """What one question gets instead of the zone's data."""

    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    silent: bool = False
    answers: list[dns.rdataset.Rdataset] = field(default_factory=list)


class FakeDns:
    """Answers over UDP at `address`:`port` (a free port of 127.0.0.1 unless told) between `start` and `stop`.

    `zones` maps an origin to the text of its zone, relative to it and without SOA, if you like. CNAMEs are followed.
    A name outside of all zones does not exist (NXDOMAIN), as a recursive resolver would say. Being a thread of its
    own, it serves programs and tests with or without an event loop.
    """

    def __init__(self, zones: Mapping[str, str], address: str = "127.0.0.1", port: int = 0, authentic: bool = False):
        self.address = address
        self.port = port
        self.authentic = authentic
        self._zones: dict[dns.name.Name, dns.zone.Zone] = {}
        self._overrides: dict[Question, _Override] = {}
        self._counts: Counter[Question] = Counter()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        for origin, text in zones.items():
            self.add_zone(origin, text)

    def __enter__(self) -> "FakeDns":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address, self.port))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(self._socket,), name="fake-dns", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._socket is None or self._thread is None:
            return
        # An empty datagram is no DNS message: it tells the thread to end.
        self._socket.sendto(b"", (self.address, self.port))
        self._thread.join()
        self._socket.close()
        self._socket = self._thread = None

    def add_zone(self, origin: str, text: str) -> None:
        """Serve the zone `origin`, in place of an earlier one of that name."""
        name = dns.name.from_text(origin)
        zone = dns.zone.from_text(f"$TTL {TTL}\n{text}", origin=name, relativize=False, check_origin=False)
        with self._lock:
            self._zones[name] = zone

    def fail(self, name: str, kind: str, rcode: str = "SERVFAIL") -> None:
        """From now on answer this question with `rcode`."""
        self._override(name, kind, _Override(rcode=dns.rcode.from_text(rcode)))

    def ignore(self, name: str, kind: str) -> None:
        """From now on leave this question unanswered."""
        self._override(name, kind, _Override(silent=True))

    def change(self, name: str, kind: str, answers: Sequence[Sequence[str]]) -> None:
        """Give these answers in turn, one list of records for each query; the last one stays."""
        rdatasets = []
        for records in answers:
            rdataset = dns.rdataset.Rdataset(dns.rdataclass.IN, dns.rdatatype.from_text(kind), ttl=TTL)
            for record in records:
                rdataset.add(dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), record))
            rdatasets.append(rdataset)
        self._override(name, kind, _Override(answers=rdatasets))

    def restore(self) -> None:
        """Forget what `fail`, `ignore` and `change` said: the zones hold again."""
        with self._lock:
            self._overrides.clear()

    def count(self, name: str, kind: str) -> int:
        """How often this was asked."""
        with self._lock:
            return self._counts[_question(name, kind)]

    @property
    def queries(self) -> int:
        """How many questions came in all."""
        with self._lock:
            return self._counts.total()

    def _override(self, name: str, kind: str, override: _Override) -> None:
        with self._lock:
            self._overrides[_question(name, kind)] = override

    def _serve(self, sock: socket.socket) -> None:
        while True:
            wire, sender = sock.recvfrom(65535)
            if not wire:
                return
            try:
                query = dns.message.from_wire(wire)
            except dns.exception.DNSException:
                continue
            response = self._respond(query)
            if response is not None:
                sock.sendto(response.to_wire(), sender)

    def _respond(self, query: dns.message.Message) -> dns.message.Message | None:
        asked = query.question[0]
        response = dns.message.make_response(query, recursion_available=True)
        if self.authentic:
            response.flags |= dns.flags.AD
        with self._lock:
            self._counts[asked.name, asked.rdtype] += 1
            override = self._overrides.get((asked.name, asked.rdtype))
            if override is None:
                self._answer(response, asked.name, asked.rdtype)
                return response
            if override.silent:
                return None
            response.set_rcode(override.rcode)
            if override.answers:
                rdataset = override.answers.pop(0) if len(override.answers) > 1 else override.answers[0]
                if rdataset:
                    response.answer.append(_rrset(asked.name, rdataset))
            return response

    def _answer(self, response: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> None:
        for _ in range(CNAME_LIMIT):
            zone = next((zone for origin, zone in self._zones.items() if name.is_subdomain(origin)), None)
            node = zone.get_node(name) if zone is not None else None
            if node is None:
                response.set_rcode(dns.rcode.NXDOMAIN)
                return
            if rdataset := node.get_rdataset(dns.rdataclass.IN, kind):
                response.answer.append(_rrset(name, rdataset))
                return
            alias = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME)
            if alias is None:
                return
            response.answer.append(_rrset(name, alias))
            name = alias[0].target


def _question(name: str, kind: str) -> Question:
    return dns.name.from_text(name), dns.rdatatype.from_text(kind)


def _rrset(name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(name, TTL, list(rdataset))
