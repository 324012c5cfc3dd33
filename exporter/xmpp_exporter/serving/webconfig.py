"""The web configuration in force: `--web.config.file` and the certificates it names, read again when they change."""

import ssl
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import structlog

from xmpp_exporter.serving import tlscontext, yamlfile
from xmpp_exporter.serving.websettings import WebSettings

_log = structlog.get_logger(__name__)

_Stamp = tuple[tuple[int, int, int] | None, ...]
_TLS = "tls_server_config"


class WebConfig:
    """Who is let in, over what TLS, and which headers are sent.

    Like exporter-toolkit's, it follows its files: a renewed certificate or a changed password counts from the next
    connection or request on. Files that became unusable are told in the log, once, and change nothing.
    """

    def __init__(self, file: Path | None = None) -> None:
        """Without a file: plain HTTP, and everybody is let in. Raises yamlfile.YamlError."""
        self._file = file
        self._settings = WebSettings()
        self._watched: list[Path] = []
        self._stamp: _Stamp = ()
        self._tls: _NewestContext | None = None
        if file is not None:
            self._load(file, first=True)

    @property
    def tls(self) -> ssl.SSLContext | None:
        """For listeners: gives each connection the newest certificates. None for plain HTTP."""
        return self._tls

    @property
    def users(self) -> Mapping[str, str]:
        """User names and the bcrypt hashes of their passwords; empty if everybody is let in."""
        self._follow()
        return self._settings.users

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers for every response."""
        self._follow()
        return self._settings.headers

    def _follow(self) -> None:
        """Costs a stat per file; what it reads after a change is small enough for the event loop."""
        if self._file is None:
            return
        stamp = _stamp(self._watched)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._load(self._file, first=False)
        except yamlfile.YamlError as error:
            for line in error.errors:
                _log.error("web configuration not reloaded, the previous one stays in force", error=line)
        else:
            _log.info("web configuration reloaded", file=str(self._file))

    def _load(self, file: Path, *, first: bool) -> None:
        # Stamps are taken before reading, so that a change in between is seen by the next look.
        stamp = _stamp([file])
        document = yamlfile.load(file)
        settings = yamlfile.validate(document, WebSettings)
        section = settings.tls_server_config
        certificates = tlscontext.files(section, file.parent) if section else []
        self._watched, self._stamp = [file, *certificates], stamp + _stamp(certificates)
        try:
            context = tlscontext.make(section, file.parent) if section else None
        except tlscontext.TlsError as error:
            raise yamlfile.YamlError([document.error((_TLS, error.key), str(error))]) from error
        if first and context:
            self._tls = _NewestContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.follow = self._follow
        if (self._tls is None) != (context is None):
            raise yamlfile.YamlError([document.error((_TLS,), "TLS is switched on and off by a restart only")])
        if self._tls and context:
            self._tls.newest = context
        self._settings = settings


class _NewestContext(ssl.SSLContext):
    """Stands for whatever context is the newest: asyncio asks its context for one TLS object per connection.

    An SNI callback would not do: it can change the certificate of a connection, but not whom it trusts.
    """

    follow: Callable[[], None]
    newest: ssl.SSLContext

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        self.follow()
        return self.newest.wrap_bio(incoming, outgoing, server_side, server_hostname, session)


def _stamp(files: Iterable[Path]) -> _Stamp:
    """What changes when a file is written, replaced or removed."""
    stamps: list[tuple[int, int, int] | None] = []
    for file in files:
        try:
            stat = file.stat()
        except OSError:
            stamps.append(None)
        else:
            stamps.append((stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino))
    return tuple(stamps)
