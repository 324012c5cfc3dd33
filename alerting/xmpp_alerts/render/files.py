"""The files that come of alerts.yml, and those that are there already."""

import stat
from dataclasses import dataclass
from pathlib import Path

import yaml

from xmpp_alerts.config import Alerts, Way
from xmpp_alerts.render.inhibition import inhibit_rules
from xmpp_alerts.render.intervals import intervals
from xmpp_alerts.render.mails import mail_templates
from xmpp_alerts.render.receivers import receivers, smtp_settings
from xmpp_alerts.render.routes import routes
from xmpp_exporter.files import write_atomically

HEADER = """\
# Made of alerts.yml by `xmpp-alerts render`: change that, and run it again.
# Check it:  amtool check-config alertmanager.yml
"""
_SECRET_HEADER = "# Keep it from others: the address of the dead man's switch is a secret.\n"  # noqa: S105
_ONE_LINE = 1_000_000


@dataclass(frozen=True)
class File:
    """What shall be in a file of the folder; `secret` keeps others from reading it."""

    name: str
    content: bytes
    secret: bool = False

    def is_at(self, folder: Path) -> bool:
        """Whether it is there already, as it shall be. Raises OSError where that can't be seen."""
        try:
            return (folder / self.name).read_bytes() == self.content
        except FileNotFoundError:
            return False

    def write(self, folder: Path) -> None:
        """Put it there; who owns the file and may read it stays as it was. Raises OSError."""
        path = folder / self.name
        mode, owner = (0o600 if self.secret else 0o644), None
        if path.exists():
            before = path.stat()
            mode, owner = stat.S_IMODE(before.st_mode), (before.st_uid, before.st_gid)
            mode &= ~0o007 if self.secret else ~0
        write_atomically(path, self.content, mode, owner)


def rendered(alerts: Alerts) -> list[File]:
    """All files, the same for the same configuration; alertmanager.yml last, since it names the others.

    Raises receivers.NoFile.
    """
    by_mail = alerts.smtp if any(alerts.by(Way.MAIL)) else None
    templates = mail_templates(alerts, by_mail) if by_mail else {}
    document = {
        **({"global": smtp_settings(by_mail)} if by_mail else {}),
        "route": routes(alerts),
        "inhibit_rules": inhibit_rules(),
        "receivers": receivers(alerts),
        "time_intervals": intervals(alerts),
        "templates": list(templates),
    }
    secret = alerts.watchdog is not None
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ONE_LINE)
    header = HEADER + (_SECRET_HEADER if secret else "")
    return [
        *(File(name, content.encode()) for name, content in templates.items()),
        File("alertmanager.yml", f"{header}{text}".encode(), secret),
    ]


class _Dumper(yaml.SafeDumper):
    """Without anchors, where the same list stands in two places."""

    def ignore_aliases(self, data: object) -> bool:
        return True
