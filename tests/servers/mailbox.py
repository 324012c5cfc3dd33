"""A mail server that takes everything, for whoever wants to see what was sent: aiosmtpd in the test's event loop."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Mail:
    """One mail for one recipient, as it came."""

    sender: str
    recipient: str
    message: EmailMessage
    encrypted: bool
    login: str | None
    content: bytes
    """What `message` was read from."""

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None, self.message.as_string()
        return str(part.get_content())


@dataclass
class Mailbox:
    """What has come so far, in order; everybody must log in, unless there are no `passwords`."""

    address: str
    passwords: dict[str, str] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """The passwords that were wrong."""
    port: int = 0
    on_mail: Callable[[Mail], None] = field(default=lambda mail: None)
    """Called when a mail has come, before its sender is told so."""

    def to(self, recipient: str) -> list[Mail]:
        return [mail for mail in self.mails if mail.recipient == recipient]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage) and server.transport is not None
        encrypted = server.transport.get_extra_info("ssl_object") is not None
        login = session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else None
        for recipient in envelope.rcpt_tos:
            self.mails.append(Mail(envelope.mail_from or "", recipient, message, encrypted, login, content))
            self.on_mail(self.mails[-1])
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        login, password = data.login.decode(), data.password.decode()
        good = self.passwords.get(login) == password
        if not good:
            self.refused.append(password)
        return AuthResult(success=good, handled=False, auth_data=data)


@asynccontextmanager
async def mailbox(
    address: str = "127.0.0.1",
    *,
    port: int = 0,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    passwords: dict[str, str] | None = None,
) -> AsyncIterator[Mailbox]:
    """A server with TLS after STARTTLS (required then), from the start, or not at all."""
    box = Mailbox(address, passwords or {})

    def serve() -> SMTP:
        return SMTP(
            box,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=box.authenticate,
            auth_required=bool(box.passwords) and tls is None,
            auth_exclude_mechanism=["LOGIN"],  # aiosmtpd's prompts are not those that Go knows
            auth_require_tls=tls is None,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(serve, address, port, ssl=tls)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
