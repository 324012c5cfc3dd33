"""`xmpp-alerts render`: Alertmanager's configuration, made of alerts.yml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from xmpp_alerts.config import Alerts, Way
from xmpp_alerts.options import ConfigFile, alerts_or_exit
from xmpp_alerts.render.files import File, rendered
from xmpp_alerts.render.receivers import NoFile
from xmpp_exporter.serving.secret import PasswordError

EXAMPLES = """
\b
Examples:
  xmpp-alerts render --config.file alerts.yml --output /etc/prometheus
      write alertmanager.yml and what it names; then reload Alertmanager
  xmpp-alerts render --config.file alerts.yml --output /etc/prometheus --check
      end with 1 if that would change something
"""


def render(
    output: Annotated[Path, typer.Option("--output", metavar="FOLDER", help="Where alertmanager.yml belongs.")],
    config_file: ConfigFile = Path("alerts.yml"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing, and tell what is not up to date.")] = False,
) -> None:
    """Write alertmanager.yml, and the templates of the mails, for the subscribers of alerts.yml.

    Passwords and tokens stay in their files, which Alertmanager must be able to read. A file that exists keeps its
    owner and its permissions.

    Exit codes: 0 when all is as it should be, 1 with --check when it is not, 2 for wrong usage or configuration, or a
    folder that can't be written.
    """
    alerts = alerts_or_exit(config_file)
    try:
        files = rendered(alerts)
    except NoFile as error:
        raise _unusable(f"error: {config_file}: {error}") from error
    for warning in _warnings(alerts):
        typer.echo(f"warning: {warning}", err=True)
    try:
        stale = [file for file in files if not file.is_at(output)]
        if not check:
            _write(stale, output)
    except OSError as error:
        raise _unusable(f"error: {output} can't be used: {error}") from error
    for file in stale:
        typer.echo(f"{output / file.name}: {'not up to date' if check else 'written'}", err=check)
    if check and stale:
        raise typer.Exit(1)


def _write(files: list[File], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        file.write(folder)


def _unusable(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(2)


def _warnings(alerts: Alerts) -> Iterator[str]:
    """What will keep Alertmanager from sending; no error, since a file may be there for its own user alone."""
    yield from _warnings_of_chat(alerts)
    yield from _warnings_of_mail(alerts)


def _warnings_of_chat(alerts: Alerts) -> Iterator[str]:
    if alerts.chat is None or not any(alerts.by(Way.CHAT, Way.ROOM)):
        return
    try:
        alerts.chat.token.read_password()
    except PasswordError as error:
        yield f"chat.token: {error}"


def _warnings_of_mail(alerts: Alerts) -> Iterator[str]:
    if alerts.smtp is None or alerts.smtp.login is None or not any(alerts.by(Way.MAIL)):
        return
    try:
        alerts.smtp.login.read_password()
    except PasswordError as error:
        yield f"smtp.login: {error}"
        return
    path = alerts.smtp.login.password_path()
    if path.read_bytes().endswith(b"\n"):
        yield (
            f"smtp.login: {path} ends with a newline, which Alertmanager before 0.27 takes for a part of the "
            f"password; take it off: truncate -s -1 {path}"
        )
