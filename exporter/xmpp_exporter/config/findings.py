"""Everything that is wrong in the configuration's files, in the order of the files and their lines, each thing once."""

from pathlib import Path

from xmpp_exporter.serving.yamlfile import Document, KeyPath, YamlError, load


class Findings:
    """Collects errors while the configuration is loaded, so that one load tells them all."""

    def __init__(self) -> None:
        self._files: dict[Path, int] = {}
        self._found: dict[tuple[int, int, str], list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def load(self, path: Path) -> Document | None:
        """The document at `path`; None if it cannot be read, which is an error then."""
        file = self._file(path)
        try:
            return load(path)
        except YamlError as error:
            for position, text in enumerate(error.errors):
                self._found[file, position, text] = []
            return None

    def add(self, document: Document, path: KeyPath, message: str, server: str = "") -> None:
        """Something is wrong at `path` of the document; for one `server` only, if it stands elsewhere than that server.

        What is wrong for every server is said without any.
        """
        key = (self._file(document.file), document.line(path), document.error(path, message))
        known = self._found.get(key)
        if known is None:
            self._found[key] = [server] if server else []
        elif known and server:
            known.append(server)

    def add_unreadable(self, path: Path, error: OSError) -> None:
        """A file or folder that should be read cannot be."""
        self._found[self._file(path), 0, f"{path}: cannot be read: {error.strerror or error}"] = []

    def error(self) -> YamlError:
        """All of it as one error."""
        return YamlError([text + _for(servers) for (_, _, text), servers in sorted(self._found.items())])

    def _file(self, path: Path) -> int:
        return self._files.setdefault(path, len(self._files))


def _for(servers: list[str]) -> str:
    if not servers:
        return ""
    others = f" and {len(servers) - 1} more" if len(servers) > 1 else ""
    return f" (for {servers[0]}{others})"
