"""How Alertmanager reaches each subscriber: by mail itself, by XMPP through the bridge."""

from collections.abc import Callable
from typing import Any

from xmpp_alerts.config import Alerts, Smtp, Subscriber, Way
from xmpp_alerts.unsubscribe import mailto
from xmpp_exporter.config.values import HostPort
from xmpp_exporter.serving.secret import Secret

NOBODY, WATCHDOG = "_nobody", "_watchdog"
"""No subscriber's id has an underscore."""

Receiver = dict[str, Any]


class NoFile(Exception):
    """A secret that Alertmanager cannot read from a file; the message says which and what to write."""


def receivers(alerts: Alerts) -> list[Receiver]:
    """`receivers` of alertmanager.yml, one for each subscriber, by his id. Raises NoFile."""
    return [{"name": NOBODY}, _watchdog(alerts), *(_subscriber(alerts, each) for each in alerts.subscribers)]


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


def _subscriber(alerts: Alerts, subscriber: Subscriber) -> Receiver:
    return {"name": subscriber.id, **_WAYS[subscriber.way](alerts, subscriber)}


def _mail(alerts: Alerts, subscriber: Subscriber) -> Receiver:
    assert alerts.smtp is not None  # noqa: S101 - alerts.yml was refused otherwise
    mail: dict[str, Any] = {
        "to": _verbatim(subscriber.address),
        "send_resolved": True,
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


def _chat(alerts: Alerts, subscriber: Subscriber) -> Receiver:
    assert alerts.chat is not None  # noqa: S101 - alerts.yml was refused otherwise
    webhook = {
        "url": f"{alerts.chat.webhook.rstrip('/')}/alerts/{subscriber.id}",
        "send_resolved": True,
        "http_config": {
            "authorization": {"credentials_file": _file_of("chat.token", alerts.chat.token)},
            "follow_redirects": False,  # the token is for the bridge alone
        },
    }
    return {"webhook_configs": [webhook]}


_WAYS: dict[Way, Callable[[Alerts, Subscriber], Receiver]] = {Way.MAIL: _mail, Way.CHAT: _chat, Way.ROOM: _chat}


def _verbatim(text: str) -> str:
    """A text where Alertmanager expects a template, which means itself."""
    return text.replace("{{", '{{ "{{" }}')


def _file_of(key: str, secret: Secret) -> str:
    if secret.password_file is None:
        raise NoFile(f"{key}: Alertmanager cannot read a credential that systemd has for us: write password_file")
    return str(secret.password_file)
