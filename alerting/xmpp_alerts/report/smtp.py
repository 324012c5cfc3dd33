"""Hands mails to the mail server of alerts.yml, one after the other over one connection."""

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from xmpp_alerts.config import Smtp
from xmpp_alerts.report.words import clean
from xmpp_exporter.serving.secret import PasswordError

TIMEOUT = 30.0
"""Seconds for each answer; servers that look for spam take their time."""


class NotSent(Exception):
    """One sentence: the mail server does not have this mail."""


class ServerAway(NotSent):
    """Nor will it take others: nobody answers, TLS fails, or it does not let us in."""


class MailServer:
    """Blocks; connects when there is something to send, for as long as the `with` block lasts."""

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
        self._forget()

    def send(self, message: EmailMessage) -> None:
        """Return when the server has taken it. Raises NotSent and ServerAway."""
        if self._smtp is not None:
            # some servers hang up after a number of mails, or when we took long
            with suppress(smtplib.SMTPServerDisconnected, OSError):
                self._send(self._smtp, message)
                return
            self._forget()
        self._smtp = self._connect()
        try:
            self._send(self._smtp, message)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self._forget()
            raise ServerAway(f"{self._address} broke off: {_words(error)}") from error

    def _send(self, smtp: smtplib.SMTP, message: EmailMessage) -> None:
        try:
            smtp.send_message(message)
        except (smtplib.SMTPServerDisconnected, ssl.SSLError):
            raise
        except (smtplib.SMTPException, ValueError) as error:  # ValueError: an address that cannot be written
            raise NotSent(f"{self._address} refuses the mail to {message['To']}: {_words(error)}") from error

    def _connect(self) -> smtplib.SMTP:
        """Logged in, and over TLS unless the configuration does without. Raises ServerAway."""
        settings = self._settings
        smtp: smtplib.SMTP | None = None
        try:
            context = ssl.create_default_context(cafile=settings.ca_file)
            if settings.implicit_tls:
                smtp = smtplib.SMTP_SSL(
                    settings.host, settings.port, settings.greeting, timeout=TIMEOUT, context=context
                )
            else:
                smtp = smtplib.SMTP(settings.host, settings.port, settings.greeting, timeout=TIMEOUT)
                if settings.starttls:
                    smtp.starttls(context=context)
            if settings.login is not None:
                smtp.login(settings.login.username, settings.login.read_password())
        except (OSError, ValueError, smtplib.SMTPException, PasswordError) as error:
            if smtp is not None:
                smtp.close()
            raise ServerAway(f"{self._address} cannot be used: {_words(error)}") from error
        return smtp

    def _forget(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    @property
    def _address(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"


def _words(error: Exception) -> str:
    """What the server said, or what is wrong; never a password."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()))
        return clean(f"{code} {reply.decode(errors='replace')}")
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return clean(f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}")
    return clean(str(error) or type(error).__name__)
