"""The mails' templates: Go's, which Alertmanager executes, with what alerts.yml says already in its place.

`{{ }}` is Alertmanager's, `[[ ]]` and `[% %]` are filled in here, `[# #]` is left out.
"""

import json
from importlib.resources import files
from urllib.parse import quote

import jinja2

from xmpp_alerts.config import Alerts, Smtp

_FOLDER = files("xmpp_alerts") / "templates"
_ON_THE_WAY = 60.0
"""Seconds that an alert may take from Prometheus to Alertmanager."""
PARTS = ("xmpp-mail-subject.tmpl", "xmpp-mail-html.tmpl", "xmpp-mail-text.tmpl")


def mail_templates(alerts: Alerts, smtp: Smtp) -> dict[str, str]:
    """The text of each file of templates, by its name."""
    values = {
        "pages": alerts.pages.rstrip("/"),
        "grafana": alerts.grafana and alerts.grafana.rstrip("/"),
        "unsubscribe": smtp.unsubscribe,
        "unsubscribe_path": smtp.unsubscribe and quote(smtp.unsubscribe, safe="@"),
        # what begins within this time comes in one mail
        "span": round((alerts.group_wait + alerts.group_interval + _ON_THE_WAY) * 1e9),
    }
    environment = jinja2.Environment(
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - no HTML comes of it yet: html/template escapes these values like all others
        finalize=_literal,
    )
    return {name: environment.from_string((_FOLDER / name).read_text()).render(values) for name in PARTS}


def _literal(value: str | int) -> str:
    """A value as Go's templates write it, so that a string means nothing in there."""
    return json.dumps(value, ensure_ascii=False)
