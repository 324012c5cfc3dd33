"""alerts.yml: what is refused, each with its line and key and what to write instead."""

from pathlib import Path

import pytest

from xmpp_alerts.config import load_alerts
from xmpp_exporter.serving.yamlfile import YamlError

SMTP = "smtp: {host: mail.example.org, from: a@example.org}\n"
REFUSED = {
    "subscribers: [{id: Night Shift, mail: a@b.org}]": "subscribers[0].id: is no id: write lower-case letters",
    "subscribers: [{id: a}]": "subscribers[0]: needs exactly one of mail, jid and room",
    "subscribers: [{id: a, mail: a@b.org, jid: a@b.org}]": "subscribers[0]: needs exactly one of mail, jid and room",
    "subscribers: [{id: a, mail: 'A <a@b.org>'}]": "subscribers[0].mail: is no mail address: write it alone",
    "subscribers: [{id: a, mail: a@b.org, domains: []}]": "subscribers[0].domains: is empty: leave the key out",
    "subscribers: [{id: a, mail: a@b.org, domains: ['*a.org']}]": "subscribers[0].domains[0]: is no domain name",
    "subscribers: [{id: a, mail: a@b.org, severities: [none]}]": "subscribers[0].severities[0]: should be 'critical'",
    "subscribers: [{id: a, mail: a@b.org}]": "has subscribers by mail, but no smtp",
    "subscribers: [{id: a, jid: a@b.org}]": "has subscribers by XMPP, but no chat",
    SMTP + "subscribers: [{id: a, mail: a@b.org}, {id: a, mail: c@b.org}]": "subscribers[1]: the id a is there already",
    "timezone: CEST": "timezone: is no time zone: write one of the IANA names",
    "daily_at: 18:00": "daily_at: is no time of day: write it in quotes",
    "maintenance: [{domains: [a.org], windows: []}]": "maintenance[0].windows: is empty: nothing would be held back",
    "maintenance: [{domains: [], windows: [{start: '01:00', end: '02:00'}]}]": "maintenance[0].domains: is empty",
    "maintenance: [{domains: [a.org], windows: [{start: '23:00', end: '01:00'}]}]": "write two windows",
    "smtp: {host: m, from: a@b.org, starttls: false, login: {username: a, password_file: b}}": "sends no password",
}


def errors(tmp_path: Path, text: str) -> str:
    file = tmp_path / "alerts.yml"
    file.write_text(text)
    with pytest.raises(YamlError) as raised:
        load_alerts(file)
    return str(raised.value).replace(f"{file}:", "")


@pytest.mark.parametrize("text", REFUSED)
def test_what_makes_no_sense_is_refused_with_what_to_write(tmp_path: Path, text: str) -> None:
    assert REFUSED[text] in errors(tmp_path, text)


def test_domains_are_read_as_the_exporter_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yml"
    file.write_text(SMTP + "subscribers: [{id: a, mail: a@b.org, domains: [BÜCHER.example, '*.Example.NET.', '*']}]\n")
    assert load_alerts(file).subscribers[0].domains == ("xn--bcher-kva.example", "*.example.net", "*")
