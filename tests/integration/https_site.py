"""A web server of a few lines, in TLS, whose every answer is scripted."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.servers.certificates import CertificateAuthority, Flaw
from tests.servers.dns import FakeDns
from tests.servers.fake import Behaviour, Connection
from xmpp_exporter.wire.dns import Lookups, Resolver
from xmpp_exporter.wire.http import Http
from xmpp_exporter.wire.network import Network, Timeouts
from xmpp_exporter.wire.tls import TlsContexts
from xmpp_exporter.wire.trace import Trace

Answer = Callable[[Connection, str], Awaitable[None]]
"""Called with each request's method and path."""

SHORT = Timeouts(connect=0.5, reply=0.5)


def tls_of(authority: CertificateAuthority, domain: str, flaw: Flaw = Flaw.NONE) -> ssl.SSLContext:
    """A server's context with a certificate for `domain`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue(domain, flaw=flaw))
    return context


def site(answer: Answer, requests: list[str] | None = None) -> Behaviour:
    """Reads requests, keeps their heads in `requests`, and leaves what comes then to `answer`."""

    async def behave(connection: Connection) -> None:
        while True:
            head = (await connection.reader.readuntil(b"\r\n\r\n")).decode()
            if requests is not None:
                requests.append(head)
            length = next((line for line in head.lower().split("\r\n") if line.startswith("content-length:")), ":0")
            body = await connection.reader.readexactly(int(length.partition(":")[2]))
            del body
            await answer(connection, " ".join(head.split(" ", 2)[:2]))

    return behave


def response(status: str = "200 OK", body: str = "", **headers: str) -> str:
    """A whole response; `content_type` is written Content-Type."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body.encode())}", "", body])


def always(text: str) -> Answer:
    async def answer(connection: Connection, request: str) -> None:
        await connection.send(text)

    return answer


def by_path(answers: dict[str, str]) -> Answer:
    """`answers` by method and path; the rest is not found."""

    async def answer(connection: Connection, request: str) -> None:
        await connection.send(answers.get(request, response("404 Not Found")))

    return answer


@asynccontextmanager
async def http_client(
    authority: CertificateAuthority,
    dns: FakeDns,
    *,
    timeouts: Timeouts = SHORT,
    allow_private: bool = True,
    trace: Trace | None = None,
) -> AsyncIterator[Http]:
    """The client under test; each one asks the DNS afresh, as each probe does."""
    network = Network(Resolver([dns.address], dns.port), TlsContexts(authority.ca_file), user_agent="probe/1")
    lookups = Lookups(network.resolver)
    http = Http(network, lookups, timeouts, allow_private, trace)
    try:
        yield http
    finally:
        await http.close()
        await lookups.close()
