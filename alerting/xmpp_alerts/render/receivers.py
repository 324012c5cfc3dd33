"""How Alertmanager reaches each subscriber: by mail itself, by XMPP through the bridge."""

from collections.abc import Callable
from typing import Any

from xmpp_alerts.config import Alerts, Severity, Smtp, Subscriber, Way
from xmpp_alerts.unsubscribe import mailto
from xmpp_exporter.config.values import HostPort
from xmpp_exporter.serving.secret import Secret

NOBODY, WATCHDOG = "_nobody", "_watchdog"
"""No subscriber's id has an underscore."""
NEWS = "info"
"""The severity of what is no problem: that it ends is no news, so each subscriber has a receiver of its own for it."""

Receiver = dict[str, Any]


class NoFile(Exception):
    """A secret that Alertmanager cannot read from a file; the message says which and what to write."""


def receivers(alerts: Alerts) -> list[Receiver]:
    """`receivers` of alertmanager.yml, one or two for each subscriber, by his id. Raises NoFile."""
    subscribed = [
        {"name": name, **_WAYS[subscriber.way](alerts, subscriber, NEWS not in severities)}
        for subscriber in alerts.subscribers
        for name, severities in names_of(subscriber).items()
    ]
    return [{"name": NOBODY}, _watchdog(alerts), *subscribed]


def names_of(subscriber: Subscriber) -> dict[str, list[Severity]]:
    """The names of a subscriber's receivers, each with the severities that it is told of."""
    problems: list[Severity] = [each for each in subscriber.severities if each != NEWS]
    named: dict[str, list[Severity]] = {subscriber.id: problems} if problems else {}
    return named | ({f"{subscriber.id}_news": [NEWS]} if NEWS in subscriber.severities else {})


def smtp_settings(smtp: Smtp) -> dict[str, Any]:
    """`global` of alertmanager.yml: the mail server. Raises NoFile."""
    login = smtp.login
    return {
        "smtp_smarthost": str(HostPort(smtp.host, smtp.port)),
        "smtp_from": _verbatim(smtp.sender),
        "smtp_hello": smtp.greeting,
        "smtp_require_tls": smtp.starttls and not smtp.implicit_tls,
        **(
            {"smtp_auth_username": login.username, "smtp_auth_password_file": _file_of("smtp.login", login)}
            if login
            else {}
        ),
    }


def _watchdog(alerts: Alerts) -> Receiver:
    if alerts.watchdog is None:
        return {"name": WATCHDOG}
    return {"name": WATCHDOG, "webhook_configs": [{"url": alerts.watchdog, "send_resolved": False}]}


def _mail(alerts: Alerts, subscriber: Subscriber, ends: bool) -> Receiver:
    assert alerts.smtp is not None  # noqa: S101 - alerts.yml was refused otherwise
    mail: dict[str, Any] = {
        "to": _verbatim(subscriber.address),
        "send_resolved": ends,
        "headers": _headers(alerts.smtp, subscriber),
        "html": '{{ template "xmpp.mail.html" . }}',
        "text": '{{ template "xmpp.mail.text" . }}',
    }
    if alerts.smtp.ca_file is not None:
        mail["tls_config"] = {"ca_file": str(alerts.smtp.ca_file)}
    return {"email_configs": [mail]}


def _headers(smtp: Smtp, subscriber: Subscriber) -> dict[str, str]:
    headers = {
        "Subject": '{{ template "xmpp.mail.subject" . }}',
        "Auto-Submitted": "auto-generated",  # RFC 3834 §5: no out-of-office replies to it
    }
    if smtp.unsubscribe:
        headers["List-Unsubscribe"] = _verbatim(f"<{mailto(smtp.unsubscribe, subscriber.id)}>")
    return headers


def _chat(alerts: Alerts, subscriber: Subscriber, ends: bool) -> Receiver:
    assert alerts.chat is not None  # noqa: S101 - alerts.yml was refused otherwise
    webhook = {
        "url": f"{alerts.chat.webhook.rstrip('/')}/alerts/{subscriber.id}",
        "send_resolved": ends,
        "http_config": {
            "authorization": {"credentials_file": _file_of("chat.token", alerts.chat.token)},
            "follow_redirects": False,  # the token is for the bridge alone
        },
    }
    return {"webhook_configs": [webhook]}


_WAYS: dict[Way, Callable[[Alerts, Subscriber, bool], Receiver]] = {Way.MAIL: _mail, Way.CHAT: _chat, Way.ROOM: _chat}
"""Given also whether the end of alerts is told."""


def _verbatim(text: str) -> str:
    """A text where Alertmanager expects a template, which means itself."""
    return text.replace("{{", '{{ "{{" }}')


def _file_of(key: str, secret: Secret) -> str:
    if secret.password_file is None:
        raise NoFile(f"{key}: Alertmanager cannot read a credential that systemd has for us: write password_file")
    return str(secret.password_file)
